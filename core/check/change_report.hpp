// The log line of a changed verdict.
#pragma once

#include <string>

#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

struct Change {
    Verdict verdict;        // up or down
    unsigned streak;        // results in a row that have led to it
    Duration duration;      // of the last of them
    Duration downtime{0};   // up: that has ended with it; 0: there was none
    const Failure &reason;  // down: of the last failure
};

// "http web 10.0.0.11:8080", with the address if the name does not contain it.
std::string label_of(const Identity &identity);

// check "http web 10.0.0.11:8080" is down: L4CON connection refused (3
// failures in a row, 2 ms)
std::string report(const Identity &identity, const Change &change);

}  // namespace ngx_vrrp::check
