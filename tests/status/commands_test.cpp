#include "core/status/commands.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "core/status/command_answer.hpp"

namespace ngx_vrrp::status {
namespace {

using engine::Command;
using Progress = Commands::Progress;

constexpr std::size_t kInstances = 3;

CommandRecord record(Command command, std::string_view instance = "VI_1") {
    CommandRecord record{};
    record.instance.set(instance);
    record.who.set("127.0.0.1");
    record.command = command;
    return record;
}

OutcomeRecord outcome(std::string_view instance, bool done) {
    OutcomeRecord record{};
    record.instance.set(instance);
    record.state.set("FAULT");
    record.detail.set("released by the operator");
    record.done = done;
    return record;
}

struct Free {
    void operator()(void *memory) const { std::free(memory); }
};

// Two processes with the same memory.
class CommandsTest : public testing::Test {
protected:
    static std::unique_ptr<void, Free> make_memory() {
        const std::size_t size = Commands::size(kInstances);
        void *memory = std::aligned_alloc(64, size);
        std::fill_n(static_cast<char *>(memory), size, '\0');
        return std::unique_ptr<void, Free>{memory};
    }

    Commands::Ticket ask(Command command) {
        const auto ticket = worker.ask(record(command), now);
        EXPECT_TRUE(ticket);
        return ticket.value_or(Commands::Ticket{});
    }

    std::unique_ptr<void, Free> memory = make_memory();
    SharedWord asks{};
    Commands worker{asks, memory.get(), kInstances};
    Commands vrrp{asks, memory.get(), kInstances};
    Instant now = instant_from_ns(5'000'000'000'000);
};

TEST_F(CommandsTest, WithAnImpossibleTimeAreNotTaken) {
    for (const std::int64_t ns : {std::int64_t{-1}, INT64_MAX}) {
        CommandRecord forged = record(Command::release);
        forged.length_ns = ns;
        ASSERT_TRUE(worker.ask(forged, now));
        EXPECT_TRUE(vrrp.take(now).empty());
    }
}

// They are logged: a worker that was broken into must not write lines there.
TEST_F(CommandsTest, WithTextsThatCannotBeLoggedAreNotTaken) {
    CommandRecord forged = record(Command::release, "VI_1\n[alert] 1#1: x");
    ASSERT_TRUE(worker.ask(forged, now));
    EXPECT_TRUE(vrrp.take(now).empty());

    forged = record(Command::release);
    forged.who.set("127.0.0.1\x1b[2J");
    ASSERT_TRUE(worker.ask(forged, now));
    EXPECT_TRUE(vrrp.take(now).empty());

    ASSERT_TRUE(worker.ask(record(Command::release, ""), now));
    EXPECT_EQ(vrrp.take(now).size(), 1u);
}

TEST_F(CommandsTest, GoThereAndComeBack) {
    EXPECT_EQ(vrrp.asks(), 0u);
    const Commands::Ticket ticket = ask(Command::failback);
    EXPECT_EQ(vrrp.asks(), 1u);
    EXPECT_EQ(worker.progress(ticket), Progress::asked);

    const auto asked = vrrp.take(now);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].record.command, Command::failback);
    EXPECT_EQ(asked[0].record.instance.view(), "VI_1");
    EXPECT_EQ(asked[0].record.who.view(), "127.0.0.1");
    EXPECT_EQ(worker.progress(ticket), Progress::taken);
    EXPECT_TRUE(vrrp.take(now).empty());

    vrrp.set_answer(asked[0].ticket,
                    {outcome("VI_1", true), outcome("VI_2", false)});
    EXPECT_EQ(worker.progress(ticket), Progress::answered);
    const Outcomes answer = worker.answer(ticket);
    ASSERT_EQ(answer.size(), 2u);
    EXPECT_EQ(answer[1].instance.view(), "VI_2");
    EXPECT_FALSE(answer[1].done);

    worker.forget(ticket);
    EXPECT_EQ(worker.progress(ticket), Progress::lost);
}

TEST_F(CommandsTest, SeveralAtOnceDoNotMix) {
    const Commands::Ticket first = ask(Command::release);
    const Commands::Ticket second = ask(Command::resume);

    for (const auto &asked : vrrp.take(now)) {
        vrrp.set_answer(asked.ticket,
                        {outcome(to_string(asked.record.command), true)});
    }

    EXPECT_EQ(worker.answer(first).at(0).instance.view(), "release");
    EXPECT_EQ(worker.answer(second).at(0).instance.view(), "resume");
}

TEST_F(CommandsTest, WhatIsForgottenIsCarriedOut) {
    worker.forget(ask(Command::release));

    EXPECT_EQ(vrrp.take(now).size(), 1u);
}

TEST_F(CommandsTest, WhatIsWithdrawnInTimeIsNotCarriedOut) {
    const Commands::Ticket ticket = ask(Command::release);

    EXPECT_TRUE(worker.withdraw(ticket));

    EXPECT_TRUE(vrrp.take(now).empty());
}

TEST_F(CommandsTest, ACommandWithdrawnTooLateIsExecuted) {
    const Commands::Ticket ticket = ask(Command::release);
    const auto asked = vrrp.take(now);

    EXPECT_FALSE(worker.withdraw(ticket));
    const Commands::Ticket next = ask(Command::resume);
    vrrp.set_answer(asked.at(0).ticket, {outcome("VI_1", true)});

    EXPECT_EQ(worker.progress(next), Progress::asked);
}

// A process that was stopped must not do what a worker has given up.
TEST_F(CommandsTest, WhatIsTooOldIsNotCarriedOut) {
    ask(Command::release);

    EXPECT_TRUE(vrrp.take(now + kNoticedWithin + Seconds{1}).empty());
    EXPECT_TRUE(vrrp.take(now).empty());
}

TEST_F(CommandsTest, ThereAreSoManySlots) {
    for (std::size_t i = 0; i < Commands::kSlots; ++i) {
        EXPECT_TRUE(worker.ask(record(Command::release), now));
    }

    EXPECT_FALSE(worker.ask(record(Command::release), now));
}

TEST_F(CommandsTest, SlotsOfDeadWorkersAreUsedAgain) {
    for (std::size_t i = 0; i < Commands::kSlots; ++i) {
        ask(Command::release);
    }
    vrrp.take(now);

    now += Seconds{12};
    const Commands::Ticket ticket = ask(Command::resume);

    const auto asked = vrrp.take(now);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].record.command, Command::resume);
    EXPECT_EQ(worker.progress(ticket), Progress::taken);
}

TEST_F(CommandsTest, ThereIsRoomForSoManyInstances) {
    const Commands::Ticket ticket = ask(Command::release);
    const Commands::Ticket other = ask(Command::resume);
    const auto asked = vrrp.take(now);

    vrrp.set_answer(asked.at(0).ticket,
                    Outcomes(kInstances + 5, outcome("VI_1", true)));

    EXPECT_EQ(worker.answer(ticket).size(), kInstances);
    EXPECT_EQ(worker.progress(other), Progress::taken);
}

TEST(CommandAnswer, IsJson) {
    EXPECT_EQ(to_json(Command::release, {outcome("VI_1", true)}),
              "{\"action\":\"release\",\"instances\":[{\"name\":\"VI_1\","
              "\"state\":\"FAULT\",\"done\":true,"
              "\"detail\":\"released by the operator\"}]}\n");
    EXPECT_EQ(error_json(Command::resume, "no such instance"),
              "{\"action\":\"resume\",\"error\":\"no such instance\"}\n");
}

}  // namespace
}  // namespace ngx_vrrp::status
