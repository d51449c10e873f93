// The routes and rules of a virtual router. A master holds addresses, routes
// and rules; they are added in this order, because each may need the previous
// ones, and removed in the opposite order.

#include "core/base/find.hpp"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

namespace {

// After a failure, and when another program keeps removing one.
constexpr Duration kRoutePause = Seconds{1};

const std::vector<vrrp::Route> &marked(const Interfaces &in,
                                       const vrrp::Route &) {
    return in.routes;
}

const std::vector<vrrp::Rule> &marked(const Interfaces &in,
                                      const vrrp::Rule &) {
    return in.rules;
}

// With our mark in the kernel, by its last report.
template <class Item>
const Item *find_at_place(const Interfaces &in, const Item &wanted) {
    return find_first(marked(in, wanted), [&](const Item &there) {
        return vrrp::have_same_place(there, wanted);
    });
}

template <class Item>
bool is_there(const Interfaces &in, const Item &wanted) {
    const Item *there = find_at_place(in, wanted);
    return there && vrrp::fits(*there, wanted);
}

// No answer to a client takes this route: it is there for a routing daemon,
// which announces it.
bool is_signal(const vrrp::Config &config, const vrrp::Route &route) {
    const auto leads_to = [&](const vrrp::VirtualAddress &address) {
        return route.destination ==
               vrrp::Network{address.address,
                             host_prefix_length(address.address.family())};
    };
    return !route.via &&
           (route.kind != vrrp::RouteKind::usual || route.interface == "lo" ||
            std::ranges::any_of(config.addresses, leads_to));
}

template <class Item>
bool is_lost(const Held<Item> &held) {
    return !held.present && !held.given_up;
}

}  // namespace

bool VirtualRouter::has_routes() const {
    return !routes_.empty() || !rules_.empty();
}

Status VirtualRouter::add(const vrrp::Route &route) {
    return ports_.routes.add(route, *interfaces_, lease_);
}

Status VirtualRouter::add(const vrrp::Rule &rule) {
    return ports_.routes.add(rule);
}

Status VirtualRouter::remove(const vrrp::Route &route) {
    return ports_.routes.remove(route, *interfaces_);
}

Status VirtualRouter::remove(const vrrp::Rule &rule) {
    return ports_.routes.remove(rule);
}

// Another route at its place is never replaced, but our own is: the
// configuration may have changed.
template <class Item>
Status VirtualRouter::add_or_replace(const Item &wanted) {
    const Status added = add(wanted);
    if (added || added.error().code != EEXIST) {
        return added;
    }
    const Item *there = find_at_place(*interfaces_, wanted);
    if (!there) {
        return Unexpected(SystemError{
            added.error().what + ", where another program has one,", EEXIST});
    }
    if (vrrp::fits(*there, wanted)) {
        return success();
    }
    const Status removed = remove(*there);
    return removed ? add(wanted) : removed;
}

template <class Item>
void VirtualRouter::hold(Held<Item> &held, Instant now) {
    if (!is_lost(held) || !may_act()) {
        return;
    }
    const Status status = add_or_replace(held.wanted);
    held.present = status.has_value();
    held.error = status ? "" : status.error().to_string();
    changed_ = true;
    if (!status) {
        retry_routes_at_ = now + kRoutePause;
        route_line_.write(log_, LogLevel::error,
                          held.error + ", retrying each second", now);
    }
}

bool VirtualRouter::is_withdrawn(const vrrp::Route &route) const {
    return !config().election && instance_.is_leaving() &&
           is_signal(config(), route);
}

void VirtualRouter::hold_routes(Instant now) {
    retry_routes_at_.reset();
    for (Held<vrrp::Route> &held : routes_) {
        if (!is_withdrawn(held.wanted)) {
            hold(held, now);
        }
    }
    for (Held<vrrp::Rule> &held : rules_) {
        hold(held, now);
    }
}

template <class Item>
void VirtualRouter::release(Held<Item> &held) {
    const Item *there = find_at_place(*interfaces_, held.wanted);
    held.given_up = false;
    held.error.clear();
    if ((!held.present && !there) || !may_act()) {
        return;
    }
    const Status status = remove(there && !held.present ? *there : held.wanted);
    held.present = false;
    changed_ = true;
    if (!status) {
        log_(LogLevel::alert, "%s, it stays until the next start",
             status.error().to_string().c_str());
    }
}

// Clients go to other nodes from now on. Those that are still served need the
// other routes.
void VirtualRouter::act(const vrrp::WithdrawRoutes &, Instant) {
    for (std::size_t i = routes_.size(); i-- > 0;) {
        if (is_signal(config(), routes_[i].wanted)) {
            release(routes_[i]);
        }
    }
}

void VirtualRouter::act(const vrrp::RestoreRoutes &, Instant now) {
    hold_routes(now);
}

void VirtualRouter::remove_routes() {
    retry_routes_at_.reset();
    if (!interfaces_) {
        return;
    }
    for (std::size_t i = rules_.size(); i-- > 0;) {
        release(rules_[i]);
    }
    for (std::size_t i = routes_.size(); i-- > 0;) {
        release(routes_[i]);
    }
}

// Before the leases of the addresses end: without a vrrp process the kernel
// removes the IPv6 routes as well. IPv4 routes have no lifetime.
void VirtualRouter::prolong_routes(Instant now) {
    for (Held<vrrp::Route> &held : routes_) {
        if (held.wanted.family() == Family::ipv4 || !held.present ||
            !may_act()) {
            continue;
        }
        const Status status =
            ports_.routes.prolong(held.wanted, *interfaces_, lease_);
        if (!status) {
            held.present = false;
            retry_routes_at_ = now + kRoutePause;
        }
    }
}

template <class Item>
void VirtualRouter::note_loss(Held<Item> &held, Instant now) {
    held.given_up = held.wanted.optional;
    changed_ = true;
    if (!held.given_up) {
        lost_route_line_.write(
            log_, LogLevel::warn,
            held.wanted.to_string() + " is gone, adding it again", now);
    }
}

template <class Item>
void VirtualRouter::find(Held<Item> &held, Instant now) {
    const bool there = is_there(*interfaces_, held.wanted);
    if (instance_.state() != vrrp::StateName::active) {
        return;
    }
    if (held.present && !there) {
        note_loss(held, now);
    }
    if (there) {
        held.given_up = false;
        held.error.clear();
    }
    held.present = there;
}

// The kernel removes routes, too: with their interface, or with the address
// that they have as source.
void VirtualRouter::find_routes(Instant now) {
    for (Held<vrrp::Route> &held : routes_) {
        find(held, now);
    }
    for (Held<vrrp::Rule> &held : rules_) {
        find(held, now);
    }
}

// At once, but not more often than once a second.
void VirtualRouter::restore_routes(Instant now) {
    const bool any_lost = std::ranges::any_of(routes_, is_lost<vrrp::Route>) ||
                          std::ranges::any_of(rules_, is_lost<vrrp::Rule>);
    if (!any_lost || instance_.state() != vrrp::StateName::active) {
        return;
    }
    if (routes_restored_at_ && now < *routes_restored_at_ + kRoutePause) {
        retry_routes_at_ = *routes_restored_at_ + kRoutePause;
        return;
    }
    routes_restored_at_ = now;
    hold_routes(now);
}

void VirtualRouter::retry_routes(Instant now) {
    if (retry_routes_at_ && now >= *retry_routes_at_) {
        retry_routes_at_.reset();
        restore_routes(now);
    }
}

// Only with our mark; the handover is a hint.
template <class Item>
void VirtualRouter::remove_unconfigured(const Handover &handover,
                                        const std::vector<Held<Item>> &list,
                                        const std::vector<Item> &there) {
    for (const Item &item : there) {
        const bool is_wanted =
            std::ranges::any_of(list, [&](const Held<Item> &held) {
                return vrrp::have_same_place(held.wanted, item);
            });
        if (handover.has_held(item) && !is_wanted && may_act()) {
            if (const Status status = remove(item); !status) {
                log_(LogLevel::alert, "%s", status.error().to_string().c_str());
            }
        }
    }
}

void VirtualRouter::put_routes(std::vector<std::uint64_t> &held) const {
    for (const Held<vrrp::Route> &route : routes_) {
        if (route.present) {
            held.push_back(fingerprint_of(route.wanted));
        }
    }
    for (const Held<vrrp::Rule> &rule : rules_) {
        if (rule.present) {
            held.push_back(fingerprint_of(rule.wanted));
        }
    }
}

// See continue_addresses(). A changed one at the same place is not gone.
template <class Item>
void VirtualRouter::continue_one(Held<Item> &held, const Handover &handover,
                                 Instant now) {
    held.present = is_there(*interfaces_, held.wanted);
    if (handover.has_held(held.wanted) &&
        !find_at_place(*interfaces_, held.wanted)) {
        note_loss(held, now);
    }
}

void VirtualRouter::continue_routes(const Handover &handover, Instant now) {
    remove_unconfigured(handover, rules_, interfaces_->rules);
    remove_unconfigured(handover, routes_, interfaces_->routes);
    for (Held<vrrp::Route> &held : routes_) {
        continue_one(held, handover, now);
    }
    for (Held<vrrp::Rule> &held : rules_) {
        continue_one(held, handover, now);
    }
}

}  // namespace ngx_vrrp::engine
