// Runs many checks in one process: when each is due, what its results mean,
// and who hears of it. Sans-I/O: probers do the work, time is passed in.
//
// Schedule. The first runs are spread over the interval; later ones follow at
// the interval with jitter, at fastinter while a verdict is being formed and
// at downinter while it is "down". Many start at the same moments, so that a
// process with many checks need not wake up for each. A check never runs twice
// at once.
//
// Lag. A process that was not scheduled measures its own delay, not its
// peers'. Whenever it comes late to a deadline, what is under way or waits
// gets the time that was lost, and durations do not count it; answers that
// came meanwhile can be read before anything times out. A check is put off no
// more than a few times, so that one that hangs ends on a busy machine, too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/dice.hpp"
#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/check/monitor.hpp"
#include "core/check/ports.hpp"
#include "core/check/record.hpp"
#include "core/check/table.hpp"

namespace ngx_vrrp::check {

// A delay that is nothing to speak of, and one that the log tells.
inline constexpr Duration kSmallLag = Milliseconds{2};
inline constexpr Duration kReportedLag = Milliseconds{100};

// A check that nothing is known of does not wait longer for its first run.
inline constexpr Duration kFirstRunWithin = Seconds{1};

// At how many moments of an interval checks start, or so far apart at most.
inline constexpr int kStartsPerInterval = 20;
inline constexpr Duration kLongestGrid = Milliseconds{5};

// Between the end of a run and the next, however long it took.
inline constexpr Duration kShortestPause = Milliseconds{1};

class Checker final : public Outcomes {
public:
    // All of them outlive the checker. seed: for spread and jitter.
    Checker(Table &table, VerdictSink &verdicts, LogSink &sink,
            std::uint64_t seed);
    ~Checker() override;

    // A check that this process runs; its verdict is what the table knows
    // from the generation or the process before. prober outlives it.
    void add(CheckId id, Config config, Prober &prober, Instant now);

    // Its prober forgets it, too.
    void remove(CheckId id);

    // Ignored when the check is not running.
    void finished(CheckId id, const Outcome &outcome, Instant now) override;

    // At the next handle_time(), or as soon as the run that is under way has
    // ended.
    void check_now(CheckId id, Instant now) override;

    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // How often this process was late, and the latest it was.
    std::uint64_t late_wakes() const { return late_wakes_; }
    Duration worst_lag() const { return worst_lag_; }

private:
    struct Run;

    void schedule(CheckId id, Run &run, Instant at);
    void move(CheckId id, Run &run, Instant at);
    bool postpone(CheckId id, Run &run, Instant now);
    void serve(CheckId id, Run &run, Instant now);
    void start(CheckId id, Run &run, Instant now);
    void conclude(CheckId id, Run &run, const Outcome &outcome, Instant now);
    Instant next_start(const Run &run, Instant now);
    Duration first_wait(const Run &run);
    void note_lag(Instant now);

    Table &table_;
    VerdictSink &verdicts_;
    Log log_;
    Dice dice_;
    double spread_;  // where in its interval the next check begins, 0 .. 1

    std::map<CheckId, Run> runs_;
    std::set<std::pair<Instant, CheckId>> deadlines_;  // one for each run

    Duration lost_{0};     // by all delays so far
    Instant lag_noted_{};  // they are counted until here
    std::uint64_t late_wakes_ = 0;
    Duration worst_lag_{0};
    RateLimit lag_limit_;
};

}  // namespace ngx_vrrp::check
