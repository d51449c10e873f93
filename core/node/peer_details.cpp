#include "core/node/peer_details.hpp"

#include <algorithm>
#include <cstdint>

#include "core/base/find.hpp"

namespace ngx_vrrp::node {

namespace {

peer::RouterState state_of_peer(vrrp::StateName state) {
    switch (state) {
        case vrrp::StateName::initialize:
            break;
        case vrrp::StateName::backup:
            return peer::RouterState::backup;
        case vrrp::StateName::active:
            return peer::RouterState::master;
        case vrrp::StateName::fault:
            return peer::RouterState::fault;
    }
    return peer::RouterState::init;
}

peer::Health health_of(check::Verdict verdict) {
    switch (verdict) {
        case check::Verdict::up:
            return peer::Health::up;
        case check::Verdict::down:
            return peer::Health::down;
        case check::Verdict::unused:
        case check::Verdict::unknown:
            break;
    }
    return peer::Health::checking;
}

std::string authentication_of(const vrrp::Config &config) {
    if (config.hmac) {
        return "HMAC";
    }
    const bool none = config.authentication.type == wire::AuthType::none;
    return none ? "none" : "PASS";
}

peer::TrackerDetails details_of(const engine::Tracker &tracker) {
    const engine::PoolCount &pool = tracker.pool();
    return {tracker.label(), health_of(tracker.state()),
            static_cast<std::uint16_t>(pool.servers),
            static_cast<std::uint16_t>(pool.up)};
}

peer::InstanceDetails details_of(const engine::VirtualRouter &router) {
    const vrrp::Config &config = router.config();
    peer::InstanceDetails details;
    details.family = config.family;
    details.vrid = config.vrid;
    details.state = state_of_peer(router.instance().state());
    details.priority = router.instance().effective_priority();
    details.name = config.name;
    details.reason = router.last_transition().reason;
    details.since = router.last_transition().at;
    details.version = to_number(config.version);
    details.interval = config.advert_interval;
    details.authentication = authentication_of(config);
    for (const vrrp::VirtualAddress &address : config.addresses) {
        details.addresses.push_back(address.address.to_string() + "/" +
                                    std::to_string(address.prefix_length));
    }
    for (const engine::Tracker &tracker : router.trackers()) {
        details.trackers.push_back(details_of(tracker));
    }
    return details;
}

bool is_of(const engine::VirtualRouter &router, const std::string &interface) {
    return router.config().peer_link && router.config().interface == interface;
}

std::vector<peer::Exchange::Link> links_on(const peer::Links &links,
                                           const std::string &interface) {
    std::vector<peer::Exchange::Link> list;
    for (const peer::Peer &peer : links.peers()) {
        if (peer.state == peer::PeerState::up &&
            links.configs()[peer.link].interface == interface) {
            list.push_back({peer.node, peer.since});
        }
    }
    return list;
}

}  // namespace

peer::Details details_of(const peer::Details &base,
                         const engine::Engine &engine,
                         const std::string &interface) {
    peer::Details details = base;
    for (const engine::VirtualRouter &router : engine.routers()) {
        if (!is_of(router, interface)) {
            continue;
        }
        details.instances.push_back(details_of(router));
        if (details.address.empty() && !router.source().is_unspecified()) {
            details.address = router.source().to_string();
        }
    }
    return details;
}

void PeerDetails::add(const std::string &interface, std::size_t link,
                      peer::NodeId self) {
    if (!find_first(interfaces_, interface, &OfInterface::interface)) {
        interfaces_.push_back({interface, link, peer::Exchange(self)});
    }
}

void PeerDetails::take_over(std::vector<peer::Drift> drift, Instant now) {
    if (!interfaces_.empty()) {
        drift_.take_over(std::move(drift), now);
        return;
    }
    for (peer::Drift &one : drift) {
        news_.push_back({std::move(one.peer), std::move(one.text), true});
    }
}

void PeerDetails::look(const engine::Engine &engine, peer::Links &links,
                       Instant now) {
    for (OfInterface &one : interfaces_) {
        exchange(one, engine, links, now);
    }
    watch_drift(now);
}

void PeerDetails::exchange(OfInterface &one, const engine::Engine &engine,
                           peer::Links &links, Instant now) {
    const bool relays = std::ranges::any_of(
        engine.routers(), [&](const engine::VirtualRouter &router) {
            return is_of(router, one.interface) &&
                   router.instance().state() == vrrp::StateName::active;
        });
    one.exchange.set_links(links_on(links, one.interface));
    one.exchange.set_own(details_of(base_, engine, one.interface), relays);
    one.exchange.send(clocks(now), [&](peer::NodeId to, peer::Type type,
                                       const Buffer &payload) {
        static_cast<void>(links.send(to, one.link, type, payload, now));
    });
}

void PeerDetails::receive(const peer::Received &received,
                          const peer::Links &links, Instant now) {
    OfInterface *one =
        find_first(interfaces_, links.configs()[received.link].interface,
                   &OfInterface::interface);
    if (one) {
        // The link may have come up since the last look.
        one->exchange.set_links(links_on(links, one->interface));
        one->exchange.receive(received.node, received.message.type,
                              received.message.payload, clocks(now));
    }
}

// A peer may have links on several interfaces.
void PeerDetails::compare() {
    differences_.clear();
    for (const OfInterface &one : interfaces_) {
        for (const peer::Report *report : one.exchange.reports()) {
            auto &texts = differences_[report->details.about.router_id];
            for (std::string &text :
                 peer::differences(one.exchange.own(), report->details)) {
                if (std::ranges::find(texts, text) == texts.end()) {
                    texts.push_back(std::move(text));
                }
            }
        }
    }
}

void PeerDetails::watch_drift(Instant now) {
    bool changed = false;
    for (OfInterface &one : interfaces_) {
        changed = one.exchange.take_changed() || changed;
    }
    if (changed) {
        changed_ = true;
        compare();
    }
    for (const auto &[peer, texts] : differences_) {
        drift_.set(peer, texts, now);
    }
    drift_.settle(now);
    for (peer::DriftNews &news : drift_.take_news()) {
        changed_ = true;
        log_(news.over ? LogLevel::notice : LogLevel::warn,
             news.over ? "the nodes no longer differ: %s"
                       : "the nodes differ: %s",
             news.text.c_str());
        news_.push_back(std::move(news));
    }
}

status::PeerReports PeerDetails::reports() const {
    status::PeerReports reports;
    reports.drift = drift_.list();
    for (const OfInterface &one : interfaces_) {
        for (const peer::Report *report : one.exchange.reports()) {
            reports.nodes.push_back({report->node, report->via, one.interface,
                                     report->boot_difference,
                                     report->wall_difference, report->details});
        }
    }
    return reports;
}

}  // namespace ngx_vrrp::node
