#include "core/wire/drop_reason.hpp"

#include <gtest/gtest.h>

#include <set>

namespace ngx_vrrp::wire {
namespace {

TEST(DropReason, IsCountedToItsEnd) {
    EXPECT_EQ(static_cast<std::size_t>(DropReason::auth_replay) + 1,
              kDropReasons);
}

TEST(DropReason, HasItsOwnName) {
    std::set<std::string_view> words;

    for (std::size_t i = 0; i < kDropReasons; ++i) {
        const std::string_view word = to_string(static_cast<DropReason>(i));
        EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                  word.npos);
        EXPECT_FALSE(word.empty());
        words.insert(word);
    }

    EXPECT_EQ(words.size(), kDropReasons);
}

// The words are in status and metrics: people script against them.
TEST(DropReason, IsSpelledAsItsEnumerator) {
    EXPECT_EQ(to_string(DropReason::length), "length");
    EXPECT_EQ(to_string(DropReason::ttl), "ttl");
    EXPECT_EQ(to_string(DropReason::version), "version");
    EXPECT_EQ(to_string(DropReason::type), "type");
    EXPECT_EQ(to_string(DropReason::checksum), "checksum");
    EXPECT_EQ(to_string(DropReason::interval), "interval");
    EXPECT_EQ(to_string(DropReason::address_count), "address_count");
    EXPECT_EQ(to_string(DropReason::vrid), "vrid");
    EXPECT_EQ(to_string(DropReason::auth_type), "auth_type");
    EXPECT_EQ(to_string(DropReason::auth_data), "auth_data");
    EXPECT_EQ(to_string(DropReason::source), "source");
    EXPECT_EQ(to_string(DropReason::destination), "destination");
    EXPECT_EQ(to_string(DropReason::loop), "loop");
    EXPECT_EQ(to_string(DropReason::auth_key), "auth_key");
    EXPECT_EQ(to_string(DropReason::auth_time), "auth_time");
    EXPECT_EQ(to_string(DropReason::auth_replay), "auth_replay");
}

}  // namespace
}  // namespace ngx_vrrp::wire
