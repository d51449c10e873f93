// A vrrp process that dies is replaced at once, goes on as MASTER on its
// addresses, and nobody notices. One that dies again and again is no master:
// the life after the third crash within a minute releases the addresses and
// stays out for 10 s, 20 s ... up to 10 min, and so does the next one when a
// life ends within a minute of having come back. A crash while staying out
// makes the time start anew: who cannot even stand aside need not try.
//
// Plain numbers, all zero at first: each life reads what the lives before it
// left in shared memory (status::Area).
#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.hpp"
#include "core/engine/backoff.hpp"
#include "core/engine/last_times.hpp"

namespace ngx_vrrp::engine {

struct CrashHistory {
    std::uint64_t crashes = 0;
    LastTimes<3> last;
    Backoff out;

    // The life before this one has ended without a word.
    void add_crash(Instant now);

    // "the vrrp process crashed 3 times within 60 s, staying in FAULT for 10 s"
    std::string reason() const;
};

}  // namespace ngx_vrrp::engine
