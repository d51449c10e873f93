// Routes and rules of a master: added after its addresses, removed before them,
// and put back.
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

const IpAddress kGateway = *IpAddress::parse("10.0.1.254");

vrrp::Network network(const char *address, std::uint8_t length) {
    return {*IpAddress::parse(address), length};
}

const std::string kFirst = "route 192.0.2.0/24 via 10.0.1.254";
const std::string kSecond = "route 198.51.100.0/24 via 10.0.1.254";
const std::string kRule = "rule 100 from 192.0.2.0/24";

class Routes : public EngineTest {
protected:
    static vrrp::Route route(const char *to) {
        vrrp::Route r;
        r.destination = network(to, 24);
        r.via = kGateway;
        return r;
    }

    static vrrp::Rule rule() {
        vrrp::Rule r;
        r.from = network("192.0.2.0", 24);
        r.table = 100;
        r.priority = 100;
        return r;
    }

    static vrrp::Config with_routes() {
        vrrp::Config c = config();
        c.routes = {route("192.0.2.0"), route("198.51.100.0")};
        c.rules = {rule()};
        return c;
    }

    // As the kernel has them when all is well.
    static Interfaces all_there() {
        Interfaces world = interfaces(true, true);
        world.routes = with_routes().routes;
        for (vrrp::Route &there : world.routes) {
            there.interface = "eth0";
        }
        world.rules = with_routes().rules;
        return world;
    }

    void become_master(const vrrp::Config &c = with_routes(),
                       const Interfaces &world = interfaces()) {
        beat();
        start(c, world);
        run(Milliseconds{700});
        ASSERT_EQ(state(), vrrp::StateName::active);
    }

    // What it does without the renewals and the announcements.
    Done changes() {
        Done list = machine.take();
        std::erase_if(list, [](const std::string &what) {
            return what.starts_with("advert") || what.starts_with("listen") ||
                   what == "garp" || what.ends_with("s");
        });
        return list;
    }
};

TEST_F(Routes, AreAddedAfterTheAddressesAndRemovedBeforeThem) {
    become_master();
    const Done up = machine.take();
    const auto address = std::ranges::find(up, "add 10.0.1.5 1s");
    const auto first = std::ranges::find(up, "add " + kFirst);
    const auto second = std::ranges::find(up, "add " + kSecond);
    const auto last = std::ranges::find(up, "add " + kRule);
    ASSERT_NE(last, up.end());
    EXPECT_LT(address, first);
    EXPECT_LT(first, second);
    EXPECT_LT(second, last);

    run(Seconds{2});
    EXPECT_EQ(changes(), Done{});

    receive(200);
    EXPECT_EQ(changes(), (Done{"remove " + kRule, "remove " + kSecond,
                               "remove " + kFirst, "remove 10.0.1.5"}));
}

// With an election, clients come until the successor has the addresses.
TEST_F(Routes, StayWithTheAddressesAtTheEnd) {
    vrrp::Config c = with_routes();
    vrrp::Route reject = route("203.0.113.0");
    reject.via.reset();
    reject.kind = vrrp::RouteKind::blackhole;
    c.routes.push_back(reject);
    become_master(c);
    changes();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(changes(), Done{});
}

TEST_F(Routes, BackupHasNone) {
    beat();
    start(with_routes());
    receive(200);
    EXPECT_EQ(changes(), Done{});
}

TEST_F(Routes, OneThatAnotherProgramRemovedIsPutBack) {
    become_master();
    engine->handle_interfaces(all_there(), now);
    changes();

    Interfaces world = all_there();
    world.routes.erase(world.routes.begin());
    engine->handle_interfaces(world, now);
    EXPECT_EQ(changes(), Done{"add " + kFirst});
    EXPECT_EQ(log.count("is gone, adding it again"), 1u);

    // in a fight, once a second
    engine->handle_interfaces(world, now);
    EXPECT_EQ(changes(), Done{});
    run(Milliseconds{1100});
    EXPECT_EQ(changes(), Done{"add " + kFirst});

    world = all_there();
    world.rules.clear();
    run(Seconds{2});
    engine->handle_interfaces(world, now);
    EXPECT_EQ(changes(), Done{"add " + kRule});
}

TEST_F(Routes, OneWithNoTrackIsNotPutBack) {
    vrrp::Config c = with_routes();
    c.routes[0].optional = true;
    become_master(c);
    engine->handle_interfaces(all_there(), now);
    changes();

    Interfaces world = all_there();
    world.routes.erase(world.routes.begin());
    engine->handle_interfaces(world, now);
    run(Seconds{3});
    EXPECT_EQ(changes(), Done{});
}

// The kernel removes them with the address that they have as source.
TEST_F(Routes, ComeBackAfterTheirAddress) {
    become_master();
    engine->handle_interfaces(all_there(), now);
    machine.take();

    engine->handle_interfaces(interfaces(), now);
    const Done back = machine.take();
    const auto address = std::ranges::find(back, "add 10.0.1.5 1s");
    const auto first = std::ranges::find(back, "add " + kFirst);
    const auto last = std::ranges::find(back, "add " + kRule);
    ASSERT_NE(last, back.end());
    EXPECT_LT(address, first);
    EXPECT_LT(first, last);
}

TEST_F(Routes, AnotherOneAtItsPlaceIsLeftAlone) {
    machine.fail("add " + kFirst, EEXIST);
    become_master();
    const Done up = changes();
    EXPECT_EQ(std::ranges::count(up, "remove " + kFirst), 0);
    EXPECT_EQ(log.count("where another program has one"), 1u);
    const auto &held = engine->routers()[0].routes()[0];
    EXPECT_NE(held.error.find("where another program has one"),
              std::string::npos);

    machine.heal();
    run(Milliseconds{1100});
    EXPECT_EQ(changes(), Done{"add " + kFirst});
    EXPECT_EQ(held.error, "");

    receive(200);
    EXPECT_EQ(std::ranges::count(changes(), "remove " + kFirst), 1);
}

TEST_F(Routes, OneThatCannotBeAddedIsNotRemoved) {
    machine.fail("add " + kFirst, EEXIST);
    become_master();
    changes();
    receive(200);
    EXPECT_EQ(std::ranges::count(changes(), "remove " + kFirst), 0);
}

TEST_F(Routes, LeftoversAreRemovedAtTheStart) {
    beat();
    start(with_routes(), all_there());
    const Done done = changes();
    EXPECT_EQ(done,
              (Done{"remove " + kRule, "remove " + kSecond + " dev eth0",
                    "remove " + kFirst + " dev eth0", "remove 10.0.1.5"}));
}

TEST_F(Routes, AreKeptAtAHandover) {
    become_master();
    engine->handle_interfaces(all_there(), now);
    machine.take();
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;

    make(with_routes());
    engine->start(all_there(), now);
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(changes(), Done{});
}

TEST_F(Routes, OneThatIsGoneAtAHandoverIsPutBack) {
    vrrp::Config c = with_routes();
    c.routes[1].optional = true;
    become_master(c);
    engine->handle_interfaces(all_there(), now);
    changes();
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;

    Interfaces world = all_there();
    world.routes.clear();
    world.rules.clear();
    make(c);
    engine->start(world, now);
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(changes(), (Done{"add " + kFirst, "add " + kRule}));
    EXPECT_EQ(log.count(kFirst + " is gone, adding it again"), 1u);
    EXPECT_EQ(log.count(kSecond), 0u);
}

TEST_F(Routes, SuccessorRemovesWhatIsNoLongerConfigured) {
    become_master();
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;
    changes();

    vrrp::Config fewer = with_routes();
    fewer.routes.pop_back();
    fewer.rules.clear();
    make(fewer);
    engine->start(all_there(), now);
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(changes(),
              (Done{"remove " + kRule, "remove " + kSecond + " dev eth0"}));
}

// The metric and the network are the same, the gateway is not.
TEST_F(Routes, SuccessorReplacesAChangedOne) {
    become_master();
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;
    changes();

    vrrp::Config changed = with_routes();
    changed.routes[0].via = *IpAddress::parse("10.0.1.253");
    const std::string wanted = "route 192.0.2.0/24 via 10.0.1.253";
    machine.fail("add " + wanted, EEXIST);
    make(changed);
    engine->start(all_there(), now);
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(changes(),
              (Done{"add " + wanted, "remove " + kFirst + " dev eth0",
                    "add " + wanted}));
}

// Only IPv6 routes have a lifetime in the kernel.
TEST_F(Routes, LeasesOfIpv6RoutesAreProlonged) {
    vrrp::Config c = with_routes();
    vrrp::Route six;
    six.destination = network("2001:db8:1::", 48);
    six.interface = "eth0";
    c.routes.push_back(six);
    become_master(c);
    machine.take();

    run(Seconds{1});
    const Done done = machine.take();
    EXPECT_GT(
        std::ranges::count(done, "prolong route 2001:db8:1::/48 dev eth0 1s"),
        1);
    EXPECT_EQ(std::ranges::count(done, "prolong " + kFirst + " 1s"), 0);
}

TEST_F(Routes, AreWatchedOnlyIfThereAreAny) {
    make(config());
    EXPECT_FALSE(engine->has_routes());
    make(with_routes());
    EXPECT_TRUE(engine->has_routes());
}

}  // namespace
}  // namespace ngx_vrrp::engine
