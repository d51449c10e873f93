// Heartbeats in shared memory, of which all slots are read only sometimes.
#include "core/node/nginx_workers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "core/os/clock.hpp"
#include "tests/os/fake_watcher.hpp"
#include "tests/support/fake_ports.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

constexpr status::Room kNoRoom{};

class DeafSink final : public net::Sink {
public:
    void packet_received(const engine::ReceivedPacket &) override {}
    void interfaces_changed(const engine::Interfaces &) override {}
    void process_ended(int) override {}
    void neighbour_claimed(const engine::NeighbourClaim &) override {}
};

class NginxWorkersTest : public ::testing::Test {
protected:
    // Processes that live.
    const std::int32_t kFirst = ::getpid();
    const std::int32_t kSecond = ::getppid();

    NginxWorkersTest() {
        area.begin();
        beat(0, kFirst);
        for (int i = 0; i < 2; ++i) {
            EXPECT_TRUE(finds(kFirst));
        }
    }

    void beat(std::size_t slot, std::int32_t pid) {
        area.beat(slot, pid, os::now());
    }

    bool finds(std::int32_t pid) {
        const auto list = workers.heartbeats();
        return std::ranges::find(list, pid, &engine::Heartbeat::pid) !=
               list.end();
    }

    test::ZeroedMemory memory{status::WorkerArea::size(kNoRoom)};
    status::WorkerArea area{memory.get(), kNoRoom};
    os::FakeWatcher watcher;
    DeafSink sink;
    test::RememberingLog log;
    net::Host host{watcher, sink, log};
    NginxWorkers workers{area, host};
};

TEST_F(NginxWorkersTest, OneMoreIsFoundWithinFourLooks) {
    beat(7, kSecond);
    int looks = 1;
    while (!finds(kSecond) && looks < 100) {
        ++looks;
    }
    EXPECT_LE(looks, 4);
    EXPECT_TRUE(finds(kFirst));
}

TEST_F(NginxWorkersTest, WhenOneHasEndedAllAreReadAtOnce) {
    workers.ended(kFirst);
    beat(7, kSecond);
    EXPECT_TRUE(finds(kSecond));
}

TEST_F(NginxWorkersTest, WhenOneHasLeftAllAreReadAtOnce) {
    beat(1, 1);
    for (int i = 0; i < 5; ++i) {
        workers.heartbeats();
    }
    area.stop_beating(0);
    beat(7, kSecond);
    EXPECT_TRUE(finds(kSecond));
}

// oldest_beat(): without a look at the other slots.
TEST_F(NginxWorkersTest, OldestBeatIsThatOfTheKnownOnes) {
    beat(1, kSecond);
    for (int i = 0; i < 5; ++i) {
        workers.heartbeats();
    }
    const Instant before = os::now();
    beat(0, kFirst);
    const auto oldest = workers.oldest_beat();
    ASSERT_TRUE(oldest);
    EXPECT_LT(*oldest, before);
    beat(1, kSecond);
    EXPECT_GE(*workers.oldest_beat(), before);
}

TEST_F(NginxWorkersTest, EveryFourthLookIsAtAllSlots) {
    int looks = 0;
    for (int i = 0; i < 40; ++i) {
        if (!workers.oldest_beat()) {
            workers.heartbeats();
            ++looks;
        }
    }
    EXPECT_EQ(looks, 10);
}

TEST_F(NginxWorkersTest, NoOldestBeatWhileOneHasEnded) {
    ASSERT_TRUE(workers.oldest_beat());
    workers.ended(kFirst);
    EXPECT_FALSE(workers.oldest_beat());
}

TEST_F(NginxWorkersTest, NoOldestBeatWhenOneHasLeft) {
    area.stop_beating(0);
    EXPECT_FALSE(workers.oldest_beat());
}

TEST_F(NginxWorkersTest, NoOldestBeatWhenAnotherHasTheSlot) {
    beat(0, kSecond);
    EXPECT_FALSE(workers.oldest_beat());
}

}  // namespace
}  // namespace ngx_vrrp::node
