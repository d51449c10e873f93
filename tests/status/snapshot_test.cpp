// What a worker needs of a status.
#include "core/status/snapshot.hpp"

#include <gtest/gtest.h>

#include "tests/status/view_fixture.hpp"

namespace ngx_vrrp::status {
namespace {

std::vector<AddressRecord> addresses(std::initializer_list<const char *> all) {
    std::vector<AddressRecord> list;
    for (const char *one : all) {
        list.emplace_back().address.set(one);
    }
    return list;
}

TEST(LeftAddresses, AreThoseOfInstancesThatFinishConnections) {
    Snapshot s;
    InstanceRecord record{};
    add(s, record, addresses({"10.0.1.5/24"}), {}, {});
    record.drain.since_ns = 7;
    add(s, record, addresses({"10.0.2.5/24", "10.0.3.5/32"}), {}, {});
    add(s, record, addresses({"fd64::5/64"}), {}, {});
    record.drain = {};
    record.drain.forwards_since_ns = 7;
    add(s, record, addresses({"10.0.4.5/24"}), {}, {});
    EXPECT_EQ(left_addresses(s), (std::vector{*IpAddress::parse("10.0.2.5"),
                                              *IpAddress::parse("10.0.3.5"),
                                              *IpAddress::parse("fd64::5")}));
}

TEST(LeftAddresses, OfANodeThatServesAreNone) {
    EXPECT_TRUE(left_addresses(snapshot()).empty());
}

}  // namespace
}  // namespace ngx_vrrp::status
