// The state that a virtual router hands over from one process of the node to
// the next.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/fingerprint.hpp"
#include "core/engine/command.hpp"
#include "core/engine/counters.hpp"
#include "core/engine/faults.hpp"
#include "core/engine/split_brain.hpp"
#include "core/vrrp/checkpoint.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/replay_guard.hpp"

namespace ngx_vrrp::engine {

// The last change, for status and log.
struct LastTransition {
    Instant at{};
    std::string reason;

    friend bool operator==(const LastTransition &,
                           const LastTransition &) = default;
};

// A time out that has not ended, or is still remembered.
struct TimeOut {
    FaultCause cause{};
    Faults::Entry fault;
};

// The active router is only unheard: it answers on a peer link.
struct LostAdverts {
    Instant since{};
    std::string detail;

    friend bool operator==(const LostAdverts &, const LostAdverts &) = default;
};

inline constexpr Duration kDistrust = Seconds{600};

// The kernel of this router seemed to prove its death, but it advertised: no
// proof is believed until then.
struct Distrust {
    IpAddress address;
    Instant until{};

    friend bool operator==(const Distrust &, const Distrust &) = default;
};

// One address on one interface.
inline std::uint64_t fingerprint_of(const IpAddress &address,
                                    std::uint8_t prefix_length,
                                    std::string_view interface) {
    return fingerprint(address.to_string() + "/" +
                       std::to_string(prefix_length) + " " +
                       std::string(interface));
}

inline std::uint64_t fingerprint_of(const vrrp::VirtualAddress &address) {
    return fingerprint_of(address.address, address.prefix_length,
                          address.interface);
}

inline std::uint64_t fingerprint_of(const vrrp::Route &route) {
    return fingerprint(vrrp::place_of(route));
}

inline std::uint64_t fingerprint_of(const vrrp::Rule &rule) {
    return fingerprint(vrrp::place_of(rule));
}

// Addresses and trackers are handed over by their fingerprints: the next
// process compares them with those in the kernel and in its
// configuration, so that a wrong fingerprint has no effect.
struct Handover {
    std::optional<vrrp::Checkpoint> checkpoint;  // none in a fault
    LastTransition last;
    Counters counters;
    std::vector<std::uint64_t> held;  // in the kernel: addresses, routes, rules
    std::vector<std::uint64_t> failed;  // titles of trackers
    std::vector<TimeOut> time_outs;
    std::optional<OperatorRelease> release;
    std::vector<SuspectedSign> signs;  // of an active one
    std::optional<LostAdverts> lost_adverts;
    std::optional<Distrust> distrust;
    vrrp::ReplayState replay;               // of "authentication HMAC"
    std::optional<Instant> drain_ends_at;   // at the latest, see Drain
    std::optional<MacAddress> forwards_to;  // see Forwarding

    template <class Item>
    bool has_held(const Item &item) const {
        return std::ranges::find(held, fingerprint_of(item)) != held.end();
    }
};

}  // namespace ngx_vrrp::engine
