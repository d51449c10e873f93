// Runs many checks in one process: when each is due, what its results mean,
// and who hears of it. Sans-I/O: probers do the work, time is passed in.
//
// Schedule. The first runs are spread over the interval; later ones follow at
// the interval with jitter, at fastinter while a verdict is being formed and
// at downinter while it is "down". A check never runs twice at once.
//
// Lag. A process that was not scheduled measures its own delay, not its
// peers': whenever handle_time() comes late, every running check gets that
// much more time, and the duration does not count it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/check/monitor.hpp"
#include "core/check/ports.hpp"
#include "core/check/table.hpp"

namespace ngx_vrrp::check {

class Checker final : public Outcomes {
public:
    // All of them outlive the checker. seed: for spread and jitter.
    Checker(Table &table, VerdictSink &verdicts, LogSink &sink,
            std::uint64_t seed);
    ~Checker() override;

    // A check that this process runs; its verdict is what the table knows
    // from the generation or the process before.
    void add(CheckId id, Config config, Prober &prober, Instant now);
    void remove(CheckId id);

    void finished(CheckId id, const Outcome &outcome, Instant now) override;
    void check_now(CheckId id, Instant now) override;

    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // How often this process was late, and the latest it was.
    std::uint64_t late_wakes() const;
    Duration worst_lag() const;

private:
    struct Run;
    std::map<CheckId, Run> runs_;
    // (implementation's choice: ordered deadlines, random state, ...)
};

}  // namespace ngx_vrrp::check
