// All conditions without which a node must not hold the address, in the order
// in which they are reported. Empty text: no fault.
//
// Some faults last as long as their cause can be seen. For the others, only
// another attempt can show whether the cause is gone: the node stays out for a
// time that grows with each of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/enum_name.hpp"
#include "core/base/time.hpp"
#include "core/engine/backoff.hpp"

namespace ngx_vrrp::engine {

enum class FaultCause : std::uint8_t {
    process,    // the vrrp process cannot do its job at all
    crash,      // it dies again and again (for a time)
    taken,      // another nginx of this machine has the router
    interface,  // missing or down
    source,     // no address to send from
    socket,     // VRRP cannot be received
    nginx,      // too few workers alive
    tracker,    // something it depends on has failed
    removal,    // another program removes our addresses (for a time)
    address,    // none of our addresses can be added (for a time)
    transmit,   // a peer that cannot hear us took over (for a time)
    witness,    // no peer link any more, and it does not answer
    released,   // an operator's release, without another fault
    group       // of another member of its sync_group
};

inline constexpr std::array<std::string_view, 14> kFaultCauses{
    "process",  "crash",   "taken",    "interface", "source",
    "socket",   "nginx",   "tracker",  "removal",   "address",
    "transmit", "witness", "released", "group"};

constexpr std::string_view to_string(FaultCause cause) {
    return name_of(cause, kFaultCauses);
}

class Faults {
public:
    struct Entry {
        std::string text;
        Backoff backoff;
    };

    void set(FaultCause cause, std::string text) {
        slot(cause).text = std::move(text);
        note();
    }

    // For a time that grows from `first`; the text contains it, too.
    void stay_out(FaultCause cause, const std::string &why, Duration first,
                  Instant now);

    // A time out that started in another process.
    void stay_out(FaultCause cause, Entry entry, Instant now);

    // All of them end now. A failure soon after that counts as the next one.
    void end_time_outs(Instant now);

    // Removes time outs that have ended.
    void expire(Instant now);

    // When the next time out ends.
    std::optional<Instant> deadline() const;

    // The first reason, or empty.
    const std::string &reason() const;

    // The same without the faults of other members of the group.
    const std::string &own_reason() const;

    // The time of the next attempt, if the reason is one of those.
    std::optional<Instant> retry_at() const;

    bool is_on_probation(FaultCause cause, Instant now) const {
        return entry(cause).backoff.is_on_probation(now, kProbation);
    }

    bool has(FaultCause cause) const {
        return any_ && !entry(cause).text.empty();
    }

    const Entry &entry(FaultCause cause) const {
        return entries_[static_cast<std::size_t>(cause)];
    }

private:
    Entry &slot(FaultCause cause) {
        return entries_[static_cast<std::size_t>(cause)];
    }

    void note();
    const Entry *first() const;

    // One for each cause, away from the data that each advert needs.
    std::vector<Entry> entries_ = std::vector<Entry>(kFaultCauses.size());
    bool any_ = false;  // one of them has a text
};

}  // namespace ngx_vrrp::engine
