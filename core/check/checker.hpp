// The scheduler of checks of one process: when each check is due, and what its
// results mean. Without I/O: probers make the checks, and time is passed in.
// node::CheckNode owns the Checker, the probers and the table.
//
// Objects. A Run is one check of this process with its Monitor (monitor.hpp
// counts fall and rise) and its Prober. The Table (table.hpp) is shared memory:
// one record per check, written by the process that makes the check, read by
// the vrrp process, by workers and by the status.
//
// In. add() and remove() of checks; handle_time(); finished() from a prober;
// check_now() if the kernel reports a change (inotify, netlink).
//
// Out. Prober::start(). The record of the check after each result. If the
// verdict changes, the record is written first, then VerdictSink is called,
// which marks peers and wakes the vrrp process.
//
// Schedule. The first runs are spread over the interval. Later runs follow
// after the interval with jitter; after fastinter while results contradict the
// verdict; after downinter while it is "down". Many checks start at the same
// moments, to save wake-ups. Two runs of a check never overlap.
//
// Lag. If this process was not scheduled, the delay is its own, not that of the
// peers. When it is late for a deadline, all running and waiting checks get the
// lost time, and durations do not include it, so responses that arrived in that
// time are read before anything times out. A check is postponed only a few
// times, so that a check that hangs ends on a busy machine, too.
//
// Reload. The master fills the table of a new generation with the results of
// the previous one, and add() continues from there.
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

// A delay that is ignored, and one that is logged.
inline constexpr Duration kSmallLag = Milliseconds{2};
inline constexpr Duration kReportedLag = Milliseconds{100};

// A check without a result waits at most this time for its first run.
inline constexpr Duration kFirstRunWithin = Seconds{1};

// Checks start at this many moments of an interval, at most this far apart.
inline constexpr int kStartsPerInterval = 20;
inline constexpr Duration kLongestGrid = Milliseconds{5};

// At least this time between the end of a run and the next one.
inline constexpr Duration kShortestPause = Milliseconds{1};

class Checker final : public Outcomes {
public:
    // All of them outlive the checker. seed: for spread and jitter.
    Checker(Table &table, VerdictSink &verdicts, LogSink &sink,
            std::uint64_t seed);
    ~Checker() override;

    // A check that this process runs; its first verdict is the one in the table
    // from the previous generation or process. prober outlives it.
    void add(CheckId id, Config config, Prober &prober, Instant now);

    // Its prober forgets it, too.
    void remove(CheckId id);

    // Ignored when the check is not running.
    void finished(CheckId id, const Outcome &outcome, Instant now) override;

    // At the next handle_time(), or when the present run has ended.
    void check_now(CheckId id, Instant now) override;

    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // How often this process was late, and its longest delay.
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
    double spread_;  // start of the next check in its interval, 0 .. 1

    std::map<CheckId, Run> runs_;
    std::set<std::pair<Instant, CheckId>> deadlines_;  // one for each run

    Duration lost_{0};     // by all delays so far
    Instant lag_noted_{};  // they are counted until here
    std::uint64_t late_wakes_ = 0;
    Duration worst_lag_{0};
    RateLimit lag_limit_;
};

}  // namespace ngx_vrrp::check
