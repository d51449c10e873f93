// The routers of a sync_group, which do everything in the same pass.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/engine/engine.hpp"

namespace ngx_vrrp::engine {

namespace {

// An order has effects that cause others, but not for ever.
constexpr int kMostRounds = 8;

// For the order of a group, which is the same on all nodes, however their files
// are written: IPv4 before IPv6, then by VRID. Members on two networks may have
// the same VRID: the addresses differ.
std::tuple<Family, Vrid, IpAddress> place_in_group(const vrrp::Config &config) {
    const auto addresses = config.advertised();
    const auto least =
        std::ranges::min_element(addresses, {}, &vrrp::VirtualAddress::address);
    return {config.family, config.vrid,
            least == addresses.end() ? IpAddress{} : least->address};
}

}  // namespace

void Engine::make_groups() {
    group_of_.assign(routers_.size(), kNoGroup);
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        if (routers_[i].config().is_grouped()) {
            by_name[routers_[i].config().sync.group].push_back(i);
        }
    }
    for (auto &[name, members] : by_name) {
        std::ranges::stable_sort(members, {}, [&](std::size_t i) {
            return place_in_group(routers_[i].config());
        });
        // the successor takes all of them over when it may take over the
        // slowest one
        Duration grace{0};
        for (const std::size_t i : members) {
            grace = std::max(grace, routers_[i].successor_grace());
        }
        for (const std::size_t i : members) {
            group_of_[i] = groups_.size();
            routers_[i].set_first_of_group(i == members.front());
            routers_[i].set_successor_grace(grace);
        }
        Group group{.rules = {name, members.size()},
                    .members = members,
                    .about = routers_[members.front()].config()};
        group.about.addresses.clear();
        for (const std::size_t i : members) {
            const auto &list = routers_[i].config().addresses;
            group.about.addresses.insert(group.about.addresses.end(),
                                         list.begin(), list.end());
        }
        groups_.push_back(std::move(group));
    }
}

Engine::Group *Engine::group_of(std::size_t index) {
    return group_of_[index] == kNoGroup ? nullptr : &groups_[group_of_[index]];
}

// After an event of these routers: what other members of their groups do
// because of it, and the remaining work of all of them.
[[gnu::hot]] void Engine::finish(std::span<const std::size_t> routers,
                                 Instant now) {
    const auto is_grouped = [&](std::size_t i) {
        return group_of_[i] != kNoGroup;
    };
    if (std::ranges::none_of(routers, is_grouped)) {
        end_pass(routers, now);
        return;
    }

    std::vector<std::size_t> all(routers.begin(), routers.end());
    for (const std::size_t index : routers) {
        if (const Group *group = group_of(index)) {
            all.insert(all.end(), group->members.begin(), group->members.end());
        }
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (Group &group : groups_) {
        if (std::ranges::binary_search(all, group.members.front())) {
            settle(group, now);
        }
    }
    end_pass(all, now);
}

void Engine::settle(Group &group, Instant now) {
    leave_together(group, now);
    check_ownership_together(group, now);
    bool more = true;
    for (int i = 0; more && i < kMostRounds; ++i) {
        more = start_together(group, now);
        share_faults(group, now);
        more = obey_orders(group, now) || more;
    }
    if (const auto hold = group.rules.take_hold(instances_of(group), now)) {
        log_(LogLevel::warn, "%s", hold->c_str());
    }
    report_state(group, now);
}

// The group as a whole, for its notifications. MASTER: all of them are.
void Engine::report_state(Group &group, Instant now) {
    const vrrp::StateName after = state_of(group);
    const vrrp::StateName before = std::exchange(group.state, after);
    const bool any_moved = std::ranges::any_of(group.members, [&](auto i) {
        return routers_[i].last_transition().at == now;
    });
    if (before == after || !any_moved) {
        return;  // the state of another process was continued, or handed over
    }
    const VirtualRouter *cause = &routers_[group.members.front()];
    for (const std::size_t i : group.members) {
        if (!routers_[i].faults().own_reason().empty()) {
            cause = &routers_[i];
            break;
        }
    }
    ports_.events.on_event({.what = StateChanged{before, after, stopping_},
                            .reason = cause->last_transition().reason,
                            .priority = cause->instance().effective_priority(),
                            .of_group = true},
                           group.about, now);
}

vrrp::StateName Engine::state_of(const Group &group) const {
    using enum vrrp::StateName;
    const auto has = [&](vrrp::StateName state) {
        return std::ranges::any_of(group.members, [&](std::size_t i) {
            return routers_[i].instance().state() == state;
        });
    };
    for (const vrrp::StateName state : {fault, initialize, backup}) {
        if (has(state)) {
            return state;
        }
    }
    return active;
}

// Another process takes all members or none, as far as it depends on us.
void Engine::check_ownership_together(const Group &group, Instant now) {
    const auto is_owned = [&](std::size_t i) { return routers_[i].is_owner(); };
    if (std::ranges::any_of(group.members, is_owned) &&
        !std::ranges::all_of(group.members, is_owned)) {
        for (const std::size_t i : group.members) {
            routers_[i].check_ownership(now);
        }
    }
}

// Claims all members when each is ready, and lets all join the election when
// each can: one of them may still wait for its source address.
bool Engine::start_together(const Group &group, Instant now) {
    const auto start = [&](const auto &waits, const auto &is_past,
                           const auto &act) {
        const auto is_ready = [&](std::size_t i) {
            return waits(routers_[i]) || is_past(routers_[i]);
        };
        bool any = false;
        if (std::ranges::all_of(group.members, is_ready)) {
            for (const std::size_t i : group.members) {
                if (waits(routers_[i])) {
                    routers_[i].mark_changed();
                    act(routers_[i]);
                    any = true;
                }
            }
        }
        return any;
    };
    const bool claimed =
        start([](const VirtualRouter &r) { return r.waits_to_claim(); },
              [](const VirtualRouter &r) { return r.has_claimed(); },
              [&](VirtualRouter &r) { r.claim(now); });
    share_faults(group, now);
    const bool joined =
        start([](const VirtualRouter &r) { return r.waits_to_join(); },
              [](const VirtualRouter &r) { return r.has_joined(); },
              [&](VirtualRouter &r) { r.start_up(now); });
    return claimed || joined;
}

void Engine::share_faults(const Group &group, Instant now) {
    std::vector<const std::string *> own;
    std::vector<const vrrp::Instance *> instances;
    for (const std::size_t i : group.members) {
        own.push_back(&routers_[i].faults().own_reason());
        instances.push_back(&routers_[i].instance());
    }
    for (std::size_t i = 0; i < group.members.size(); ++i) {
        routers_[group.members[i]].set_group_fault(
            group.rules.fault_of(i, own, instances), now);
    }
}

bool Engine::obey_orders(Group &group, Instant now) {
    const auto orders = group.rules.settle(instances_of(group), now);
    for (const auto &[member, order] : orders) {
        routers_[group.members[member]].obey(order, now);
    }
    return !orders.empty();
}

std::vector<const vrrp::Instance *> Engine::instances_of(
    const Group &group) const {
    std::vector<const vrrp::Instance *> list;
    for (const std::size_t i : group.members) {
        list.push_back(routers_[i].is_owner() ? &routers_[i].instance()
                                              : nullptr);
    }
    return list;
}

// Planned moves, see drain.hpp

std::span<const std::size_t> Engine::members_with(std::size_t index) const {
    return group_of_[index] == kNoGroup
               ? std::span(all_).subspan(index, 1)
               : std::span(groups_[group_of_[index]].members);
}

// When all members that have asked have an answer.
void Engine::leave_together(const Group &group, Instant now) {
    bool waits = false;
    bool in_order = false;
    for (const std::size_t i : group.members) {
        const VirtualRouter &router = routers_[i];
        if (router.drain().is_asking()) {
            return;
        }
        waits = waits || router.waits_to_leave();
        in_order = in_order || router.drain().step() == Drain::Step::agreed ||
                   (router.waits_to_leave() && !router.is_giving_way());
    }
    for (const std::size_t i : group.members) {
        if (waits) {
            routers_[i].leave_together(in_order, now);
        }
    }
}

std::optional<IpAddress> Engine::preempts_soon(std::size_t router,
                                               Instant now) const {
    const auto active = routers_[router].preempts_soon(now);
    const auto is_soon = [&](std::size_t i) {
        return routers_[i].preempts_soon(now).has_value();
    };
    const bool all =
        active && std::ranges::all_of(members_with(router), is_soon);
    return all ? active : std::nullopt;
}

// That of a group is served with its first member.
[[gnu::hot]] std::optional<Instant> Engine::deadline_of(
    std::size_t index) const {
    std::optional<Instant> earliest = routers_[index].deadline();
    if (group_of_[index] != kNoGroup) {
        const Group &group = groups_[group_of_[index]];
        if (group.members.front() == index) {
            take_earlier(earliest, group.rules.deadline(instances_of(group)));
        }
    }
    return earliest;
}

// Commands

// A command to a member is a command to its group.
std::vector<RouterOutcome> Engine::execute(Command command,
                                           std::string_view name, Instant now,
                                           const ReleaseTerms &terms) {
    std::vector<RouterOutcome> outcomes;
    const std::vector<std::size_t> routers = find_all(name);
    for (std::size_t n = 0; n < routers.size(); ++n) {
        const std::size_t index = routers[n];
        const std::span<const std::size_t> members = members_with(index);
        if (index != members.front()) {
            continue;  // done with the first one
        }
        execute(command, terms, members, outcomes, now);
    }
    return outcomes;
}

void Engine::execute(Command command, const ReleaseTerms &terms,
                     std::span<const std::size_t> members,
                     std::vector<RouterOutcome> &outcomes, Instant now) {
    VirtualRouter::GroupCan group{.keep = true, .ask = true};
    for (const std::size_t i : members) {
        const vrrp::Instance &instance = routers_[i].instance();
        group.keep = group.keep && instance.may_return();
        group.ask = group.ask && routers_[i].can_ask_to_leave() &&
                    instance.preempt_refusal(now).empty();
    }
    const std::string refusal = group_refusal(command, terms, members, now);
    for (const std::size_t i : members) {
        VirtualRouter &router = routers_[i];
        router.mark_changed();
        const std::string own = router.refusal(command, terms, now);
        RouterOutcome outcome{
            i, refusal.empty() ? router.execute(command, terms, group, now)
                               : Outcome{false, own.empty() ? refusal : own}};
        if (!router.config().is_second()) {
            outcomes.push_back(std::move(outcome));
        }
    }
    finish(members, now);
    lag_watch_.next(deadline(), now);
}

// The routers with this name, and all members of their groups.
std::vector<std::size_t> Engine::find_all(std::string_view name) const {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        const vrrp::Config &config = routers_[i].config();
        if (name.empty() || config.name == name ||
            (config.is_grouped() && config.sync.group == name)) {
            const std::size_t group = group_of_[i];
            if (group == kNoGroup) {
                list.push_back(i);
            } else {
                const auto &members = groups_[group].members;
                list.insert(list.end(), members.begin(), members.end());
            }
        }
    }
    std::ranges::sort(list);
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

// One member that cannot become MASTER keeps all of them.
std::string Engine::group_refusal(Command command, const ReleaseTerms &terms,
                                  std::span<const std::size_t> members,
                                  Instant now) const {
    for (const std::size_t i : members) {
        if (std::string why = routers_[i].refusal(command, terms, now);
            members.size() > 1 && !why.empty()) {
            return "\"" + routers_[i].config().name +
                   "\" of the same sync_group " + why;
        }
    }
    return {};
}

}  // namespace ngx_vrrp::engine
