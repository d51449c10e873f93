#include "core/engine/deadlines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ngx_vrrp::engine {
namespace {

using Indexes = std::vector<std::size_t>;

Instant at(std::int64_t ns) {
    return instant_from_ns(ns);
}

Indexes due(const Deadlines &deadlines, Instant now) {
    Indexes list{4711};
    deadlines.find_due(now, list);
    return list;
}

TEST(Deadlines, NoneAtFirst) {
    const Deadlines deadlines(3);
    EXPECT_EQ(deadlines.first(), std::nullopt);
    EXPECT_EQ(due(deadlines, Instant::max()), Indexes{});
}

TEST(Deadlines, TheFirstOneCounts) {
    Deadlines deadlines(3);
    deadlines.set(0, at(30));
    deadlines.set(1, at(10));
    deadlines.set(2, at(20));
    EXPECT_EQ(deadlines.first(), at(10));

    deadlines.set(1, at(40));
    EXPECT_EQ(deadlines.first(), at(20));

    deadlines.set(2, std::nullopt);
    EXPECT_EQ(deadlines.first(), at(30));
}

TEST(Deadlines, WhatIsDueComesInTheOrderOfIndexes) {
    Deadlines deadlines(5);
    deadlines.set(4, at(1));
    deadlines.set(2, at(2));
    deadlines.set(3, at(3));
    deadlines.set(0, at(4));
    EXPECT_EQ(due(deadlines, at(3)), (Indexes{2, 3, 4}));
    EXPECT_EQ(due(deadlines, at(0)), Indexes{});
}

// Beside a list that is searched from end to end.
TEST(Deadlines, AnyChangesInAnyOrder) {
    constexpr std::size_t kCount = 37;
    std::mt19937 random(9);
    Deadlines deadlines(kCount);
    std::vector<std::optional<Instant>> list(kCount);

    for (int step = 0; step < 20000; ++step) {
        const std::size_t index = random() % kCount;
        list[index] = random() % 4 == 0 ? std::nullopt
                                        : std::optional{at(random() % 100)};
        deadlines.set(index, list[index]);

        const Instant now = at(random() % 100);
        std::optional<Instant> first;
        Indexes expected;
        for (std::size_t i = 0; i < kCount; ++i) {
            take_earlier(first, list[i]);
            if (list[i] && *list[i] <= now) {
                expected.push_back(i);
            }
        }
        ASSERT_EQ(deadlines.first(), first);
        ASSERT_EQ(due(deadlines, now), expected);
    }
}

}  // namespace
}  // namespace ngx_vrrp::engine
