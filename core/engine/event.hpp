// An event of a virtual router for other parts of the node: it is written to
// the ring of transitions and sent to the notifier.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/enum_name.hpp"
#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/check/verdict.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::engine {

struct StateChanged {
    vrrp::StateName from;
    vrrp::StateName to;
    bool for_good = false;  // nginx ends: keepalived's STOP
    bool deleted = false;   // the new configuration lacks it: DELETED
};

struct TrackerChanged {
    std::string type;  // "track_http"
    std::string name;  // "http://127.0.0.1/"
    check::Verdict from = check::Verdict::unknown;
    check::Verdict to = check::Verdict::unknown;
};

// A sign that two nodes hold the addresses.
enum class SplitBrainSign : std::uint8_t {
    two_masters,    // it advertises, although it must yield to us
    foreign_owner,  // its link-layer address answers for a virtual address
    adverts_lost,   // we took over from a router that is still there
    // this node has an address although it is not MASTER
    address_on_backup
};

inline constexpr std::array kSplitBrainSigns{
    SplitBrainSign::two_masters, SplitBrainSign::foreign_owner,
    SplitBrainSign::adverts_lost, SplitBrainSign::address_on_backup};

// Its name in status and metrics.
constexpr std::string_view to_string(SplitBrainSign sign) {
    constexpr std::array<std::string_view, kSplitBrainSigns.size()> names{
        "two_masters", "foreign_owner", "adverts_lost", "address_on_backup"};
    return name_of(sign, names);
}

// Its name in logs and messages.
constexpr std::string_view to_words(SplitBrainSign sign) {
    constexpr std::array<std::string_view, kSplitBrainSigns.size()> names{
        "two masters", "foreign owner", "adverts lost", "address on backup"};
    return name_of(sign, names);
}

struct SplitBrainChanged {
    SplitBrainSign sign{};
    bool suspected = false;  // false: it is over
};

// A MASTER answers on a peer link, but its advertisements do not arrive.
struct AdvertsLost {
    bool lost = false;  // false: it is over
};

// Of a MASTER or BACKUP; Event has the new one.
struct PriorityNews {
    vrrp::StateName state;
    Priority from;
};

// This MASTER received an advertisement that loses against its own.
struct LosingAdvert {
    IpAddress peer;
    Priority priority;
};

struct Event {
    std::variant<StateChanged, TrackerChanged, SplitBrainChanged, AdvertsLost,
                 PriorityNews, LosingAdvert>
        what;
    std::string reason;
    Priority priority;      // effective
    bool of_group = false;  // of all members of a sync_group
};

}  // namespace ngx_vrrp::engine
