// A node whose nginx has ended, by the word of its kernel.
#include "core/engine/node_death.hpp"

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class NodeDeathTest : public EngineTest {
protected:
    static vrrp::Config linked(std::uint8_t vrid = 51, std::string group = "") {
        vrrp::Config c = config();
        c.name = "VI_" + std::to_string(vrid);
        c.vrid = Vrid{vrid};
        c.sync.group = std::move(group);
        c.peer_link = true;
        return c;
    }

    // Backups of kPeer, which has named them.
    void follow(const std::vector<vrrp::Config> &configs) {
        std::vector<RouterConfig> routers;
        for (const vrrp::Config &c : configs) {
            routers.push_back({c, {}});
        }
        beat();
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(interfaces(), now);
        run(Milliseconds{50});
        hear(200);
        for (std::size_t i = 0; i < configs.size(); ++i) {
            engine->set_successor_of(i, kPeer);
        }
        machine.take();
    }
    void hear(std::uint8_t priority, IpAddress source = kPeer) {
        for (const VirtualRouter &router : engine->routers()) {
            wire::Advertisement advert;
            advert.vrid = router.config().vrid;
            advert.priority = Priority{priority};
            advert.interval = Milliseconds{100};
            advert.addresses = {kVip};
            const wire::Endpoints ends{source,
                                       vrrp::multicast_group(Family::ipv4)};
            const Buffer pdu = wire::serialize(
                advert, ends, wire::ChecksumForm::pseudo_header);
            engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
        }
    }
    static NodeDeath death(const std::string &interface = "eth0",
                           IpAddress address = kPeer, std::uint64_t node = 7) {
        return {node, {{interface, address}}, "lb1 (10.0.1.2) has ended"};
    }
    void die(const NodeDeath &of = death()) { engine->handle_death(of, now); }
    std::string states() const {
        std::string all;
        for (const VirtualRouter &r : engine->routers()) {
            all += vrrp::public_name(r.instance().state()).at(0);
        }
        return all;
    }
};

TEST_F(NodeDeathTest, AllRoutersThatFollowItTakeOverAtOnce) {
    vrrp::Config without = linked(53);
    without.peer_link = false;
    follow({linked(51), linked(52), without});
    die();
    EXPECT_EQ(states(), "MMB");
    EXPECT_EQ(engine->routers()[0].last_transition().reason,
              "lb1 (10.0.1.2) has ended");
    EXPECT_EQ(machine.take().front(), "advert 100 224.0.0.18");
}

TEST_F(NodeDeathTest, AGroupTakesOverInOnePass) {
    follow({linked(51, "G"), linked(52, "G")});
    die();
    EXPECT_EQ(states(), "MM");
}

TEST_F(NodeDeathTest, AGroupWithAnotherActiveRouterStays) {
    follow({linked(51, "G"), linked(52, "G")});
    engine->handle_death(death("eth0", kOwn), now);
    engine->handle_death(death("eth1"), now);
    EXPECT_EQ(states(), "BB");
}

TEST_F(NodeDeathTest, WithoutTheNameItWaitsForTheSkew) {
    follow({linked()});
    engine->set_successor_of(0, std::nullopt);
    die();
    run(Milliseconds{60});
    EXPECT_EQ(states(), "B");
    run(Milliseconds{2});
    EXPECT_EQ(states(), "M");
}

TEST_F(NodeDeathTest, AWrongProofIsLoggedAndNotBelievedForTenMinutes) {
    follow({linked()});
    die();
    EXPECT_EQ(states(), "M");
    hear(200);
    EXPECT_EQ(states(), "B");
    EXPECT_EQ(log.count("10.0.1.2 advertises, although its kernel refused the "
                        "connection of its peer link"),
              1U);
    ASSERT_EQ(engine->take_disproved().size(), 1U);
    EXPECT_TRUE(engine->take_disproved().empty());

    const auto live = [&](Duration time) {
        for (const Instant end = now + time; now < end;) {
            run(Milliseconds{100});
            hear(200);
        }
    };
    live(Seconds{599});
    // the same process, or another one of the same node
    die();
    die(death("eth0", *IpAddress::parse("10.0.1.9"), 7));
    die(death("eth0", kPeer, 8));
    EXPECT_EQ(states(), "B");
    EXPECT_EQ(log.count("which is not believed"), 1U);
    live(Seconds{2});
    die();
    EXPECT_EQ(states(), "M");
}

TEST_F(NodeDeathTest, TheNextProcessDoesNotBelieveItEither) {
    follow({linked()});
    die();
    hear(200);
    ASSERT_EQ(states(), "B");
    const auto &counters = engine->routers()[0].counters();
    EXPECT_EQ(counters.false_proofs, 1U);

    for (int i = 0; i < 2; ++i) {
        machine.successor = true;
        engine->handle_ownership(now);
        machine.successor = false;
        ASSERT_TRUE(machine.passed_on);
        machine.grant(std::exchange(machine.passed_on, {}));
        follow({linked()});
        die();
        EXPECT_EQ(states(), "B");
    }
    EXPECT_EQ(engine->routers()[0].counters().false_proofs, 1U);
    EXPECT_TRUE(engine->take_disproved().empty());
}

TEST_F(NodeDeathTest, OtherNodesAreBelieved) {
    follow({linked()});
    die();
    hear(200);
    ASSERT_EQ(states(), "B");
    const IpAddress third = *IpAddress::parse("10.0.1.3");
    hear(210, third);
    engine->set_successor_of(0, third);
    die(death("eth0", third, 8));
    EXPECT_EQ(states(), "M");
}

}  // namespace
}  // namespace ngx_vrrp::engine
