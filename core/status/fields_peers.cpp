// Other nodes, as peer links report them.

#include "core/status/fields.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

// The name that the virtual router of a peer has here; empty: none.
std::string_view name_here(const Snapshot &snapshot, const PeerRecord &peer,
                           const peer::RouterStatus &router) {
    for (const InstanceRecord &instance : snapshot.instances) {
        if (instance.interface.view() == peer.interface.view() &&
            instance.family == to_number(router.family) &&
            instance.vrid == to_number(router.vrid)) {
            return instance.name.view();
        }
    }
    return {};
}

void write_peer(Fields &out, const Snapshot &snapshot, const PeerRecord &peer) {
    out.json.member_or_null("router_id", peer.router_id.view());
    out.json.member("interface", peer.interface.view());
    out.json.member("address", peer.address.view());
    out.json.member("state", to_string(peer.state));
    out.json.member_or_null("reason", peer.reason.view());
    out.since("since_ms", "since", peer.since_ns);
    out.json.member_or_null("nginx_version", peer.nginx_version.view());
    out.json.member_or_null("version", peer.version.view());
    out.sample(peer.state == peer::PeerState::up ? 1 : 0, gauge,
               "nginx_vrrp_peer_link_up",
               "Whether the link with another node is up.",
               Label{"interface", peer.interface.view()},
               Label{"address", peer.address.view()},
               Label{"router_id", peer.router_id.view()});
    const std::span routers(peer.list.data(), peer.routers);
    out.list("instances", routers, [&](const peer::RouterStatus &router) {
        out.json.member_or_null("name", name_here(snapshot, peer, router));
        out.json.member("virtual_router_id", to_number(router.vrid));
        out.json.member("family", name_of_family(static_cast<std::uint8_t>(
                                      to_number(router.family))));
        out.json.member("state", to_string(router.state));
        out.json.member("priority", router.priority.value);
        out.json.member("successor", router.you_are_next);
    });
}

}  // namespace

void write_peers(Fields &out, const Snapshot &snapshot) {
    out.list("peers", snapshot.peers,
             [&](const PeerRecord &peer) { write_peer(out, snapshot, peer); });
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
