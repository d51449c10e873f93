// Virtual addresses with parameters, addresses that no advertisement lists, and
// a virtual router without addresses.
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

const IpAddress kSecond = *IpAddress::parse("10.0.1.6");
const IpAddress kIpv6 = *IpAddress::parse("2001:db8::5");

vrrp::VirtualAddress excluded(const IpAddress &address) {
    vrrp::VirtualAddress a{address, 64, "eth0", ""};
    a.excluded = true;
    return a;
}

class AddressParameters : public EngineTest {
protected:
    void become_active_with(const vrrp::Config &c) {
        beat();
        start(c);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
    }

    // The second address is not tracked.
    static vrrp::Config with_optional() {
        vrrp::Config c = config();
        c.addresses.push_back({kSecond, 24, "eth0", ""});
        c.addresses.back().optional = true;
        return c;
    }

    static Interfaces both() {
        Interfaces world = interfaces(true, true);
        world.list[0].addresses.push_back({kSecond, 24, true, false});
        return world;
    }
};

TEST_F(AddressParameters, ExcludedAddressMovesButIsNotAdvertised) {
    vrrp::Config c = config();
    c.addresses.push_back(excluded(kIpv6));
    beat();
    start(c);
    run(Milliseconds{700});

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.listed, std::vector{kVip});
    EXPECT_EQ(machine.announced, (std::vector{kVip, kIpv6}));
    EXPECT_EQ(machine.watched, (std::vector{kVip, kIpv6}));
    const Done up = machine.take();
    EXPECT_EQ(std::ranges::count(up, "add 2001:db8::5 1s"),
              std::ranges::count(up, "add 10.0.1.5 1s"));

    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    const Done down = machine.take();
    EXPECT_EQ(std::ranges::count(down, "remove 2001:db8::5/64"), 1);
}

TEST_F(AddressParameters, ExcludedAddressIsNoMismatch) {
    vrrp::Config c = config();
    c.addresses.push_back(excluded(kIpv6));
    beat();
    start(c);
    receive(200);
    EXPECT_EQ(log.count("configure the same addresses"), 0u);
}

TEST_F(AddressParameters, EachIsAnnouncedOnceBeforeAnyIsRepeated) {
    vrrp::Config c = config();
    c.addresses.push_back({kSecond, 24, "eth0", ""});
    c.announce.repeat = 2;
    become_active_with(c);
    const std::vector order{kVip, kSecond, kVip, kSecond};
    EXPECT_EQ(machine.announced, order);

    // also when both of them have to be added again
    engine->handle_interfaces(both(), now);
    machine.announced.clear();
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(machine.announced, order);

    // and after a change of the MAC address
    engine->handle_interfaces(both(), now);
    machine.announced.clear();
    Interfaces changed = both();
    changed.list[0].mac = {2, 0, 0, 0, 0, 9};
    engine->handle_interfaces(changed, now);
    EXPECT_EQ(machine.announced, order);
}

// All routers of an interface share the pause.
TEST_F(AddressParameters, AnnouncementsHaveAPause) {
    vrrp::Config one = config();
    one.announce.repeat = 2;
    one.announce.garp_interval = Milliseconds{20};
    vrrp::Config two = one;
    two.vrid = Vrid{52};
    two.addresses = {{kSecond, 24, "eth0", ""}};
    engine.emplace(std::vector<RouterConfig>{{one, {}}, {two, {}}},
                   machine.ports(), log);
    beat();
    engine->start(interfaces(), now);
    for (int i = 0; i < 100 && machine.announced.empty(); ++i) {
        run(Milliseconds{10});
    }
    ASSERT_EQ(machine.announced.size(), 1u);
    run(Milliseconds{19});
    EXPECT_LE(machine.announced.size(), 2u);
    run(Milliseconds{100});
    ASSERT_EQ(machine.announced.size(), 4u);
    const std::vector first(machine.announced.begin(),
                            machine.announced.begin() + 2);
    EXPECT_NE(first[0], first[1]);
    const std::vector rest(machine.announced.begin() + 2,
                           machine.announced.end());
    EXPECT_EQ(rest, first);
}

// What is still to be announced is not ours any more.
TEST_F(AddressParameters, PauseEndsWithTheAddress) {
    vrrp::Config c = config();
    c.addresses.push_back({kSecond, 24, "eth0", ""});
    c.announce.garp_interval = Milliseconds{50};
    beat();
    start(c);
    for (int i = 0; i < 1000 && machine.announced.empty(); ++i) {
        run(Milliseconds{1});
    }
    EXPECT_EQ(machine.announced, std::vector{kVip});
    receive(200);
    run(Milliseconds{200});
    EXPECT_EQ(machine.announced, std::vector{kVip});
}

// While they stay for the successor, its announcements count.
TEST_F(AddressParameters, PauseEndsWhenTheRouterLeaves) {
    vrrp::Config c = config();
    c.announce.repeat = 5;
    c.announce.garp_interval = Milliseconds{20};
    beat();
    start(c);
    for (int i = 0; i < 1000 && machine.announced.empty(); ++i) {
        run(Milliseconds{1});
    }
    engine->stop("nginx is shutting down", true, now);
    ASSERT_FALSE(engine->finished());
    const std::size_t announced = machine.announced.size();
    receive(200);
    run(Milliseconds{15});
    EXPECT_EQ(machine.announced.size(), announced);
}

// The next process does not know which of them were announced.
TEST_F(AddressParameters, NextProcessAnnouncesAgain) {
    vrrp::Config c = config();
    c.addresses.push_back({kSecond, 24, "eth0", ""});
    c.announce.delay = Duration{0};
    c.announce.garp_interval = Milliseconds{50};
    beat();
    start(c);
    for (int i = 0; i < 1000 && machine.announced.empty(); ++i) {
        run(Milliseconds{1});
    }
    machine.successor = true;
    engine->handle_ownership(now);
    ASSERT_TRUE(machine.passed_on);
    EXPECT_EQ(machine.passed_on->checkpoint->announce_at, now);
}

// no_track
TEST_F(AddressParameters, OptionalAddressIsNotPutBack) {
    become_active_with(with_optional());
    engine->handle_interfaces(both(), now);
    machine.take();

    engine->handle_interfaces(interfaces(true, true), now);
    EXPECT_EQ(machine.take(), Done{});
    run(Seconds{2});
    const Done renewed = machine.take();
    EXPECT_EQ(std::ranges::count(renewed, "add 10.0.1.6 1s"), 0);
    EXPECT_GT(std::ranges::count(renewed, "add 10.0.1.5 1s"), 0);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(engine->routers()[0].counters().addresses_restored, 0u);

    // the next time as MASTER it is added again
    receive(200);
    machine.take();
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    const Done again = machine.take();
    EXPECT_GT(std::ranges::count(again, "add 10.0.1.6 1s"), 0);
}

TEST_F(AddressParameters, OptionalAddressMayBeOnALinkThatIsDown) {
    vrrp::Config c = with_optional();
    c.addresses.back().interface = "eth1";
    become_active_with(c);
    machine.take();

    Interfaces world = interfaces(true, true);
    world.list.push_back({.name = "eth1",
                          .index = IfIndex{3},
                          .mac = {2, 0, 0, 0, 0, 3},
                          .up = true,
                          .addresses = {}});
    engine->handle_interfaces(world, now);
    run(Milliseconds{500});
    const Done renewed = machine.take();
    EXPECT_GT(std::ranges::count(renewed, "add 10.0.1.6 1s"), 0);
}

TEST_F(AddressParameters, AddressIsPreferredForALimitedTime) {
    vrrp::Config c = config();
    c.addresses[0].preferred = Seconds{3};
    become_active_with(c);
    EXPECT_EQ(machine.preferred, Seconds{1});  // not longer than the lease
    run(Seconds{3});
    EXPECT_EQ(machine.preferred, Seconds{0});
}

TEST_F(AddressParameters, OneWithoutTheParameterHasTheDefaultOfItsFamily) {
    become_active();
    EXPECT_EQ(machine.preferred, std::nullopt);
}

// virtual_ipaddress none

class NoAddress : public EngineTest {
protected:
    NoAddress() {
        vrrp::Config c = config();
        c.addresses.clear();
        beat();
        start(c);
    }

    void receive_empty(std::uint8_t priority) {
        wire::Advertisement advert;
        advert.vrid = Vrid{51};
        advert.priority = Priority{priority};
        advert.interval = Milliseconds{100};
        const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
        const Buffer pdu =
            wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
    }
};

TEST_F(NoAddress, BecomesMasterAndStays) {
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(machine.listed.empty());
    EXPECT_TRUE(machine.announced.empty());
    EXPECT_EQ(engine->routers()[0].faults().reason(), "");
    for (const std::string &done : machine.take()) {
        EXPECT_FALSE(done.starts_with("add")) << done;
    }
}

TEST_F(NoAddress, AcceptsAdvertisementsWithoutAddresses) {
    run(Seconds{1});
    receive_empty(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(log.count("mismatch"), 0u);
}

TEST_F(NoAddress, ContinuesAfterACrash) {
    run(Seconds{1});
    machine.take();
    vrrp::Config c = config();
    c.addresses.clear();
    machine.active_before = now;
    start(c);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

}  // namespace
}  // namespace ngx_vrrp::engine
