#include "core/status/worker_area.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::status {
namespace {

constexpr Room kTwoInstances{.instances = 2};
constexpr Instant kThen = instant_from_ns(9'000'000'000);

class WorkerAreaTest : public ::testing::Test {
protected:
    WorkerAreaTest() { area.begin(); }

    CommandRecord release() const {
        CommandRecord record{};
        record.who.set("127.0.0.1");
        record.command = engine::Command::release;
        return record;
    }

    test::ZeroedMemory memory{WorkerArea::size(kTwoInstances)};
    WorkerArea area{memory.get(), kTwoInstances};
};

TEST_F(WorkerAreaTest, HeartbeatsComeAndGo) {
    area.beat(3, 1234, instant_from_ns(99));
    area.beat(kHeartbeatSlots, 1, instant_from_ns(1));
    const auto list = area.heartbeats();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].pid, 1234);
    EXPECT_EQ(to_ns(list[0].beat), 99);

    area.stop_beating(3);
    area.stop_beating(kHeartbeatSlots);
    EXPECT_TRUE(area.heartbeats().empty());
}

TEST_F(WorkerAreaTest, SomeSlotsAreReadAlone) {
    area.beat(3, 1234, kThen);
    area.beat(kHeartbeatSlots - 1, 1235, kThen);
    const std::vector<std::size_t> slots{3, kHeartbeatSlots - 1};
    std::vector<std::size_t> found{7};
    area.find_beating(found);
    EXPECT_EQ(found, slots);
    area.beat(4, 1236, kThen);
    std::vector<engine::Heartbeat> list;
    area.read_heartbeats(slots, list);
    EXPECT_EQ(list.size(), 2u);
    EXPECT_EQ(area.heartbeats().size(), 3u);

    area.stop_beating(3);
    area.read_heartbeats(slots, list);
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].pid, 1235);

    // No worker writes this.
    area.beat(3, -1, kThen);
    area.read_heartbeats(slots, list);
    EXPECT_EQ(list.size(), 1u);
}

// The second word: how many slots were used. A worker may write any value.
TEST_F(WorkerAreaTest, OnlyUsedSlotsAreLookedAt) {
    std::uint64_t &used = memory.words()[1];
    EXPECT_EQ(used, 0u);
    area.beat(3, 1234, kThen);
    area.beat(1, 1235, kThen);
    EXPECT_EQ(used, 4u);
    EXPECT_EQ(area.heartbeats().size(), 2u);

    used = 2;
    EXPECT_EQ(area.heartbeats().size(), 1u);
    area.beat(3, 1234, kThen);
    EXPECT_EQ(area.heartbeats().size(), 2u);

    used = ~std::uint64_t{0};
    EXPECT_EQ(area.heartbeats().size(), 2u);
    EXPECT_TRUE(area.is_damaged());
}

TEST_F(WorkerAreaTest, WhatWorkersWriteIsNoDamage) {
    EXPECT_FALSE(area.is_damaged());
    for (std::size_t slot = 0; slot < kHeartbeatSlots; ++slot) {
        area.beat(slot, 4'194'304, kThen);
    }
    Commands commands = area.commands();
    for (std::size_t i = 0; i < Commands::kSlots; ++i) {
        ASSERT_TRUE(commands.ask(release(), kThen));
    }
    EXPECT_FALSE(area.is_damaged());
    for (const auto &asked : commands.take(kThen)) {
        commands.set_answer(asked.ticket, Outcomes(2));
    }
    EXPECT_FALSE(area.is_damaged());
}

TEST_F(WorkerAreaTest, HeartbeatsAndCommandsDoNotTouchEachOther) {
    Commands commands = area.commands();
    const auto ticket = commands.ask(release(), kThen);
    ASSERT_TRUE(ticket);
    for (std::size_t slot = 0; slot < kHeartbeatSlots; ++slot) {
        area.beat(slot, 1, kThen);
    }
    EXPECT_EQ(commands.progress(*ticket), Commands::Progress::asked);
    EXPECT_EQ(area.heartbeats().size(), kHeartbeatSlots);
}

TEST_F(WorkerAreaTest, DamageIsSeen) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{0x7777777777777777},
          ~std::uint64_t{0}}) {
        std::ranges::fill(memory.words(), value);
        EXPECT_TRUE(area.is_damaged()) << value;
    }

    // In a heartbeat, in a command.
    std::ranges::fill(memory.words(), 0);
    area.begin();
    area.beat(kHeartbeatSlots - 1, -1, kThen);
    EXPECT_TRUE(area.is_damaged());
    area.beat(kHeartbeatSlots - 1, 1, instant_from_ns(INT64_MIN));
    EXPECT_TRUE(area.is_damaged());
    area.beat(kHeartbeatSlots - 1, 1, kThen);
    ASSERT_FALSE(area.is_damaged());

    const std::span<std::uint64_t> words = memory.words();
    const std::size_t first_slot = (WorkerArea::size(kTwoInstances) -
                                    Commands::size(kTwoInstances.instances)) /
                                   8;
    words[first_slot] = 5;
    EXPECT_TRUE(area.is_damaged());
}

// For any writes of a compromised worker: all readers stay inside, and accept
// no value that a worker may not set.
TEST_F(WorkerAreaTest, EachWordMayBeAnything) {
    Commands commands = area.commands();
    for (const std::uint64_t value :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3},
          std::uint64_t{4}, std::uint64_t{0x8000000080000001},
          std::uint64_t{0x0202020202020202}, ~std::uint64_t{0} - 5,
          ~std::uint64_t{0}}) {
        std::ranges::fill(memory.words(), value);
        for (const engine::Heartbeat &heartbeat : area.heartbeats()) {
            EXPECT_GT(heartbeat.pid, 0);
            EXPECT_GE(heartbeat.beat, Instant{});
            EXPECT_GT(heartbeat.beat + Seconds{86400}, heartbeat.beat);
        }
        for (const auto &asked : commands.take(kThen)) {
            EXPECT_TRUE(is_known(asked.record.command)) << value;
            EXPECT_LE(asked.record.who.view().size(), 64u);
            commands.set_answer(asked.ticket, Outcomes(3));
        }
        for (std::size_t slot = 0; slot < Commands::kSlots; ++slot) {
            EXPECT_LE(commands.answer({slot, 0}).size(),
                      kTwoInstances.instances);
        }
        static_cast<void>(commands.ask(release(), kThen));
        static_cast<void>(area.is_damaged());
    }
}

// One that is no command is not carried out, and not in the way.
TEST_F(WorkerAreaTest, ACommandThatIsNoneIsNotTaken) {
    Commands commands = area.commands();
    CommandRecord record = release();
    record.command = static_cast<engine::Command>(200);
    ASSERT_TRUE(commands.ask(record, kThen));
    EXPECT_TRUE(commands.take(kThen).empty());

    ASSERT_TRUE(commands.ask(release(), kThen));
    EXPECT_EQ(commands.take(kThen).size(), 1u);
}

}  // namespace
}  // namespace ngx_vrrp::status
