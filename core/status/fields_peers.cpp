// Other nodes, as peer links report them.

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "core/base/find.hpp"
#include "core/base/moment_text.hpp"
#include "core/status/fields.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr Metric kPeerState{gauge, "nginx_vrrp_peer_instance_state",
                            "1 for the current state of another node's "
                            "virtual router."};

// The name that the virtual router of a peer has here; empty: none.
std::string_view name_here(const Snapshot &snapshot, std::string_view interface,
                           const peer::RouterStatus &router) {
    for (const InstanceRecord &instance : snapshot.instances) {
        if (instance.interface.view() == interface &&
            instance.family == to_number(router.family) &&
            instance.vrid == to_number(router.vrid)) {
            return instance.name.view();
        }
    }
    return {};
}

std::string_view family_of_peer(Family family) {
    return name_of_family(static_cast<std::uint8_t>(to_number(family)));
}

void write_texts(Fields &out, std::string_view key,
                 const std::vector<std::string> &texts) {
    out.json.key(key).begin_array();
    for (const std::string &text : texts) {
        out.json.value(text);
    }
    out.json.end_array();
}

// The node has the label of its name.
void write_peer_state(Fields &out, const peer::RouterStatus &router) {
    out.json.member("state", to_string(router.state));
    const std::string vrid = std::to_string(to_number(router.vrid));
    for (const auto state :
         {peer::RouterState::init, peer::RouterState::backup,
          peer::RouterState::master, peer::RouterState::fault}) {
        out.sample(router.state == state ? 1 : 0, kPeerState,
                   Label{"vrid", vrid},
                   Label{"family", family_of_peer(router.family)},
                   Label{"state", to_lower(to_string(state))});
    }
}

template <class Routers>
void write_peer_instances(Fields &out, const Snapshot &snapshot,
                          std::string_view interface, const Routers &routers) {
    out.list("instances", routers, [&](const peer::RouterStatus &router) {
        out.json.member_or_null("name", name_here(snapshot, interface, router));
        out.json.member("virtual_router_id", to_number(router.vrid));
        out.json.member("family", family_of_peer(router.family));
        write_peer_state(out, router);
        out.json.member("priority", router.priority.value);
        out.json.member("successor", router.you_are_next != 0);
    });
}

void write_peer_tracker(Fields &out, const peer::TrackerDetails &tracker) {
    out.json.member("name", tracker.name);
    out.json.member("state", to_string(tracker.health));
    out.json.member("servers", tracker.servers);
    out.json.member("servers_up", tracker.servers_up);
}

// By the clock of the node, as we see it.
std::int64_t at_here(const PeerReport &report, Instant at) {
    return at == Instant{}
               ? 0
               : std::max<std::int64_t>(1, to_ns(at + report.boot_difference));
}

void write_peer_instance(Fields &out, const PeerReport &report,
                         const peer::InstanceDetails &instance) {
    out.json.member("name", instance.name);
    out.json.member("virtual_router_id", to_number(instance.vrid));
    out.json.member("family", family_of_peer(instance.family));
    out.json.member("state", to_string(instance.state));
    out.json.member("priority", instance.priority.value);
    out.json.member_or_null("reason", instance.reason);
    out.since("since_ms", "since", at_here(report, instance.since));
    out.json.member("version", instance.version);
    out.ms("advert_int_ms", instance.interval.count());
    out.json.member("authentication", instance.authentication);
    write_texts(out, "addresses", instance.addresses);
    out.list("trackers", instance.trackers,
             [&](const auto &tracker) { write_peer_tracker(out, tracker); });
}

void write_details(Fields &out, const PeerReport &report) {
    const peer::Details &details = report.details;
    out.ms("clock_offset_ms", -report.wall_difference.count(), gauge,
           "nginx_vrrp_peer_clock_offset_seconds",
           "The clock of another node minus that of this node.");
    out.since("configured_ms", "configured",
              at_here(report, details.configured_at));
    out.json.member("complete", details.complete);
    out.list("instances", details.instances, [&](const auto &instance) {
        write_peer_instance(out, report, instance);
    });
    out.list("upstreams", details.upstreams, [&](const auto &upstream) {
        out.json.member("context", upstream.context);
        out.json.member("name", upstream.name);
        write_texts(out, "servers", upstream.servers);
    });
    out.list("certificates", details.certificates,
             [&](const auto &certificate) {
                 out.json.member("name", certificate.name);
                 out.json.member(
                     "ends", to_rfc3339(WallTime{Seconds{certificate.ends}}));
             });
}

// The number of differences: 0 as well, so that an alert ends.
void write_drift_of(Fields &out, const View &view, const PeerReport *report,
                    std::string_view name) {
    if (report != nullptr) {
        out.sample(std::ranges::count(view.peer_reports.drift, name,
                                      &peer::Drift::peer),
                   gauge, "nginx_vrrp_peer_drift",
                   "Differences between the configurations of another node "
                   "and of this one.");
    }
    out.object_or_null("details", report != nullptr,
                       [&] { write_details(out, *report); });
}

void write_peer(Fields &out, const View &view, const PeerRecord &peer) {
    const std::string_view name = peer.router_id.view();
    out.json.member_or_null("router_id", name);
    out.json.member("interface", peer.interface.view());
    out.json.member("address", peer.address.view());
    out.json.member("state", to_string(peer.state));
    out.json.member_or_null("reason", peer.reason.view());
    out.since("since_ms", "since", peer.since_ns);
    out.json.member_or_null("nginx_version", peer.nginx_version.view());
    out.json.member_or_null("version", peer.version.view());
    out.json.key("via").null();
    out.json.member("secret", peer.has_secret != 0);
    out.sample(peer.state == peer::PeerState::up ? 1 : 0, gauge,
               "nginx_vrrp_peer_link_up",
               "Whether the link with another node is up.",
               Label{"interface", peer.interface.view()},
               Label{"address", peer.address.view()}, Label{"router_id", name});
    const auto scope = out.labels({{"interface", peer.interface.view()},
                                   {"address", peer.address.view()},
                                   {"router_id", name}});
    write_peer_instances(out, view.snapshot, peer.interface.view(),
                         std::span(peer.list.data(), peer.routers));
    const auto *report =
        find_first(view.peer_reports.nodes, [&](const PeerReport &one) {
            return peer.state == peer::PeerState::up && one.via == 0 &&
                   one.node == peer.node &&
                   one.interface == peer.interface.view();
        });
    write_drift_of(out, view, report, name);
}

// This node has no link with it.
void write_relayed(Fields &out, const View &view, const PeerReport &report,
                   std::string_view via) {
    const peer::Details &details = report.details;
    const peer::About &about = details.about;
    out.json.member_or_null("router_id", about.router_id);
    out.json.member("interface", report.interface);
    out.json.member("address", details.address);
    out.json.member("state", "relayed");
    out.json.key("reason").null();
    out.json.key("since_ms").null();
    out.json.key("since").null();
    out.json.member_or_null("nginx_version", about.nginx_version);
    out.json.member_or_null("version", about.version);
    out.json.member_or_null("via", via);
    out.json.member("secret", true);
    std::vector<peer::RouterStatus> routers;
    for (const peer::InstanceDetails &instance : details.instances) {
        routers.push_back({instance.family, instance.vrid, instance.state,
                           instance.priority});
    }
    const auto scope = out.labels({{"interface", report.interface},
                                   {"address", details.address},
                                   {"router_id", about.router_id}});
    write_peer_instances(out, view.snapshot, report.interface, routers);
    write_drift_of(out, view, &report, about.router_id);
}

std::string_view name_of_relay(const View &view, const PeerReport &report) {
    const auto *relay =
        find_first(view.peer_reports.nodes, report.via, &PeerReport::node);
    return relay != nullptr ? std::string_view(relay->details.about.router_id)
                            : std::string_view{};
}

}  // namespace

void write_peers(Fields &out, const View &view) {
    const Snapshot &snapshot = view.snapshot;
    out.json.key("peers").begin_array();
    for (const PeerRecord &peer : snapshot.peers) {
        out.json.begin_object();
        write_peer(out, view, peer);
        out.json.end_object();
    }
    for (const PeerReport &report : view.peer_reports.nodes) {
        if (report.via != 0) {
            out.json.begin_object();
            write_relayed(out, view, report, name_of_relay(view, report));
            out.json.end_object();
        }
    }
    out.json.end_array();
    out.list("drift", view.peer_reports.drift, [&](const peer::Drift &drift) {
        out.json.member("peer", drift.peer);
        out.json.member("text", drift.text);
        out.since("since_ms", "since", to_ns(drift.since));
    });
    out.object("peer_links", [&] {
        out.number("connections", snapshot.peer_connections);
        out.object("refused", [&] {
            for (std::size_t i = 0; i < peer::kRefusals; ++i) {
                out.number(peer::kRefusalNames[i], snapshot.peers_refused[i],
                           counter, "nginx_vrrp_peer_link_refused",
                           "Connections of peer links that were refused.",
                           Label{"reason", peer::kRefusalNames[i]});
            }
        });
    });
}

}  // namespace ngx_vrrp::status
