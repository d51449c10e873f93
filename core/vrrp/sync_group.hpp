// Virtual routers of one node that are MASTER together: sync_group.
//
// Up together: all members become active at the moment at which the last of
// them would (its timer has run out, or it would preempt). Down together: when
// one of them is not active any more, or hears a router that it does not
// replace, the others stand down. Members that leave, but would stay without a
// successor, stay if none of them has one.
//
// Equal priority: the addresses of two nodes can have a different order on
// different networks. So only the first member compares them. Another member
// does so if the first one does not hear the other node, or if the other node
// stays active because it does not hear the first one. It can hear a router of
// equal priority before the first one does: then the first one advertises at
// once, and both wait for the skew time.
//
// Like an Instance it has no clock and no socket. After each event, ask for
// the orders, hand them to the members, and ask again until there are none.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/vrrp/input.hpp"
#include "core/vrrp/instance.hpp"

namespace ngx_vrrp::vrrp {

class SyncGroup {
public:
    SyncGroup(std::string name, std::size_t size)
        : name_(std::move(name)), was_active_(size) {}

    // In the order of the group, which is the same on all nodes; null: another
    // process of this node has it, or it has not started.
    using Members = std::span<const Instance *const>;

    struct Order {
        std::size_t member;
        Input input;
    };

    // The inputs for members that are due now.
    std::vector<Order> settle(Members members, Instant now);

    // When settle() has something to do.
    std::optional<Instant> deadline(Members members) const;

    // Once for each time: some members would be active, and this one is in
    // the way. Text for the operator.
    std::optional<std::string> take_hold(Members members, Instant now);

    // The fault of a member because of the faults of the others; empty: none.
    std::string fault_of(std::size_t member,
                         std::span<const std::string *const> own,
                         Members members) const;

    const std::string &name() const { return name_; }

private:
    std::string member(const Instance &instance) const;
    const Instance *find_lost(Members members, Instant now);
    std::vector<Order> compare(Members members);
    std::optional<Instant> takeover_at(Members members) const;
    std::optional<Instant> held_at(Members members) const;

    std::string name_;
    std::vector<bool> was_active_;
    std::string lost_;  // why the others stand down; empty: nothing was lost
    std::optional<Instant> asserted_for_;
    bool hold_reported_ = false;
};

}  // namespace ngx_vrrp::vrrp
