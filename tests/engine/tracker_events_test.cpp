// Events of trackers, and their order.
#include <gtest/gtest.h>

#include "tests/engine/tracking_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class TrackerEventsTest : public TrackingTest {
protected:
    // The events since the last call: "track_tcp 10.0.1.9:80 up -> down 80
    // L4CON refused", "BACKUP -> MASTER".
    Done news() {
        Done list;
        for (const Event &event : std::exchange(machine.events, {})) {
            if (const auto *t = std::get_if<TrackerChanged>(&event.what)) {
                list.push_back(t->type + " " + t->name + " " +
                               std::string(to_string(t->from)) + " -> " +
                               std::string(to_string(t->to)) + " " +
                               std::to_string(event.priority.value) + " " +
                               event.reason);
            } else if (const auto *s = std::get_if<StateChanged>(&event.what)) {
                list.push_back(std::string(vrrp::public_name(s->from)) +
                               " -> " + std::string(vrrp::public_name(s->to)) +
                               (s->deleted ? " deleted" : ""));
            } else if (const auto *p = std::get_if<PriorityNews>(&event.what)) {
                list.push_back("priority " + std::to_string(p->from.value) +
                               " -> " + std::to_string(event.priority.value) +
                               " " + std::string(vrrp::public_name(p->state)));
            } else if (std::holds_alternative<LosingAdvert>(event.what)) {
                list.push_back(event.reason);
            }
        }
        return list;
    }
};

TEST_F(TrackerEventsTest, CauseIsReportedBeforeWhatItLeadsTo) {
    set_check(Verdict::up);
    become_active_with({service()});
    news();
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(news(), (Done{"track_tcp 10.0.1.9:80 up -> down 100 "
                            "L4CON refused",
                            "MASTER -> FAULT"}));

    engine->handle_checks(now);
    EXPECT_EQ(news(), Done{});

    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(news(), (Done{"track_tcp 10.0.1.9:80 down -> up 100 ",
                            "FAULT -> BACKUP"}));
}

TEST_F(TrackerEventsTest, EventHasThePriorityThatItLeadsTo) {
    become_active_with({link(-20)});
    news();
    engine->handle_interfaces(world(false, true, true), now);
    EXPECT_EQ(news(), (Done{"track_interface eth1 up -> down 80 "
                            "interface eth1 is down",
                            "priority 100 -> 80 MASTER"}));
}

TEST_F(TrackerEventsTest, PriorityIsNewsWhileItCounts) {
    set_check(Verdict::up);
    become_active_with({link(-20), service()});
    set_check(Verdict::down);
    engine->handle_checks(now);
    news();
    engine->handle_interfaces(world(false), now);
    EXPECT_EQ(news(), (Done{"track_interface eth1 up -> down 80 "
                            "interface eth1 is down"}))
        << "in FAULT";
}

// Another router does not yield, or two have the same configuration.
TEST_F(TrackerEventsTest, LosingAdvertsAreNewsAtALimitedRate) {
    become_active_with({});
    news();
    for (int n = 0; n < 5; ++n) {
        receive(50);
        run(Milliseconds{100});
    }
    EXPECT_EQ(news(), (Done{"10.0.1.2 advertises with priority 50"}));
    receive(0);
    run(Seconds{10});
    receive(50);
    EXPECT_EQ(news(), (Done{"10.0.1.2 advertises with priority 50, 4 more "
                            "times before"}));
    receive(200);
    EXPECT_EQ(news(), Done{"MASTER -> BACKUP"});
}

TEST_F(TrackerEventsTest, RouterThatTheConfigurationLacksIsDeleted) {
    become_active_with({});
    news();
    engine->stop("nginx has been reconfigured", false, now, true);
    EXPECT_EQ(news(), Done{"MASTER -> INIT deleted"});
}

TEST_F(TrackerEventsTest, FirstResultIsNewsIfItIsBad) {
    set_check(Verdict::up);
    start_with({service(), link(-20)}, world(false));
    run(Milliseconds{10});
    EXPECT_EQ(news(), (Done{"track_interface eth1 checking -> down 80 "
                            "interface eth1 is down",
                            "INIT -> BACKUP"}));
}

TEST_F(TrackerEventsTest, AnotherProcessKnowsWhatWasTold) {
    set_check(Verdict::down);
    become_active_with({service(-20)});
    news();
    reload_with({service(-20)});
    EXPECT_EQ(news(), Done{});

    set_check(Verdict::up);
    reload_with({service(-20)});
    EXPECT_EQ(news().front(), "track_tcp 10.0.1.9:80 down -> up 100 ");
}

TEST_F(TrackerEventsTest, WhoDoesNotOwnTheRouterReportsNothing) {
    set_check(Verdict::up);
    machine.owned_by_other = true;
    start_with({service()});
    run(Milliseconds{10});
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(news(), Done{});

    machine.inherit(now);
    engine->handle_ownership(now);
    EXPECT_EQ(news(), (Done{"track_tcp 10.0.1.9:80 checking -> down 100 "
                            "L4CON refused",
                            "INIT -> FAULT"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
