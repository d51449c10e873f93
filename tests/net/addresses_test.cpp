// Virtual addresses in the kernel: exactly ours, for as long as we live.

#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

constexpr Seconds kLong{100};
constexpr Seconds kShort{2};

vrrp::VirtualAddress vip(const std::string &address, std::uint8_t prefix_length,
                         const std::string &label = "") {
    return {*IpAddress::parse(address), prefix_length, "vr0", label};
}

class Addresses : public Lab {
protected:
    Status add(const vrrp::VirtualAddress &address, Seconds lease) {
        return a().add(a().look("vr0"), address, lease);
    }

    Status remove(const vrrp::VirtualAddress &address) {
        return a().host->remove(a().look("vr0"), address);
    }

    bool is_there(const std::string &address) {
        return find_address(a().look("vr0"), address) != nullptr;
    }

    // As the last event reported it.
    bool is_known(const std::string &address) {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && find_address(*vr0, address);
    }

    // The line of `ip -o addr` about the address, with its lifetimes.
    std::string line_of(const std::string &address) {
        return output_of("ip -o addr show dev vr0 | grep ' " + address + "'");
    }

    unsigned long valid_seconds(const std::string &address) {
        const std::string line = line_of(address);
        const std::string key = "valid_lft ";
        const std::size_t at = line.find(key);
        return at == std::string::npos
                   ? 0
                   : std::strtoul(line.c_str() + at + key.size(), nullptr, 10);
    }
};

// More than go into one request; those that the kernel refuses are known, and
// the others are there.
TEST_F(Addresses, ManyAreAddedTogetherAndEachHasItsAnswer) {
    const engine::Interface vr0 = a().look("vr0");
    engine::Interface gone = vr0;
    gone.index = IfIndex{4711};
    std::vector<vrrp::VirtualAddress> vips;
    for (int i = 0; i < 200; ++i) {
        vips.push_back(vip("10.9.1." + std::to_string(i), 32));
    }
    std::vector<engine::LeaseRequest> requests;
    for (std::size_t i = 0; i < vips.size(); ++i) {
        const bool is_refused = i == 7 || i == 63 || i == 64 || i == 199;
        requests.push_back({is_refused ? &gone : &vr0, &vips[i], kLong});
    }

    std::vector<Status> answers;
    a().host->add(requests, answers);

    ASSERT_EQ(200u, answers.size());
    const engine::Interface after = a().look("vr0");
    for (std::size_t i = 0; i < vips.size(); ++i) {
        const bool is_added = requests[i].interface == &vr0;
        EXPECT_EQ(is_added, answers[i].has_value()) << i;
        EXPECT_EQ(is_added,
                  find_address(after, vips[i].address.to_string()) != nullptr)
            << i;
    }
    EXPECT_EQ(ENODEV, answers[7].error().code);
    EXPECT_EQ("adding 10.9.1.199/32 to \"vr0\"", answers[199].error().what);

    // the next answer belongs to the next request
    EXPECT_DONE(add(vips[7], kLong));
    EXPECT_TRUE(is_there("10.9.1.7"));
}

TEST_F(Addresses, AddedOneIsMarkedAndHasALease) {
    ASSERT_DONE(add(vip("10.9.0.200", 24), kLong));

    const engine::Interface vr0 = a().look("vr0");
    const engine::InterfaceAddress *address = find_address(vr0, "10.9.0.200");
    ASSERT_NE(nullptr, address);
    EXPECT_TRUE(address->ours);
    EXPECT_FALSE(address->permanent);
    EXPECT_EQ(24, address->prefix_length);
    EXPECT_GE(100u, valid_seconds("10.9.0.200"));
    EXPECT_LE(80u, valid_seconds("10.9.0.200"));
    EXPECT_FALSE(find_address(vr0, "10.9.0.1")->ours);
}

// In another network: the kernel refuses two scopes in one.
TEST_F(Addresses, AddedOneHasItsParameters) {
    vrrp::VirtualAddress four = vip("10.8.0.200", 24);
    four.broadcast = IpAddress::v4({10, 8, 0, 255});
    four.scope = 253;
    four.no_prefix_route = true;
    ASSERT_DONE(add(four, kLong));
    const std::string first = line_of("10.8.0.200");
    EXPECT_NE(std::string::npos, first.find("brd 10.8.0.255")) << first;
    EXPECT_NE(std::string::npos, first.find("scope link")) << first;
    EXPECT_NE(std::string::npos, first.find("noprefixroute")) << first;

    vrrp::VirtualAddress six = vip("fd09::200", 64);
    six.home = true;
    six.detect_duplicate = true;
    const engine::Interface vr0 = a().look("vr0");
    ASSERT_DONE(a().add({&vr0, &six, kLong, kLong}));
    const std::string second = line_of("fd09::200");
    EXPECT_NE(std::string::npos, second.find("home")) << second;
    EXPECT_EQ(std::string::npos, second.find("nodad")) << second;
    EXPECT_EQ(std::string::npos, second.find("deprecated")) << second;
}

TEST_F(Addresses, AddedOneIsReportedOnce) {
    ASSERT_DONE(add(vip("10.9.0.200", 32), kLong));

    EXPECT_TRUE(a().wait([&] {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && find_address(*vr0, "10.9.0.200");
    }));
    EXPECT_EQ(1, a().changes);
}

TEST_F(Addresses, RenewalProlongsAndIsNoNews) {
    ASSERT_DONE(add(vip("10.9.0.200", 24), Seconds{50}));
    a().settle();
    const int before = a().changes;

    for (int n = 0; n < 3; n++) {
        ASSERT_DONE(add(vip("10.9.0.200", 24), Seconds{500}));
    }
    a().settle();

    EXPECT_EQ(before, a().changes);
    EXPECT_LE(400u, valid_seconds("10.9.0.200"));
    EXPECT_EQ(3u, a().look("vr0").addresses.size());
}

TEST_F(Addresses, LeaseEndsWithoutRenewal) {
    for (const char *address : {"10.9.0.200", "fd09::200"}) {
        const std::uint8_t host = address[0] == '1' ? 32 : 128;
        const Instant start = os::now();
        ASSERT_DONE(add(vip(address, host), kShort));

        EXPECT_TRUE(a().wait([&] { return !is_there(address); }, Seconds{4}));
        EXPECT_LE(Seconds{1}, os::now() - start);
    }
}

TEST_F(Addresses, ExpiryIsAnEvent) {
    ASSERT_DONE(add(vip("10.9.0.200", 24), Seconds{1}));
    ASSERT_TRUE(a().wait([&] { return is_known("10.9.0.200"); }));

    EXPECT_TRUE(a().wait([&] { return !is_known("10.9.0.200"); }, Seconds{4}));
}

TEST_F(Addresses, RenewalKeepsItBeyondTheFirstLease) {
    const Instant end = os::now() + Seconds{4};
    while (os::now() < end) {
        ASSERT_DONE(add(vip("10.9.0.200", 24), kShort));
        ASSERT_TRUE(is_there("10.9.0.200"));
        a().wait([] { return false; }, Milliseconds{300});
    }
}

TEST_F(Addresses, LabelIsSet) {
    ASSERT_DONE(add(vip("10.9.0.200", 24, "vr0:1"), kLong));

    EXPECT_NE(std::string::npos, line_of("10.9.0.200").find(" vr0:1"));
    EXPECT_DONE(remove(vip("10.9.0.200", 24, "vr0:1")));
    EXPECT_FALSE(is_there("10.9.0.200"));
}

TEST_F(Addresses, LabelTheKernelRefusesIsAnError) {
    const Status added =
        add(vip("10.9.0.200", 24, std::string(20, 'x')), kLong);

    ASSERT_FALSE(added);
    EXPECT_EQ("adding 10.9.0.200/24 to \"vr0\"", added.error().what);
    EXPECT_EQ(ERANGE, added.error().code);
}

TEST_F(Addresses, RemovalIsIdempotentAndSeen) {
    ASSERT_DONE(add(vip("10.9.0.200", 24), kLong));
    a().settle();

    // To look again would be to know of the removal before its event.
    const engine::Interface vr0 = a().look("vr0");
    EXPECT_DONE(a().host->remove(vr0, vip("10.9.0.200", 24)));
    EXPECT_DONE(a().host->remove(vr0, vip("10.9.0.200", 24)));
    EXPECT_DONE(a().host->remove(vr0, vip("fd09::200", 64)));

    EXPECT_TRUE(a().wait([&] {
        return !find_address(*a().interfaces.find("vr0"), "10.9.0.200");
    }));
    EXPECT_TRUE(is_there("10.9.0.1"));
}

TEST_F(Addresses, RemovalByOthersIsSeen) {
    ASSERT_DONE(add(vip("10.9.0.200", 24), kLong));
    a().settle();

    in_a("ip addr del 10.9.0.200/24 dev vr0");

    EXPECT_TRUE(a().wait([&] {
        return !find_address(*a().interfaces.find("vr0"), "10.9.0.200");
    }));
}

TEST_F(Addresses, RemovalFromAnInterfaceThatIsGoneSucceeds) {
    const engine::Interface vr0 = a().look("vr0");
    in_a("ip link del vr0");

    EXPECT_DONE(a().host->remove(vr0, vip("10.9.0.200", 24)));
    EXPECT_DONE(a().host->remove(vr0, vip("fd09::200", 64)));
}

TEST_F(Addresses, AddingToAnInterfaceThatIsGoneFails) {
    const engine::Interface vr0 = a().look("vr0");
    in_a("ip link del vr0");

    const Status added = a().add(vr0, vip("10.9.0.200", 32), kLong);

    EXPECT_EQ("adding 10.9.0.200/32 to \"vr0\" failed (19: No such device)",
              failure_of(added));
}

TEST_F(Addresses, RemovalLeavesAnotherPrefixAlone) {
    for (const char *address : {"10.9.0.200", "fd09::200"}) {
        const std::uint8_t host = address[0] == '1' ? 32 : 128;
        in_a("ip addr add " + std::string(address) + "/30 dev vr0");

        const Status removed = remove(vip(address, host));

        ASSERT_FALSE(removed);
        EXPECT_EQ(EADDRNOTAVAIL, removed.error().code);
        EXPECT_NE(std::string::npos,
                  removed.error().what.find("with prefix length 30,"))
            << removed.error().what;
        EXPECT_TRUE(is_there(address));
    }
}

TEST_F(Addresses, RemovalTakesOnlyOurPrefixOfTwo) {
    in_a("ip addr add 10.9.0.200/32 dev vr0");
    ASSERT_DONE(add(vip("10.9.0.200", 24), kLong));

    EXPECT_DONE(remove(vip("10.9.0.200", 24)));

    const engine::Interface vr0 = a().look("vr0");
    ASSERT_NE(nullptr, find_address(vr0, "10.9.0.200"));
    EXPECT_EQ(32, find_address(vr0, "10.9.0.200")->prefix_length);
}

// The kernel's default is to remove the second one too.
TEST_F(Addresses, FirstOfItsSubnetGoesAlone) {
    ASSERT_DONE(add(vip("10.8.0.200", 24), kLong));
    in_a("ip addr add 10.8.0.1/24 dev vr0");

    EXPECT_DONE(remove(vip("10.8.0.200", 24)));

    EXPECT_FALSE(is_there("10.8.0.200"));
    EXPECT_TRUE(is_there("10.8.0.1"));
    EXPECT_TRUE(a().log.empty());
}

TEST_F(Addresses, ConnectedRouteOfAnotherSubnetComesAndGoes) {
    ASSERT_DONE(add(vip("10.8.0.200", 24), kLong));
    EXPECT_NE("", output_of("ip route show 10.8.0.0/24 dev vr0"));

    ASSERT_DONE(remove(vip("10.8.0.200", 24)));
    EXPECT_EQ("", output_of("ip route show 10.8.0.0/24 dev vr0"));
    EXPECT_NE("", output_of("ip route show 10.9.0.0/24 dev vr0"));
}

TEST_F(Addresses, Ipv6IsUsableAtOnceAndNeverPreferred) {
    ASSERT_DONE(add(vip("fd09::200", 128), kLong));

    const engine::Interface vr0 = a().look("vr0");
    const engine::InterfaceAddress *address = find_address(vr0, "fd09::200");
    ASSERT_NE(nullptr, address);
    EXPECT_TRUE(address->ours);
    EXPECT_FALSE(address->tentative);
    EXPECT_EQ(128, address->prefix_length);
    EXPECT_NE(std::string::npos, line_of("fd09::200").find("deprecated"));
}

// A route learned from a router would take over our lease and expire with it.
TEST_F(Addresses, Ipv6RouteOfTheMachineKeepsItsLifetime) {
    in_a(
        "ip addr add fd09::1/64 dev vr0 nodad valid_lft 5500 "
        "preferred_lft 5500");
    for (int n = 0; n < 3; n++) {
        ASSERT_DONE(add(vip("fd09::200", 64), kShort));
    }

    const std::string route = output_of("ip -6 route show fd09::/64");

    EXPECT_NE(std::string::npos, route.find("expires 5")) << route;
    EXPECT_EQ(1, std::count(route.begin(), route.end(), '\n')) << route;
}

TEST_F(Addresses, Ipv6ConnectedRouteIsMadeWhereThereIsNone) {
    ASSERT_DONE(add(vip("fd09::200", 64), kLong));
    ASSERT_DONE(add(vip("fd09::201", 64), kLong));
    ASSERT_DONE(add(vip("fd09::200", 64), kLong));

    EXPECT_NE("", output_of("ip -6 route show fd09::/64 dev vr0"));
    for (const char *address : {"fd09::200", "fd09::201"}) {
        EXPECT_EQ(std::string::npos, line_of(address).find("noprefixroute"));
    }
}

TEST_F(Addresses, Ipv6OfAnotherProgramDoesNotGetOurLease) {
    in_a("ip addr add fd09::200/64 dev vr0 nodad");

    const Status added = add(vip("fd09::200", 128), kShort);

    EXPECT_EQ(
        "adding fd09::200/128 on \"vr0\", where it is with prefix length 64, "
        "failed (17: File exists)",
        failure_of(added));
    EXPECT_NE(std::string::npos, line_of("fd09::200").find("forever"));
}

TEST_F(Addresses, NeedNetAdmin) {
    const engine::Interface vr0 = a().look("vr0");

    EXPECT_TRUE(holds_without(CAP_NET_ADMIN, [&] {
        const std::string failure =
            failure_of(a().add(vr0, vip("10.9.0.200", 32), kLong));
        return failure ==
               "adding 10.9.0.200/32 to \"vr0\" failed "
               "(1: Operation not permitted)";
    }));
}

}  // namespace
}  // namespace ngx_vrrp::net
