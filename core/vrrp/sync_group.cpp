#include "core/vrrp/sync_group.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/vrrp/timing.hpp"
#include "core/vrrp/turn.hpp"

namespace ngx_vrrp::vrrp {

namespace {

bool is_active(const Instance *instance) {
    return instance && instance->state() == StateName::active &&
           !instance->is_leaving();
}

// Also with a fault that others do not share: it was released meanwhile.
bool has_left(const Instance *instance) {
    return instance && instance->state() != StateName::active;
}

bool is_backup(const Instance *instance) {
    return instance && instance->state() == StateName::backup;
}

// Another process of this node has them.
bool has_others(SyncGroup::Members members) {
    return std::ranges::count(members, nullptr) != 0;
}

bool takes_part(const Instance *instance) {
    return is_active(instance) || is_backup(instance);
}

bool is_due(const Instance &instance, Instant now) {
    const auto at = instance.takeover_at();
    return at && now >= *at;
}

// It hears a router that it does not replace.
bool is_in_the_way(const Instance *instance, Instant now) {
    return instance && instance->follows_router() && !is_due(*instance, now);
}

std::string title_of(const Config &config) {
    const std::string name = '"' + config.name + '"';
    return config.part == Part::whole
               ? name
               : (config.family == Family::ipv4 ? "IPv4 of " : "IPv6 of ") +
                     name;
}

std::string heard_by(const Instance &instance) {
    const auto &router = instance.active_router();
    return router ? "hears " + priority_from(router->priority, router->address)
                  : std::string{"is not MASTER any more"};
}

}  // namespace

std::string SyncGroup::member(const Instance &instance) const {
    const std::string group{instance.config().group_name()};
    const std::string name = title_of(instance.config());
    return group.empty() ? name : name + " of sync_group \"" + group + '"';
}

std::vector<SyncGroup::Order> SyncGroup::settle(Members members, Instant now) {
    if (const Instance *lost = find_lost(members, now)) {
        lost_ = member(*lost) + " " + heard_by(*lost);
    }
    std::vector<Order> orders;
    for (std::size_t i = 0; i < members.size() && !lost_.empty(); ++i) {
        if (is_active(members[i])) {
            orders.push_back({i, StandDown{lost_}});
        }
    }
    const bool has_successor = std::ranges::any_of(
        members,
        [](const Instance *one) { return one && one->has_successor(); });
    for (std::size_t i = 0; i < members.size() && has_successor; ++i) {
        if (members[i] && members[i]->may_stay()) {
            orders.push_back({i, StandDown{}});
        }
    }
    if (!orders.empty()) {
        return orders;
    }
    if (!has_others(members)) {
        lost_.clear();
    }

    // a process that did not run may see the end of a silence first
    const auto at = takeover_at(members);
    const bool is_time =
        at && now >= *at &&
        std::ranges::none_of(members, [&](const Instance *one) {
            return one->owes_question(now);
        });
    for (std::size_t i = 0; i < members.size() && is_time; ++i) {
        if (is_backup(members[i])) {
            orders.push_back({i, TakeOver{}});
        }
    }
    return orders.empty() ? compare(members) : orders;
}

// A member that this process has just received from another one, or that has
// just joined, was not active here before: it is no reason.
const Instance *SyncGroup::find_lost(Members members, Instant now) {
    const Instance *lost = nullptr;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Instance *one = members[i];
        const bool was_active = was_active_[i];
        was_active_[i] = is_active(one);
        if (!lost &&
            ((was_active && has_left(one)) || is_in_the_way(one, now))) {
            lost = one;
        }
    }
    return has_others(members) || std::ranges::any_of(members, is_active)
               ? lost
               : nullptr;
}

std::vector<SyncGroup::Order> SyncGroup::compare(Members members) {
    std::vector<Order> orders;
    Instant decided_until{};
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Instance *one = members[i];
        if (!one) {
            continue;
        }
        if (is_active(one) && one->compares_from() < decided_until) {
            orders.push_back({i, ComparesFrom{decided_until}});
        }
        decided_until = std::max(decided_until, one->compares_until());
        const auto since = one->rival_since();
        if (since && asserted_for_ < since) {
            asserted_for_ = since;
            for (std::size_t earlier = 0; earlier < i; ++earlier) {
                orders.push_back({earlier, Assert{}});
            }
        }
    }
    return orders;
}

// Nothing while one of them cannot. At once, if others are active: a process of
// this node has died, and this member could not continue it, because its
// addresses were gone.
std::optional<Instant> SyncGroup::takeover_at(Members members) const {
    std::optional<Instant> latest;
    bool any_active = false;
    for (const Instance *one : members) {
        if (!takes_part(one)) {
            return std::nullopt;
        }
        if (const auto at = one->takeover_at()) {
            latest = std::max(latest.value_or(*at), *at);
        }
        any_active = any_active || is_active(one);
    }
    return latest && any_active ? Instant{} : latest;
}

std::optional<Instant> SyncGroup::deadline(Members members) const {
    std::optional<Instant> earliest = takeover_at(members);
    if (!hold_reported_) {
        take_earlier(earliest, held_at(members));
    }
    return earliest;
}

// Members become ready one after the other: only a longer time is remarkable.
std::optional<Instant> SyncGroup::held_at(Members members) const {
    std::optional<Instant> first;
    Duration slowest{};
    bool in_the_way = false;
    for (const Instance *one : members) {
        if (!takes_part(one)) {
            return std::nullopt;
        }
        take_earlier(first, one->takeover_at());
        slowest = std::max(slowest, one->config().advert_interval);
        in_the_way = in_the_way || one->follows_router();
    }
    return first && in_the_way ? std::optional{*first + slowest} : std::nullopt;
}

std::optional<std::string> SyncGroup::take_hold(Members members, Instant now) {
    const auto at = held_at(members);
    if (!at || now < *at) {
        const bool any_due = std::ranges::any_of(
            members, [&](const auto *one) { return one && is_due(*one, now); });
        hold_reported_ = hold_reported_ && any_due;
        return std::nullopt;
    }
    if (std::exchange(hold_reported_, true)) {
        return std::nullopt;
    }
    const auto due = std::ranges::find_if(
        members, [&](const auto *one) { return is_due(*one, now); });
    const auto holder = std::ranges::find_if(
        members, [&](const auto *one) { return is_in_the_way(one, now); });
    if (due == members.end() || holder == members.end()) {
        return std::nullopt;
    }
    return title_of((*due)->config()) +
           " hears no better router, but stays BACKUP: " + member(**holder) +
           ' ' + heard_by(**holder);
}

std::string SyncGroup::fault_of(std::size_t index,
                                std::span<const std::string *const> own,
                                Members members) const {
    if (!own[index]->empty()) {
        return {};
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
        if (!own[i]->empty()) {
            return member(*members[i]) + " is in FAULT: " + *own[i];
        }
    }
    return {};
}

}  // namespace ngx_vrrp::vrrp
