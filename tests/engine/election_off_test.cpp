// Routers without an election: anycast addresses, and single nodes.
#include <gtest/gtest.h>

#include "tests/engine/tracking_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

class ElectionOffTest : public TrackingTest {
protected:
    // On lo, which has no source address and no LAN.
    static vrrp::Config anycast() {
        vrrp::Config c = config();
        c.election = false;
        c.leave_time = Seconds{2};
        c.vrid = Vrid{};
        c.interface = "lo";
        c.addresses = {{kVip, 32, "lo", ""}};
        c.advert_interval = Seconds{1};
        return c;
    }

    static Interfaces loopback(bool vip = false) {
        Interface lo{
            .name = "lo",
            .index = IfIndex{1},
            .mac = {},
            .up = true,
            .addresses = {{*IpAddress::parse("127.0.0.1"), 8, false, false}}};
        if (vip) {
            lo.addresses.push_back({kVip, 32, true, false});
        }
        return {{lo}};
    }

    void start_anycast(vrrp::Config c = anycast()) {
        set_check(Verdict::up);
        beat();
        make(std::move(c), {service()});
        engine->start(loopback(), now);
    }
};

TEST_F(ElectionOffTest, IsMasterAtOnceAndSendsNothing) {
    start_anycast();
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), Done{"add 10.0.1.5 2s"});
    EXPECT_TRUE(machine.watched.empty());
    EXPECT_EQ(router().counters().became_backup, 0u);

    engine->handle_interfaces(loopback(true), now);
    run(Seconds{10});
    const Done done = machine.take();
    EXPECT_GE(done.size(), 9u);
    for (const std::string &what : done) {
        EXPECT_EQ(what, "add 10.0.1.5 2s") << "only renewals";
    }
    EXPECT_TRUE(machine.questions.empty());
    EXPECT_EQ(router().counters().adverts_sent, 0u);
    EXPECT_EQ(router().counters().send_errors, 0u);
}

TEST_F(ElectionOffTest, FaultRemovesTheAddressWithinTheEvent) {
    start_anycast();
    machine.take();
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5/32"});
    EXPECT_EQ(state(), vrrp::StateName::fault);

    set_check(Verdict::up);
    engine->handle_checks(now);
    EXPECT_EQ(machine.take(), Done{"add 10.0.1.5 2s"});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().counters().became_backup, 0u);
}

// Others send the clients elsewhere meanwhile.
TEST_F(ElectionOffTest, AddressStaysForATimeAtTheEnd) {
    start_anycast();
    machine.take();
    engine->stop("nginx is shutting down", true, now);
    run(Milliseconds{1900});
    EXPECT_FALSE(engine->finished());
    run(Milliseconds{200});
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(machine.take().back(), "remove 10.0.1.5/32");
    EXPECT_EQ(router().last_transition().reason, "nginx is shutting down");
}

TEST_F(ElectionOffTest, ReleaseAndResume) {
    start_anycast();
    engine->execute(Command::release, "VI_1", now);
    run(Seconds{3});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    engine->execute(Command::resume, "VI_1", now);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

class AnycastRoutesTest : public ElectionOffTest {
protected:
    static vrrp::Route route(const char *to, std::uint8_t length) {
        vrrp::Route r;
        r.destination = {*IpAddress::parse(to), length};
        return r;
    }

    static vrrp::Config with_routes() {
        vrrp::Config c = anycast();
        vrrp::Route of_address = route("10.0.1.5", 32);
        of_address.interface = "eth1";
        vrrp::Route on_lo = route("10.0.4.0", 24);
        on_lo.interface = "lo";
        vrrp::Route reject = route("10.0.5.0", 24);
        reject.kind = vrrp::RouteKind::blackhole;
        // replies to clients take these
        vrrp::Route to_clients = route("10.0.6.0", 24);
        to_clients.interface = "eth1";
        vrrp::Route gateway = route("0.0.0.0", 0);
        gateway.via = *IpAddress::parse("10.0.1.254");
        c.routes = {of_address, to_clients, on_lo, gateway, reject};
        return c;
    }

    // As the kernel has them.
    static Interfaces there(const std::vector<vrrp::Route> &routes) {
        Interfaces world = loopback(true);
        world.routes = routes;
        return world;
    }

    // Without the renewals.
    Done changes() {
        Done list = machine.take();
        std::erase(list, "add 10.0.1.5 2s");
        return list;
    }

    static inline const std::string kAddress = "route 10.0.1.5/32 dev eth1";
    static inline const std::string kOnLo = "route 10.0.4.0/24 dev lo";
    static inline const std::string kReject = "route 10.0.5.0/24";
    static inline const std::string kClients = "route 10.0.6.0/24 dev eth1";
    static inline const std::string kGateway = "route default via 10.0.1.254";
    static inline const Done kWithdrawn{"remove " + kReject, "remove " + kOnLo,
                                        "remove " + kAddress};
};

// The address, and the routes that replies take, stay for leave_time.
TEST_F(AnycastRoutesTest, SignalsGoFirstAtTheEnd) {
    start_anycast(with_routes());
    engine->handle_interfaces(there(with_routes().routes), now);
    changes();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(changes(), kWithdrawn);

    const auto &all = with_routes().routes;
    engine->handle_interfaces(there({all[1], all[3]}), now);
    run(Milliseconds{1900});
    EXPECT_EQ(changes(), Done{}) << "and do not come back";
    run(Milliseconds{200});
    EXPECT_EQ(changes(), (Done{"remove " + kGateway, "remove " + kClients,
                               "remove 10.0.1.5/32"}));
}

TEST_F(AnycastRoutesTest, SignalsGoFirstAtARelease) {
    start_anycast(with_routes());
    changes();
    engine->execute(Command::release, "VI_1", now);
    EXPECT_EQ(changes(), kWithdrawn);
    EXPECT_EQ(state(), vrrp::StateName::active);

    engine->execute(Command::resume, "VI_1", now);
    EXPECT_EQ(changes(),
              (Done{"add " + kAddress, "add " + kOnLo, "add " + kReject}));
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// No worker serves the requests that are under way.
TEST_F(AnycastRoutesTest, AllGoAtOnceWithAFault) {
    start_anycast(with_routes());
    changes();
    set_check(Verdict::down);
    engine->handle_checks(now);
    EXPECT_EQ(changes(), (Done{"remove " + kReject, "remove " + kGateway,
                               "remove " + kOnLo, "remove " + kClients,
                               "remove " + kAddress, "remove 10.0.1.5/32"}));
}

// No peer has taken over meanwhile.
TEST_F(ElectionOffTest, LateWakeKeepsTheAddress) {
    start_anycast();
    machine.take();
    now += Seconds{30};
    beat();
    engine->handle_time(now);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), Done{"add 10.0.1.5 2s"});
}

TEST_F(ElectionOffTest, CrashIsInvisibleHoweverLongItTakes) {
    machine.active_before = now - Seconds{30};
    set_check(Verdict::up);
    beat();
    make(anycast(), {service()});
    engine->start(loopback(true), now);
    EXPECT_EQ(state(), vrrp::StateName::active);
    for (const std::string &what : machine.take()) {
        EXPECT_EQ(what, "add 10.0.1.5 2s");
    }
}

TEST_F(ElectionOffTest, StartupDelayHoldsItBack) {
    vrrp::Config c = anycast();
    c.not_before = now + Seconds{5};
    start_anycast(std::move(c));
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{4900});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{200});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().last_transition().reason, "startup_delay is over");
}

// Their VRIDs mean nothing: the name is the key.
TEST_F(ElectionOffTest, ManyOnOneInterface) {
    vrrp::Config other = anycast();
    other.name = "VI_2";
    other.addresses = {{*IpAddress::parse("10.0.1.6"), 32, "lo", ""}};
    std::vector<RouterConfig> routers{{anycast(), {}}, {other, {}}};
    engine.emplace(std::move(routers), machine.ports(), log);
    EXPECT_NE(engine->routers()[0].key(), engine->routers()[1].key());
    EXPECT_EQ(to_string(engine->routers()[1].key()), "instance VI_2/ipv4/lo");
}

}  // namespace
}  // namespace ngx_vrrp::engine
