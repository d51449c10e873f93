#include "core/status/transitions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

namespace ngx_vrrp::status {
namespace {

TransitionRecord record_of(std::int64_t at_ns) {
    TransitionRecord record{};
    record.at_ns = at_ns;
    record.reason.set(std::to_string(at_ns));
    return record;
}

std::vector<std::int64_t> times(const std::vector<TransitionRecord> &list) {
    std::vector<std::int64_t> all;
    for (const TransitionRecord &record : list) {
        all.push_back(record.at_ns);
        EXPECT_EQ(record.reason.view(), std::to_string(record.at_ns));
    }
    return all;
}

std::vector<std::int64_t> numbers(std::int64_t first, std::int64_t last) {
    std::vector<std::int64_t> all;
    for (std::int64_t i = first; i <= last; ++i) {
        all.push_back(i);
    }
    return all;
}

class TransitionRingTest : public ::testing::Test {
protected:
    void add(std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i <= last; ++i) {
            ring.add(record_of(i));
        }
    }

    TransitionRing ring{};
};

TEST_F(TransitionRingTest, IsEmptyAtFirst) {
    EXPECT_EQ(ring.count(), 0u);
    EXPECT_TRUE(ring.read().empty());
}

TEST_F(TransitionRingTest, ReportsTheOldestFirst) {
    add(1, 3);
    EXPECT_EQ(times(ring.read()), numbers(1, 3));
    EXPECT_EQ(times(ring.read(2)), numbers(3, 3));
    EXPECT_TRUE(ring.read(3).empty());
}

TEST_F(TransitionRingTest, KeepsTheLast) {
    add(1, 200);
    EXPECT_EQ(ring.count(), 200u);
    EXPECT_EQ(times(ring.read()), numbers(137, 200));
    EXPECT_EQ(times(ring.read(1)), numbers(137, 200));
}

TEST_F(TransitionRingTest, FollowsAnother) {
    TransitionRing before{};
    before.add(record_of(1));
    std::uint64_t seen = ring.follow(before, 0);
    ring.add(record_of(2));
    seen = ring.follow(before, seen);
    before.add(record_of(3));
    seen = ring.follow(before, seen);
    EXPECT_EQ(ring.follow(before, seen), 2u);
    EXPECT_EQ(times(ring.read()), numbers(1, 3));
}

TEST_F(TransitionRingTest, TakesNoMoreFromAnotherThanThereIs) {
    TransitionRing before{};
    for (std::int64_t i = 1; i <= 100; ++i) {
        before.add(record_of(i));
    }
    EXPECT_EQ(ring.follow(before, 10), 100u);
    EXPECT_EQ(times(ring.read()), numbers(37, 100));
}

// As while an old and a new process overlap. Few enough that no writer is
// lapped.
TEST_F(TransitionRingTest, TakesAllThatTwoWrite) {
    for (int round = 0; round < 100; ++round) {
        const std::uint64_t seen = ring.count();
        std::thread other([&] { add(1, 25); });
        add(26, 50);
        other.join();

        auto all = times(ring.read(seen));
        std::sort(all.begin(), all.end());
        ASSERT_EQ(all, numbers(1, 50));
    }
}

TEST_F(TransitionRingTest, ReadersNeverSeeATornRecord) {
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (std::int64_t i = 1; !stop.load(); ++i) {
            ring.add(record_of(i * 999'999'937));
        }
    });

    std::size_t seen = 0;
    for (int i = 0; i < 20000 && seen < 20000; ++i) {
        const std::size_t n = times(ring.read()).size();  // looks at each
        seen += n;
        if (n == 0) {
            std::this_thread::yield();  // the writer may start late
        }
    }
    stop.store(true);
    writer.join();
    EXPECT_GT(seen, 0u);
}

}  // namespace
}  // namespace ngx_vrrp::status
