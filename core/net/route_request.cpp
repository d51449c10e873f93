#include "core/net/route_request.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/net/domain.hpp"

namespace ngx_vrrp::net {

namespace {

// A table with a number that does not fit into the header is an attribute.
constexpr std::uint32_t kSmallTables = 256;

std::uint8_t small_table(std::uint32_t table) {
    return static_cast<std::uint8_t>(table < kSmallTables ? table
                                                          : RT_TABLE_COMPAT);
}

void put_network(Message &message, int attribute,
                 const vrrp::Network &network) {
    if (network.prefix_length != 0) {
        put_bytes(message, attribute, network.address.octets());
    }
}

// As ip route chooses it.
std::uint8_t scope_of(const vrrp::Route &route) {
    const bool is_direct = route.kind == vrrp::RouteKind::usual && !route.via &&
                           route.family() == Family::ipv4;
    return route.scope.value_or(is_direct ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
}

void put_mtu(Message &message, std::uint32_t mtu) {
    if (mtu == 0 || !message) {
        return;
    }
    nlattr *metrics = nla_nest_start(message.get(), RTA_METRICS);
    if (metrics == nullptr || nla_put_u32(message.get(), RTAX_MTU, mtu) < 0) {
        message.reset();
        return;
    }
    nla_nest_end(message.get(), metrics);
}

const engine::Interface *interface_of(const vrrp::Route &route,
                                      const engine::Interfaces &known) {
    return route.interface.empty() ? nullptr : known.find(route.interface);
}

// The parts that identify a route, with which gateway and interface it was
// added.
Message build(int type, int flags, std::uint8_t scope, const vrrp::Route &route,
              const engine::Interfaces &known) {
    rtmsg header{};
    header.rtm_family = domain_of(route.family());
    header.rtm_dst_len = route.destination.prefix_length;
    header.rtm_table = small_table(route.table);
    header.rtm_protocol = kRouteMark;
    header.rtm_scope = scope;
    header.rtm_type = static_cast<std::uint8_t>(route.kind);
    header.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0;
    Message message = make_message(type, flags, header);
    put_network(message, RTA_DST, route.destination);
    put(message, RTA_TABLE, route.table);
    if (route.metric != 0) {
        put(message, RTA_PRIORITY, route.metric);
    }
    if (route.via) {
        put_bytes(message, RTA_GATEWAY, route.via->octets());
    }
    if (const engine::Interface *interface = interface_of(route, known)) {
        put(message, RTA_OIF, to_number(interface->index));
    }
    return message;
}

Message build_add(int flags, const vrrp::Route &route,
                  const engine::Interfaces &known, Seconds lease) {
    Message message = build(RTM_NEWROUTE, NLM_F_CREATE | flags, scope_of(route),
                            route, known);
    if (route.source) {
        put_bytes(message, RTA_PREFSRC, route.source->octets());
    }
    put_mtu(message, route.mtu);
    if (route.family() == Family::ipv6) {
        put(message, RTA_EXPIRES, static_cast<std::uint32_t>(lease.count()));
    }
    return message;
}

Message build(int type, int flags, const vrrp::Rule &rule) {
    const bool has_table = rule.kind == vrrp::RouteKind::usual;
    fib_rule_hdr header{};
    header.family = domain_of(rule.family);
    header.dst_len = rule.to ? rule.to->prefix_length : 0;
    header.src_len = rule.from ? rule.from->prefix_length : 0;
    header.table = has_table ? small_table(rule.table) : 0;
    header.action = static_cast<std::uint8_t>(rule.kind);
    Message message = make_message(type, flags, header);
    if (rule.from) {
        put_network(message, FRA_SRC, *rule.from);
    }
    if (rule.to) {
        put_network(message, FRA_DST, *rule.to);
    }
    if (!rule.input.empty()) {
        put_text(message, FRA_IIFNAME, rule.input.c_str());
    }
    if (!rule.output.empty()) {
        put_text(message, FRA_OIFNAME, rule.output.c_str());
    }
    if (rule.mask != 0) {
        put(message, FRA_FWMARK, rule.mark);
        put(message, FRA_FWMASK, rule.mask);
    }
    if (has_table) {
        put(message, FRA_TABLE, rule.table);
    }
    put(message, FRA_PRIORITY, rule.priority);
    put(message, FRA_PROTOCOL, kRouteMark);
    return message;
}

Status answered(const std::string &what, int error) {
    return error == 0 ? success() : failure(what, error);
}

// Received attributes

class Attributes {
public:
    Attributes(nlmsghdr *message, std::size_t header) {
        valid_ = nlmsg_parse(message, static_cast<int>(header), list_, kMost,
                             nullptr) >= 0;
    }

    bool valid() const { return valid_; }

    std::uint32_t number(int attribute, std::uint32_t otherwise) const {
        const nlattr *a = list_[attribute];
        if (a == nullptr || nla_len(a) != sizeof(std::uint32_t)) {
            return otherwise;
        }
        std::uint32_t value = 0;
        std::memcpy(&value, nla_data(a), sizeof(value));
        return value;
    }

    std::optional<IpAddress> ip(int attribute) const {
        const nlattr *a = list_[attribute];
        const Bytes octets = a != nullptr ? value_of(a) : Bytes{};
        return octets.size() == 4 || octets.size() == 16
                   ? std::optional{IpAddress::from_octets(octets)}
                   : std::nullopt;
    }

    std::string text(int attribute) const {
        const nlattr *a = list_[attribute];
        if (a == nullptr) {
            return {};
        }
        const auto *from = static_cast<const char *>(nla_data(a));
        return {from, ::strnlen(from, static_cast<std::size_t>(nla_len(a)))};
    }

    std::uint32_t mtu() const {
        const nlattr *a = list_[RTA_METRICS];
        nlattr *metrics[RTAX_MAX + 1];
        if (a == nullptr ||
            nla_parse_nested(metrics, RTAX_MAX, const_cast<nlattr *>(a),
                             nullptr) < 0 ||
            metrics[RTAX_MTU] == nullptr ||
            nla_len(metrics[RTAX_MTU]) != sizeof(std::uint32_t)) {
            return 0;
        }
        return nla_get_u32(metrics[RTAX_MTU]);
    }

    // The unspecified address of the family if the kernel reports none.
    vrrp::Network network(int attribute, int domain,
                          std::uint8_t length) const {
        const auto unspecified =
            domain == AF_INET ? IpAddress::v4({}) : IpAddress::v6({});
        return {ip(attribute).value_or(unspecified), length};
    }

private:
    static constexpr int kMost = std::max<int>(RTA_MAX, FRA_MAX);
    nlattr *list_[kMost + 1] = {};
    bool valid_ = false;
};

bool is_kind(unsigned number) {
    switch (static_cast<vrrp::RouteKind>(number)) {
        case vrrp::RouteKind::usual:
        case vrrp::RouteKind::blackhole:
        case vrrp::RouteKind::unreachable:
        case vrrp::RouteKind::prohibit:
            return true;
    }
    return false;
}

}  // namespace

std::optional<vrrp::Route> parse_route(nlmsghdr *message,
                                       const engine::Interfaces &known) {
    const auto *header = header_of<rtmsg>(message);
    if (header == nullptr || header->rtm_protocol != kRouteMark ||
        !is_kind(header->rtm_type)) {
        return std::nullopt;
    }
    const Attributes attributes(message, sizeof(rtmsg));
    if (!attributes.valid()) {
        return std::nullopt;
    }
    vrrp::Route route;
    route.kind = static_cast<vrrp::RouteKind>(header->rtm_type);
    route.destination =
        attributes.network(RTA_DST, header->rtm_family, header->rtm_dst_len);
    route.via = attributes.ip(RTA_GATEWAY);
    route.source = attributes.ip(RTA_PREFSRC);
    route.table = attributes.number(RTA_TABLE, header->rtm_table);
    route.metric = attributes.number(RTA_PRIORITY, 0);
    route.scope = header->rtm_scope;
    route.mtu = attributes.mtu();
    route.onlink = (header->rtm_flags & RTNH_F_ONLINK) != 0;
    const IfIndex index{attributes.number(RTA_OIF, 0)};
    if (const auto *interface =
            find_first(known.list, index, &engine::Interface::index)) {
        route.interface = interface->name;
    }
    return route;
}

std::optional<vrrp::Rule> parse_rule(nlmsghdr *message) {
    const auto *header = header_of<fib_rule_hdr>(message);
    if (header == nullptr || !is_kind(header->action)) {
        return std::nullopt;
    }
    nlattr *list[FRA_MAX + 1];
    if (nlmsg_parse(message, sizeof(fib_rule_hdr), list, FRA_MAX, nullptr) <
            0 ||
        list[FRA_PROTOCOL] == nullptr || nla_len(list[FRA_PROTOCOL]) != 1 ||
        nla_get_u8(list[FRA_PROTOCOL]) != kRouteMark) {
        return std::nullopt;
    }
    const Attributes attributes(message, sizeof(fib_rule_hdr));
    vrrp::Rule rule;
    rule.kind = static_cast<vrrp::RouteKind>(header->action);
    rule.family = header->family == AF_INET ? Family::ipv4 : Family::ipv6;
    if (header->src_len != 0) {
        rule.from =
            attributes.network(FRA_SRC, header->family, header->src_len);
    }
    if (header->dst_len != 0) {
        rule.to = attributes.network(FRA_DST, header->family, header->dst_len);
    }
    rule.input = attributes.text(FRA_IIFNAME);
    rule.output = attributes.text(FRA_OIFNAME);
    rule.mark = attributes.number(FRA_FWMARK, 0);
    rule.mask = attributes.number(FRA_FWMASK, 0);
    rule.table = attributes.number(FRA_TABLE, header->table);
    rule.priority = attributes.number(FRA_PRIORITY, 0);
    return rule;
}

namespace {

int dump_routes(RequestSocket &socket, int domain, engine::Interfaces &known) {
    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(domain);
    header.rtm_protocol = kRouteMark;
    const Message request = make_message(RTM_GETROUTE, NLM_F_DUMP, header);
    return socket.exchange(request, [&](nlmsghdr *message) {
        if (message->nlmsg_type == RTM_NEWROUTE) {
            if (auto route = parse_route(message, known)) {
                known.routes.push_back(std::move(*route));
            }
        }
    });
}

int dump_rules(RequestSocket &socket, int domain, engine::Interfaces &known) {
    fib_rule_hdr header{};
    header.family = static_cast<std::uint8_t>(domain);
    const Message request = make_message(RTM_GETRULE, NLM_F_DUMP, header);
    return socket.exchange(request, [&](nlmsghdr *message) {
        if (message->nlmsg_type == RTM_NEWRULE) {
            if (auto rule = parse_rule(message)) {
                known.rules.push_back(std::move(*rule));
            }
        }
    });
}

// A dump that another change interrupts is repeated; a family that the kernel
// does not have has no routes.
template <class Dump>
int repeat(const Dump &dump) {
    constexpr unsigned kMost = 4;
    int error = EINTR;
    for (unsigned n = 0; n < kMost && error == EINTR; ++n) {
        error = dump();
    }
    return error == EAFNOSUPPORT || error == EOPNOTSUPP || error == EINTR
               ? 0
               : error;
}

}  // namespace

Status add_route(RequestSocket &socket, const vrrp::Route &route,
                 const engine::Interfaces &known, Seconds lease) {
    if (!route.interface.empty() && !interface_of(route, known)) {
        return failure("adding " + route.to_string(), ENODEV);
    }
    return answered(
        "adding " + route.to_string(),
        socket.exchange(build_add(NLM_F_EXCL, route, known, lease)));
}

// The kernel sets the new time, and reports that it has this route already.
Status prolong_route(RequestSocket &socket, const vrrp::Route &route,
                     const engine::Interfaces &known, Seconds lease) {
    const int error = socket.exchange(build_add(0, route, known, lease));
    if (error == 0) {
        // Ours was gone. If another program has a route there, this one is now
        // one more next hop of it.
        static_cast<void>(remove_route(socket, route, known));
        return failure("prolonging " + route.to_string(), ENOENT);
    }
    return answered("prolonging " + route.to_string(),
                    error == EEXIST ? 0 : error);
}

Status remove_route(RequestSocket &socket, const vrrp::Route &route,
                    const engine::Interfaces &known) {
    const int error =
        socket.exchange(build(RTM_DELROUTE, 0, RT_SCOPE_NOWHERE, route, known));
    return answered("removing " + route.to_string(),
                    error == ESRCH || error == ENODEV ? 0 : error);
}

Status add_rule(RequestSocket &socket, const vrrp::Rule &rule) {
    return answered(
        "adding " + rule.to_string(),
        socket.exchange(build(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, rule)));
}

Status remove_rule(RequestSocket &socket, const vrrp::Rule &rule) {
    const int error = socket.exchange(build(RTM_DELRULE, 0, rule));
    return answered("removing " + rule.to_string(),
                    error == ENOENT ? 0 : error);
}

Status read_routes(RequestSocket &socket, engine::Interfaces &known) {
    engine::Interfaces read;
    read.list = known.list;
    int error = 0;
    for (const int domain : {AF_INET, AF_INET6}) {
        error = error != 0 ? error : repeat([&] {
            std::erase_if(read.routes, [&](const vrrp::Route &route) {
                return domain_of(route.family()) == domain;
            });
            return dump_routes(socket, domain, read);
        });
        error = error != 0 ? error : repeat([&] {
            std::erase_if(read.rules, [&](const vrrp::Rule &rule) {
                return domain_of(rule.family) == domain;
            });
            return dump_rules(socket, domain, read);
        });
    }
    if (error != 0) {
        return failure("reading routes and rules", error);
    }
    known.routes = std::move(read.routes);
    known.rules = std::move(read.rules);
    return success();
}

}  // namespace ngx_vrrp::net
