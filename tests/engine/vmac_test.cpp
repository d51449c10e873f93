// The device with the virtual MAC address (use_vmac).

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr MacAddress kVirtualMac{0, 0, 0x5e, 0, 1, 51};

Interface device(bool enabled, bool vip = false) {
    Interface vrrp51{.name = "vrrp.51",
                     .index = IfIndex{7},
                     .mac = kVirtualMac,
                     .up = enabled,
                     .enabled = enabled,
                     .vmac_of = "51/ipv4/eth0",
                     .base = IfIndex{2},
                     .addresses = {}};
    if (vip) {
        vrrp51.addresses.push_back({kVip, 24, true, false});
    }
    return vrrp51;
}

Interfaces with(const Interface &another) {
    Interfaces all = interfaces();
    all.list.push_back(another);
    return all;
}

vrrp::Config vmac_config() {
    vrrp::Config c = config();
    c.vmac = "vrrp.51";
    c.addresses = {{kVip, 24, "vrrp.51", ""}};
    return c;
}

class VmacTest : public EngineTest {
protected:
    void see(const Interfaces &world) { engine->handle_interfaces(world, now); }

    // With a device that this process has not made.
    void become_active(const vrrp::Config &c = vmac_config()) {
        beat();
        start(c, with(device(false)));
        run(Seconds{1});
        see(with(device(true, true)));
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
    }

    // Another nginx has the router, and its device is up.
    void start_beside_another() {
        beat();
        make(vmac_config());
        engine->handle_name_holder(
            0, NameHolder{.pid = 1234, .uid = 0, .is_own_user = false}, now);
        engine->start(with(device(true, true)), now);
        run(Seconds{1});
    }

    std::string fault() const { return engine->routers()[0].faults().reason(); }
};

TEST_F(VmacTest, IsMadeBeforeTheElection) {
    beat();
    start(vmac_config());
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "make vrrp.51 on eth0"}));
    EXPECT_EQ(state(), vrrp::StateName::initialize);

    see(with(device(false)));
    EXPECT_EQ(machine.take(), Done{"listen vrrp.51 multicast"});
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(VmacTest, IsUpForTheFirstAdvert) {
    beat();
    start(vmac_config(), with(device(false)));
    machine.take();
    run(Seconds{1});
    const Done done = machine.take();
    ASSERT_GE(done.size(), 4U);
    EXPECT_EQ((Done{done.begin(), done.begin() + 4}),
              (Done{"up vrrp.51", "advert 100 224.0.0.18", "add 10.0.1.5 1s",
                    "garp"}));
    EXPECT_EQ(machine.advertised_on, "vrrp.51");
    EXPECT_EQ(machine.framed_on, "vrrp.51");
    EXPECT_EQ(std::ranges::count(done, "up vrrp.51"), 1);
}

TEST_F(VmacTest, IsDownAfterTheRemoval) {
    become_active();
    receive(200);
    EXPECT_EQ(machine.take(), (Done{"remove 10.0.1.5", "down vrrp.51",
                                    "advert 100 224.0.0.18"}));
    EXPECT_EQ(machine.advertised_on, "eth0");

    see(with(device(false)));
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(machine.take(), Done{});
}

// For IPv6 before it: the kernel would report the removal to MLD, from the
// device.
TEST_F(VmacTest, OfIpv6IsDownBeforeTheRemoval) {
    const IpAddress vip = *IpAddress::parse("fd00::5");
    vrrp::Config c = vmac_config();
    c.family = Family::ipv6;
    c.addresses = {{vip, 64, "vrrp.51", ""}};
    Interface v6 = device(false);
    v6.mac[4] = 2;
    v6.vmac_of = "51/ipv6/eth0";
    Interfaces world = with(v6);
    world.list[0].addresses.push_back(
        {*IpAddress::parse("fe80::1"), 64, false, false});
    beat();
    start(c, world);
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    machine.take();
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(),
              (Done{"advert 0 ff02::12", "down vrrp.51", "remove fd00::5/64",
                    "forget vrrp.51", "delete vrrp.51"}));
}

// The facts are older than the last request.
TEST_F(VmacTest, ComesBackBeforeTheFactsFollow) {
    become_active();
    receive(200);
    machine.take();
    receive(0);
    run(Milliseconds{300});
    ASSERT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take().front(), "up vrrp.51");
}

TEST_F(VmacTest, SendsPriorityZeroAndIsRemovedAtTheEnd) {
    become_active();
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(),
              (Done{"advert 0 224.0.0.18", "remove 10.0.1.5", "down vrrp.51",
                    "forget vrrp.51", "delete vrrp.51"}));
    EXPECT_EQ(machine.advertised_on, "vrrp.51");
}

TEST_F(VmacTest, StaysForTheNextProcess) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_TRUE(machine.passed_on);
    engine->stop("nginx has been reconfigured", true, now);
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 0);
}

TEST_F(VmacTest, IsContinuedAfterADeath) {
    beat();
    machine.active_before = now - Milliseconds{50};
    start(vmac_config(), with(device(true, true)));
    run(Milliseconds{50});
    EXPECT_EQ(state(), vrrp::StateName::active);
    const Done done = machine.take();
    for (const char *never : {"make vrrp.51 on eth0", "down vrrp.51",
                              "up vrrp.51", "remove 10.0.1.5"}) {
        EXPECT_EQ(std::ranges::count(done, never), 0) << never;
    }
}

TEST_F(VmacTest, IsSetDownIfAllProcessesDied) {
    beat();
    start(vmac_config(), with(device(true)));
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "listen vrrp.51 multicast",
                    "down vrrp.51"}));
}

TEST_F(VmacTest, OfAnotherProgramIsAFault) {
    Interface foreign = device(false);
    foreign.vmac_of.clear();
    beat();
    start(vmac_config(), with(foreign));
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(),
              "interface vrrp.51 was not made by this module: remove it, or "
              "set another \"name=\" of use_vmac");
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), Done{"listen eth0 multicast"});
}

TEST_F(VmacTest, ThatCannotBeMadeIsAFaultUntilItCan) {
    beat();
    machine.fail("make_vmac", EPERM);
    start(vmac_config());
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(fault(),
              "use_vmac: make_vmac() failed (1: Operation not permitted)");
    machine.take();
    run(Milliseconds{2500});
    EXPECT_EQ(machine.take(),
              (Done{"make vrrp.51 on eth0", "make vrrp.51 on eth0"}));

    machine.heal();
    run(Milliseconds{600});
    see(with(device(false)));
    EXPECT_EQ(fault(), "");
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(VmacTest, WithAnotherBaseIsMadeAgain) {
    Interface old = device(false);
    old.base = IfIndex{3};
    beat();
    start(vmac_config(), with(old));
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "listen vrrp.51 multicast",
                    "delete vrrp.51", "make vrrp.51 on eth0"}));
}

// A process died before it had set the mark.
TEST_F(VmacTest, ThatIsUnfinishedIsMadeAgain) {
    Interface half = device(false);
    half.unfinished = true;
    half.vmac_of.clear();
    beat();
    start(vmac_config(), with(half));
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "listen vrrp.51 multicast",
                    "delete vrrp.51", "make vrrp.51 on eth0"}));
    EXPECT_EQ(state(), vrrp::StateName::initialize);

    Interface made = device(false);
    made.index = IfIndex{8};
    see(with(made));
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

// Or while it removed it.
TEST_F(VmacTest, ThatIsHalfRemovedIsMadeAgain) {
    Interface half = device(false);
    half.unfinished = true;
    beat();
    start(vmac_config(), with(half));
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 1);
}

TEST_F(VmacTest, ThatIsUnfinishedIsNotOfAnotherRouter) {
    Interface half = device(false);
    half.unfinished = true;
    half.vmac_of.clear();
    half.mac.back() = 52;
    beat();
    start(vmac_config(), with(half));
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 0);
}

TEST_F(VmacTest, ThatHasAnotherMacIsOfOthers) {
    Interface half = device(false);
    half.unfinished = true;
    half.vmac_of.clear();
    half.mac = {2, 0, 0, 0, 0, 51};
    beat();
    start(vmac_config(), with(half));
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 0);
}

TEST_F(VmacTest, ThatIsUnfinishedIsRemovedWhenTheConfigurationHasNone) {
    Interface half = device(false);
    half.unfinished = true;
    half.vmac_of.clear();
    beat();
    start(config(), with(half));
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 1);
}

TEST_F(VmacTest, ThatIsRemovedComesBackWithTheAddress) {
    become_active();
    see(interfaces());
    EXPECT_EQ(machine.take(), (Done{"make vrrp.51 on eth0", "forget vrrp.51"}));
    see(with(device(false)));
    EXPECT_EQ(machine.take(), (Done{"listen vrrp.51 multicast", "up vrrp.51",
                                    "add 10.0.1.5 1s", "garp"}));
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(VmacTest, IsRemovedWhenTheConfigurationHasNone) {
    beat();
    start(config(), with(device(false)));
    EXPECT_EQ(std::ranges::count(machine.take(), "delete vrrp.51"), 1);
}

TEST_F(VmacTest, SendsFromTheBase) {
    vrrp::Config c = vmac_config();
    c.vmac_xmit_base = true;
    become_active(c);
    run(Milliseconds{150});
    EXPECT_EQ(machine.advertised_on, "eth0");
}

// A peer that is MASTER, too, sends from the same MAC address.
TEST_F(VmacTest, HearsAPeer) {
    become_active();
    wire::Advertisement advert;
    advert.vrid = Vrid{51};
    advert.priority = Priority{200};
    advert.interval = Milliseconds{100};
    advert.addresses = {kVip};
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    const Buffer pdu =
        wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
    engine->handle_packet({"vrrp.51", {ends, 255}, pdu}, now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(VmacTest, OfAnotherNginxIsNotTouched) {
    start_beside_another();
    see(with(device(true, true)));
    engine->stop("nginx is shutting down", true, now);
    for (const std::string &done : machine.take()) {
        EXPECT_TRUE(done.starts_with("listen ") || done.starts_with("forget "))
            << done;
    }
}

TEST_F(VmacTest, IsMadeWhenTheOtherNginxHasExited) {
    beat();
    make(vmac_config());
    engine->handle_name_holder(
        0, NameHolder{.pid = 1234, .uid = 0, .is_own_user = false}, now);
    engine->start(interfaces(), now);
    run(Seconds{1});
    machine.take();
    engine->handle_name_holder(0, std::nullopt, now);
    EXPECT_EQ(std::ranges::count(machine.take(), "make vrrp.51 on eth0"), 1);
}

class VmacNeighbourTest : public VmacTest {
protected:
    // For long enough that it is a sign.
    bool is_suspected_after(IfIndex at, const MacAddress &mac) {
        run(Seconds{5});
        for (int i = 0; i < 4; ++i) {
            engine->handle_neighbour({at, {kVip, mac}}, now);
            run(Seconds{1});
        }
        return !engine->routers()[0].signs().empty();
    }
};

TEST_F(VmacNeighbourTest, IsAskedFromTheBase) {
    become_active();
    run(Seconds{60});
    ASSERT_FALSE(machine.questions.empty());
    EXPECT_EQ(machine.framed_on, "eth0");
}

TEST_F(VmacNeighbourTest, WithTheSameMacAnswersTheBase) {
    become_active();
    EXPECT_TRUE(is_suspected_after(IfIndex{2}, kVirtualMac));
}

TEST_F(VmacNeighbourTest, WithAnotherMacIsHeard) {
    become_active();
    EXPECT_TRUE(is_suspected_after(IfIndex{7}, {2, 0, 0, 0, 0, 9}));
}

TEST_F(VmacNeighbourTest, IsNotOurselves) {
    become_active();
    EXPECT_FALSE(is_suspected_after(IfIndex{7}, kVirtualMac));
    EXPECT_FALSE(is_suspected_after(IfIndex{2}, {2, 0, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
