// The commands of an operator to the virtual routers, and their results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/enum_name.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

inline constexpr const char *kFailback = "failback by the operator";

enum class Command : std::uint8_t {
    release,  // give the addresses to a peer, and stay out
    resume,   // take part again
    failback  // take the addresses from a peer that must yield
};

inline constexpr std::array<std::string_view, 3> kCommands{"release", "resume",
                                                           "failback"};

// A value from shared memory may be out of range.
constexpr bool is_known(Command command) {
    return static_cast<std::size_t>(command) < kCommands.size();
}

constexpr std::string_view to_string(Command command) {
    return name_of(command, kCommands);
}

// How to release. With rescue, the router takes part again as a backup with the
// lowest priority: it becomes active only while no other router is.
struct ReleaseTerms {
    bool rescue = false;
    Duration length{0};  // 0: until `resume`
};

inline constexpr Duration kLongestRelease = Seconds{365 * 24 * 3600};

constexpr bool is_possible(const ReleaseTerms &terms) {
    return terms.length >= Duration::zero() && terms.length <= kLongestRelease;
}

// A release that has been carried out.
struct OperatorRelease {
    bool rescue = false;
    Instant ends_at{};  // 0: with `resume`

    friend bool operator==(const OperatorRelease &,
                           const OperatorRelease &) = default;
};

// As one word of shared memory. Whoever reads it bounds the time.
constexpr std::uint64_t packed(const OperatorRelease &release) {
    const auto ns = static_cast<std::uint64_t>(to_ns(release.ends_at));
    return (ns & ~std::uint64_t{1}) | (release.rescue ? 1U : 0U);
}

constexpr OperatorRelease unpacked(std::uint64_t word) {
    constexpr std::uint64_t kMost = INT64_MAX;
    return {(word & 1) != 0, instant_from_ns(static_cast<std::int64_t>(
                                 word & kMost & ~std::uint64_t{1}))};
}

struct Outcome {
    bool done = false;       // or already the case; else refused
    std::string detail;      // the change, or the reason for none
    std::string terms = {};  // of a release: the rest of the detail
};

// Of the router with this index in Engine::routers().
struct RouterOutcome {
    std::size_t router = 0;
    Outcome outcome;
};

}  // namespace ngx_vrrp::engine
