// Several virtual routers of one engine: each hears what is for it, and all
// together are what the node is.
#include "core/engine/phases.hpp"
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class ManyRoutersTest : public EngineTest {
protected:
    static IpAddress vip(std::uint8_t vrid) {
        return *IpAddress::parse("10.0.1." + std::to_string(vrid));
    }

    static RouterConfig router(std::uint8_t vrid) {
        vrrp::Config c = config();
        c.name = "VI_" + std::to_string(vrid);
        c.vrid = Vrid{vrid};
        c.addresses = {{vip(vrid), 24, "eth0", ""}};
        return {c, {}};
    }

    // 50, 51, 52.
    void start_all() {
        beat();
        std::vector<RouterConfig> routers{router(50), router(51), router(52)};
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(interfaces(), now);
    }

    // Each of them asks the kernel at the same moment.
    void become_active_together() {
        start_all();
        run(Milliseconds{361});
        ASSERT_EQ(states(), "MMM");
        machine.take();
    }

    // The next pass in which leases are prolonged.
    Done prolong() {
        for (int i = 0; i < 10; ++i) {
            run(Milliseconds{100});
            const Done done = machine.take();
            if (done.size() > 3) {
                return done;
            }
        }
        return {};
    }

    std::string states() const {
        std::string all;
        for (const VirtualRouter &r : engine->routers()) {
            all += vrrp::public_name(r.instance().state()).at(0);
        }
        return all;
    }
};

TEST_F(ManyRoutersTest, EachHearsWhatIsForIt) {
    start_all();
    for (int i = 0; i < 10; ++i) {
        run(Milliseconds{90});
        receive(200);
    }
    EXPECT_EQ(states(), "MBM");
    EXPECT_EQ(engine->routers()[1].counters().adverts_received, 10u);
    EXPECT_EQ(engine->unknown_vrid_packets(), 0u);
}

TEST_F(ManyRoutersTest, ANeighbourIsHeardByThoseThatHaveItsAddress) {
    start_all();
    const auto touched_by = [&](const IpAddress &address) {
        engine->touched().take([](std::size_t, Touch) {});
        engine->handle_neighbour({IfIndex{2}, {address, {2, 0, 0, 0, 0, 9}}},
                                 now);
        std::vector<std::size_t> touched;
        engine->touched().take(
            [&](std::size_t i, Touch) { touched.push_back(i); });
        return touched;
    };
    EXPECT_EQ(touched_by(vip(51)), std::vector<std::size_t>{1});
    EXPECT_EQ(touched_by(vip(9)), std::vector<std::size_t>{});
}

TEST_F(ManyRoutersTest, AllOfThemAreWhatTheNodeIs) {
    start_all();
    EXPECT_TRUE(engine->is_in_charge());
    EXPECT_FALSE(engine->holds_addresses());
    EXPECT_EQ(engine->transitions(), 3u);

    run(Seconds{1});
    EXPECT_EQ(states(), "MMM");
    EXPECT_TRUE(engine->holds_addresses());
    EXPECT_EQ(engine->transitions(), 6u);

    receive(200);
    machine.successor = true;
    machine.only = OwnershipId{2};
    engine->handle_ownership(now);
    EXPECT_EQ(states(), "MBI");
    EXPECT_FALSE(engine->is_in_charge());
    EXPECT_TRUE(engine->holds_addresses());

    engine->stop("the end", false, now);
    EXPECT_TRUE(engine->finished());
    EXPECT_FALSE(engine->holds_addresses());
}

TEST_F(ManyRoutersTest, NextDeadlineIsThatOfTheFirstToAct) {
    start_all();
    run(Seconds{1});
    const Instant next = *engine->deadline();
    EXPECT_GT(next, now);
    EXPECT_LE(next, now + Milliseconds{100});

    machine.take();
    engine->handle_time(next - Duration{1});
    EXPECT_EQ(machine.take(), Done{});
    engine->handle_time(next);
    EXPECT_EQ(machine.take().size(), 3u);
}

// All adverts first: no router waits for the leases of another one.
TEST_F(ManyRoutersTest, LeasesOfAPassAreProlongedTogether) {
    become_active_together();
    const std::string advert = "advert 100 224.0.0.18";
    EXPECT_EQ(prolong(), (Done{advert, advert, advert, "add 10.0.1.50 1s",
                               "add 10.0.1.51 1s", "add 10.0.1.52 1s"}));
}

TEST_F(ManyRoutersTest, FailureIsThatOfTheRouterItBelongsTo) {
    become_active_together();
    machine.fail("add 10.0.1.51", EPERM);
    EXPECT_EQ(prolong().size(), 6u);
    const auto &routers = engine->routers();
    EXPECT_EQ(routers[0].counters().address_errors, 0u);
    EXPECT_EQ(routers[1].counters().address_errors, 1u);
    EXPECT_EQ(routers[2].counters().address_errors, 0u);

    // its lease ends, and then it is no use as MASTER
    run(Seconds{4});
    EXPECT_EQ(states(), "MFM");
}

// A process that was stopped in the middle of a pass.
TEST_F(ManyRoutersTest, WhatIsOwnedByAnotherIsNotProlonged) {
    become_active_together();
    machine.owned_by_other = true;
    machine.only = OwnershipId{1};
    EXPECT_EQ(prolong(), (Done{"advert 100 224.0.0.18", "advert 100 224.0.0.18",
                               "add 10.0.1.50 1s", "add 10.0.1.52 1s"}));
    EXPECT_EQ(states(), "MIM");
}

// A process that is stopped between its adverts and the request for leases.
TEST_F(ManyRoutersTest, WhatIsLostAfterItsAdvertIsNotProlonged) {
    become_active();
    Done done;
    while (std::ranges::find(done, "add 10.0.1.5 1s") == done.end()) {
        run(Milliseconds{100});
        done = machine.take();
    }
    run(Milliseconds{400});
    machine.take();
    machine.overtaken_at = "advert";
    run(Milliseconds{100});
    EXPECT_EQ(machine.take(), Done{"advert 100 224.0.0.18"});
}

TEST_F(ManyRoutersTest, AnnouncementsAreRepeatedWhenAllAreAnnounced) {
    std::vector<RouterConfig> routers{router(50), router(51)};
    for (RouterConfig &one : routers) {
        one.router.announce.repeat = 3;
    }
    beat();
    engine.emplace(std::move(routers), machine.ports(), log);
    engine->start(interfaces(), now);
    machine.take();
    run(Milliseconds{361});
    const std::string advert = "advert 100 224.0.0.18";
    EXPECT_EQ(machine.take(), (Done{advert, "add 10.0.1.50 1s", "garp", advert,
                                    "add 10.0.1.51 1s", "garp", "garp", "garp",
                                    "garp", "garp"}));
    EXPECT_EQ(engine->routers()[0].counters().announcements_sent, 3u);
    EXPECT_EQ(engine->routers()[1].counters().announcements_sent, 3u);
}

TEST(Phases, AreSharedByNotTooMany) {
    std::vector<RouterConfig> routers(130, {config(), {}});
    share_phases(routers);
    EXPECT_EQ(routers[0].router.advert_phase, Duration::zero());
    EXPECT_EQ(routers[63].router.advert_phase, Duration::zero());
    EXPECT_EQ(routers[64].router.advert_phase, config().advert_interval / 3);
    EXPECT_EQ(routers[129].router.advert_phase,
              config().advert_interval * 2 / 3);
}

TEST(Phases, OneRouterNeedsNone) {
    std::vector<RouterConfig> routers(1, {config(), {}});
    share_phases(routers);
    EXPECT_EQ(routers[0].router.advert_phase, std::nullopt);
}

}  // namespace
}  // namespace ngx_vrrp::engine
