#include "core/net/interface_table.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/base/find.hpp"
#include "core/net/vmac_mark.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr unsigned kMaxDumps = 4;

// The value of an attribute, if it is there and has the right size.
template <class T>
std::optional<T> read(const nlattr *attribute) {
    if (attribute == nullptr || nla_len(attribute) != sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, nla_data(attribute), sizeof(T));
    return value;
}

// "Running" means operational in the kernel: with carrier, or with a driver
// that does not report one.
bool is_up(unsigned flags) {
    return (flags & IFF_UP) != 0 && (flags & IFF_RUNNING) != 0;
}

// A bridge reports its ports in messages of another family, which are not
// links.
std::optional<engine::Interface> parse_link(nlmsghdr *message) {
    nlattr *attributes[IFLA_MAX + 1];
    if (nlmsg_parse(message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) <
            0 ||
        attributes[IFLA_IFNAME] == nullptr) {
        return std::nullopt;
    }

    const auto *link = static_cast<const ifinfomsg *>(nlmsg_data(message));
    if (link->ifi_family != AF_UNSPEC) {
        return std::nullopt;
    }
    engine::Interface interface;
    const auto *name =
        static_cast<const char *>(nla_data(attributes[IFLA_IFNAME]));
    interface.name.assign(
        name, ::strnlen(name, static_cast<std::size_t>(
                                  nla_len(attributes[IFLA_IFNAME]))));
    interface.index = IfIndex{static_cast<std::uint32_t>(link->ifi_index)};
    interface.mac =
        read<MacAddress>(attributes[IFLA_ADDRESS]).value_or(MacAddress{});
    interface.up = is_up(link->ifi_flags);
    interface.enabled = (link->ifi_flags & IFF_UP) != 0;
    if (const auto mark = vmac_mark(attributes[IFLA_IFALIAS])) {
        interface.vmac_of = mark->router;
    }
    interface.unfinished = is_unfinished(attributes[IFLA_GROUP]);
    if (interface.unfinished || !interface.vmac_of.empty()) {
        interface.base =
            IfIndex{read<std::uint32_t>(attributes[IFLA_LINK]).value_or(0)};
    }
    return interface;
}

std::optional<IpAddress> ip_of(const nlattr *attribute) {
    if (attribute == nullptr) {
        return std::nullopt;
    }
    const Bytes octets = value_of(attribute);
    if (octets.size() != 4 && octets.size() != 16) {
        return std::nullopt;
    }
    return IpAddress::from_octets(octets);
}

struct ParsedAddress {
    IfIndex index{};
    engine::InterfaceAddress fact;
    bool has_protocol = false;  // IFA_PROTO
};

std::optional<ParsedAddress> parse_address(nlmsghdr *message) {
    nlattr *attributes[kIfaProto + 1];
    if (nlmsg_parse(message, sizeof(ifaddrmsg), attributes, kIfaProto,
                    nullptr) < 0) {
        return std::nullopt;
    }

    // IFA_ADDRESS is the other end on a point-to-point link; IFA_LOCAL, which
    // IPv6 has only there, never is.
    const std::optional<IpAddress> ip =
        ip_of(attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL]
                                               : attributes[IFA_ADDRESS]);
    if (!ip) {
        return std::nullopt;
    }

    const auto *header = static_cast<const ifaddrmsg *>(nlmsg_data(message));
    const std::uint32_t flags =
        read<std::uint32_t>(attributes[IFA_FLAGS]).value_or(header->ifa_flags);
    const std::uint8_t mark =
        read<std::uint8_t>(attributes[kIfaProto]).value_or(0);

    ParsedAddress parsed;
    parsed.index = IfIndex{header->ifa_index};
    parsed.has_protocol = attributes[kIfaProto] != nullptr;
    parsed.fact.address = *ip;
    parsed.fact.prefix_length = header->ifa_prefixlen;
    parsed.fact.ours = mark == kAddressMark;
    parsed.fact.tentative = (flags & IFA_F_TENTATIVE) != 0;
    parsed.fact.permanent = (flags & IFA_F_PERMANENT) != 0;
    parsed.fact.duplicate = (flags & IFA_F_DADFAILED) != 0;
    return parsed;
}

engine::Interface *find_interface(std::vector<engine::Interface> &list,
                                  IfIndex index) {
    return find_first(list, index, &engine::Interface::index);
}

int dump_links(RequestSocket &socket, std::vector<engine::Interface> &list) {
    Message request = make_message(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
    put(request, IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    return socket.exchange(request, [&](nlmsghdr *message) {
        if (message->nlmsg_type != RTM_NEWLINK) {
            return;
        }
        if (std::optional<engine::Interface> link = parse_link(message)) {
            list.push_back(std::move(*link));
        }
    });
}

// Addresses of an interface that appeared after the links were read are left
// out: its event brings them. A kernel that supports marks sets some itself, on
// the loopback interface and on link-local addresses.
int dump_addresses(RequestSocket &socket, engine::Interfaces &interfaces) {
    const Message request = make_message(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
    return socket.exchange(request, [&](nlmsghdr *message) {
        const std::optional<ParsedAddress> parsed =
            message->nlmsg_type == RTM_NEWADDR ? parse_address(message)
                                               : std::nullopt;
        if (!parsed) {
            return;
        }
        interfaces.keeps_marks |= parsed->has_protocol;
        if (auto *interface = find_interface(interfaces.list, parsed->index)) {
            interface->addresses.push_back(parsed->fact);
        }
    });
}

// Returns errno. An interrupted dump of links is followed by that of addresses.
int dump(RequestSocket &socket, engine::Interfaces &interfaces) {
    interfaces = {.list = {}, .keeps_marks = false};
    const int links = dump_links(socket, interfaces.list);
    if (links != 0 && links != EINTR) {
        return links;
    }
    const int addresses = dump_addresses(socket, interfaces);
    return addresses != 0 ? addresses : links;
}

engine::InterfaceAddress *find_address(
    std::vector<engine::InterfaceAddress> &list,
    const engine::InterfaceAddress &wanted) {
    return find_first(list, [&](const auto &a) {
        return a.address == wanted.address &&
               a.prefix_length == wanted.prefix_length;
    });
}

Effect add_link(engine::Interface link, std::vector<engine::Interface> &list) {
    engine::Interface *known = find_interface(list, link.index);
    if (known == nullptr) {
        list.push_back(std::move(link));
        return Effect::changed;
    }
    if (link.mac == MacAddress{}) {
        link.mac = known->mac;  // events of wireless drivers do not have it
    }
    link.addresses = std::move(known->addresses);
    const bool same = link.name == known->name && link.mac == known->mac &&
                      link.up == known->up && link.enabled == known->enabled &&
                      link.vmac_of == known->vmac_of &&
                      link.unfinished == known->unfinished &&
                      link.base == known->base;
    const bool went_down = known->up && !link.up;
    *known = std::move(link);
    return went_down ? Effect::link_down
           : same    ? Effect::none
                     : Effect::changed;
}

Effect remove_link(const engine::Interface &link,
                   std::vector<engine::Interface> &list) {
    const auto n = std::erase_if(
        list, [&](const auto &known) { return known.index == link.index; });
    return n != 0 ? Effect::changed : Effect::none;
}

// IPv4 addresses have an order, and may be there twice with two other ends.
Effect uncertainty(const engine::InterfaceAddress &address) {
    return address.address.family() == Family::ipv4 && !address.ours
               ? Effect::unsure
               : Effect::changed;
}

Effect add_address(const ParsedAddress &added, engine::Interface &link) {
    engine::InterfaceAddress *known = find_address(link.addresses, added.fact);
    if (known == nullptr) {
        link.addresses.push_back(added.fact);
        return uncertainty(added.fact);
    }
    const bool same = *known == added.fact;
    *known = added.fact;
    return same ? Effect::none : Effect::changed;
}

Effect remove_address(const ParsedAddress &removed, engine::Interface &link) {
    const auto *known = find_address(link.addresses, removed.fact);
    if (known == nullptr) {
        return Effect::none;
    }
    link.addresses.erase(link.addresses.begin() +
                         (known - link.addresses.data()));
    return uncertainty(removed.fact);
}

}  // namespace

// libnl restarts a dump each time it is interrupted. While a program adds and
// removes addresses in a loop, this never ends, and the content of an
// interrupted dump is true.
Result<InterfaceDump, SystemError> read_interfaces(RequestSocket &socket) {
    InterfaceDump result;
    int error = EINTR;

    for (unsigned n = 0; n < kMaxDumps && error == EINTR; n++) {
        error = dump(socket, result.interfaces);
    }
    if (error != 0 && error != EINTR) {
        return failure("reading links and addresses", error);
    }
    result.interrupted = error == EINTR;
    return result;
}

void complete(engine::Interfaces &dump, const engine::Interfaces &known) {
    for (const engine::Interface &before : known.list) {
        engine::Interface *link = find_interface(dump.list, before.index);
        if (link == nullptr) {
            dump.list.push_back(before);
            continue;
        }
        for (const engine::InterfaceAddress &address : before.addresses) {
            if (find_address(link->addresses, address) == nullptr) {
                link->addresses.push_back(address);
            }
        }
    }
}

Effect apply(nlmsghdr *event, engine::Interfaces &known) {
    const auto type = event->nlmsg_type;
    if (type == RTM_NEWLINK || type == RTM_DELLINK) {
        auto link = parse_link(event);
        if (!link) {
            return Effect::none;
        }
        return type == RTM_NEWLINK ? add_link(std::move(*link), known.list)
                                   : remove_link(*link, known.list);
    }
    if (type == RTM_NEWADDR || type == RTM_DELADDR) {
        const auto address = parse_address(event);
        auto *link =
            address ? find_interface(known.list, address->index) : nullptr;
        if (link == nullptr) {
            return Effect::none;
        }
        return type == RTM_NEWADDR ? add_address(*address, *link)
                                   : remove_address(*address, *link);
    }
    return Effect::none;
}

}  // namespace ngx_vrrp::net
