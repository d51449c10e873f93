// BFD sessions of several vrrp processes of one node, here on one memory.
#include "core/engine/bfd_ownership.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr Instant kMoment = instant_from_ns(1'000'000'000'000);

class BfdOwnershipTest : public ::testing::Test, public Processes {
protected:
    bool is_alive(int pid, Instant) override { return !dead.contains(pid); }
    void wake() override {}

    BfdOwnership process(int second, int pid,
                         const std::vector<std::string> &names = {"a", "b"}) {
        return {memory.get(), {Instant{Seconds{second}}, pid}, names, *this};
    }

    static bfd::Saved saved(std::uint32_t discriminator) {
        bfd::Saved s;
        s.variables.local_discriminator = discriminator;
        s.variables.state = bfd::State::up;
        s.source_port = 50000;
        return s;
    }

    // The words of both copies of a record.
    SharedWord *record(std::string_view name) {
        const OwnershipMemory all(memory.get());
        return all.record_of(*all.find(name)).data();
    }

    test::ZeroedMemory memory{OwnershipMemory::kSize};
    std::set<int> dead;
};

TEST_F(BfdOwnershipTest, ANewerConfigurationTakesTheSessionsAtOnce) {
    BfdOwnership old = process(1, 11);
    BfdOwnership next = process(2, 22);
    ASSERT_TRUE(old.claim(kMoment));

    EXPECT_TRUE(next.claim(kMoment));

    EXPECT_TRUE(next.owns());
    EXPECT_FALSE(old.owns());
    EXPECT_FALSE(old.claim(kMoment));
}

TEST_F(BfdOwnershipTest, ARestartedProcessContinuesAfterADeadOne) {
    BfdOwnership first = process(1, 11);
    BfdOwnership again = process(1, 12);
    first.claim(kMoment);
    EXPECT_FALSE(again.claim(kMoment));

    dead.insert(11);

    EXPECT_TRUE(again.claim(kMoment));
}

TEST_F(BfdOwnershipTest, AnOlderProcessContinuesWhenTheNewerOneEnds) {
    BfdOwnership old = process(1, 11);
    BfdOwnership next = process(2, 22);
    old.claim(kMoment);
    next.claim(kMoment);
    EXPECT_FALSE(next.has_successor(kMoment))
        << "the old one does not wait yet";
    old.claim(kMoment);
    EXPECT_TRUE(next.has_successor(kMoment));
    dead.insert(11);
    EXPECT_FALSE(next.has_successor(kMoment));
    dead.clear();

    next.give_up();

    EXPECT_TRUE(old.claim(kMoment));
    EXPECT_FALSE(old.has_successor(kMoment));
}

TEST_F(BfdOwnershipTest, SessionsOfOneConfigurationAreKnown) {
    BfdOwnership old = process(1, 11, {"a", "b"});
    BfdOwnership next = process(2, 22, {"b", "c"});
    old.claim(kMoment);

    next.claim(kMoment);

    EXPECT_TRUE(old.is_last(0));
    EXPECT_FALSE(old.is_last(1));
}

TEST_F(BfdOwnershipTest, ARecordIsReadByTheNextProcess) {
    BfdOwnership old = process(1, 11);
    EXPECT_FALSE(old.read(0, kMoment));
    old.write(0, saved(7));
    old.write(1, saved(8));
    old.write(0, saved(9));

    const auto found = process(2, 22, {"b", "a"}).read(1, kMoment);

    ASSERT_TRUE(found);
    EXPECT_EQ(found->variables.local_discriminator, 9u);
    EXPECT_EQ(found->variables.state, bfd::State::up);
    EXPECT_EQ(found->source_port, 50000);
}

// A process that is killed while it writes leaves one spoilt copy.
TEST_F(BfdOwnershipTest, AnUnfinishedRecordIsNotUsed) {
    BfdOwnership one = process(1, 11);
    one.write(0, saved(7));
    one.write(0, saved(8));
    constexpr std::size_t kCopy = words(sizeof(bfd::Record));
    SharedWord *copies = record("bfd a");

    const std::uint64_t second = copies[3].exchange(0x1234);
    EXPECT_EQ(one.read(0, kMoment)->variables.local_discriminator, 7u);
    copies[3].store(second);
    EXPECT_EQ(one.read(0, kMoment)->variables.local_discriminator, 8u);
    copies[3].store(0x1234);
    copies[kCopy + 3].store(0x1234);
    EXPECT_FALSE(one.read(0, kMoment));
}

// A process that reads a record continues its numbers.
TEST_F(BfdOwnershipTest, TheNextProcessWritesNewerRecords) {
    BfdOwnership old = process(1, 11);
    for (std::uint32_t i = 1; i <= 5; ++i) {
        old.write(0, saved(i));
    }
    BfdOwnership next = process(2, 22);

    bfd::Saved s = saved(100);
    s.sequence = next.read(0, kMoment)->sequence;
    next.write(0, s);

    EXPECT_EQ(next.read(0, kMoment)->variables.local_discriminator, 100u);
}

// Its vrrp process has not asked for the sessions yet.
TEST_F(BfdOwnershipTest, ABinaryThatStartsIsASuccessor) {
    BfdOwnership old = process(1, 11);
    ASSERT_TRUE(old.claim(kMoment));
    EXPECT_FALSE(old.has_successor(kMoment));

    OwnershipMemory(memory.get())
        .starting()
        .store(ProcessId{kMoment, 20}.word());
    EXPECT_TRUE(old.has_successor(kMoment));
    dead.insert(20);
    EXPECT_FALSE(old.has_successor(kMoment));
}

TEST_F(BfdOwnershipTest, WithoutAMemoryThereIsNoOtherProcess) {
    BfdOwnership alone(nullptr, {Instant{Seconds{1}}, 11}, {"a"}, *this);

    EXPECT_TRUE(alone.claim(kMoment));
    EXPECT_TRUE(alone.owns());
    EXPECT_FALSE(alone.has_successor(kMoment));
    alone.write(0, saved(1));
    EXPECT_FALSE(alone.read(0, kMoment));
    alone.give_up();
}

}  // namespace
}  // namespace ngx_vrrp::engine
