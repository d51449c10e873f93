#include "core/check/table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "core/base/sane_time.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::check {
namespace {

constexpr std::size_t kSlots = 8;

Config check_of(const std::string &name, Verdict initial = Verdict::up) {
    Config config = test::default_check();
    config.identity = {"http", "web", name, name + ":80"};
    config.initial = initial;
    return config;
}

class TableTest : public ::testing::Test {
protected:
    Table table(std::uint64_t generation) {
        return {memory.get(), kSlots, generation};
    }

    // A record as a check would leave it.
    static void fail(Table &table, CheckId id) {
        Record record = table.load(id).value_or(Record{});
        add_result(record, failed(Reason::l7sts, "status 500"), Milliseconds{2},
                   instant_from_ns(1000));
        change_verdict(record, Verdict::down, instant_from_ns(1000));
        table.store(id, record);
    }

    // The half of the odd generations is the second one: the first word is the
    // generation, and behind a header the slots begin, each with its verdict
    // and the sequence of its seqlock.
    std::uint64_t &generation_word() {
        return memory.words()[Table::size(kSlots) / 2 / 8];
    }
    std::uint64_t &first_slot(std::size_t word) {
        const std::size_t slots = Table::size(kSlots) - Table::size(0);
        return memory.words()[(Table::size(kSlots) - slots / 2) / 8 + word];
    }
    std::uint64_t &verdict_word() { return first_slot(0); }
    std::uint64_t &sequence_word() { return first_slot(1); }

    test::ZeroedMemory memory{Table::size(kSlots)};
};

TEST_F(TableTest, NothingIsThereBeforeTheFirstGeneration) {
    for (const std::uint64_t generation : {0U, 1U, 2U}) {
        const Table none = table(generation);
        EXPECT_FALSE(none.is_current());
        EXPECT_EQ(none.slots(), 0u);
        EXPECT_EQ(none.changes(), 0u);
        EXPECT_FALSE(none.load(0));
        EXPECT_EQ(none.verdict(0), Verdict::unused);
    }
}

TEST_F(TableTest, BeginLaysOutChecksAndUnusedPlaces) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a"), check_of("b", Verdict::unknown)},
                            kSlots, nullptr));

    EXPECT_TRUE(first.is_current());
    EXPECT_EQ(first.slots(), kSlots);
    EXPECT_EQ(first.verdict(0), Verdict::up);
    EXPECT_EQ(first.verdict(1), Verdict::unknown);
    EXPECT_EQ(first.verdict(2), Verdict::unused);
    EXPECT_EQ(first.verdict(kSlots), Verdict::unused);
    EXPECT_EQ(first.verdict(SIZE_MAX), Verdict::unused);
    EXPECT_FALSE(first.load(kSlots));

    const Record record = first.load(0).value();
    EXPECT_EQ(record.context.view(), "http");
    EXPECT_EQ(record.group.view(), "web");
    EXPECT_EQ(record.name.view(), "a");
    EXPECT_EQ(record.address.view(), "a:80");
    EXPECT_EQ(record.checked_at_ns, 0);
}

TEST_F(TableTest, WhatDoesNotFitIsRefusedAndTheOldStays) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));

    Table later = table(3);
    EXPECT_FALSE(later.begin({check_of("b")}, kSlots + 1, nullptr));
    EXPECT_FALSE(later.begin({check_of("b"), check_of("c")}, 1, nullptr));
    EXPECT_TRUE(first.is_current());
    EXPECT_EQ(first.verdict(0), Verdict::up);
}

TEST_F(TableTest, LoadsWhatWasStored) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    fail(first, 0);

    const Record record = first.load(0).value();
    EXPECT_EQ(record.verdict, Verdict::down);
    EXPECT_EQ(record.reason, Reason::l7sts);
    EXPECT_EQ(record.text.view(), "status 500");
    EXPECT_EQ(record.history, 1u);
    EXPECT_EQ(first.verdict(0), Verdict::down);

    first.store(1, record);
    EXPECT_FALSE(first.load(1));
}

TEST_F(TableTest, ChangesCountVerdictsOnly) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    const std::uint64_t before = first.changes();
    EXPECT_GT(before, 0u);

    Record record = first.load(0).value();
    ++record.passes;
    first.store(0, record);
    EXPECT_EQ(first.changes(), before);

    fail(first, 0);
    EXPECT_EQ(first.changes(), before + 1);
}

TEST_F(TableTest, RecoveriesAreReportedByTheirTime) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a"), check_of("b")}, 2, nullptr));
    EXPECT_EQ(first.recovered_at(0), instant_from_ns(0));

    fail(first, 0);
    const std::uint64_t before = first.changes();
    Record record = first.load(0).value();
    add_result(record, passed(), Milliseconds{2}, instant_from_ns(2000));
    first.store(0, record);
    EXPECT_EQ(first.recovered_at(0), instant_from_ns(2000));
    EXPECT_EQ(first.changes(), before + 1) << "who marks servers must look";

    add_result(record, passed(), Milliseconds{2}, instant_from_ns(3000));
    first.store(0, record);
    EXPECT_EQ(first.recovered_at(0), instant_from_ns(2000));
    EXPECT_EQ(first.changes(), before + 1) << "another pass is no recovery";

    change_verdict(record, Verdict::up, instant_from_ns(4000));
    first.store(0, record);
    EXPECT_EQ(first.recovered_at(0), instant_from_ns(4000));
    EXPECT_EQ(first.changes(), before + 2);

    EXPECT_EQ(first.recovered_at(1), instant_from_ns(0));
    EXPECT_EQ(first.recovered_at(1000000), instant_from_ns(0));

    Table second = table(2);
    ASSERT_TRUE(second.begin({check_of("b"), check_of("a")}, 2, &first));
    EXPECT_EQ(second.recovered_at(1), instant_from_ns(4000));
}

TEST_F(TableTest, RecoveriesAreFoundByAddress) {
    Table first = table(1);
    ASSERT_TRUE(
        first.begin({check_of("a"), check_of("b"), check_of("c")}, 3, nullptr));
    fail(first, 1);
    Record record = first.load(1).value();
    change_verdict(record, Verdict::up, instant_from_ns(2000));
    first.store(1, record);

    const Instant then = instant_from_ns(2000);
    EXPECT_TRUE(first.has_recovered(0, 3, "b:80", then));
    EXPECT_FALSE(first.has_recovered(0, 3, "b:80", then + Duration{1}));
    EXPECT_FALSE(first.has_recovered(0, 3, "a:80", then));
    EXPECT_FALSE(first.has_recovered(0, 1, "b:80", then)) << "another pool";
    EXPECT_FALSE(first.has_recovered(2, 1000000, "b:80", then));
}

TEST_F(TableTest, ANewGenerationKeepsTheResultsOfItsChecks) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a"), check_of("b")}, 2, nullptr));
    fail(first, 1);

    // Elsewhere, and with another initial verdict.
    Table second = table(2);
    ASSERT_TRUE(second.begin(
        {check_of("b", Verdict::unknown), check_of("c"), check_of("a")}, 3,
        &first));
    EXPECT_EQ(second.verdict(0), Verdict::down);
    EXPECT_EQ(second.load(0)->text.view(), "status 500");
    EXPECT_EQ(second.load(0)->history, 1u);
    EXPECT_EQ(second.verdict(1), Verdict::up);
    EXPECT_EQ(second.load(1)->history_length, 0);

    // The generation before still has its own.
    EXPECT_EQ(first.verdict(0), Verdict::up);
    EXPECT_EQ(first.verdict(1), Verdict::down);
}

TEST_F(TableTest, WithoutResultsTheInitialVerdictCounts) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    Table second = table(2);
    ASSERT_TRUE(second.begin({check_of("a", Verdict::unknown)}, 1, &first));
    EXPECT_EQ(second.verdict(0), Verdict::unknown);
}

TEST_F(TableTest, EveryPartOfTheIdentityMatters) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    fail(first, 0);

    std::vector<Config> others(4, check_of("a"));
    others[0].identity.context = "stream";
    others[1].identity.group = "api";
    others[2].identity.name = "a.example";
    others[3].identity.address = "a:8080";
    Table second = table(2);
    ASSERT_TRUE(second.begin(others, 4, &first));
    for (CheckId id = 0; id < others.size(); ++id) {
        EXPECT_EQ(second.verdict(id), Verdict::up) << id;
    }
}

// Texts are cut, keys are of the whole.
TEST_F(TableTest, LongNamesAreDistinguished) {
    const std::string same(300, 'x');
    Table first = table(1);
    ASSERT_TRUE(
        first.begin({check_of(same + "1"), check_of(same + "2")}, 2, nullptr));
    fail(first, 1);

    Table second = table(2);
    ASSERT_TRUE(
        second.begin({check_of(same + "2"), check_of(same + "1")}, 2, &first));
    EXPECT_EQ(second.verdict(0), Verdict::down);
    EXPECT_EQ(second.verdict(1), Verdict::up);
}

TEST_F(TableTest, ResultsContinueInAnotherMemory) {
    Table old = table(7);
    ASSERT_TRUE(old.begin({check_of("a")}, 1, nullptr));
    fail(old, 0);

    const test::ZeroedMemory other(Table::size(1));
    Table first(other.get(), 1, 1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, &old));
    EXPECT_EQ(first.verdict(0), Verdict::down);
}

TEST_F(TableTest, ATableThatWasReplacedIsNoMore) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    const Record record = first.load(0).value();
    Table third = table(3);
    ASSERT_TRUE(third.begin({check_of("z")}, 1, &first));

    EXPECT_FALSE(first.is_current());
    EXPECT_EQ(first.slots(), 0u);
    EXPECT_EQ(first.changes(), 0u);
    EXPECT_FALSE(first.load(0));
    EXPECT_EQ(first.verdict(0), Verdict::unused);

    fail(first, 0);
    first.store(0, record);
    first.beat(Role::probes, {.at = instant_from_ns(5)});
    EXPECT_EQ(third.verdict(0), Verdict::up);
    EXPECT_EQ(third.load(0)->name.view(), "z");
    EXPECT_EQ(third.last_beat(Role::probes).at, Instant{});
}

// The generation between them was never begun: both lie in one half.
TEST_F(TableTest, TakesOverFromTheSameHalf) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a"), check_of("b")}, 2, nullptr));
    fail(first, 1);
    Table third = table(3);
    ASSERT_TRUE(third.begin({check_of("b"), check_of("a")}, 2, &first));
    EXPECT_EQ(third.verdict(0), Verdict::down);
    EXPECT_EQ(third.verdict(1), Verdict::up);
}

TEST_F(TableTest, PlacesAreAssignedAndReleased) {
    Table first = table(1);
    Config slot = check_of("");
    slot.initial = Verdict::unused;
    ASSERT_TRUE(first.begin({check_of("a"), slot}, 2, nullptr));
    EXPECT_EQ(first.verdict(1), Verdict::unused);

    first.assign(1, check_of("b"));
    EXPECT_EQ(first.verdict(1), Verdict::up);
    EXPECT_EQ(first.load(1)->name.view(), "b");

    first.release(1);
    EXPECT_EQ(first.verdict(1), Verdict::unused);
    EXPECT_EQ(first.load(1)->key, 0u);
}

TEST_F(TableTest, APlaceThatIsAssignedAgainForgetsWhatWasThere) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({}, 1, nullptr));
    first.assign(0, check_of("a"));
    fail(first, 0);
    first.assign(0, check_of("b"));
    EXPECT_EQ(first.verdict(0), Verdict::up);
    EXPECT_EQ(first.load(0)->history_length, 0);
}

// By another process of the same generation, or one of the next.
TEST_F(TableTest, WhatIsAssignedAgainKeepsItsResults) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({}, 2, nullptr));
    first.assign(1, check_of("b"));
    fail(first, 1);
    first.assign(1, check_of("b"));
    EXPECT_EQ(first.verdict(1), Verdict::down);

    Table second = table(2);
    ASSERT_TRUE(second.begin({}, 2, &first));
    second.assign(0, check_of("b"));
    EXPECT_EQ(second.verdict(0), Verdict::down);
    EXPECT_EQ(second.load(0)->text.view(), "status 500");
}

TEST_F(TableTest, ResultsMoveWithTheirChecks) {
    Config slot = check_of("");
    slot.initial = Verdict::unused;
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 5, nullptr));
    first.assign(1, check_of("b"));
    first.assign(2, check_of("c"));
    first.assign(3, check_of("d"));
    fail(first, 2);
    const std::uint64_t changes = first.changes();

    first.rearrange(1, {check_of("c"), slot, check_of("b"), check_of("e")});

    EXPECT_EQ(first.load(0)->name.view(), "a");
    EXPECT_EQ(first.load(1)->name.view(), "c");
    EXPECT_EQ(first.load(1)->text.view(), "status 500");
    EXPECT_EQ(first.verdict(1), Verdict::down);
    EXPECT_EQ(first.verdict(2), Verdict::unused);
    EXPECT_EQ(first.verdict(3), Verdict::up);
    EXPECT_EQ(first.load(4)->name.view(), "e");
    EXPECT_GT(first.changes(), changes);
}

// It checked that it is current before a later one was laid out, and continues
// now.
TEST_F(TableTest, ATableThatIsBeingReplacedLosesNoRecord) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    const Record record = first.load(0).value();
    Table third = table(3);
    ASSERT_TRUE(third.begin({check_of("z")}, 1, &first));
    const std::uint64_t verdict = verdict_word();

    generation_word() = 1;
    first.store(0, record);
    first.release(0);
    EXPECT_EQ(verdict_word(), verdict);

    generation_word() = 3;
    EXPECT_EQ(third.verdict(0), Verdict::up);
    EXPECT_EQ(third.load(0)->name.view(), "z");
}

// A writer died in the middle: it leaves the sequence of the seqlock odd.
class TornTableTest : public TableTest {
protected:
    TornTableTest() : torn(table(1)) {
        EXPECT_TRUE(torn.begin({check_of("a")}, 1, nullptr));
        fail(torn, 0);
        sequence_word() |= 1;
    }

    Table torn;
};

TEST_F(TornTableTest, BlocksNoReaderAndIsRepairedByTheNextWriter) {
    EXPECT_FALSE(torn.load(0));
    EXPECT_EQ(torn.verdict(0), Verdict::down);

    Record record = torn.recall(0, check_of("a"));
    EXPECT_EQ(record.verdict, Verdict::down);
    EXPECT_EQ(record.name.view(), "a");
    record.passes = 9;
    torn.store(0, record);
    ASSERT_TRUE(torn.load(0));
    EXPECT_EQ(torn.load(0)->passes, 9u);
}

// A process that checks reads bytes of other machines: if it is compromised, it
// can write any bytes.
class GarbageTableTest : public TableTest {
protected:
    GarbageTableTest() : spoilt(table(1)) {
        EXPECT_TRUE(
            spoilt.begin({check_of("a"), check_of("b")}, kSlots, nullptr));
        fail(spoilt, 0);
    }

    // All of it, except the generation.
    void spoil(std::uint64_t value) {
        std::ranges::fill(memory.words(), value);
        generation_word() = 1;
    }

    Table spoilt;
};

TEST_F(GarbageTableTest, ValuesOutOfRangeBecomeHarmless) {
    Record garbage;
    std::memset(&garbage, 0x77, sizeof(garbage));
    spoilt.store(0, garbage);

    const Record record = spoilt.load(0).value();
    EXPECT_EQ(record.verdict, Verdict::unknown);
    EXPECT_EQ(record.reason, Reason::none);
    EXPECT_LE(record.history_length, kHistoryBits);
    EXPECT_GE(down_for(record, instant_from_ns(5)), Duration{0});
    EXPECT_EQ(record.text.view().size(), record.text.data.size());
    EXPECT_EQ(spoilt.verdict(0), Verdict::unknown);
    EXPECT_EQ(to_string(record.verdict), "checking");
}

TEST_F(GarbageTableTest, TimesOutOfRangeBecomeHarmless) {
    Record garbage = spoilt.load(0).value();
    garbage.changed_at_ns = INT64_MIN;
    garbage.downtime_ns = INT64_MAX;
    garbage.duration_ns = INT64_MIN;
    spoilt.store(0, garbage);

    const Record record = spoilt.load(0).value();
    EXPECT_EQ(record.changed_at_ns, 0);
    EXPECT_EQ(record.duration_ns, 0);
    EXPECT_GT(record.downtime_ns + 1'000'000'000, 0) << "no overflow";
}

// So do those that are read without the record.
TEST_F(GarbageTableTest, BeatsAndRecoveriesOutOfRangeBecomeHarmless) {
    for (const std::int64_t ns : {INT64_MIN, INT64_MAX}) {
        spoilt.beat(Role::probes, {.at = instant_from_ns(ns),
                                   .late_wakes = 0,
                                   .worst_lag = Duration{ns}});
        const Beat beat = spoilt.last_beat(Role::probes);
        EXPECT_EQ(to_ns(beat.at), sane_time(ns));
        EXPECT_EQ(beat.worst_lag.count(), sane_time(ns));

        Record garbage = spoilt.load(0).value();
        garbage.recovered_at_ns = ns;
        spoilt.store(0, garbage);
        EXPECT_EQ(to_ns(spoilt.recovered_at(0)), sane_time(ns));
    }
}

TEST_F(GarbageTableTest, NothingIsReadBeyondTheEnd) {
    for (const std::uint64_t value :
         {std::uint64_t{1}, std::uint64_t{0x1fe}, ~std::uint64_t{0}}) {
        spoil(value);
        ASSERT_TRUE(spoilt.is_current());
        EXPECT_LE(spoilt.slots(), kSlots) << value;
        for (CheckId id = 0; id < 2 * kSlots; ++id) {
            EXPECT_LE(spoilt.verdict(id), Verdict::down) << value;
            spoilt.load(id);
        }
        spoilt.assign(0, check_of("z"));
    }
}

TEST_F(TornTableTest, ANewGenerationKeepsItsVerdict) {
    Table second = table(2);
    ASSERT_TRUE(second.begin({check_of("a")}, 1, &torn));
    EXPECT_EQ(second.verdict(0), Verdict::down);
    ASSERT_TRUE(second.load(0));
    EXPECT_EQ(second.load(0)->name.view(), "a");

    Table other = table(4);
    ASSERT_TRUE(other.begin({check_of("b")}, 1, &torn));
    EXPECT_EQ(other.verdict(0), Verdict::up);
}

TEST_F(TableTest, BeatsShowWhichWriterLives) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    EXPECT_EQ(first.last_beat(Role::scripts).at, Instant{});
    first.beat(Role::scripts, {.at = instant_from_ns(42),
                               .late_wakes = 3,
                               .worst_lag = Milliseconds{7}});

    const Beat beat = table(1).last_beat(Role::scripts);
    EXPECT_EQ(beat.at, instant_from_ns(42));
    EXPECT_EQ(beat.late_wakes, 3u);
    EXPECT_EQ(beat.worst_lag, Milliseconds{7});
    EXPECT_EQ(table(1).last_beat(Role::probes).at, Instant{});
}

// Every record that is stored says the same number everywhere; a torn one does
// not.
TEST_F(TableTest, ReadersNeverSeeATornRecord) {
    Table first = table(1);
    ASSERT_TRUE(first.begin({check_of("a")}, 1, nullptr));
    Record record = first.load(0).value();
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (std::uint64_t i = 0; !stop.load(); ++i) {
            record.passes = i;
            record.changes = i;
            record.fails.fill(i);
            record.verdict = i % 2 == 0 ? Verdict::up : Verdict::down;
            first.store(0, record);
        }
    });

    int seen = 0;
    for (int i = 0; i < 20000 && seen < 2000; ++i) {
        const auto copy = table(1).load(0);
        if (!copy) {
            std::this_thread::yield();  // to a writer that was interrupted
            continue;
        }
        ++seen;
        ASSERT_EQ(copy->changes, copy->passes);
        ASSERT_EQ(copy->fails.front(), copy->passes);
        ASSERT_EQ(copy->fails.back(), copy->passes);
        ASSERT_NE(first.verdict(0), Verdict::unused);
    }
    stop.store(true);
    writer.join();
    EXPECT_GT(seen, 0);
}

}  // namespace
}  // namespace ngx_vrrp::check
