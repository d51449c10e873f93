// The result of a check, and its reason.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/enum_name.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::check {

enum class Verdict : std::uint8_t {
    unused,   // nothing is checked under this number
    unknown,  // not checked yet, and nothing is taken for granted
    up,
    down
};

inline constexpr std::array<std::string_view, 4> kVerdicts{"unused", "checking",
                                                           "up", "down"};

// A value from shared memory may be out of range.
constexpr bool is_known(Verdict verdict) {
    return static_cast<std::size_t>(verdict) < kVerdicts.size();
}

constexpr std::string_view to_string(Verdict verdict) {
    return name_of(verdict, kVerdicts);
}

// The step in which a check failed, with HAProxy's codes, which operators
// recognise.
enum class Reason : std::uint8_t {
    none,
    l3tout,    // too many pings without an answer
    l4con,     // no connection: refused, unreachable
    l4tout,    // no connection in time
    l6rsp,     // TLS: no handshake, or a certificate that is not right
    l6tout,    // TLS: no handshake in time
    l7rsp,     // the answer is not what was agreed on: garbage, header, body
    l7sts,     // the answer has a status that is not accepted
    l7tout,    // no whole answer in time
    procerr,   // the script says no
    proctout,  // the script did not end in time
    file,      // the file says so, or cannot be read
    sockerr    // our own machine: no socket, no process, no memory
};

inline constexpr std::array<std::string_view, 13> kReasons{
    "",      "L3TOUT", "L4CON",   "L4TOUT",   "L6RSP", "L6TOUT", "L7RSP",
    "L7STS", "L7TOUT", "PROCERR", "PROCTOUT", "FILE",  "SOCKERR"};

constexpr bool is_known(Reason reason) {
    return static_cast<std::size_t>(reason) < kReasons.size();
}

constexpr std::string_view to_string(Reason reason) {
    return name_of(reason, kReasons);
}

struct Failure {
    Reason reason = Reason::none;
    std::string text;  // "connection refused", "status 500"
};

// Of one run of a check; a Failure without a reason is a pass.
struct Outcome {
    Failure failure;
    std::int64_t value = 0;  // files: their number; ping: loss in percent

    bool passed() const { return failure.reason == Reason::none; }
};

inline Outcome passed(std::int64_t value = 0) {
    return {.failure = {}, .value = value};
}

inline Outcome failed(Reason reason, std::string text, std::int64_t value = 0) {
    return {.failure = {reason, std::move(text)}, .value = value};
}

}  // namespace ngx_vrrp::check
