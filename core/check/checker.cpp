#include "core/check/checker.hpp"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <string>

#include "core/check/change_report.hpp"

namespace ngx_vrrp::check {

namespace {

constexpr Duration kLagLogPeriod = Seconds{10};

// After a delay, answers may wait that have not been read yet: the time to read
// them is this, or as long as the delay.
constexpr Duration kLongestGrace = Milliseconds{100};

// How often one deadline can be postponed because of delays.
constexpr unsigned kMaxPostponed = 2;

// Its multiples are spread over 0 .. 1 most evenly, whatever their number is.
constexpr double kGoldenRatio = 0.6180339887498949;

Duration scaled(Duration d, double factor) {
    return Duration{std::llround(static_cast<double>(d.count()) * factor)};
}

Duration or_else(Duration special, Duration interval) {
    return special == Duration{0} ? interval : special;
}

Duration wait_of(const Timing &timing, const Monitor &monitor) {
    if (monitor.is_undecided()) {
        return or_else(timing.fast_interval, timing.interval);
    }
    return monitor.verdict() == Verdict::down
               ? or_else(timing.down_interval, timing.interval)
               : timing.interval;
}

// Slightly earlier, together with other checks: a wake-up costs more than most
// checks.
Instant in_company(Instant at, Duration wait) {
    const Duration grid = std::min(wait / kStartsPerInterval, kLongestGrid);
    return at - at.time_since_epoch() % grid;
}

}  // namespace

struct Checker::Run {
    Run(Config c, Prober &p, const Record &r)
        : config(std::move(c)),
          prober(p),
          record(r),
          monitor(config.timing.fall, config.timing.rise, record.verdict,
                  record.streak) {}

    Config config;
    Prober &prober;
    Record record;
    Monitor monitor;

    bool is_running = false;
    bool is_wanted = false;  // once more, when it has ended
    Instant started{};
    Duration lost_at_start{0};

    Instant deadline{};  // to start, or to have ended
    Duration lost_before{0};
    unsigned postponed = 0;
};

Checker::Checker(Table &table, VerdictSink &verdicts, LogSink &sink,
                 std::uint64_t seed)
    : table_(table),
      verdicts_(verdicts),
      log_(sink),
      dice_(seed),
      spread_(dice_.roll()),
      lag_limit_(kLagLogPeriod) {}

Checker::~Checker() = default;

void Checker::add(CheckId id, Config config, Prober &prober, Instant now) {
    remove(id);
    const Record record = table_.recall(id, config);
    const auto [place, added] =
        runs_.try_emplace(id, std::move(config), prober, record);
    const Run &run = place->second;
    if (record.checked_at_ns != 0) {
        prober.resume(id, run.config, record.value);
    }
    const Duration wait = wait_of(run.config.timing, run.monitor);
    schedule(id, place->second,
             std::max(in_company(now + first_wait(run), wait), now));
}

void Checker::remove(CheckId id) {
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
        return;
    }
    Prober &prober = found->second.prober;
    deadlines_.erase({found->second.deadline, id});
    runs_.erase(found);
    prober.forget(id);
}

void Checker::finished(CheckId id, const Outcome &outcome, Instant now) {
    note_lag(now);
    const auto found = runs_.find(id);
    if (found != runs_.end() && found->second.is_running) {
        conclude(id, found->second, outcome, now);
    }
}

void Checker::check_now(CheckId id, Instant now) {
    note_lag(now);
    const auto found = runs_.find(id);
    if (found == runs_.end()) {
        return;
    }
    Run &run = found->second;
    if (run.is_running) {
        run.is_wanted = true;
        return;
    }
    const Instant soon = std::max(now, run.started + kShortestPause);
    if (soon < run.deadline) {
        schedule(id, run, soon);
    }
}

void Checker::handle_time(Instant now) {
    note_lag(now);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const CheckId id = deadlines_.begin()->second;
        serve(id, runs_.at(id), now);
    }
}

std::optional<Instant> Checker::deadline() const {
    return deadlines_.empty() ? std::nullopt
                              : std::optional(deadlines_.begin()->first);
}

void Checker::schedule(CheckId id, Run &run, Instant at) {
    move(id, run, at);
    run.lost_before = lost_;
    run.postponed = 0;
}

void Checker::move(CheckId id, Run &run, Instant at) {
    deadlines_.erase({run.deadline, id});
    run.deadline = at;
    deadlines_.emplace(at, id);
}

// Adds the time that was lost since the deadline was set.
bool Checker::postpone(CheckId id, Run &run, Instant now) {
    const Duration lost = lost_ - run.lost_before;
    if (lost == Duration{0} || run.postponed == kMaxPostponed) {
        return false;
    }
    Instant at = run.deadline + lost;
    if (run.is_running) {
        at = std::max(at, now + std::min(lost, kLongestGrace));
    }
    move(id, run, at);
    run.lost_before = lost_;
    ++run.postponed;
    return true;
}

void Checker::serve(CheckId id, Run &run, Instant now) {
    if (postpone(id, run, now)) {
        return;
    }
    if (run.is_running) {
        conclude(id, run, run.prober.cancel(id), now);
    } else {
        start(id, run, now);
    }
}

void Checker::start(CheckId id, Run &run, Instant now) {
    run.is_running = true;
    run.is_wanted = false;
    run.started = now;
    run.lost_at_start = lost_;
    schedule(id, run, now + run.config.timing.timeout);
    run.prober.start(id, run.config, now);  // may end or remove it
}

void Checker::conclude(CheckId id, Run &run, const Outcome &outcome,
                       Instant now) {
    run.is_running = false;
    Change change{.verdict = outcome.passed() ? Verdict::up : Verdict::down,
                  .streak = run.monitor.streak() + 1,
                  .duration = now - run.started - (lost_ - run.lost_at_start),
                  .downtime = down_for(run.record, now),
                  .reason = outcome.failure};

    const std::int64_t recovered_before = run.record.recovered_at_ns;
    add_result(run.record, outcome, change.duration, now);
    const bool changed = run.monitor.add(outcome.passed());
    if (changed) {
        change_verdict(run.record, change.verdict, now);
    }
    run.record.streak = run.monitor.streak();
    schedule(id, run, next_start(run, now));

    table_.store(id, run.record);
    if (run.config.on_demand) {
        verdicts_.served(id);
    }
    if (changed) {
        const std::string news = report(run.config.identity, change);
        verdicts_.verdict_changed(id, change.verdict);  // may remove it
        log_(LogLevel::notice, "%s", news.c_str());
    } else if (run.record.recovered_at_ns != recovered_before) {
        verdicts_.recovered(id);
    }
}

Instant Checker::next_start(const Run &run, Instant now) {
    const Instant soon = now + kShortestPause;
    if (run.is_wanted) {
        return soon;
    }
    const Timing &timing = run.config.timing;
    const double jitter = timing.jitter_percent / 100.0;
    const Duration wait = wait_of(timing, run.monitor);
    const Duration lost = lost_ - run.lost_at_start;
    const Instant next =
        run.started + lost + scaled(wait, 1 + jitter * (2 * dice_.roll() - 1));
    return std::max(in_company(next, wait), soon);
}

Duration Checker::first_wait(const Run &run) {
    spread_ = std::fmod(spread_ + kGoldenRatio, 1.0);
    const Duration wait = wait_of(run.config.timing, run.monitor);
    return scaled(run.monitor.verdict() == Verdict::unknown
                      ? std::min(wait, kFirstRunWithin)
                      : wait,
                  spread_);
}

void Checker::note_lag(Instant now) {
    const auto due = deadline();
    const Duration lag = due ? now - std::max(*due, lag_noted_) : Duration{0};
    if (lag < kSmallLag) {
        return;
    }
    lost_ += lag;
    lag_noted_ = now;
    ++late_wakes_;
    worst_lag_ = std::max(worst_lag_, lag);

    if (lag >= kReportedLag && lag_limit_.allow(now)) {
        const unsigned more = lag_limit_.take_suppressed();
        const std::string rest =
            more == 0 ? "" : format(", %u more times before", more);
        log_(LogLevel::warn,
             "checks ran %" PRId64
             " ms late: this process was not scheduled or was busy%s",
             to_ms(lag), rest.c_str());
    }
}

}  // namespace ngx_vrrp::check
