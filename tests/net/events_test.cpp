// Reports of the host about links, addresses and nginx's master.

#include <net/if.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/net/interface_table.hpp"
#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

using Events = Lab;

TEST_F(Events, DumpShowsAnInterfaceWithItsAddresses) {
    const engine::Interface vr0 = a().look("vr0");

    EXPECT_EQ(::if_nametoindex("vr0"), to_number(vr0.index));
    EXPECT_TRUE(vr0.up);
    EXPECT_NE(MacAddress{}, vr0.mac);
    ASSERT_EQ(2u, vr0.addresses.size());

    const engine::InterfaceAddress *ipv4 = find_address(vr0, "10.9.0.1");
    ASSERT_NE(nullptr, ipv4);
    EXPECT_EQ(24, ipv4->prefix_length);
    EXPECT_FALSE(ipv4->ours);
    EXPECT_TRUE(ipv4->permanent);

    const engine::InterfaceAddress *ipv6 = find_address(vr0, "fe80::1");
    ASSERT_NE(nullptr, ipv6);
    EXPECT_EQ(64, ipv6->prefix_length);
    EXPECT_FALSE(ipv6->tentative);
}

TEST_F(Events, DumpShowsLoopbackWithoutMac) {
    const engine::Interface lo = a().look("lo");

    EXPECT_EQ(MacAddress{}, lo.mac);
    EXPECT_TRUE(lo.up);
    EXPECT_NE(nullptr, find_address(lo, "127.0.0.1"));
}

TEST_F(Events, DumpFitsManyDatagrams) {
    in_a(
        "for i in $(seq 1 300); do echo addr add 10.8.$((i / 200))."
        "$((i % 200 + 1))/32 dev vr0; done | ip -batch -");

    EXPECT_EQ(302u, a().look("vr0").addresses.size());
}

TEST_F(Events, LinkDownAndUpAreSeen) {
    const auto up = [&] {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && vr0->up;
    };

    in_a("ip link set vr0 down");
    ASSERT_TRUE(a().wait([&] { return a().changes > 0 && !up(); }));
    in_a("ip link set vr0 up");
    EXPECT_TRUE(a().wait(up));
}

TEST_F(Events, AnotherMacIsSeen) {
    in_a("ip link set vr0 address 02:00:00:00:00:77");

    EXPECT_TRUE(a().wait([&] {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && vr0->mac == MacAddress{2, 0, 0, 0, 0, 0x77};
    }));
}

TEST_F(Events, NoCarrierIsNotUp) {
    in_b("ip link set vr1 down");

    EXPECT_TRUE(a().wait([&] {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && !vr0->up;
    }));
}

TEST_F(Events, TentativeAddressIsSeenAsSuch) {
    in_b("ip link set vr1 down");
    in_a("ip addr add fd09::7/64 dev vr0");

    const engine::Interface vr0 = a().look("vr0");

    ASSERT_NE(nullptr, find_address(vr0, "fd09::7"));
    EXPECT_TRUE(find_address(vr0, "fd09::7")->tentative);
}

TEST_F(Events, RemovedAndRenamedInterfacesAreSeen) {
    in_a("ip link set vr0 name vr7");
    EXPECT_TRUE(a().wait([&] { return a().interfaces.find("vr7"); }));

    in_a("ip link del vr7");
    EXPECT_TRUE(a().wait([&] {
        return !a().interfaces.find("vr7") && a().interfaces.find("lo");
    }));
}

// The lost event is a change; the kept ones are renewals, which are not
// reported.
TEST_F(Events, LostEventsAreMadeUpForAndReportedOnce) {
    const vrrp::VirtualAddress vip{*IpAddress::parse("fd09::200"), 128, "vr0",
                                   ""};
    const engine::Interface vr0 = a().look("vr0");
    ASSERT_DONE(a().add(vr0, vip, Seconds{100}));
    a().settle();

    // The kernel makes the smallest buffer of it that there is.
    const int small = 1;
    ASSERT_EQ(1u, a().watched.size());
    ASSERT_EQ(0, ::setsockopt(a().watched[0], SOL_SOCKET, SO_RCVBUF, &small,
                              sizeof(small)));

    for (const char *address : {"10.7.0.1", "10.7.0.2"}) {
        for (int n = 0; n < 100; n++) {
            ASSERT_DONE(a().add(vr0, vip, Seconds{100}));
        }
        in_a("ip addr add " + std::string(address) + "/32 dev vr0");
        EXPECT_TRUE(a().wait([&] {
            const engine::Interface *now_there = a().interfaces.find("vr0");
            return now_there && find_address(*now_there, address);
        }));
    }

    ASSERT_EQ(1u, a().log.size());
    EXPECT_EQ(LogLevel::warn, a().log[0].first);
    EXPECT_NE(std::string::npos, a().log[0].second.find("events were lost"));
}

// The kernel reports which program has changed an IPv4 address. A new address
// is reported, whichever program has added it.
TEST_F(Events, OwnRenewalsWakeNoProcess) {
    const vrrp::VirtualAddress vip{*IpAddress::parse("10.9.0.200"), 32, "vr0",
                                   ""};
    const engine::Interface vr0 = a().look("vr0");
    ASSERT_DONE(a().add(vr0, vip, Seconds{100}));
    EXPECT_TRUE(a().wait([&] {
        const engine::Interface *there = a().interfaces.find("vr0");
        return there && find_address(*there, "10.9.0.200");
    }));

    // others are at work, too
    bool is_quiet = false;
    for (int n = 0; n < 100 && !is_quiet; n++) {
        a().settle();
        ASSERT_DONE(a().add(vr0, vip, Seconds{100}));
        is_quiet = !a().turn(Milliseconds{0});
    }
    EXPECT_TRUE(is_quiet);

    in_a("ip addr change 10.9.0.200/32 dev vr0 valid_lft 90 preferred_lft 90");
    EXPECT_TRUE(a().turn(kPatience));

    in_a("ip addr del 10.9.0.200/32 dev vr0");
    EXPECT_TRUE(a().wait([&] {
        return !find_address(*a().interfaces.find("vr0"), "10.9.0.200");
    }));
}

// A timer that fires at the same time comes after it.
TEST_F(Events, AreKnownOnceCaughtUp) {
    in_a("ip addr add 10.7.0.1/32 dev vr0");
    a().host->catch_up();
    ASSERT_NE(nullptr, find_address(*a().interfaces.find("vr0"), "10.7.0.1"));

    in_a("ip addr del 10.7.0.1/32 dev vr0");
    a().host->catch_up();
    EXPECT_EQ(nullptr, find_address(*a().interfaces.find("vr0"), "10.7.0.1"));
}

TEST_F(Events, RefusedWatcherIsAnError) {
    Station station;
    station.full = true;

    const Status opened = station.host->open();

    EXPECT_EQ(
        "adding the netlink socket to the event loop failed "
        "(24: Too many open files)",
        failure_of(opened));
}

pid_t start_child() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);
        ::pause();
        ::_exit(0);
    }
    return child;
}

TEST_F(Events, DeathOfTheMasterIsReportedOnce) {
    const pid_t master = start_child();
    ASSERT_DONE(a().host->watch_process(master));
    a().settle();
    EXPECT_EQ(0, a().deaths);

    ASSERT_EQ(0, ::kill(master, SIGKILL));

    EXPECT_TRUE(a().wait([&] { return a().deaths > 0; }));
    a().settle();
    EXPECT_EQ(1, a().deaths);
    EXPECT_EQ(master, ::waitpid(master, nullptr, 0));
}

TEST_F(Events, DeadMasterCannotBeWatched) {
    const pid_t master = start_child();
    ASSERT_EQ(0, ::kill(master, SIGKILL));
    ASSERT_EQ(master, ::waitpid(master, nullptr, 0));

    const Status watched = a().host->watch_process(master);

    ASSERT_FALSE(watched);
    EXPECT_EQ(ESRCH, watched.error().code);
    EXPECT_EQ("pidfd_open() of process " + std::to_string(master) +
                  " failed (3: No such process)",
              failure_of(watched));
}

}  // namespace
}  // namespace ngx_vrrp::net
