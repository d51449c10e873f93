// A checker with a prober that answers as a test wants, its own table, and a
// clock that stands still while nothing is due.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/check/checker.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::check {

class FakeProber final : public Prober {
public:
    struct Start {
        CheckId id;
        Instant at;
    };

    void resume(CheckId id, const Config &, std::int64_t value) override {
        resumed.emplace_back(id, value);
    }

    void start(CheckId id, const Config &, Instant now) override {
        EXPECT_TRUE(running.insert(id).second) << "runs twice at once";
        starts.push_back({id, now});
        if (latency == Duration{0}) {
            answer(id, now);
        } else if (latency != Duration::max()) {
            answers.emplace(now + latency, id);
        }
    }

    Outcome cancel(CheckId id) override {
        EXPECT_EQ(running.erase(id), 1u) << "was not running";
        std::erase_if(answers, [&](auto &a) { return a.second == id; });
        return when_cancelled;
    }

    void forget(CheckId id) override {
        running.erase(id);
        std::erase_if(answers, [&](auto &a) { return a.second == id; });
        forgotten.push_back(id);
    }

    void answer(CheckId id, Instant now) {
        EXPECT_EQ(running.erase(id), 1u) << "was not running";
        outcomes->finished(id, outcome, now);
    }

    // The behaviour: answers with outcome after latency, at once or never.
    Outcome outcome = passed();
    Duration latency = Milliseconds{1};
    Outcome when_cancelled = failed(Reason::l7tout, "no answer");

    Outcomes *outcomes = nullptr;
    std::multimap<Instant, CheckId> answers;
    std::set<CheckId> running;
    std::vector<Start> starts;
    std::vector<CheckId> forgotten;
    std::vector<std::pair<CheckId, std::int64_t>> resumed;
};

class CheckerFixture : public ::testing::Test,
                       public LogSink,
                       public VerdictSink {
protected:
    static constexpr std::size_t kSlots = 2000;
    static constexpr Duration kInterval = Seconds{1};

    CheckerFixture() { begin(1); }

    // As a process does that starts, with a table that has been laid out.
    void begin(std::uint64_t seed) {
        table = Table(memory.get(), kSlots, 1);
        checker = std::make_unique<Checker>(table, *this, *this, seed);
        prober.outcomes = checker.get();
        prober.running.clear();
        prober.answers.clear();
    }

    void lay_out(const std::vector<Config> &checks) {
        ASSERT_TRUE(table.begin(checks, kSlots, nullptr));
    }

    static Config check_of(CheckId id) {
        const std::string address = "10.0.0." + std::to_string(id) + ":80";
        Config config = test::default_check();
        config.identity = {"http", "web", address, address};
        config.timing.interval = kInterval;
        config.timing.timeout = Milliseconds{500};
        config.timing.jitter_percent = 0;
        return config;
    }

    void add_one(const Config &config) {
        lay_out({config});
        checker->add(0, config, prober, now);
    }

    // The checks 0 and 1; they have no answer yet.
    void add_two_that_run() {
        std::vector<Config> checks{check_of(0), check_of(1)};
        lay_out(checks);
        for (CheckId id = 0; id < checks.size(); ++id) {
            checks[id].timing.timeout = 2 * kInterval;
            checker->add(id, checks[id], prober, now);
        }
        run_for(kInterval);
        ASSERT_EQ(prober.running.size(), 2u);
    }

    // Everything that is due until then, each at its time.
    void run_until(Instant end) {
        for (int i = 0; i < 1000000; ++i) {
            std::optional<Instant> next = checker->deadline();
            if (!prober.answers.empty()) {
                take_earlier(next, prober.answers.begin()->first);
            }
            if (!next || *next > end) {
                now = end;
                return;
            }
            now = std::max(now, *next);
            happen();
        }
        FAIL() << "it does not end";
    }

    void run_for(Duration d) { run_until(now + d); }

    // Everything that is due now: answers first, as nginx reads sockets before
    // timers.
    void happen() {
        while (!prober.answers.empty() &&
               prober.answers.begin()->first <= now) {
            const CheckId id = prober.answers.begin()->second;
            prober.answers.erase(prober.answers.begin());
            prober.answer(id, now);
        }
        checker->handle_time(now);
    }

    // The process does not run, but the world does.
    void freeze_for(Duration d) {
        now += d;
        happen();
    }

    // Until the check has been started this number of times more.
    void run_starts(std::size_t n) {
        const std::size_t wanted = prober.starts.size() + n;
        for (int i = 0; i < 10000 && prober.starts.size() < wanted; ++i) {
            run_until(checker->deadline().value());
        }
        ASSERT_EQ(prober.starts.size(), wanted);
    }

    Duration between_last_starts() const {
        const auto &s = prober.starts;
        return s.at(s.size() - 1).at - s.at(s.size() - 2).at;
    }

    Record record(CheckId id = 0) const {
        return table.load(id).value_or(Record{});
    }

    void write(LogLevel level, std::string_view text) override {
        (level == LogLevel::notice ? notices : warnings).emplace_back(text);
    }

    void verdict_changed(CheckId id, Verdict verdict) override {
        EXPECT_EQ(table.verdict(id), verdict) << "the table has to know first";
        changes.emplace_back(id, verdict);
        if (on_change) {
            on_change();
        }
    }

    void recovered(CheckId id) override { recoveries.push_back(id); }

    test::ZeroedMemory memory{Table::size(kSlots)};
    Table table{memory.get(), kSlots, 1};
    FakeProber prober;
    std::unique_ptr<Checker> checker;
    Instant now = instant_from_ns(1'000'000'000'000);

    std::vector<std::pair<CheckId, Verdict>> changes;
    std::vector<CheckId> recoveries;
    std::vector<std::string> notices;
    std::vector<std::string> warnings;
    std::function<void()> on_change;
};

}  // namespace ngx_vrrp::check
