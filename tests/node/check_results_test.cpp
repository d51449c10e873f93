// Results of checks as the vrrp process sees them.
#include "core/node/check_results.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <set>

#include "core/os/fd.hpp"
#include "core/os/wake.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/fake_ports.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

using check::Role;
using check::Table;
using check::Verdict;

constexpr check::CheckId kCheck = 1;

const std::vector<Role> kBoth{Role::probes, Role::scripts};

class FakeWatcher final : public os::Watcher {
public:
    bool watch(int fd) override {
        if (!full) {
            watched.insert(fd);
        }
        return !full;
    }
    void unwatch(int fd) override { watched.erase(fd); }

    bool full = false;
    std::set<int> watched;
};

class CheckResultsTest : public ::testing::Test {
protected:
    static constexpr std::size_t kSlots = 4;

    CheckResultsTest() { begin(1); }

    void begin(std::uint64_t generation) {
        check::Config config = test::default_check();
        config.identity = {"vrrp", "VI_1", "track_tcp", "10.0.0.1:80"};
        ASSERT_TRUE(Table(memory.get(), kSlots, generation)
                        .begin({kSlots - 1, config}, kSlots, nullptr));
    }

    Table table() { return {memory.get(), kSlots, 1}; }

    void fail() {
        check::Record record = *table().load(kCheck);
        check::add_result(record,
                          check::failed(check::Reason::l4con, "refused", 7),
                          Milliseconds{1}, now);
        check::change_verdict(record, Verdict::down, now);
        table().store(kCheck, record);
    }

    // Looks as often as the process wakes up.
    void run(Duration d, const std::vector<Role> &beating,
             Duration between = Milliseconds{250}) {
        const Instant end = now + d;
        for (; now < end; now += between) {
            for (const Role role : beating) {
                table().beat(role, {.at = now});
            }
            results.watch_for_silence(now);
        }
    }

    test::ZeroedMemory memory{Table::size(kSlots)};
    Instant now = instant_from_ns(5'000'000'000);
    os::Fd wake_fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    os::Fd demand_fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    FakeWatcher watcher;
    test::RememberingLog log;
    CheckResults results{table(),         wake_fd.get(),
                         demand_fd.get(), {Role::probes, Role::scripts},
                         watcher,         log};
};

TEST_F(CheckResultsTest, AreRead) {
    EXPECT_EQ(results.verdict(kCheck), Verdict::up);
    fail();

    EXPECT_EQ(results.verdict(kCheck), Verdict::down);
    const auto result = results.result(kCheck);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->verdict, Verdict::down);
    EXPECT_EQ(result->text, "L4CON refused");
    EXPECT_EQ(result->value, 7);
    EXPECT_EQ(result->checked_at, now);
    EXPECT_FALSE(result->passed);
    EXPECT_EQ(results.verdict(kSlots - 1), Verdict::unused);
}

TEST_F(CheckResultsTest, CannotBeReadOnceTheTableHasBeenReplaced) {
    begin(2);
    EXPECT_EQ(results.verdict(kCheck), Verdict::up) << "has the other half";
    begin(3);

    EXPECT_EQ(results.verdict(kCheck), std::nullopt);
    EXPECT_FALSE(results.result(kCheck));
}

TEST_F(CheckResultsTest, WakesAreTaken) {
    ASSERT_TRUE(results.open());
    EXPECT_EQ(watcher.watched, std::set<int>{wake_fd.get()});
    os::wake(wake_fd.get());
    os::wake(wake_fd.get());

    EXPECT_FALSE(results.on_readable(wake_fd.get() + 1));
    EXPECT_TRUE(results.on_readable(wake_fd.get()));
    EXPECT_FALSE(os::take_wakes(wake_fd.get())) << "still readable";
}

TEST_F(CheckResultsTest, ADemandWakesTheProcessThatChecks) {
    EXPECT_EQ(table().demanded_at(kCheck), Instant{});
    results.demand(kCheck);
    EXPECT_TRUE(os::take_wakes(demand_fd.get()));
    EXPECT_GT(table().demanded_at(kCheck), Instant{});
    EXPECT_EQ(table().demanded_at(kCheck + 1), Instant{});
    begin(3);
    results.demand(kCheck);  // of an earlier generation
    EXPECT_EQ(table().demanded_at(kCheck), Instant{});
}

TEST_F(CheckResultsTest, AreNotWatchedWhenThereAreNone) {
    {
        CheckResults none(table(), -1, -1, {}, watcher, log);
        EXPECT_TRUE(none.open());
        EXPECT_FALSE(none.on_readable(0));
        none.watch_for_silence(now);
    }
    EXPECT_EQ(watcher.watched, std::set<int>{});
}

TEST_F(CheckResultsTest, AreUnwatchedAtTheEnd) {
    {
        CheckResults some(table(), wake_fd.get(), -1, {}, watcher, log);
        EXPECT_TRUE(some.open());
    }
    EXPECT_EQ(watcher.watched, std::set<int>{});
}

TEST_F(CheckResultsTest, LoopThatIsFullIsAnError) {
    watcher.full = true;
    EXPECT_FALSE(results.open());
}

TEST_F(CheckResultsTest, SilenceIsReportedOnceAndItsEndToo) {
    run(Seconds{10}, kBoth);
    run(Seconds{4}, {});
    EXPECT_EQ(log.lines.size(), 0u);
    run(Seconds{20}, {});
    EXPECT_EQ(log.count("the vrrp checker process has been silent for 5 s"),
              1u);
    EXPECT_EQ(log.count("the vrrp runner process has been silent for 5 s"), 1u);
    EXPECT_EQ(log.lines[0].level, LogLevel::warn);

    run(Seconds{10}, kBoth);
    EXPECT_EQ(log.count("the vrrp checker process is checking again"), 1u);
    EXPECT_EQ(log.count("the vrrp runner process is checking again"), 1u);
    EXPECT_EQ(log.lines.size(), 4u);
}

// At rest the process wakes up each 1.5 s.
TEST_F(CheckResultsTest, SilenceIsATimeAndNotANumberOfLooks) {
    constexpr Duration kRest = Milliseconds{1500};
    run(Seconds{9}, kBoth, kRest);
    run(Milliseconds{4500}, {}, kRest);
    EXPECT_EQ(log.lines.size(), 0u);
    run(kRest, {}, kRest);
    EXPECT_EQ(log.count("the vrrp checker process has been silent for 5 s"),
              1u);
}

TEST_F(CheckResultsTest, SilenceOfOneIsNotHiddenByTheOther) {
    run(Seconds{3}, kBoth);
    run(Seconds{10}, {Role::probes});
    EXPECT_EQ(log.count("the vrrp runner process has been silent"), 1u);
    run(Seconds{10}, {Role::scripts});
    EXPECT_EQ(log.count("the vrrp checker process has been silent"), 1u);
    EXPECT_EQ(log.lines.size(), 3u);
}

TEST_F(CheckResultsTest, ProcessThatIsNotNeededIsNotMissed) {
    CheckResults some(table(), wake_fd.get(), -1, {Role::probes}, watcher, log);
    for (; now < instant_from_ns(15'000'000'000); now += Milliseconds{250}) {
        table().beat(Role::probes, {.at = now});
        some.watch_for_silence(now);
    }
    EXPECT_EQ(log.lines.size(), 0u);
}

TEST_F(CheckResultsTest, NeverIsSilenceToo) {
    run(Seconds{10}, {});
    EXPECT_EQ(log.count("the vrrp checker process has been silent"), 1u);
}

TEST_F(CheckResultsTest, SleepOfTheMachineIsNoSilence) {
    run(Seconds{3}, kBoth);
    run(Seconds{2}, {});
    now += Seconds{3600};
    results.watch_for_silence(now);
    run(Seconds{3}, kBoth);

    EXPECT_EQ(log.lines.size(), 0u);
}

TEST_F(CheckResultsTest, SilenceOfATableThatWasReplacedIsNone) {
    run(Seconds{3}, kBoth);
    begin(3);
    run(Seconds{10}, {});

    EXPECT_EQ(log.lines.size(), 0u);
}

}  // namespace
}  // namespace ngx_vrrp::node
