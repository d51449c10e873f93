// The interfaces between the checks and the machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/check/table.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// Runs one kind of check. Each start() is followed by exactly one
// Outcomes::finished(), which may come before start() returns, or by cancel().
class Prober {
public:
    virtual ~Prober() = default;

    // Before the first start(): another process has made the check until now,
    // with this value in its last result.
    virtual void resume(CheckId, const Config &, std::int64_t /*value*/) {}

    // config is there until the check has ended.
    virtual void start(CheckId id, const Config &config, Instant now) = 0;

    // Its time is over: ends it, and returns an outcome with the step that was
    // not finished. The outcome can also be a pass: a lost ping is not a
    // failure if few others are lost.
    virtual Outcome cancel(CheckId id) = 0;

    // The check is removed: closes everything that start() has opened.
    virtual void forget(CheckId id) = 0;

    // A watched descriptor is readable. False: another one watches it.
    virtual bool on_readable(int /*fd*/) { return false; }
};

// Receives the results.
class Outcomes {
public:
    virtual ~Outcomes() = default;

    virtual void finished(CheckId id, const Outcome &outcome, Instant now) = 0;

    // An event (a file changed): do not wait for the interval.
    virtual void check_now(CheckId id, Instant now) = 0;
};

// Connections to peers, at most one for each check. TLS is made below. A
// connection that has failed() is closed already, one that has ended() is not.
class Transport {
public:
    virtual ~Transport() = default;

    // Begins to connect; ConnectionProber::opened() or failed() follows, also
    // before open() returns.
    virtual void open(CheckId id) = 0;

    // Sends all of it, at once or later; failed() if that is impossible.
    virtual void send(CheckId id, std::string_view bytes) = 0;

    virtual void close(CheckId id) = 0;
};

// nginx's regular expressions.
class RegexEngine {
public:
    virtual ~RegexEngine() = default;
    virtual bool matches(Regex regex, std::string_view text) = 0;
};

// Called when a verdict changes, or when a check passes after a failure that
// was not enough to change it.
class VerdictSink {
public:
    virtual ~VerdictSink() = default;
    virtual void verdict_changed(CheckId id, Verdict verdict) = 0;
    virtual void recovered(CheckId id) = 0;
    // A check on demand has a result.
    virtual void served(CheckId) {}
};

}  // namespace ngx_vrrp::check
