// Problems are reported again, for receivers that end an alert without a
// repetition.
#include <gmock/gmock.h>

#include "core/node/event_records.hpp"
#include "tests/engine/tracking_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class LastingEventsTest : public TrackingTest {
protected:
    // "VI_1 track_tcp 10.0.1.9:80 down: L4CON refused"
    Done lasting() {
        Done list;
        for (const Event &event : node::lasting_events(router())) {
            const notify::EventRecord record =
                node::to_event(event, router().config(), "lb1", {});
            EXPECT_TRUE(record.bad);
            list.push_back(std::string(record.subject.view()) + " " +
                           std::string(record.to.view()) + ": " + event.reason);
        }
        return list;
    }
};

TEST_F(LastingEventsTest, NothingIsBad) {
    set_check(Verdict::up);
    become_active_with({service(), link(-20)});
    EXPECT_EQ(lasting(), Done{});
}

TEST_F(LastingEventsTest, AFaultAndWhatHasFailed) {
    set_check(Verdict::down);
    start_with({service(), link(-20)}, world(false));
    run(Milliseconds{10});
    const Done bad = lasting();
    EXPECT_EQ(bad, (Done{" FAULT: " + fault(),
                         "track_tcp 10.0.1.9:80 down: L4CON refused",
                         "track_interface eth1 down: interface eth1 is down"}));

    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(lasting(),
              (Done{"track_interface eth1 down: interface eth1 is down"}));
}

// It is in no event of the process that continues, since it is no change.
TEST_F(LastingEventsTest, WhatHasFailedBeforeAReload) {
    set_check(Verdict::down);
    become_active_with({service(-20)});
    reload_with({service(-20)});
    EXPECT_EQ(lasting(), (Done{"track_tcp 10.0.1.9:80 down: L4CON refused"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
