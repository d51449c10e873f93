// Devices with virtual MAC addresses, in the kernel and on the wire.

#include <linux/capability.h>

#include "core/wire/arp.hpp"
#include "tests/net/lab.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::net {
namespace {

const IpAddress kVip = *IpAddress::parse("10.9.0.200");

vrrp::Config vmac_router(Family family = Family::ipv4) {
    vrrp::Config c = test::default_router();
    c.interface = "vr0";
    c.family = family;
    c.vrid = Vrid{51};
    c.version = Version::v3;
    c.vmac = family == Family::ipv4 ? "vrrp.51" : "vrrp6.51";
    return c;
}

class VmacsTest : public Lab {
protected:
    std::string setting(const std::string &family, const std::string &device,
                        const std::string &name) {
        std::string value = output_of("cat /proc/sys/net/" + family + "/conf/" +
                                      device + "/" + name);
        return value.substr(0, value.find('\n'));
    }

    std::string arp_settings() {
        return setting("ipv4", "vr0", "arp_ignore") + " " +
               setting("ipv4", "vr0", "arp_announce");
    }

    Status make(const vrrp::Config &router = vmac_router()) {
        return a().host->make_vmac(a().look("vr0"), router);
    }

    Status remove(const std::string &name) {
        return a().host->remove_vmac(a().look(name));
    }
};

TEST_F(VmacsTest, AreMadeWithTheirSettings) {
    ASSERT_DONE(make());
    const engine::Interface device = a().look("vrrp.51");
    EXPECT_EQ(device.mac, (MacAddress{0, 0, 0x5e, 0, 1, 51}));
    EXPECT_EQ(device.vmac_of, "51/ipv4/vr0");
    EXPECT_EQ(device.base, a().look("vr0").index);
    EXPECT_FALSE(device.enabled);

    EXPECT_EQ(setting("ipv4", "vrrp.51", "arp_ignore"), "1");
    EXPECT_EQ(setting("ipv4", "vrrp.51", "rp_filter"), "2");
    EXPECT_EQ(setting("ipv4", "vrrp.51", "accept_local"), "0");
    EXPECT_EQ(setting("ipv4", "vrrp.51", "promote_secondaries"), "1");
    EXPECT_EQ(setting("ipv6", "vrrp.51", "disable_ipv6"), "1");
    EXPECT_EQ(arp_settings(), "1 2");
    const std::string shown = output_of("ip -d link show vrrp.51");
    EXPECT_NE(shown.find("macvlan mode private"), std::string::npos) << shown;

    ASSERT_DONE(make());  // it is there
    ASSERT_DONE(a().host->set_up(device, true));
    EXPECT_TRUE(a().look("vrrp.51").enabled);
    ASSERT_DONE(a().host->set_up(device, false));
    EXPECT_FALSE(a().look("vrrp.51").enabled);
}

// The first report has the mark.
TEST_F(VmacsTest, AreReported) {
    ASSERT_TRUE(a().host->interfaces());
    ASSERT_DONE(make());
    const auto device = [&] { return a().interfaces.find("vrrp.51"); };
    ASSERT_TRUE(a().wait([&] { return device() != nullptr; }));
    EXPECT_EQ(device()->vmac_of, "51/ipv4/vr0");
}

TEST_F(VmacsTest, OfIpv6HaveNoAddress) {
    ASSERT_DONE(make(vmac_router(Family::ipv6)));
    EXPECT_EQ(a().look("vrrp6.51").mac, (MacAddress{0, 0, 0x5e, 0, 2, 51}));
    EXPECT_EQ(setting("ipv6", "vrrp6.51", "accept_ra"), "0");
    ASSERT_DONE(a().host->set_up(a().look("vrrp6.51"), true));
    EXPECT_TRUE(a().look("vrrp6.51").addresses.empty());
    EXPECT_EQ(arp_settings(), "0 0");
}

TEST_F(VmacsTest, LeaveTheBaseAsItWas) {
    in_a("sysctl -qw net.ipv4.conf.vr0.arp_announce=1");
    ASSERT_DONE(make());
    vrrp::Config second = vmac_router();
    second.vrid = Vrid{52};
    second.vmac = "vrrp.52";
    ASSERT_DONE(make(second));

    ASSERT_DONE(remove("vrrp.51"));
    EXPECT_EQ(arp_settings(), "1 2");
    ASSERT_DONE(remove("vrrp.52"));
    EXPECT_EQ(arp_settings(), "0 1");
    EXPECT_EQ(a().look("vrrp.52").name, "");
}

// Another program has removed the device, and the base has our settings.
TEST_F(VmacsTest, RememberHowTheBaseWas) {
    ASSERT_DONE(make());
    in_a("ip link del vrrp.51");
    ASSERT_DONE(make());
    ASSERT_DONE(remove("vrrp.51"));
    EXPECT_EQ(arp_settings(), "0 0");
}

// What a process leaves that dies after its first request.
TEST_F(VmacsTest, WithoutAMarkAreUnfinished) {
    in_a(
        "ip link add vrrp.51 link vr0 address 00:00:5e:00:01:33 "
        "group 1448235600 type macvlan mode private");
    const engine::Interface half = a().look("vrrp.51");
    EXPECT_TRUE(half.unfinished);
    EXPECT_EQ(half.vmac_of, "");
    EXPECT_EQ(half.base, a().look("vr0").index);
    ASSERT_DONE(a().host->remove_vmac(half));
    EXPECT_EQ(a().look("vrrp.51").name, "");

    ASSERT_DONE(make());
    EXPECT_FALSE(a().look("vrrp.51").unfinished);
}

// Before its last one; the settings of the base are in the mark.
TEST_F(VmacsTest, WithoutTheirLastRequestAreUnfinished) {
    ASSERT_DONE(make());
    in_a("ip link set vrrp.51 group 1448235600");
    EXPECT_TRUE(a().look("vrrp.51").unfinished);
    EXPECT_EQ(failure_of(make()),
              "making \"vrrp.51\" (macvlan) on \"vr0\" failed (17: File "
              "exists)");
    ASSERT_DONE(remove("vrrp.51"));
    EXPECT_EQ(arp_settings(), "0 0");
}

TEST_F(VmacsTest, OfOthersAreNotOurs) {
    in_a("ip link add vrrp.51 link vr0 type macvlan mode private");
    EXPECT_EQ(
        failure_of(make()),
        "making \"vrrp.51\" (macvlan) on \"vr0\" failed (17: File exists)");
    EXPECT_EQ(a().look("vrrp.51").vmac_of, "");

    engine::Interface looks_ours = a().look("vrrp.51");
    looks_ours.vmac_of = "51/ipv4/vr0";
    EXPECT_DONE(a().host->remove_vmac(looks_ours));
    EXPECT_EQ(a().look("vrrp.51").name, "vrrp.51");
}

TEST_F(VmacsTest, AreNotMadeWithoutTheCapability) {
    const engine::Interface vr0 = a().look("vr0");
    EXPECT_TRUE(holds_without(CAP_NET_ADMIN, [&] {
        return !a().host->make_vmac(vr0, vmac_router()) &&
               a().look("vrrp.51").name.empty();
    }));
}

// The route of the LAN stays that of the base.
TEST_F(VmacsTest, HaveNoRouteOfTheirBase) {
    ASSERT_DONE(make());
    const engine::Interface device = a().look("vrrp.51");
    ASSERT_DONE(a().host->set_up(device, true));
    ASSERT_DONE(a().add(device, {kVip, 24, "vrrp.51", ""}, Seconds{5}));
    EXPECT_TRUE(a().look("vrrp.51").has_marked({kVip, 24, "vrrp.51", ""}));
    EXPECT_EQ(output_of("ip route show dev vrrp.51"), "");
}

// The kernel reports the link and the new address in any order.
TEST_F(VmacsTest, AreNotReportedWithoutTheirNewAddress) {
    const vrrp::VirtualAddress vip{*IpAddress::parse("fd09::200"), 64,
                                   "vrrp6.51", ""};
    for (int i = 0; i < 25; ++i) {
        ASSERT_DONE(make(vmac_router(Family::ipv6)));
        const engine::Interface device = a().look("vrrp6.51");
        a().settle();
        ASSERT_DONE(a().host->set_up(device, true));
        ASSERT_DONE(a().add(device, vip, Seconds{50}));
        const int before = a().changes;
        ASSERT_TRUE(a().wait([&] { return a().changes != before; }));
        const engine::Interface *reported = a().interfaces.find("vrrp6.51");
        ASSERT_NE(reported, nullptr);
        ASSERT_TRUE(reported->has_marked(vip)) << i;
        ASSERT_DONE(remove("vrrp6.51"));
    }
}

// With the MAC address of the device, and an address of the base; a peer with
// the same device hears it there and nowhere else, once.
void is_heard(Station &a, Station &b, const engine::Interface &from,
              const wire::Endpoints &ends, const vrrp::Config &router) {
    wire::Advertisement advert;
    advert.vrid = router.vrid;
    advert.priority = Priority{100};
    advert.interval = Milliseconds{100};
    advert.addresses = {ends.source};
    const Buffer pdu =
        wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
    b.packets.clear();
    ASSERT_DONE(a.send(from, ends, pdu));
    ASSERT_TRUE(b.wait([&] { return !b.packets.empty(); }));
    b.wait([] { return false; }, Milliseconds{50});
    ASSERT_EQ(b.packets.size(), 1U);
}

class VmacAdvertTest : public VmacsTest {
protected:
    // On both nodes, up in A.
    void make_both(const vrrp::Config &router) {
        vrrp::Config other = router;
        other.interface = "vr1";
        enter_b();
        ASSERT_DONE(b().host->make_vmac(b().look("vr1"), other));
        ASSERT_DONE(b().host->listen(b().look("vr1"), other));
        ASSERT_DONE(b().host->listen(b().look(other.vmac), other));
        enter_a();
        ASSERT_DONE(make(router));
        ASSERT_DONE(a().host->listen(a().look("vr0"), router));
        ASSERT_DONE(a().host->listen(a().look(router.vmac), router));
        ASSERT_DONE(a().host->set_up(a().look(router.vmac), true));
    }

    void set_b_up(const std::string &name, bool up) {
        enter_b();
        ASSERT_DONE(b().host->set_up(b().look(name), up));
        enter_a();
    }

    void check(const vrrp::Config &router, const char *source) {
        const wire::Endpoints ends{*IpAddress::parse(source),
                                   vrrp::multicast_group(router.family)};
        make_both(router);
        const engine::Interface device = a().look(router.vmac);

        is_heard(a(), b(), device, ends, router);
        EXPECT_EQ(b().packets.at(0).interface, "vr1");

        // Two of them are MASTER.
        set_b_up(router.vmac, true);
        if (router.family == Family::ipv4) {
            // without an address, rp_filter drops everything
            in_b("ip addr add 10.9.0.200/32 dev " + router.vmac);
        }
        is_heard(a(), b(), device, ends, router);
        EXPECT_EQ(b().packets.at(0).interface, router.vmac);

        // From a peer without the device.
        is_heard(a(), b(), a().look("vr0"), ends, router);
        EXPECT_EQ(b().packets.at(0).interface, "vr1");
        a().settle();
        EXPECT_EQ(a().packets.size(), 0U);
    }
};

TEST_F(VmacAdvertTest, IsHeardOnceOverIpv4) {
    check(vmac_router(), "10.9.0.1");
}

TEST_F(VmacAdvertTest, IsHeardOnceOverIpv6) {
    check(vmac_router(Family::ipv6), "fe80::1");
}

}  // namespace
}  // namespace ngx_vrrp::net
