#include "core/status/area.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/status/view.hpp"
#include "tests/status/view_fixture.hpp"

namespace ngx_vrrp::status {
namespace {

constexpr std::size_t kCapacity = 4096;
constexpr std::size_t kChecks = 16;

struct AlignedFree {
    void operator()(void *p) const {
        ::operator delete (p, std::align_val_t{64});
    }
};

class AreaTest : public ::testing::Test {
protected:
    AreaTest()
        : memory(::operator new (Area::size(kCapacity, kChecks),
                                 std::align_val_t{64})),
          ready(Area::init(memory.get(), Area::size(kCapacity, kChecks))),
          area(memory.get()) {}

    std::unique_ptr<void, AlignedFree> memory;
    bool ready;
    Area area;
};

TEST_F(AreaTest, TooSmallIsRefused) {
    EXPECT_TRUE(ready);
    EXPECT_FALSE(Area::init(memory.get(), 64));
}

TEST_F(AreaTest, NothingIsReadBeforeThePublish) {
    EXPECT_FALSE(area.read());
}

TEST_F(AreaTest, ReadsWhatWasPublished) {
    Buffer bytes{1, 2, 3, 4, 5, 6, 7, 8, 9};
    ASSERT_TRUE(area.publish(bytes));
    EXPECT_EQ(area.read(), bytes);

    bytes = {42};
    ASSERT_TRUE(area.publish(bytes));
    EXPECT_EQ(area.read(), bytes);
}

TEST_F(AreaTest, WhatDoesNotFitIsRefusedAndTheOldStays) {
    ASSERT_TRUE(area.publish(Buffer{7}));
    EXPECT_FALSE(area.publish(Buffer(kCapacity + 64, 1)));
    EXPECT_EQ(area.read(), Buffer{7});
}

// A reload finds an area of the size that it needs, which was made for another
// configuration.
TEST_F(AreaTest, AreasOfOneSizeHaveRoomForTheSame) {
    const std::size_t many_checks = Area::size(1, 160);
    const std::size_t much_status = Area::size(40960, 1);
    ASSERT_EQ(many_checks, much_status);

    const std::unique_ptr<void, AlignedFree> other(
        ::operator new (many_checks, std::align_val_t{64}));
    ASSERT_TRUE(Area::init(other.get(), many_checks));
    EXPECT_TRUE(Area(other.get()).publish(Buffer(40960, 1)));
    EXPECT_TRUE(Area(other.get()).checks(1).begin({}, 160, nullptr));
}

TEST_F(AreaTest, ChecksAndStatusDoNotTouchEachOther) {
    check::Table checks = area.checks(1);
    ASSERT_TRUE(checks.begin({kChecks, check::Config{}}, kChecks, nullptr));
    ASSERT_TRUE(area.publish(Buffer(kCapacity, 0xa5)));
    checks.release(0);

    EXPECT_EQ(area.read(), Buffer(kCapacity, 0xa5));
    EXPECT_EQ(checks.verdict(0), check::Verdict::unused);
    EXPECT_EQ(checks.verdict(1), check::Verdict::up);
    EXPECT_EQ(area.checks(1).verdict(kChecks - 1), check::Verdict::up);
}

TEST_F(AreaTest, HeartbeatsComeAndGo) {
    area.beat(3, 1234, instant_from_ns(99));
    area.beat(kHeartbeatSlots, 1, instant_from_ns(1));
    const auto list = area.heartbeats();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].pid, 1234);
    EXPECT_EQ(to_ns(list[0].beat), 99);

    area.stop_beating(3);
    EXPECT_TRUE(area.heartbeats().empty());
}

TEST_F(AreaTest, LifeThatDoesNotEndIsACrash) {
    EXPECT_FALSE(area.begin_life(1));
    EXPECT_TRUE(area.begin_life(1));
    area.end_life(1);
    EXPECT_FALSE(area.begin_life(1));
}

// A reload: the new process begins while the old one lives.
TEST_F(AreaTest, LifeOfAnotherGenerationIsNoCrash) {
    EXPECT_FALSE(area.begin_life(1));
    EXPECT_FALSE(area.begin_life(2));
    area.end_life(1);
    EXPECT_TRUE(area.begin_life(2));
}

TEST_F(AreaTest, CrashHistoryOutlivesAProcess) {
    engine::CrashHistory history = area.crash_history();
    EXPECT_EQ(history.crashes, 0u);
    EXPECT_FALSE(history.out.is_out(instant_from_ns(1)));
    for (int i = 1; i <= 3; ++i) {
        history.add_crash(instant_from_ns(i));
    }
    area.set_crash_history(history);

    const engine::CrashHistory back = Area(memory.get()).crash_history();
    EXPECT_EQ(back.crashes, 3u);
    EXPECT_EQ(back.last.at, history.last.at);
    EXPECT_EQ(back.out.ends_at, history.out.ends_at);
    EXPECT_EQ(back.reason(), history.reason());
}

TEST_F(AreaTest, ViewHasTheNewestTransitionFirst) {
    area.publish(to_bytes(Snapshot{}));
    for (const std::int64_t at_ns : {1, 3, 2, 3}) {
        TransitionRecord record{};
        record.at_ns = at_ns;
        record.pid = static_cast<std::int32_t>(area.transitions().count());
        area.transitions().add(record);
    }

    const auto view = take_view(area, {});
    ASSERT_TRUE(view);
    std::vector<std::int32_t> pids;
    for (const TransitionRecord &record : view->transitions) {
        pids.push_back(record.pid);
    }
    EXPECT_EQ(pids, (std::vector<std::int32_t>{3, 1, 2, 0}));
}

// A binary upgrade that was taken back: nginx starts workers only.
TEST_F(AreaTest, AVrrpProcessThatHasEndedIsTold) {
    const std::uint64_t generation = area.begin_generation();
    area.begin_life(generation);
    ASSERT_TRUE(area.publish(to_bytes(snapshot())));
    area.settle(generation);
    EXPECT_EQ(take_snapshot(area)->instances.at(0).state.view(), "MASTER");

    area.end_life(generation);
    const auto ended = take_snapshot(area);
    EXPECT_EQ(ended->node.pid, 0);
    EXPECT_EQ(ended->instances.at(0).state.view(), "FAULT");
    EXPECT_EQ(ended->instances.at(0).fault.view(),
              "this nginx has no vrrp process: reload it when no other nginx "
              "binary runs");

    area.begin_generation();
    EXPECT_EQ(take_snapshot(area)->instances.at(0).state.view(), "MASTER")
        << "a reload starts another one";
}

// Every published status is made of one repeated byte; a torn one is not.
TEST_F(AreaTest, ReadersNeverSeeATornStatus) {
    ASSERT_TRUE(area.publish(Buffer{1}));  // the writer may start late
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (unsigned i = 1; !stop.load(); ++i) {
            const auto byte = static_cast<std::uint8_t>(i);
            area.publish(Buffer(1 + i % kCapacity, byte));
        }
    });

    int seen = 0;
    for (int i = 0; i < 20000 && seen < 2000; ++i) {
        const auto bytes = area.read();
        if (!bytes) {
            std::this_thread::yield();  // to a writer that was interrupted
            continue;
        }
        ++seen;
        ASSERT_TRUE(std::all_of(bytes->begin(), bytes->end(),
                                [&](auto b) { return b == bytes->front(); }));
    }
    stop.store(true);
    writer.join();
    EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace ngx_vrrp::status
