#include "tests/simulation/plan.hpp"

#include <algorithm>
#include <array>

#include "core/base/log.hpp"
#include "core/vrrp/timing.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::simulation {

namespace {

constexpr std::uint8_t kPrefix4 = 24;
constexpr std::uint8_t kPrefix6 = 64;

std::uint8_t octet(std::size_t n) {
    return static_cast<std::uint8_t>(n);
}

IpAddress v4(std::size_t network, std::size_t host) {
    return IpAddress::v4({10, 0, octet(network), octet(host)});
}

IpAddress v6(std::uint8_t first, std::size_t network, std::size_t host) {
    return IpAddress::v6({first, first == 0xfe ? octet(0x80) : octet(0), 0, 0,
                          0, 0, 0, 0, 0, 0, 0, 0, 0, octet(network), 0,
                          octet(host)});
}

template <class T, std::size_t N>
T pick(Dice &dice, const std::array<T, N> &list) {
    return list[dice.below(static_cast<unsigned>(N))];
}

// What is the same for all routers, because it must be, or often is.
vrrp::Config common(Dice &dice) {
    vrrp::Config config = test::default_router();
    config.version = dice.one_in(4) ? Version::v2 : Version::v3;
    config.preempt = !dice.one_in(3);
    if (config.preempt && dice.one_in(4)) {
        config.preempt_delay = Milliseconds{dice.below(3000)};
    }
    config.down_adverts = dice.one_in(4) ? 2 + dice.below(4) : 3;
    if (dice.one_in(4)) {
        config.link_up_delay = Milliseconds{dice.below(2000)};
    }
    config.announce = {.repeat = 1 + dice.below(3),
                       .delay = Seconds{dice.below(3)},
                       .refresh = Seconds{1},
                       .refresh_repeat = 1};
    config.workers.required = 0;
    return config;
}

void add_addresses(vrrp::Config &config, std::size_t network, bool none,
                   Dice &dice) {
    const bool is_v4 = config.family == Family::ipv4;
    const std::uint8_t prefix = is_v4 ? kPrefix4 : kPrefix6;
    const auto add = [&](const IpAddress &address, bool excluded) {
        vrrp::VirtualAddress virtual_address{
            address, address.family() == Family::ipv4 ? kPrefix4 : prefix,
            config.interface, ""};
        virtual_address.excluded = excluded;
        config.addresses.push_back(virtual_address);
    };
    if (!none) {
        add(is_v4 ? v4(network, 200) : v6(0xfe, network, 200), false);
        if (dice.one_in(4)) {
            add(is_v4 ? v4(network, 201) : v6(0xfd, network, 201), false);
        }
    }
    if (dice.one_in(4)) {
        add(is_v4 ? v4(network, 210) : v6(0xfd, network, 210), true);
    }
}

// The interval of a router may differ from that of others of its group.
Duration interval(Version version, Dice &dice) {
    if (version == Version::v2) {
        return Seconds{1};
    }
    return pick(dice,
                std::array<Duration, 4>{Milliseconds{100}, Milliseconds{250},
                                        Milliseconds{500}, Seconds{1}});
}

// All routers have a peer link.
void add_links(Plan &plan, bool has_witness, Dice &dice) {
    plan.has_witness = has_witness;
    plan.takeover_check = has_witness || !dice.one_in(4);
    plan.names_peers = dice.one_in(3);
    for (std::size_t i = 0; i < plan.routers.size(); ++i) {
        plan.routers[i].peer_link = true;
        plan.routers[i].takeover_check = plan.takeover_check;
        plan.routers[i].witness = has_witness;
        const LinkPlan link{plan.networks[i], plan.routers[i].family};
        if (std::ranges::count(plan.links, link) == 0) {
            plan.links.push_back(link);
        }
    }
}

// Some kernels refuse the programs.
void add_drains(Plan &plan, Dice &dice) {
    plan.has_drains = true;
    for (vrrp::Config &config : plan.routers) {
        config.drain_timeout = dice.one_in(8) ? Seconds{0} : Seconds{60};
    }
    for (NodePlan &node : plan.nodes) {
        node.has_programs = !dice.one_in(8);
    }
}

}  // namespace

std::string interface_of(std::size_t network) {
    return "eth" + std::to_string(network);
}

const IpAddress &gateway_address() {
    static const IpAddress address = v4(0, 254);
    return address;
}

Plan Plan::random(Dice &dice, Extras extras) {
    Plan plan;
    const vrrp::Config base = common(dice);
    const Duration usual = interval(base.version, dice);
    const bool same_interval = !dice.one_in(4);
    const unsigned instances = dice.one_in(2) ? 1 : 2 + dice.below(2);
    const bool grouped = instances > 1 && !dice.one_in(6);
    const bool none = dice.one_in(12);
    plan.network_count = dice.one_in(6) ? 1 : instances;

    for (unsigned i = 0; i < instances; ++i) {
        const std::size_t network = i % plan.network_count;
        const bool dual = base.version == Version::v3 && dice.one_in(3);
        vrrp::Config config = base;
        config.name = "VI_" + std::to_string(i + 1);
        config.sync.group = grouped ? "G" : dual ? config.name : "";
        config.interface = interface_of(network);
        config.vrid = Vrid{octet(
            51 + (dice.one_in(2) || none || plan.network_count == 1 ? i : 0))};
        config.advert_interval =
            same_interval ? usual : interval(base.version, dice);
        config.link_down_delay =
            dice.one_in(5) ? config.advert_interval : Duration{0};
        config.family = base.version == Version::v3 && !dual && dice.one_in(3)
                            ? Family::ipv6
                            : Family::ipv4;
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            if (family != config.family && !dual) {
                continue;
            }
            vrrp::Config one = config;
            one.family = family;
            one.part = !dual                    ? vrrp::Part::whole
                       : family == Family::ipv4 ? vrrp::Part::first
                                                : vrrp::Part::second;
            add_addresses(one, network + 10 * i, none, dice);
            plan.routers.push_back(std::move(one));
            plan.networks.push_back(network);
        }
    }

    const unsigned nodes = 2 + dice.below(2);
    const bool equal = dice.one_in(3);
    for (unsigned n = 0; n < nodes; ++n) {
        NodePlan node;
        node.priority = Priority{octet(equal ? 100 : 90 + dice.below(21))};
        for (std::size_t network = 0; network < plan.network_count; ++network) {
            const std::size_t host = 10 * (1 + dice.below(9)) + n;
            node.ipv4.push_back(v4(network, host));
            node.ipv6.push_back(
                v6(0xfe, network, 10 * (1 + dice.below(9)) + n));
        }
        for (std::size_t i = 0; i < plan.routers.size(); ++i) {
            node.routers.push_back(i);
        }
        if (grouped && dice.one_in(2)) {
            // instances in another order; both families of one stay together
            const auto size = static_cast<std::ptrdiff_t>(
                plan.routers.front().part == vrrp::Part::whole ? 1 : 2);
            std::rotate(node.routers.begin(), node.routers.begin() + size,
                        node.routers.end());
        }
        if (dice.one_in(4)) {
            node.startup_delay = Milliseconds{dice.below(3000)};
        }
        plan.nodes.push_back(std::move(node));
    }
    if (dice.one_in(4)) {
        for (std::size_t i = 0; i < plan.routers.size(); ++i) {
            const std::size_t network = plan.networks[i];
            for (const NodePlan &node : plan.nodes) {
                const bool is_v4 = plan.routers[i].family == Family::ipv4;
                plan.routers[i].unicast_peers.emplace_back(
                    is_v4 ? node.ipv4[network] : node.ipv6[network]);
            }
        }
    }

    plan.tracker = dice.one_in(2)   ? TrackerPlan::none
                   : dice.one_in(2) ? TrackerPlan::fault
                                    : TrackerPlan::weight;
    plan.has_bfd = dice.one_in(4);
    plan.bfd_has_weight = dice.one_in(3);
    plan.session.peer = gateway_address();
    plan.session.min_tx = plan.session.min_rx =
        pick(dice, std::array<Duration, 3>{Milliseconds{100}, Milliseconds{200},
                                           Milliseconds{300}});
    plan.session.multiplier = octet(3 + dice.below(3));
    plan.watches_workers = dice.one_in(4);
    if (plan.watches_workers) {
        for (vrrp::Config &config : plan.routers) {
            config.workers = {.required = 1, .timeout = Seconds{2}};
        }
    }
    if (extras != Extras::none) {
        add_links(plan, extras == Extras::witness, dice);
    }
    if (extras == Extras::drains) {
        add_drains(plan, dice);
    }
    return plan;
}

std::vector<engine::RouterConfig> Plan::configs_of(std::size_t number,
                                                   Instant started_at) const {
    const NodePlan &node = nodes[number];
    std::vector<engine::TrackerConfig> trackers;
    if (tracker != TrackerPlan::none) {
        engine::TrackerConfig check = test::default_tracker();
        check.kind = engine::TrackKind::check;
        check.type = "track_http";
        check.name = "web";
        check.first_check = kWebCheck;
        check.checks = 1;
        if (tracker == TrackerPlan::weight) {
            check.weight = -15;
        }
        trackers.push_back(check);
    }
    if (has_bfd) {
        engine::TrackerConfig bfd = test::default_tracker();
        bfd.kind = engine::TrackKind::bfd;
        bfd.type = "track_bfd";
        bfd.name = "gateway";
        bfd.session = session;
        bfd.first_result = Seconds{4};
        if (bfd_has_weight) {
            bfd.weight = -15;
        }
        trackers.push_back(bfd);
    }
    if (has_witness) {
        engine::TrackerConfig witness = test::default_tracker();
        witness.kind = engine::TrackKind::check;
        witness.type = "takeover_check";
        witness.name = "ping=" + gateway_address().to_string();
        witness.witness = true;
        witness.weight = 0;
        witness.first_check = kWitnessCheck;
        witness.checks = 1;
        trackers.push_back(witness);
    }
    std::vector<engine::RouterConfig> configs;
    for (const std::size_t i : node.routers) {
        vrrp::Config config = routers[i];
        config.priority = node.priority;
        config.not_before = started_at + node.startup_delay;
        configs.push_back({std::move(config), trackers});
    }
    return configs;
}

bool Plan::are_all_together() const {
    bool all = true;
    for (std::size_t i = 1; i < routers.size(); ++i) {
        all = all && are_together(0, i);
    }
    return all;
}

Duration Plan::slowest_interval() const {
    return std::ranges::max(routers, {}, &vrrp::Config::advert_interval)
        .advert_interval;
}

Duration Plan::longest_skew() const {
    return vrrp::skew_time(routers.front().version, Priority{1},
                           slowest_interval());
}

Duration Plan::takeover() const {
    return vrrp::active_down_interval(routers.front().version, Priority{1},
                                      slowest_interval(),
                                      routers.front().down_adverts);
}

Duration Plan::longest_delay() const {
    Duration delay = routers.front().link_up_delay;
    for (const NodePlan &node : nodes) {
        delay = std::max(delay, node.startup_delay);
    }
    // a BFD session that begins, and looks of a tracker once a second
    return delay + (has_bfd ? Duration{Seconds{6}} : Duration{Seconds{1}}) +
           (watches_workers ? Seconds{2} : Seconds{0}) +
           (has_witness ? Seconds{2} : Seconds{0});
}

std::string Plan::describe() const {
    std::string text = format(
        "%s, %s, preempt_delay %lld ms, %u adverts, link_up_delay %lld "
        "ms%s%s%s%s%s%s",
        routers.front().version == Version::v2 ? "v2" : "v3",
        preempts() ? "preempt" : "nopreempt",
        static_cast<long long>(to_ms(routers.front().preempt_delay)),
        routers.front().down_adverts,
        static_cast<long long>(to_ms(routers.front().link_up_delay)),
        routers.front().is_unicast() ? ", unicast" : "",
        tracker == TrackerPlan::none    ? ""
        : tracker == TrackerPlan::fault ? ", tracker"
                                        : ", tracker with weight",
        has_bfd ? (bfd_has_weight ? ", BFD with weight" : ", BFD") : "",
        takeover_check ? ", takeover_check" : "",
        names_peers ? ", named peers" : "", has_witness ? ", witness" : "");
    text += has_drains ? ", drains" : "";
    for (const vrrp::Config &config : routers) {
        text += format(
            "\n  %s %s vrid %u IPv%d group \"%s\" interval %lld ms, "
            "link_down_delay %lld ms, %zu addresses, %zu advertised",
            config.name.c_str(), config.interface.c_str(),
            unsigned{to_number(config.vrid)}, to_number(config.family),
            config.sync.group.c_str(),
            static_cast<long long>(to_ms(config.advert_interval)),
            static_cast<long long>(to_ms(config.link_down_delay)),
            config.addresses.size(), config.advertised().size());
    }
    for (const NodePlan &node : nodes) {
        text += format("\n  node: priority %u, startup_delay %lld ms%s",
                       unsigned{node.priority.value},
                       static_cast<long long>(to_ms(node.startup_delay)),
                       node.has_programs ? "" : ", no programs");
        for (const auto *list : {&node.ipv4, &node.ipv6}) {
            for (const IpAddress &address : *list) {
                text += ' ' + address.to_string();
            }
        }
    }
    return text;
}

}  // namespace ngx_vrrp::simulation
