// Routes and rules in the kernel: only those with our mark are known, prolonged
// and removed, and another one is never replaced.

#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

constexpr Seconds kRouteLease{100};

vrrp::Route route(const char *to, std::uint8_t length, const char *via) {
    vrrp::Route r;
    r.destination = {*IpAddress::parse(to), length};
    r.via = IpAddress::parse(via);
    r.interface = "vr0";
    return r;
}

vrrp::Rule rule(std::uint32_t priority) {
    vrrp::Rule r;
    r.from = vrrp::Network{*IpAddress::parse("192.0.2.0"), 24};
    r.mark = 5;
    r.mask = 0xff;
    r.table = 1000;
    r.priority = priority;
    return r;
}

class Routes : public Lab {
protected:
    void SetUp() override {
        Lab::SetUp();
        if (!IsSkipped()) {
            ASSERT_DONE(a().host->watch_routes(true));
            in_a("ip addr add fd09::1/64 dev vr0 nodad");
            ASSERT_TRUE(a().wait([&] { return a().changes > 0; }));
            a().settle();
        }
    }

    engine::Interfaces now() { return a().host->interfaces().value(); }

    Status add(const vrrp::Route &r) {
        return a().host->add(r, now(), kRouteLease);
    }
    Status remove(const vrrp::Route &r) { return a().host->remove(r, now()); }

    static std::string shown(const std::string &what) {
        return output_of("ip route show " + what + "; ip -6 route show " +
                         what);
    }
};

TEST_F(Routes, AddedOneHasItsWordsAndOurMark) {
    vrrp::Route r = route("198.51.100.0", 24, "10.9.0.2");
    r.source = IpAddress::parse("10.9.0.1");
    r.metric = 7;
    r.mtu = 1400;
    ASSERT_DONE(add(r));
    const std::string line = shown("198.51.100.0/24");
    for (const char *part : {"via 10.9.0.2", "dev vr0", "proto 112",
                             "src 10.9.0.1", "metric 7", "mtu 1400"}) {
        EXPECT_NE(std::string::npos, line.find(part)) << part << ": " << line;
    }

    vrrp::Route direct;
    direct.destination = {*IpAddress::parse("203.0.113.0"), 24};
    direct.interface = "vr0";
    direct.table = 1000;
    ASSERT_DONE(add(direct));
    EXPECT_NE(std::string::npos,
              shown("table 1000").find("203.0.113.0/24 dev vr0"));

    vrrp::Route hole;
    hole.kind = vrrp::RouteKind::blackhole;
    hole.destination = {*IpAddress::parse("192.0.2.0"), 24};
    ASSERT_DONE(add(hole));
    EXPECT_NE(std::string::npos, shown("type blackhole").find("192.0.2.0/24"));

    const engine::Interfaces known = now();
    ASSERT_EQ(3u, known.routes.size());
    for (const vrrp::Route &wanted : {r, direct, hole}) {
        EXPECT_TRUE(std::ranges::any_of(known.routes, [&](const auto &there) {
            return vrrp::have_same_place(there, wanted) &&
                   vrrp::fits(there, wanted);
        })) << wanted.to_string();
        ASSERT_DONE(remove(wanted));
    }
    EXPECT_TRUE(now().routes.empty());
}

TEST_F(Routes, Ipv6RouteHasALeaseThatIsProlonged) {
    const vrrp::Route r = route("2001:db8:1::", 48, "fd09::2");
    ASSERT_DONE(a().host->add(r, now(), Seconds{50}));
    EXPECT_NE(std::string::npos, shown("2001:db8:1::/48").find("expires "));
    ASSERT_DONE(a().host->prolong(r, now(), Seconds{500}));
    const std::string line = shown("2001:db8:1::/48");
    const std::size_t at = line.find("expires ");
    ASSERT_NE(std::string::npos, at) << line;
    EXPECT_LT(400, std::atoi(line.c_str() + at + 8)) << line;
    ASSERT_EQ(1u, now().routes.size());
    EXPECT_TRUE(vrrp::fits(now().routes[0], r));
    ASSERT_DONE(remove(r));
    EXPECT_EQ("", shown("2001:db8:1::/48"));
}

// Ours is gone, and another program has one at its place: with a route that is
// added there, the kernel would send half of the packets to our gateway.
TEST_F(Routes, ProlongingAddsNoNextHopToAnotherOne) {
    const vrrp::Route r = route("2001:db8:1::", 48, "fd09::2");
    ASSERT_DONE(a().host->add(r, now(), Seconds{50}));
    in_a("ip route del 2001:db8:1::/48");
    in_a("ip route add 2001:db8:1::/48 via fd09::3");
    const Status prolonged = a().host->prolong(r, now(), Seconds{50});
    ASSERT_FALSE(prolonged);
    EXPECT_EQ(ENOENT, prolonged.error().code);
    const std::string line = shown("2001:db8:1::/48");
    EXPECT_NE(std::string::npos, line.find("via fd09::3")) << line;
    EXPECT_EQ(std::string::npos, line.find("fd09::2")) << line;
}

// Nor does it bring back one that was removed: that is restored as a whole.
TEST_F(Routes, ProlongingAddsNoRoute) {
    const vrrp::Route r = route("2001:db8:1::", 48, "fd09::2");
    ASSERT_DONE(a().host->add(r, now(), Seconds{50}));
    in_a("ip route del 2001:db8:1::/48");
    EXPECT_FALSE(a().host->prolong(r, now(), Seconds{50}));
    EXPECT_EQ("", shown("2001:db8:1::/48"));
}

TEST_F(Routes, AnotherOneIsNeitherReplacedNorRemoved) {
    in_a("ip route add 198.51.100.0/24 via 10.9.0.3");
    in_a("ip route add 2001:db8:1::/48 via fd09::3");
    in_a("ip rule add from 192.0.2.0/24 fwmark 5/0xff table 1000 pref 77");
    for (const vrrp::Route &r : {route("198.51.100.0", 24, "10.9.0.2"),
                                 route("2001:db8:1::", 48, "fd09::2")}) {
        const Status added = add(r);
        ASSERT_FALSE(added);
        EXPECT_EQ(EEXIST, added.error().code);
        EXPECT_DONE(remove(r));
    }
    // the kernel may have two rules that differ only in their protocol
    (void)a().host->add(rule(77));
    EXPECT_DONE(a().host->remove(rule(77)));

    EXPECT_NE(std::string::npos, shown("198.51.100.0/24").find("10.9.0.3"));
    EXPECT_NE(std::string::npos, shown("2001:db8:1::/48").find("fd09::3"));
    EXPECT_NE(std::string::npos, output_of("ip rule show pref 77").find("192"));
    EXPECT_TRUE(now().routes.empty());
    EXPECT_TRUE(now().rules.empty());
}

TEST_F(Routes, RuleIsAddedKnownAndRemoved) {
    ASSERT_DONE(a().host->add(rule(77)));
    const std::string line = output_of("ip rule show pref 77");
    EXPECT_NE(std::string::npos, line.find("from 192.0.2.0/24 fwmark 0x5/0xff"))
        << line;
    ASSERT_EQ(1u, now().rules.size());
    EXPECT_TRUE(vrrp::have_same_place(now().rules[0], rule(77)));
    ASSERT_DONE(a().host->remove(rule(77)));
    EXPECT_EQ("", output_of("ip rule show pref 77"));
    ASSERT_DONE(a().host->remove(rule(77)));
}

TEST_F(Routes, RemovalByOthersIsReported) {
    ASSERT_DONE(add(route("198.51.100.0", 24, "10.9.0.2")));
    ASSERT_DONE(a().host->add(rule(77)));
    a().settle();
    in_a("ip route del 198.51.100.0/24");
    EXPECT_TRUE(a().wait([&] { return a().interfaces.routes.empty(); }));
    EXPECT_EQ(1u, a().interfaces.rules.size());
    in_a("ip rule del pref 77");
    EXPECT_TRUE(a().wait([&] { return a().interfaces.rules.empty(); }));
}

// A router with many routes does not wake us.
TEST_F(Routes, RoutesOfOthersAreNoNews) {
    a().settle();
    const int before = a().changes;
    in_a("ip route add 198.51.100.0/24 via 10.9.0.2");
    in_a("ip route del 198.51.100.0/24");
    a().settle();
    EXPECT_EQ(before, a().changes);
}

// The kernel reports only the address.
TEST_F(Routes, OneWhoseSourceIsGoneIsReported) {
    in_a("ip addr add 10.9.0.200/32 dev vr0");
    vrrp::Route r = route("198.51.100.0", 24, "10.9.0.2");
    r.source = IpAddress::parse("10.9.0.200");
    ASSERT_DONE(add(r));
    a().settle();
    in_a("ip addr del 10.9.0.200/32 dev vr0");
    EXPECT_TRUE(a().wait([&] { return a().interfaces.routes.empty(); }));
}

}  // namespace
}  // namespace ngx_vrrp::net
