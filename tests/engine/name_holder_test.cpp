// Another nginx on this machine has the same virtual router.
#include "core/engine/name_holder.hpp"

#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr NameHolder kNginx{.pid = 1234, .uid = 0, .is_own_user = false};
constexpr NameHolder kSquatter{.pid = 77, .uid = 65534, .is_own_user = false};

class NameHolderTest : public EngineTest {
protected:
    // The address is there, with our mark: another nginx is MASTER.
    void start_beside(const std::optional<NameHolder> &holder) {
        beat();
        make(config());
        hold(holder);
        engine->start(interfaces(true, true), now);
        run(Milliseconds{10});
    }

    void hold(const std::optional<NameHolder> &holder) {
        engine->handle_name_holder(0, holder, now);
    }

    const std::string &fault() const {
        return engine->routers()[0].faults().reason();
    }
};

TEST_F(NameHolderTest, WhileAnotherNginxHasTheRouterNothingIsDone) {
    start_beside(kNginx);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(),
              "another nginx on this machine runs this virtual router: "
              "process 1234 of user 0");
    for (int i = 0; i < 40; ++i) {
        run(Seconds{1});
        hold(kNginx);
        engine->handle_interfaces(interfaces(true, true), now);
    }
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));
    EXPECT_EQ(log.count("; waiting until it exits"), 1u);
    EXPECT_TRUE(engine->routers()[0].signs().empty());
}

TEST_F(NameHolderTest, WhatItHasIsNotRemovedAtTheEndEither) {
    start_beside(kNginx);
    machine.take();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_TRUE(engine->finished());
}

TEST_F(NameHolderTest, WhenItEndsTheRouterIsTaken) {
    start_beside(kNginx);
    machine.take();
    run(Seconds{5});

    hold(std::nullopt);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(log.count("has exited, taking over"), 1u);
    engine->handle_interfaces(interfaces(), now);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(NameHolderTest, AnNginxOfOurUserMayNotBeginAsRoot) {
    start_beside(NameHolder{.pid = 5, .uid = 33, .is_own_user = true});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(NameHolderTest, OneOfAnotherContainerHasNoPid) {
    start_beside(NameHolder{.pid = 0, .uid = 0, .is_own_user = false});
    EXPECT_EQ(fault(),
              "another nginx on this machine runs this virtual router: a "
              "process of another pid namespace, of user 0");
}

TEST_F(NameHolderTest, AnotherUserIsReportedOnceAMinute) {
    start_beside(kSquatter);
    for (int i = 0; i < 59; ++i) {
        run(Seconds{1});
        hold(kSquatter);
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(
        log.count("ignoring process 77 of user 65534, which uses the name "
                  "\"@ngx_vrrp/51/ipv4/eth0\""),
        1u);
    run(Seconds{1});
    hold(kSquatter);
    EXPECT_EQ(log.count("process 77 of user 65534"), 2u);
}

TEST_F(NameHolderTest, OneThatIsNotKnownIsIgnored) {
    start_beside(NameHolder{});
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(log.count("ignoring a process that does not listen, which"), 1u);
}

// Another process held its name when it began.
TEST_F(NameHolderTest, AMasterGivesWayToTheOneThatHasTheName) {
    become_active();
    hold(kNginx);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
