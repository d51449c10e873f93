// Converts instances from C's description to the core's.

#include "core/capi/router_conf.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "core/base/time.hpp"
#include "core/capi/values.hpp"
#include "core/engine/phases.hpp"

namespace ngx_vrrp {

namespace {

std::optional<IpAddress> to_optional_ip(const vrrp_core_ip_t &ip) {
    return ip.family != 0 ? std::optional{to_ip(ip)} : std::nullopt;
}

vrrp::VirtualAddress to_address(const vrrp_core_address_conf_t &conf,
                                const std::string &interface) {
    return {
        .address = to_ip(conf.address),
        .prefix_length = conf.prefix_length,
        .interface = conf.interface.len ? to_string(conf.interface) : interface,
        .label = to_string(conf.label),
        .takeover = conf.takeover != 0,
        .excluded = conf.excluded != 0,
        .broadcast = to_optional_ip(conf.broadcast),
        .scope = to<std::uint8_t>(conf.scope),
        .no_prefix_route = conf.noprefixroute != 0,
        .home = conf.home != 0,
        .detect_duplicate = conf.nodad == 0,
        .preferred = conf.preferred_lft_s != VRRP_CORE_DEFAULT_LFT
                         ? std::optional{Seconds{conf.preferred_lft_s}}
                         : std::nullopt,
        .optional = conf.no_track != 0};
}

// Of a rule: a prefix length of 0 means all addresses.
std::optional<vrrp::Network> to_network(const vrrp_core_network_t &network) {
    return network.prefix_length != 0
               ? std::optional<vrrp::Network>{{to_ip(network.address),
                                               network.prefix_length}}
               : std::nullopt;
}

vrrp::Route to_route(const vrrp_core_route_conf_t &conf) {
    vrrp::Route route;
    route.kind = vrrp::RouteKind{conf.kind};
    route.destination = {to_ip(conf.to.address), conf.to.prefix_length};
    route.via = to_optional_ip(conf.via);
    route.source = to_optional_ip(conf.src);
    route.interface = to_string(conf.dev);
    route.table = to<std::uint32_t>(conf.table);
    route.metric = to<std::uint32_t>(conf.metric);
    if (conf.scope >= 0) {
        route.scope = to<std::uint8_t>(conf.scope);
    }
    route.mtu = to<std::uint32_t>(conf.mtu);
    route.onlink = conf.onlink != 0;
    route.optional = conf.no_track != 0;
    return route;
}

vrrp::Rule to_rule(const vrrp_core_rule_conf_t &conf) {
    vrrp::Rule rule;
    rule.kind = vrrp::RouteKind{conf.kind};
    rule.family = Family{conf.family};
    rule.from = to_network(conf.from);
    rule.to = to_network(conf.to);
    rule.input = to_string(conf.iif);
    rule.output = to_string(conf.oif);
    rule.mark = to<std::uint32_t>(conf.fwmark);
    rule.mask = to<std::uint32_t>(conf.fwmask);
    rule.table = to<std::uint32_t>(conf.table);
    rule.priority = to<std::uint32_t>(conf.priority);
    rule.optional = conf.no_track != 0;
    return rule;
}

wire::Authentication to_authentication(const vrrp_core_instance_conf_t &c) {
    wire::Authentication authentication;
    if (c.auth_pass) {
        authentication.type = wire::AuthType::simple_text;
        std::copy(std::begin(c.auth_data), std::end(c.auth_data),
                  authentication.data.begin());
    }
    return authentication;
}

vrrp::UnicastPeer to_peer(const vrrp_core_peer_conf_t &c) {
    vrrp::UnicastPeer peer{to_ip(c.address)};
    if (c.min_ttl != 0) {
        peer.min_ttl = to<std::uint8_t>(c.min_ttl);
    }
    peer.max_ttl = to<std::uint8_t>(c.max_ttl);
    return peer;
}

void put_transport(vrrp::Config &config, const vrrp_core_instance_conf_t &c) {
    const vrrp_core_ip_t &source =
        c.nunicast_peers != 0 ? c.unicast_src_ip : c.mcast_src_ip;
    if (source.family != 0) {
        config.source = to_ip(source);
    }
    const vrrp_core_ip_t &group =
        c.family == 4 ? c.mcast_group4 : c.mcast_group6;
    if (group.family != 0) {
        config.group = to_ip(group);
    }
    for (std::size_t i = 0; i < c.nunicast_peers; ++i) {
        config.unicast_peers.push_back(to_peer(c.unicast_peers[i]));
    }
    config.unicast_ttl = to<std::uint8_t>(c.unicast_ttl);
    config.checksum = c.v3_checksum == VRRP_CORE_CHECKSUM_RFC9568
                          ? wire::ChecksumForm::message_only
                          : wire::ChecksumForm::pseudo_header;
    config.down_adverts = to<unsigned>(c.down_timer_adverts);
}

std::optional<vrrp::HmacConfig> to_hmac(const vrrp_core_instance_conf_t &c) {
    static_assert(static_cast<int>(vrrp::HmacMode::receive_only) ==
                  VRRP_CORE_HMAC_RECEIVE_ONLY);

    if (c.nhmac_keys == 0) {
        return std::nullopt;
    }
    vrrp::HmacConfig hmac;
    for (std::size_t i = 0; i < c.nhmac_keys; ++i) {
        const vrrp_core_hmac_key_t &key = c.hmac_keys[i];
        hmac.keys.push_back({key.id, {key.data, key.data + key.len}});
    }
    hmac.active_key = to<std::uint8_t>(c.hmac_active_key);
    hmac.mode = static_cast<vrrp::HmacMode>(c.hmac_mode);
    hmac.anti_replay = c.hmac_monotonic != 0 ? vrrp::AntiReplay::monotonic
                                             : vrrp::AntiReplay::time;
    hmac.window =
        std::chrono::duration_cast<Seconds>(Duration{c.hmac_window_ns});
    return hmac;
}

vrrp::Config to_config(const vrrp_core_instance_conf_t &c, Instant not_before) {
    vrrp::Config config;
    config.name = to_string(c.name);
    static_assert(static_cast<int>(vrrp::Part::second) ==
                  VRRP_CORE_SECOND_FAMILY);
    config.part = static_cast<vrrp::Part>(c.part);
    config.sync.group = to_string(c.sync_group);
    config.interface = to_string(c.interface);
    config.family = Family{c.family};
    config.version = to<Version>(c.version);
    config.vrid = to<Vrid>(c.virtual_router_id);
    config.priority = Priority{to<std::uint8_t>(c.priority)};
    config.advert_interval = Duration{c.advert_int_ns};
    config.authentication = to_authentication(c);
    config.hmac = to_hmac(c);
    for (std::size_t i = 0; i < c.naddresses; ++i) {
        config.addresses.push_back(
            to_address(c.addresses[i], config.interface));
    }
    config.vmac = to_string(c.vmac);
    config.vmac_xmit_base = c.vmac_xmit_base != 0;
    put_transport(config, c);
    config.election = c.election != 0;
    config.leave_time = Duration{c.leave_ns};
    std::transform(c.routes, c.routes + c.nroutes,
                   std::back_inserter(config.routes), to_route);
    std::transform(c.rules, c.rules + c.nrules,
                   std::back_inserter(config.rules), to_rule);
    config.preempt = c.nopreempt == 0;
    config.preempt_delay = Duration{c.preempt_delay_ns};
    config.link_up_delay = Duration{c.link_up_delay_ns};
    config.link_down_delay = Duration{c.link_down_delay_ns};
    for (std::size_t i = 0; i < c.npreempt_windows; ++i) {
        config.preempt_windows.push_back(
            {vrrp::Minutes{c.preempt_windows[i].from_minute},
             vrrp::Minutes{c.preempt_windows[i].until_minute}});
    }
    config.not_before = not_before;
    config.announce = {
        .repeat = to<unsigned>(c.garp_master_repeat),
        .delay = Duration{c.garp_master_delay_ns},
        .refresh = Duration{c.garp_master_refresh_ns},
        .refresh_repeat = to<unsigned>(c.garp_master_refresh_repeat),
        .garp_interval = Duration{c.garp_interval_ns},
        .gna_interval = Duration{c.gna_interval_ns}};
    config.workers = {.required = to<unsigned>(c.track_workers),
                      .timeout = Duration{c.track_timeout_ns}};
    config.peer_link = c.peer_link != 0;
    config.takeover_check = config.peer_link && c.takeover_unchecked == 0;
    config.close_connections = c.close_connections != 0;
    config.drain_timeout = Duration{c.drain_timeout_ns};
    config.ports.assign(c.ports, c.ports + c.nports);
    return config;
}

// Each side begins with a packet a second, and three are needed.
constexpr Duration kFirstBfdResult = Seconds{4};

// When the slowest of its checks has been made once: the first of them begins
// within the interval.
Duration first_result(const vrrp_core_conf_t &conf,
                      const vrrp_core_tracker_conf_t &tracker) {
    Duration longest{0};
    for (std::size_t i = 0; i < tracker.nchecks; ++i) {
        const vrrp_core_check_conf_t &check =
            conf.checks[tracker.first_check + i];
        longest =
            std::max(longest, Duration{check.interval_ns + check.timeout_ns});
    }
    return longest;
}

bfd::SessionConfig to_session(const vrrp_core_bfd_conf_t &c) {
    bfd::SessionConfig session;
    session.peer = to_ip(c.peer);
    if (c.local.family != 0) {
        session.local = to_ip(c.local);
    }
    session.interface = to_string(c.interface);
    session.multihop = c.multihop != 0;
    session.passive = c.passive != 0;
    session.min_tx = Duration{c.min_tx_ns};
    session.min_rx = Duration{c.min_rx_ns};
    session.multiplier = to<std::uint8_t>(c.multiplier);
    return session;
}

// Trackers of several routers may share a session.
void number_sessions(std::vector<engine::RouterConfig> &configs) {
    std::map<std::string, std::size_t> numbers;
    for (engine::RouterConfig &config : configs) {
        for (engine::TrackerConfig &tracker : config.trackers) {
            if (tracker.kind == engine::TrackKind::bfd) {
                const auto [it, is_new] = numbers.try_emplace(
                    to_string(tracker.session), numbers.size());
                tracker.session_id = it->second;
            }
        }
    }
}

engine::TrackerConfig to_tracker(const vrrp_core_conf_t &conf,
                                 const vrrp_core_tracker_conf_t &c) {
    static_assert(static_cast<int>(engine::TrackKind::bfd) ==
                  VRRP_CORE_TRACK_BFD);

    engine::TrackerConfig tracker;
    tracker.kind = static_cast<engine::TrackKind>(c.kind);
    tracker.type = to_string(c.type);
    tracker.name = to_string(c.name);
    if (c.weighted != 0) {
        tracker.weight = to<int>(c.weight);
    }
    tracker.latch = c.latch != 0;
    tracker.witness = c.witness != 0;
    if (tracker.witness) {
        tracker.weight = 0;
    }
    tracker.fall = to<unsigned>(c.fall);
    tracker.rise = to<unsigned>(c.rise);
    tracker.interval = Duration{c.interval_ns};
    tracker.first_check = c.first_check;
    tracker.checks = c.nchecks;
    tracker.first_result = first_result(conf, c);
    tracker.min_up = to<unsigned>(c.min_up);
    tracker.min_up_percent = c.min_up_percent != 0;
    tracker.interface = to_string(c.interface);
    if (tracker.kind == engine::TrackKind::bfd) {
        tracker.session = to_session(c.bfd);
        tracker.first_result = kFirstBfdResult;
    }
    return tracker;
}

bool is_on(const vrrp_core_instance_conf_t &c,
           const vrrp_core_link_conf_t &link) {
    return c.peer_link != 0 && to_view(c.interface) == to_view(link.interface);
}

// By multicast, any host of the LAN may be a router.
void add_peers(node::PeerLink &link, const vrrp_core_instance_conf_t &c,
               bool &any_host) {
    const bool same_family = Family{c.family} == link.config.family;
    any_host = any_host || (same_family && c.nunicast_peers == 0);
    for (std::size_t i = 0; same_family && i < c.nunicast_peers; ++i) {
        const vrrp::UnicastPeer peer = to_peer(c.unicast_peers[i]);
        link.config.peers->push_back(peer.address);
        if (c.unicast_peers[i].min_ttl != 0) {
            link.socket.min_ttls.push_back({peer.address, peer.min_ttl});
        }
    }
    for (std::size_t i = 0; i < c.npeer_addresses; ++i) {
        const IpAddress address = to_ip(c.peer_addresses[i]);
        if (address.family() == link.config.family) {
            link.config.peers->push_back(address);
            link.config.named.push_back(address);
        }
    }
}

node::PeerLink to_peer_link(const vrrp_core_conf_t &conf,
                            const vrrp_core_link_conf_t &c) {
    node::PeerLink link;
    link.config.interface = to_string(c.interface);
    link.config.family = Family{c.family};
    link.config.secret.assign(c.secret, c.secret + c.secret_len);
    link.config.peers.emplace();
    link.socket.interface = link.config.interface;
    link.socket.family = link.config.family;
    link.socket.port = to<std::uint16_t>(c.port);
    link.socket.fd = c.fd;
    bool any_host = false;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf.instances[i];
        if (is_on(instance, c)) {
            add_peers(link, instance, any_host);
        }
        for (std::size_t j = 0; j < instance.naddresses; ++j) {
            link.config.virtual_addresses.push_back(
                to_ip(instance.addresses[j].address));
        }
    }
    if (any_host) {
        link.config.peers.reset();
    }
    return link;
}

}  // namespace

std::vector<node::PeerLink> to_peer_links(const vrrp_core_conf_t &conf) {
    std::vector<node::PeerLink> links;
    for (std::size_t i = 0; i < conf.nlinks; ++i) {
        if (conf.links[i].dropped == 0) {
            links.push_back(to_peer_link(conf, conf.links[i]));
        }
    }
    return links;
}

// Servers may share certificates.
peer::Details to_shared(const vrrp_core_conf_t &conf) {
    peer::Details shared;
    for (std::size_t i = 0; i < conf.nupstreams; ++i) {
        const vrrp_core_upstream_conf_t &c = conf.upstreams[i];
        peer::UpstreamDetails &upstream = shared.upstreams.emplace_back();
        upstream.context = c.context;
        upstream.name = to_string(c.name);
        for (std::size_t j = 0; j < c.nservers; ++j) {
            upstream.servers.push_back(to_string(c.servers[j]));
        }
    }
    std::map<std::string, std::int64_t> ends;
    for (std::size_t i = 0; i < conf.ncertificates; ++i) {
        const auto [it, is_new] = ends.try_emplace(
            to_string(conf.certificates[i].name), conf.certificates[i].ends);
        it->second = std::min(it->second, conf.certificates[i].ends);
    }
    for (const auto &[name, end] : ends) {
        shared.certificates.push_back({name, end});
    }
    return shared;
}

std::vector<engine::RouterConfig> to_configs(const vrrp_core_conf_t &conf) {
    std::vector<engine::RouterConfig> configs;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf.instances[i];
        engine::RouterConfig &config = configs.emplace_back();
        config.router =
            to_config(instance, instant_from_ns(conf.not_before_ns));
        if (conf.after_boot != 0) {
            config.router.held_by = "delay_after_boot";
        }
        for (std::size_t j = 0; j < instance.ntrackers; ++j) {
            config.trackers.push_back(to_tracker(conf, instance.trackers[j]));
            config.router.witness =
                config.router.witness || config.trackers.back().witness;
        }
    }
    number_sessions(configs);
    for (std::size_t i = 1; i < configs.size(); ++i) {
        if (configs[i].router.is_second()) {
            configs[i - 1].router.more_addresses = configs[i].router.addresses;
        }
    }
    engine::share_phases(configs);
    return configs;
}

}  // namespace ngx_vrrp
