#include "core/net/request_batch.hpp"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "core/net/netlink_message.hpp"

namespace ngx_vrrp::net {
namespace {

constexpr ifaddrmsg kHeader{.ifa_family = AF_INET,
                            .ifa_prefixlen = 24,
                            .ifa_flags = 0,
                            .ifa_scope = 0,
                            .ifa_index = 7};
constexpr std::array<std::uint8_t, 4> kAddress{10, 0, 1, 5};
constexpr std::uint8_t kOctet = 112;

void put_one(RequestBatch &batch, const std::string &label) {
    batch.begin(RTM_NEWADDR, NLM_F_CREATE, kHeader);
    batch.put_bytes(IFA_LOCAL, kAddress);
    batch.put(IFA_BROADCAST, kOctet);
    batch.put_text(IFA_LABEL, label);
    batch.put(IFA_FLAGS, std::uint32_t{1});
}

Buffer of_libnl(const std::string &label) {
    Message message = make_message(RTM_NEWADDR, NLM_F_CREATE, kHeader);
    put_bytes(message, IFA_LOCAL, kAddress);
    put(message, IFA_BROADCAST, kOctet);
    put_text(message, IFA_LABEL, label.c_str());
    put(message, IFA_FLAGS, std::uint32_t{1});
    const nlmsghdr *header = nlmsg_hdr(message.get());
    const auto *octets = reinterpret_cast<const std::uint8_t *>(header);
    return {octets, octets + header->nlmsg_len};
}

Buffer operator+(Buffer a, const Buffer &b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Buffer octets_of(RequestBatch &batch) {
    return {batch.octets().begin(), batch.octets().end()};
}

TEST(RequestBatch, HasTheOctetsOfLibnl) {
    RequestBatch batch;
    put_one(batch, "eth0:1");
    put_one(batch, "");
    EXPECT_EQ(octets_of(batch), of_libnl("eth0:1") + of_libnl(""));
    EXPECT_EQ(batch.errors().size(), 2u);
}

TEST(RequestBatch, IsUsedAgain) {
    RequestBatch batch;
    for (int i = 0; i < 100; ++i) {
        put_one(batch, "eth0:1234567890");
    }
    batch.errors().back() = 17;
    batch.clear();
    EXPECT_TRUE(batch.octets().empty());
    EXPECT_TRUE(batch.errors().empty());
    put_one(batch, "eth0:7");
    EXPECT_EQ(octets_of(batch), of_libnl("eth0:7"));
}

TEST(RequestBatch, TakesAWholeRequest) {
    RequestBatch batch;
    Buffer whole = of_libnl("eth0:1");
    batch.put(*reinterpret_cast<const nlmsghdr *>(whole.data()));
    EXPECT_EQ(octets_of(batch), whole);
}

std::vector<std::uint32_t> lengths(Buffer octets) {
    std::vector<std::uint32_t> list;
    each_message(octets, [&](const nlmsghdr *message) {
        list.push_back(message->nlmsg_len);
    });
    return list;
}

// A datagram with one message of each of these lengths, as they are said.
Buffer datagram(std::initializer_list<std::uint32_t> said, std::size_t size) {
    Buffer octets(size);
    std::size_t at = 0;
    for (const std::uint32_t length : said) {
        std::memcpy(octets.data() + at, &length, sizeof(length));
        at += NLMSG_ALIGN(length);
    }
    return octets;
}

TEST(EachMessage, StaysWithinItsDatagram) {
    using Lengths = std::vector<std::uint32_t>;
    EXPECT_EQ(lengths({}), Lengths{});
    EXPECT_EQ(lengths(datagram({}, 15)), Lengths{});
    EXPECT_EQ(lengths(datagram({0}, 16)), Lengths{});
    EXPECT_EQ(lengths(datagram({15}, 16)), Lengths{});
    EXPECT_EQ(lengths(datagram({17}, 16)), Lengths{});
    EXPECT_EQ(lengths(datagram({0xffffffff}, 16)), Lengths{});
    EXPECT_EQ(lengths(datagram({16}, 16)), Lengths{16});
    EXPECT_EQ(lengths(datagram({17}, 17)), Lengths{17});
    EXPECT_EQ(lengths(datagram({17, 16}, 36)), (Lengths{17, 16}));
    EXPECT_EQ(lengths(datagram({20, 16}, 35)), Lengths{20});
}

}  // namespace
}  // namespace ngx_vrrp::net
