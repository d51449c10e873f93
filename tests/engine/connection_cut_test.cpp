// Connections to the addresses end when another node has them, and not before.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

const std::string kClose = "close 10.0.1.5:80";

class ConnectionCutTest : public EngineTest {
protected:
    void become_active_with(unsigned connections) {
        vrrp::Config c = config();
        c.ports = {80, 443};
        c.close_connections = enabled;
        beat();
        start(std::move(c));
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.connections = connections;
        machine.take();
    }

    void follow(Duration d) {
        for (Duration t{0}; t < d; t += Milliseconds{100}) {
            receive(200);
            run(Milliseconds{100});
        }
    }

    Interfaces down() { return interfaces(false, true); }

    bool enabled = true;
};

TEST_F(ConnectionCutTest, EndsThemBeforeTheAddressGoesToTheSuccessor) {
    become_active_with(3);
    engine->stop("nginx is shutting down", true, now);
    run(Milliseconds{10});
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});
    receive(90);
    EXPECT_EQ(machine.take(), Done{}) << "answers are under way";
    run(vrrp::kSuccessorSettles);

    EXPECT_EQ(machine.take(), (Done{kClose, "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(log.count("closed 3 connections to its addresses"), 1u);
}

TEST_F(ConnectionCutTest, WithoutASuccessorNothingIsCut) {
    become_active_with(3);
    engine->stop("nginx is shutting down", true, now);
    run(Milliseconds{400});
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(ConnectionCutTest, ManyAreEndedInSlicesAndTheAddressWaits) {
    become_active_with(350);
    engine->stop("nginx is shutting down", true, now);
    receive(90);
    machine.take();
    run(vrrp::kSuccessorSettles);
    EXPECT_EQ(machine.take(), Done{kClose});
    EXPECT_FALSE(engine->finished());
    run(Milliseconds{10});
    EXPECT_EQ(machine.take(),
              (Done{kClose, kClose, kClose, "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(log.count("closed 350 connections"), 1u);
}

TEST_F(ConnectionCutTest, TheAddressDoesNotWaitForLong) {
    become_active_with(1'000'000);
    engine->stop("nginx is shutting down", true, now);
    receive(90);
    run(vrrp::kSuccessorSettles + Milliseconds{290});
    EXPECT_FALSE(engine->finished());
    run(Milliseconds{20});
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(machine.take().back(), "remove 10.0.1.5");
}

TEST_F(ConnectionCutTest, AddressThatWaitsGoesAtOnceWhenNginxTerminates) {
    become_active_with(1000);
    engine->stop("nginx is shutting down", true, now);
    receive(90);
    run(vrrp::kSuccessorSettles);
    machine.take();
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
    EXPECT_TRUE(engine->finished());
}

TEST_F(ConnectionCutTest, RouterThatYieldsDoesNotKeepTheAddressForIt) {
    become_active_with(150);
    receive(200);
    EXPECT_EQ(machine.take(),
              (Done{kClose, "remove 10.0.1.5", "advert 100 224.0.0.18"}));
    follow(Milliseconds{2900});
    EXPECT_EQ(machine.take(), Done{});
    follow(Milliseconds{200});
    EXPECT_EQ(machine.take(), Done{kClose});
    EXPECT_EQ(log.count("closed 150 connections"), 1u);
}

TEST_F(ConnectionCutTest, ReleaseEndsThem) {
    become_active_with(3);
    engine->execute(Command::release, "", now);
    receive(90);
    machine.take();
    run(vrrp::kSuccessorSettles);
    EXPECT_EQ(machine.take(), (Done{kClose, "remove 10.0.1.5"}));
}

TEST_F(ConnectionCutTest, AfterAFaultThreeSecondsAfterAPeerWasHeard) {
    become_active_with(3);
    engine->handle_interfaces(down(), now);
    run(Seconds{10});
    engine->handle_interfaces(interfaces(), now);
    machine.take();
    follow(Milliseconds{2900});
    EXPECT_EQ(machine.take(), Done{});
    follow(Milliseconds{200});
    EXPECT_EQ(machine.take(), Done{kClose});
    follow(Seconds{10});
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(ConnectionCutTest, ShortFlapCutsNothing) {
    become_active_with(3);
    engine->handle_interfaces(down(), now);
    engine->handle_interfaces(interfaces(), now);
    receive(90);
    run(Seconds{10});
    ASSERT_EQ(state(), vrrp::StateName::active);
    receive(90);
    run(Seconds{10});
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), kClose), 0);
    EXPECT_EQ(machine.connections, 3u);
}

TEST_F(ConnectionCutTest, KernelThatCannotDoItIsReportedOnce) {
    become_active_with(3);
    machine.fail("close", EOPNOTSUPP);
    for (int i = 0; i < 3; ++i) {
        receive(200);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
    }
    EXPECT_EQ(log.count("connections to its addresses stay open until"), 1u);
}

TEST_F(ConnectionCutTest, CanBeTurnedOff) {
    enabled = false;
    become_active_with(3);
    receive(200);
    follow(Seconds{10});
    EXPECT_EQ(machine.take(),
              (Done{"remove 10.0.1.5", "advert 100 224.0.0.18"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
