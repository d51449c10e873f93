#include "core/engine/engine.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::engine {

namespace {

// How often to look for workers that have never been seen: nginx starts them
// within milliseconds of us, and the first look decides how soon we join.
constexpr Duration kStartupLook = Milliseconds{10};

bool has_come_back(const Interface &link, const Interfaces &before) {
    const Interface *known = before.find(link.name);
    return link.up && known && !known->up;
}

}  // namespace

Engine::Engine(std::vector<RouterConfig> configs, Ports ports, LogSink &sink)
    : ports_(ports), log_(sink) {
    routers_.reserve(configs.size());
    for (RouterConfig &config : configs) {
        routers_.emplace_back(std::move(config), ports, sink);
    }
}

void Engine::start(Interfaces interfaces, Instant now) {
    interfaces_ = std::move(interfaces);
    for (VirtualRouter &router : routers_) {
        router.start(interfaces_, now);
    }
    watch_neighbours();
    watch_workers(now);
    lag_watch_.next(deadline(), now);
}

void Engine::stay_out(FaultCause cause, const Faults::Entry &entry,
                      Instant now) {
    for (VirtualRouter &router : routers_) {
        router.stay_out(cause, entry, now);
    }
}

void Engine::stand_aside(const std::string &reason, Instant now) {
    for (VirtualRouter &router : routers_) {
        router.stand_aside(reason, now);
    }
}

void Engine::stop(const std::string &reason, bool serving, Instant now) {
    stopping_ = true;
    for (VirtualRouter &router : routers_) {
        router.stop(reason, serving, now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_packet(const ReceivedPacket &packet, Instant now) {
    if (VirtualRouter *router = find(packet)) {
        router->handle_packet(packet, now);
        lag_watch_.next(deadline(), now);
    } else {
        ++unknown_vrid_;
    }
}

void Engine::handle_interfaces(Interfaces interfaces, Instant now) {
    const Interfaces before = std::exchange(interfaces_, std::move(interfaces));
    for (VirtualRouter &router : routers_) {
        router.set_interfaces(now);
    }
    forget_unanswered(before);
    lag_watch_.next(deadline(), now);
}

// While the link was down the kernel has asked in vain for a gateway, a client,
// a server. It asks three times, once a second, and until it has given up it
// does not ask at once when it has more to say: a router that is active again
// sooner would answer nobody.
void Engine::forget_unanswered(const Interfaces &before) {
    for (const Interface &link : interfaces_.list) {
        const bool matters =
            has_come_back(link, before) &&
            std::ranges::any_of(routers_, [&](const VirtualRouter &router) {
                return router.depends_on_link(link.name);
            });
        if (matters) {
            ports_.transmit.forget_unanswered(link);
        }
    }
}

void Engine::handle_claim_granted(const RouterKey &key,
                                  const std::string &handover, Instant now) {
    if (VirtualRouter *router = find(key)) {
        router->claim_granted(handover, now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_claim_wanted(const RouterKey &key, Instant now) {
    if (VirtualRouter *router = find(key)) {
        router->hand_over(now);
    }
    lag_watch_.next(deadline(), now);
}

// What an interface of this node says is no sign of another one.
void Engine::handle_neighbour(const NeighbourClaim &claim, Instant now) {
    const auto &all = interfaces_.list;
    const auto at = std::find_if(all.begin(), all.end(), [&](const auto &i) {
        return i.index == claim.index;
    });
    const bool is_own = std::any_of(all.begin(), all.end(), [&](const auto &i) {
        return i.mac == claim.neighbour.mac;
    });
    if (at == all.end() || is_own) {
        return;
    }
    for (VirtualRouter &router : routers_) {
        router.handle_neighbour(*at, claim.neighbour, now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_workers(Instant now) {
    if (look_at_workers_) {
        watch_workers(now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_checks(Instant now) {
    for (VirtualRouter &router : routers_) {
        router.look_at_trackers(now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_time(Instant now) {
    if (look_at_workers_ && now >= *look_at_workers_) {
        watch_workers(now);
    }
    for (VirtualRouter &router : routers_) {
        router.handle_time(now);
    }
    lag_watch_.next(deadline(), now);
}

void Engine::handle_time_of_day(vrrp::TimeOfDay time, Instant now) {
    for (VirtualRouter &router : routers_) {
        router.set_time_of_day(time, now);
    }
    lag_watch_.next(deadline(), now);
}

bool Engine::needs_time_of_day() const {
    return std::any_of(routers_.begin(), routers_.end(),
                       [](const VirtualRouter &r) {
                           return !r.config().preempt_windows.empty();
                       });
}

std::vector<RouterOutcome> Engine::obey(Command command, std::string_view name,
                                        Instant now) {
    std::vector<RouterOutcome> outcomes;
    for (std::size_t i = 0; i < routers_.size(); ++i) {
        if (name.empty() || routers_[i].config().name == name) {
            outcomes.push_back({i, routers_[i].obey(command, now)});
        }
    }
    lag_watch_.next(deadline(), now);
    return outcomes;
}

std::optional<Instant> Engine::deadline() const {
    std::optional<Instant> earliest = look_at_workers_;
    for (const VirtualRouter &router : routers_) {
        take_earlier(earliest, router.deadline());
    }
    return earliest;
}

bool Engine::finished() const {
    return stopping_ &&
           std::all_of(routers_.begin(), routers_.end(),
                       [](const VirtualRouter &r) { return r.finished(); });
}

bool Engine::is_in_charge() const {
    return std::all_of(routers_.begin(), routers_.end(),
                       [](const VirtualRouter &r) { return r.is_ours(); });
}

bool Engine::holds_addresses() const {
    return std::any_of(
        routers_.begin(), routers_.end(), [](const VirtualRouter &r) {
            return r.instance().state() == vrrp::StateName::active;
        });
}

std::uint64_t Engine::transitions() const {
    std::uint64_t sum = 0;
    for (const VirtualRouter &router : routers_) {
        sum += router.counters().transitions;
    }
    return sum;
}

std::optional<Duration> Engine::worker_timeout() const {
    std::optional<Duration> shortest;
    for (const VirtualRouter &router : routers_) {
        const vrrp::WorkerPolicy &policy = router.config().workers;
        if (policy.required != 0) {
            shortest =
                std::min(shortest.value_or(policy.timeout), policy.timeout);
        }
    }
    return shortest;
}

void Engine::watch_neighbours() {
    std::vector<IpAddress> addresses;
    for (const VirtualRouter &router : routers_) {
        for (const AddressState &state : router.addresses()) {
            addresses.push_back(state.address.address);
        }
    }
    const Status watched = ports_.neighbours.watch_neighbours(addresses);
    if (!watched) {
        log_(LogLevel::error,
             "%s, nobody sees whether others have the virtual addresses, too",
             watched.error().to_string().c_str());
    }
}

// A healthy verdict holds until enough heartbeats could have become old; then
// fresher ones have come, or it is over. In between we look as often as
// workers beat, to know the new ones by name.
void Engine::watch_workers(Instant now) {
    const std::vector<health::Heartbeat> heartbeats =
        ports_.shared.heartbeats();

    look_at_workers_.reset();
    for (VirtualRouter &router : routers_) {
        const vrrp::WorkerPolicy &policy = router.config().workers;
        const health::WorkerVerdict verdict = health::judge_workers(
            heartbeats, policy.required, policy.timeout, now);

        fresh_workers_ = verdict.fresh;
        router.set_workers(verdict, now);

        if (!router.has_claimed()) {
            take_earlier(look_at_workers_, {now + kStartupLook});
        } else if (policy.required != 0) {
            const Instant next =
                now + health::heartbeat_interval(policy.timeout);
            take_earlier(
                look_at_workers_,
                {verdict.healthy ? std::min(next, verdict.good_until) : next});
        }
    }
}

VirtualRouter *Engine::find(const RouterKey &key) {
    const auto it =
        std::find_if(routers_.begin(), routers_.end(),
                     [&](const VirtualRouter &r) { return r.key() == key; });
    return it == routers_.end() ? nullptr : &*it;
}

VirtualRouter *Engine::find(const ReceivedPacket &packet) {
    constexpr std::size_t kVridOffset = 1;
    if (packet.payload.size() <= kVridOffset) {
        return nullptr;
    }
    return find(RouterKey{std::string{packet.interface},
                          packet.info.endpoints.source.family(),
                          Vrid{packet.payload[kVridOffset]}});
}

}  // namespace ngx_vrrp::engine
