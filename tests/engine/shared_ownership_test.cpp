// Several vrrp processes of one node, here several objects on one memory.
#include "core/engine/shared_ownership.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <utility>

#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::engine {
namespace {

const RouterKey kRouter{"eth0", Family::ipv4, Vrid{51}};
constexpr Duration kInterval = Milliseconds{100};
constexpr Duration kPatience = Milliseconds{200};

class World final : public Processes {
public:
    World()
        : bytes(static_cast<std::uint8_t *>(
              std::calloc(1, OwnershipMemory::kSize))) {}
    ~World() override { std::free(bytes); }
    World(const World &) = delete;
    World &operator=(const World &) = delete;

    bool is_alive(int pid, Instant) override {
        if (const auto act = std::exchange(meanwhile, nullptr)) {
            act();
        }
        return !dead.contains(pid);
    }
    void wake() override { ++wakes; }

    OwnershipSlot &slot() { return *OwnershipMemory(bytes).find(kRouter); }
    SharedRecord &record() { return OwnershipMemory(bytes).record_of(slot()); }

    std::uint8_t *bytes;
    std::set<int> dead;
    std::function<void()> meanwhile;  // after a look at the word
    int wakes = 0;
    Instant now = instant_from_ns(1'000'000'000'000);
};

class Process {
public:
    Process(World &world, int second, int pid)
        : world_(world),
          word_(ProcessId{Instant{Seconds{second}}, pid}.word()),
          ownership_(world.bytes, {Instant{Seconds{second}}, pid}, world, log),
          id_(ownership_.open(kRouter, kInterval)) {}

    std::optional<Inheritance> request() {
        return ownership_.request(id_, world_.now);
    }
    std::optional<Inheritance> withdraw() {
        return ownership_.withdraw(id_, world_.now);
    }
    bool owns() const { return ownership_.owns(id_); }
    std::uint64_t word() const { return word_; }
    Ownership::Demand demand(bool ending = false) {
        return ownership_.demand(id_, ending, world_.now);
    }
    bool pass_on(std::string reason = "passed on", bool ending = false) {
        Handover handover;
        handover.last.reason = std::move(reason);
        return ownership_.pass_on(id_, handover, ending, world_.now);
    }
    bool has_successor() const { return ownership_.has_successor(id_); }
    std::optional<Inheritance> take_back() {
        return ownership_.take_back(id_, world_.now);
    }
    void watch_owner() { ownership_.watch_owner(id_, world_.now); }
    void advertise() { ownership_.advertised(id_, world_.now); }
    void leave() { ownership_.left(id_); }
    void give_up() { ownership_.give_up(id_); }
    std::optional<Instant> deadline() const { return ownership_.deadline(id_); }

    // Checks whenever it is due, for this time, or until it owns the router.
    std::optional<Inheritance> wait(Duration duration,
                                    Process *owner = nullptr) {
        const Instant end = world_.now + duration;
        while (world_.now < end) {
            if (owner != nullptr) {
                owner->demand();
            }
            if (auto got = request()) {
                return got;
            }
            world_.now = std::min(end, *deadline());
        }
        return std::nullopt;
    }

    test::RememberingLog log;

private:
    World &world_;
    std::uint64_t word_;
    SharedOwnership ownership_;
    OwnershipId id_;
};

class SharedOwnershipTest : public ::testing::Test {
protected:
    World world;
    Process old{world, 1, 11};
    Process successor{world, 2, 12};
};

TEST_F(SharedOwnershipTest, TheFirstOwnsAtOnceAndKnowsNothing) {
    EXPECT_FALSE(old.owns());
    const auto got = old.request();
    ASSERT_TRUE(got);
    EXPECT_TRUE(old.owns());
    EXPECT_FALSE(got->handover);
    EXPECT_FALSE(got->active_at);
    EXPECT_EQ(got->from, Inheritance::From::owner);
    EXPECT_EQ(old.demand(), Ownership::Demand::none);
    EXPECT_EQ(old.demand(true), Ownership::Demand::none);
}

TEST_F(SharedOwnershipTest, ANewerConfigurationGetsItWithTheState) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_EQ(world.wakes, 1);
    EXPECT_EQ(old.demand(), Ownership::Demand::due);
    EXPECT_TRUE(old.pass_on());
    EXPECT_FALSE(old.owns());

    const auto got = successor.request();
    ASSERT_TRUE(got && got->handover);
    EXPECT_EQ(got->handover->last.reason, "passed on");
    EXPECT_TRUE(successor.owns());
    EXPECT_EQ(successor.demand(), Ownership::Demand::waits);
    EXPECT_EQ(successor.demand(true), Ownership::Demand::due)
        << "it may have to end before the other has looked";
}

TEST_F(SharedOwnershipTest, OfTwoWhoTakeItOneOwnsIt) {
    ASSERT_TRUE(old.request());
    Process third{world, 3, 13};
    EXPECT_FALSE(successor.request());
    world.dead.insert(11);
    world.meanwhile = [&] { EXPECT_TRUE(third.request()); };
    EXPECT_FALSE(successor.request())
        << "what it has seen is not true any more";
    EXPECT_TRUE(third.owns());
    EXPECT_FALSE(successor.owns());
}

TEST_F(SharedOwnershipTest, WhoIsNotTheOwnerSaysNothingOfItsAdverts) {
    ASSERT_TRUE(old.request());
    old.advertise();
    const std::uint64_t said = world.slot().active_at.load();
    world.now += Milliseconds{10};
    successor.advertise();
    EXPECT_EQ(world.slot().active_at.load(), said);
    successor.leave();
    EXPECT_EQ(world.slot().active_at.load(), said);
    successor.give_up();
    EXPECT_EQ(world.slot().active_at.load(), said);
    EXPECT_TRUE(old.owns());
}

TEST_F(SharedOwnershipTest, AnEndingOwnerDoesNotWantItBack) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on("passed on", true));
    EXPECT_TRUE(successor.request());
    EXPECT_EQ(successor.demand(true), Ownership::Demand::none);
}

TEST_F(SharedOwnershipTest, AnOlderOneWaitsForTheEndOfTheOwner) {
    ASSERT_TRUE(successor.request());
    EXPECT_FALSE(old.wait(Seconds{10}, &successor));
    EXPECT_EQ(successor.demand(), Ownership::Demand::waits);
    EXPECT_EQ(successor.demand(true), Ownership::Demand::due);
    EXPECT_TRUE(successor.pass_on("back"));
    const auto got = old.request();
    ASSERT_TRUE(got && got->handover);
    EXPECT_EQ(got->handover->last.reason, "back");
}

// Nobody tells it.
TEST_F(SharedOwnershipTest, AWaiterLooksAlsoWhenItHasIt) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    const auto due = successor.deadline();
    ASSERT_TRUE(due);
    EXPECT_TRUE(old.pass_on());
    EXPECT_EQ(successor.deadline(), due);
}

// When it runs again it wants the router back, so the one that took it over
// need not end as if it were alone.
TEST_F(SharedOwnershipTest, ASilentOwnerCountsAsOneThatWaits) {
    ASSERT_TRUE(successor.request());
    ASSERT_TRUE(old.wait(Seconds{1}));
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits);
    EXPECT_FALSE(successor.request());
    EXPECT_EQ(old.demand(true), Ownership::Demand::due);
}

TEST_F(SharedOwnershipTest, AWaiterEndsWhenTheOwnerHasRun) {
    ASSERT_TRUE(successor.request());
    ASSERT_FALSE(old.wait(Milliseconds{50}, &successor));
    old.watch_owner();
    EXPECT_FALSE(old.has_successor());
    world.now += Milliseconds{1};
    successor.demand();
    EXPECT_TRUE(old.has_successor());
    EXPECT_FALSE(old.withdraw());

    world.now += Milliseconds{50};
    EXPECT_EQ(successor.demand(true), Ownership::Demand::none);
}

// It has the configuration of the process before it.
TEST_F(SharedOwnershipTest, ARespawnedOneIsNotNewer) {
    Process again(world, 2, 13);
    ASSERT_TRUE(successor.request());
    EXPECT_FALSE(again.request());
    EXPECT_EQ(successor.demand(), Ownership::Demand::waits);

    Process older(world, 1, 14);
    world.dead.insert(12);
    ASSERT_TRUE(older.request());
    EXPECT_FALSE(again.request());
    EXPECT_EQ(older.demand(), Ownership::Demand::due);
}

TEST_F(SharedOwnershipTest, ADeadOwnerIsFollowedAtOnce) {
    ASSERT_TRUE(successor.request());
    successor.advertise();
    EXPECT_FALSE(old.request());
    world.dead.insert(12);
    const auto got = old.request();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from, Inheritance::From::dead);
    EXPECT_EQ(got->active_at, world.now);
    EXPECT_FALSE(successor.owns());
}

TEST_F(SharedOwnershipTest, AnOwnerThatWasNotActiveLeavesNothing) {
    ASSERT_TRUE(successor.request());
    successor.advertise();
    successor.leave();
    world.dead.insert(12);
    const auto got = old.request();
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->active_at);
}

TEST_F(SharedOwnershipTest, ASilentOwnerLosesItWithinItsPatience) {
    ASSERT_TRUE(successor.request());
    ASSERT_FALSE(old.wait(Seconds{1}, &successor));

    const Instant silent_since = world.now;
    const auto got = old.wait(Seconds{1});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from, Inheritance::From::silent);
    EXPECT_GE(world.now - silent_since, kPatience - Milliseconds{50});
    EXPECT_LE(world.now - silent_since, kPatience + Milliseconds{20});
    EXPECT_FALSE(successor.owns()) << "whenever it wakes";
    EXPECT_FALSE(successor.pass_on()) << "what is not its own";
    EXPECT_TRUE(old.owns());
}

// Its timers may be minutes away.
TEST_F(SharedOwnershipTest, AnOwnerIsWokenBeforeItIsTakenForSilent) {
    ASSERT_TRUE(successor.request());
    ASSERT_FALSE(old.request());
    EXPECT_EQ(world.wakes, 1);
    for (int i = 0; i < 1000; ++i) {
        const int before = world.wakes;
        world.now = *old.deadline();
        ASSERT_FALSE(old.request());
        if (world.wakes != before) {
            successor.demand();
        }
    }
    EXPECT_GT(world.wakes, 10);
}

// All of the machine may have stood still.
TEST_F(SharedOwnershipTest, AWaiterThatDidNotRunHasNoOpinion) {
    ASSERT_TRUE(successor.request());
    ASSERT_FALSE(old.wait(Seconds{1}, &successor));
    world.now += Seconds{3};
    EXPECT_FALSE(old.request());
    EXPECT_TRUE(successor.owns());
    EXPECT_TRUE(old.wait(Seconds{1}));
}

// Each is killed before its patience ends.
TEST_F(SharedOwnershipTest, WaitersThatDieDoNotKeepASilentOwner) {
    ASSERT_TRUE(successor.request());
    successor.advertise();
    const Instant silent_since = world.now;

    for (const int pid : {21, 22, 23}) {
        Process waiter{world, 1, pid};
        ASSERT_FALSE(waiter.wait(Milliseconds{90})) << pid;
        world.dead.insert(pid);
    }
    Process last{world, 1, 24};
    const auto got = last.wait(Seconds{1});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from, Inheritance::From::silent);
    EXPECT_LE(world.now - silent_since, Milliseconds{380});
}

// It may have waited for its timer, and had no reason to run.
TEST_F(SharedOwnershipTest, AnOwnerThatIsNotActiveGetsTheWholePatience) {
    ASSERT_TRUE(successor.request());
    world.now += Seconds{100};
    ASSERT_FALSE(old.wait(kPatience - Milliseconds{20}));
    EXPECT_EQ(successor.demand(), Ownership::Demand::waits);
    EXPECT_FALSE(old.wait(kPatience - Milliseconds{20}));
    EXPECT_TRUE(successor.owns());
}

// QUIT may come right after USR2, before the new vrrp process has asked.
class StartingBinary : public SharedOwnershipTest {
protected:
    StartingBinary() {
        EXPECT_TRUE(old.request());
        start(30);
    }

    void start(int master) {
        memory().starting().store(ProcessId{world.now, master}.word());
    }
    OwnershipMemory memory() const { return OwnershipMemory(world.bytes); }
};

TEST_F(StartingBinary, IsWaitedForByAnOwnerThatEnds) {
    EXPECT_EQ(old.demand(), Ownership::Demand::none);
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits);
    ASSERT_TRUE(old.deadline());
    EXPECT_LE(*old.deadline(), world.now + Milliseconds{100});

    Process next{world, 2000, 31};
    EXPECT_FALSE(next.request());
    EXPECT_EQ(old.demand(true), Ownership::Demand::due);
    EXPECT_TRUE(old.pass_on("passed on", true));
    const auto got = next.request();
    EXPECT_TRUE(got && got->handover);
}

TEST_F(StartingBinary, IsNotWaitedForWhenItHasDied) {
    world.dead.insert(30);
    EXPECT_EQ(old.demand(true), Ownership::Demand::none);
}

TEST_F(StartingBinary, IsNotWaitedForWhenItHasNoSuchRouter) {
    SharedOwnership next{world.bytes, {world.now, 31}, world, old.log};
    next.end_start(29);
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits);
    next.end_start(30);
    EXPECT_EQ(old.demand(true), Ownership::Demand::none);
}

TEST_F(StartingBinary, IsNotWaitedForLater) {
    world.now += Seconds{29};
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits);
    world.now += Seconds{1};
    EXPECT_EQ(old.demand(true), Ownership::Demand::none);
}

// The own master process was started as such a binary once.
TEST_F(StartingBinary, IsAnotherOne) {
    old.give_up();
    Process own{world, 2000, 31};
    ASSERT_TRUE(own.request());
    EXPECT_EQ(own.demand(true), Ownership::Demand::none);
}

TEST_F(SharedOwnershipTest, TheNewestOfThoseWhoWaitIsNext) {
    Process newest(world, 3, 13);
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(newest.request());
    EXPECT_FALSE(successor.request());
    ASSERT_EQ(old.demand(), Ownership::Demand::due);
    EXPECT_TRUE(old.pass_on());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(newest.request());
    EXPECT_FALSE(successor.request());
    EXPECT_EQ(newest.demand(true), Ownership::Demand::due);
}

TEST_F(SharedOwnershipTest, ANewerOneTakesThePlaceOfOneThatWaits) {
    Process newest(world, 3, 13);
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_FALSE(newest.request());
    EXPECT_TRUE(old.pass_on());
    EXPECT_TRUE(newest.request());
}

TEST_F(SharedOwnershipTest, AWaiterThatDiedGetsNothing) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    world.dead.insert(12);
    EXPECT_EQ(old.demand(), Ownership::Demand::died);
    EXPECT_EQ(old.demand(true), Ownership::Demand::none);
    EXPECT_FALSE(old.pass_on());
    EXPECT_TRUE(old.owns());
}

TEST_F(SharedOwnershipTest, AWaiterThatDoesNotRunGetsNothing) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    world.now += Milliseconds{300};
    EXPECT_EQ(old.demand(), Ownership::Demand::waits);
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits);

    EXPECT_FALSE(successor.request());
    EXPECT_EQ(old.demand(), Ownership::Demand::due);
}

// It may have gone to sleep for long.
TEST_F(SharedOwnershipTest, AWaiterThatDoesNotRunMakesRoomForAnother) {
    Process third(world, 1, 13);
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_FALSE(third.request());
    world.now += Milliseconds{300};
    EXPECT_FALSE(third.request());
    ASSERT_EQ(old.demand(true), Ownership::Demand::due);
    EXPECT_TRUE(old.pass_on());
    EXPECT_TRUE(third.request());

    EXPECT_FALSE(successor.request());
    EXPECT_EQ(third.demand(), Ownership::Demand::due);
}

TEST_F(SharedOwnershipTest, AReleasedRouterMayBeTaken) {
    ASSERT_TRUE(successor.request());
    successor.advertise();
    EXPECT_FALSE(old.request());
    successor.give_up();
    EXPECT_FALSE(successor.owns());
    const auto got = old.request();
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->active_at);
    EXPECT_EQ(got->from, Inheritance::From::owner);
}

TEST_F(SharedOwnershipTest, WhoStopsWaitingGetsNothing) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_FALSE(successor.withdraw());
    EXPECT_EQ(old.demand(), Ownership::Demand::none);
}

TEST_F(SharedOwnershipTest, WhatIsOnItsWayIsNotLost) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on());
    const auto got = successor.withdraw();
    ASSERT_TRUE(got && got->handover);
    EXPECT_TRUE(successor.owns());
}

TEST_F(SharedOwnershipTest, AnEndingOwnerIsRelievedWhenTheNextHasRun) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on("passed on", true));
    EXPECT_FALSE(old.has_successor());
    EXPECT_TRUE(successor.request());
    EXPECT_TRUE(old.has_successor());
}

TEST_F(SharedOwnershipTest, AnEndingOwnerTakesBackARouterWithoutAnOwner) {
    ASSERT_TRUE(old.request());
    old.advertise();
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on("passed on", true));
    const Instant passed_at = world.now;
    std::optional<Inheritance> got;
    while (!got && world.now < passed_at + Seconds{1}) {
        world.now = *old.deadline();
        got = old.take_back();
    }
    ASSERT_TRUE(got);
    EXPECT_EQ(got->from, Inheritance::From::silent);
    EXPECT_EQ(got->active_at, passed_at);
    EXPECT_LE(world.now - passed_at, kPatience + Milliseconds{20});
    EXPECT_EQ(old.demand(true), Ownership::Demand::waits)
        << "for the other one to wake";
    EXPECT_FALSE(successor.request());
    EXPECT_EQ(old.demand(true), Ownership::Demand::due);
}

TEST_F(SharedOwnershipTest, ARecordForAnotherIsNotRead) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on());
    world.slot().given_to.store(99);
    const auto got = successor.request();
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->handover);
}

// An owner is stopped in the middle of passing the router to a waiter, another
// one takes it, and passes it to the same waiter; then the first one continues.
TEST_F(SharedOwnershipTest, TheRecordOfAFormerOwnerIsNotRead) {
    Process waiter(world, 3, 13);
    ASSERT_TRUE(old.request());
    waiter.request();
    const Bytes memory{world.bytes, OwnershipMemory::kSize};
    const Buffer before(memory.begin(), memory.end());
    ASSERT_TRUE(old.pass_on("too late"));
    const std::uint64_t given_to = world.slot().given_to.load();
    const std::uint64_t checksum = world.slot().checksum.load();
    Buffer late(sizeof(SharedRecord));
    load_words(world.record().data(), late);
    std::memcpy(world.bytes, before.data(), before.size());

    world.slot().owner.store(successor.word());
    ASSERT_FALSE(waiter.request());
    ASSERT_TRUE(successor.pass_on("in time"));
    store_words(world.record().data(), late);
    world.slot().checksum.store(checksum);
    world.slot().given_to.store(given_to);

    const auto got = waiter.request();
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->handover);
}

// It was passed on twice between two looks.
TEST_F(SharedOwnershipTest, TheRecordOfAnOwnerThatWeHaveNotSeenIsRead) {
    Process waiter(world, 3, 13);
    ASSERT_TRUE(old.request());
    ASSERT_FALSE(successor.request());
    ASSERT_TRUE(old.pass_on("first"));
    ASSERT_TRUE(successor.request());
    world.slot().owner.store(old.word());
    ASSERT_FALSE(waiter.request());
    world.slot().owner.store(successor.word());
    ASSERT_TRUE(successor.pass_on("second"));

    const auto got = waiter.request();
    ASSERT_TRUE(got && got->handover);
    EXPECT_EQ(got->handover->last.reason, "second");
}

TEST_F(SharedOwnershipTest, ADamagedRecordIsNotRead) {
    ASSERT_TRUE(old.request());
    EXPECT_FALSE(successor.request());
    EXPECT_TRUE(old.pass_on());
    world.record()[100].fetch_add(1);
    const auto got = successor.request();
    ASSERT_TRUE(got);
    EXPECT_FALSE(got->handover);
}

TEST_F(SharedOwnershipTest, OtherRoutersAreOthers) {
    const OwnershipMemory memory(world.bytes);
    std::set<OwnershipSlot *> slots;
    for (unsigned vrid = 1; vrid < 256; ++vrid) {
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            const RouterKey key{"eth0", family,
                                Vrid{static_cast<std::uint8_t>(vrid)}};
            slots.insert(memory.find(key));
            EXPECT_EQ(slots.count(memory.find(key)), 1u);
        }
    }
    EXPECT_EQ(slots.size(), 510u);
}

TEST_F(SharedOwnershipTest, WithoutRoomAProcessContinuesAlone) {
    const OwnershipMemory memory(world.bytes);
    for (unsigned i = 0; memory.find({"if" + std::to_string(i), Family::ipv4,
                                      Vrid{1}}) != nullptr;
         ++i) {
    }
    test::RememberingLog log;
    SharedOwnership other(world.bytes, {world.now, 14}, world, log);
    const OwnershipId id =
        other.open({"eth9", Family::ipv4, Vrid{9}}, kInterval);
    EXPECT_TRUE(other.request(id, world.now));
    EXPECT_TRUE(other.owns(id));
    EXPECT_EQ(other.demand(id, true, world.now), Ownership::Demand::none);
    EXPECT_EQ(log.count("no room"), 1u);
}

}  // namespace
}  // namespace ngx_vrrp::engine
