// A vrrp process that dies is replaced at once, and continues as MASTER on its
// addresses without an interruption. A process that dies repeatedly cannot be
// MASTER: after the third crash within a minute the next process releases the
// addresses and stays out for 10 s, 20 s ... up to 10 min. The same happens if
// a process dies within a minute after it came back. A crash while staying out
// restarts the time: a process that cannot even stay out should not try.
//
// Plain numbers, all zero at first: each process reads in shared memory
// (status::Area) what the previous ones left there.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.hpp"
#include "core/engine/backoff.hpp"
#include "core/engine/last_times.hpp"

namespace ngx_vrrp::engine {

// After three crashes within the window the node stays out, for this time at
// first.
struct CrashPolicy {
    Duration window;
    Duration first;
};

inline constexpr CrashPolicy kVrrpProcess{.window = Seconds{60},
                                          .first = Seconds{10}};

struct CrashHistory {
    std::uint64_t crashes = 0;
    LastTimes<3> last;
    Backoff out;

    // The previous process ended without a report.
    void add_crash(Instant now, const CrashPolicy &policy = kVrrpProcess);

    // "the vrrp process crashed 3 times within 60 s, staying in FAULT for 10 s"
    std::string reason() const;
};

}  // namespace ngx_vrrp::engine
