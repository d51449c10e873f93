// What a node remembers about its peers.
#include "core/peer/remembered.hpp"

#include <gtest/gtest.h>

#include "core/base/log.hpp"
#include "core/base/store.hpp"

namespace ngx_vrrp::peer {
namespace {

constexpr WallTime kToday{Seconds{1'764'480'000}};

IpAddress host_at(std::uint8_t last) {
    return IpAddress::v4({192, 168, 64, last});
}

Remembered remembered_in(const std::string &text, WallTime now = kToday) {
    Remembered remembered;
    remembered.read(text, now);
    return remembered;
}

TEST(Remembered, PeersAreReadAgain) {
    Remembered written;
    written.note("eth0", host_at(12), kToday);
    written.note("eth1", *IpAddress::parse("fe80::1"), kToday);
    const Remembered read_again = remembered_in(written.text());

    ASSERT_EQ(read_again.addresses().size(), 2U);
    EXPECT_EQ(read_again.addresses()[0].interface, "eth0");
    EXPECT_EQ(read_again.addresses()[0].address, host_at(12));
    EXPECT_EQ(read_again.addresses()[0].linked_at, kToday);
    EXPECT_EQ(read_again.addresses()[1].address, *IpAddress::parse("fe80::1"));
    EXPECT_EQ(read_again.text(), written.text());
}

TEST(Remembered, ATextThatIsNotWholeIsEmpty) {
    Remembered written;
    written.note("eth0", host_at(12), kToday);
    written.note("eth0", host_at(13), kToday);
    const std::string text = written.text();

    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_TRUE(remembered_in(text.substr(0, i)).addresses().empty()) << i;
        std::string spoiled = text;
        spoiled[i] ^= 1;
        EXPECT_TRUE(remembered_in(spoiled).addresses().empty()) << i;
    }
    EXPECT_TRUE(remembered_in(text + text).addresses().empty());
}

TEST(Remembered, OldEntriesAreForgotten) {
    Remembered written;
    written.note("eth0", host_at(12), kToday);
    const std::string text = written.text();

    EXPECT_EQ(remembered_in(text, kToday + kForgotten - Seconds{1})
                  .addresses()
                  .size(),
              1U);
    EXPECT_TRUE(remembered_in(text, kToday + kForgotten).addresses().empty());
}

// The clock of the last start was ahead.
TEST(Remembered, NoTimeIsInTheFuture) {
    Remembered written;
    written.note("eth0", host_at(12), kToday);
    const WallTime earlier = kToday - 2 * kForgotten;
    const Remembered again = remembered_in(written.text(), earlier);

    ASSERT_EQ(again.addresses().size(), 1U);
    EXPECT_EQ(again.addresses()[0].linked_at, earlier);
}

TEST(Remembered, ChangesRarelyWhileAPeerHasALink) {
    Remembered remembered;
    remembered.note("eth0", host_at(12), kToday);
    EXPECT_TRUE(remembered.take_changed());
    EXPECT_FALSE(remembered.take_changed());
    remembered.note("eth0", host_at(12), kToday + Seconds{3599});
    EXPECT_FALSE(remembered.take_changed());
    remembered.note("eth0", host_at(12), kToday + Seconds{3600});
    EXPECT_TRUE(remembered.take_changed());
    remembered.note("eth1", host_at(12), kToday + Seconds{3600});
    EXPECT_TRUE(remembered.take_changed());
}

TEST(Remembered, TheTextIsBounded) {
    Remembered remembered;
    const std::string interface(15, 'x');
    for (std::uint16_t i = 0; i < 200; ++i) {
        std::array<std::uint8_t, 16> octets;
        octets.fill(0xfd);
        octets[15] = static_cast<std::uint8_t>(i);
        remembered.note(interface, IpAddress::v6(octets), kToday + Seconds{i});
    }

    EXPECT_LE(remembered.text().size(), kLargestStore);
    EXPECT_EQ(remembered_in(remembered.text(), kToday + Seconds{200})
                  .addresses()
                  .size(),
              kMostPeers);
    EXPECT_EQ(remembered.addresses().back().linked_at, kToday + Seconds{199});
}

}  // namespace
}  // namespace ngx_vrrp::peer
