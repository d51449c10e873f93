#include "core/net/address_request.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/log.hpp"
#include "core/net/domain.hpp"
#include "core/net/interface_table.hpp"

namespace ngx_vrrp::net {

namespace {

std::string describe(const vrrp::VirtualAddress &address) {
    return address.address.to_string() + "/" +
           std::to_string(address.prefix_length);
}

bool put_address(nl_msg *message, int attribute, const IpAddress &address) {
    const std::span<const std::uint8_t> octets = address.octets();
    return nla_put(message, attribute, static_cast<int>(octets.size()),
                   octets.data()) == 0;
}

// The attributes that identify an address in the kernel, which is enough for a
// removal.
Message build(int type, int flags, const engine::Interface &interface,
              const vrrp::VirtualAddress &address) {
    Message message(nlmsg_alloc_simple(type, flags));
    ifaddrmsg header{};
    header.ifa_family =
        static_cast<std::uint8_t>(domain_of(address.address.family()));
    header.ifa_prefixlen = address.prefix_length;
    header.ifa_scope = RT_SCOPE_UNIVERSE;
    header.ifa_index = to_number(interface.index);

    const bool complete =
        message &&
        nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO) ==
            0 &&
        put_address(message.get(), IFA_LOCAL, address.address) &&
        put_address(message.get(), IFA_ADDRESS, address.address);
    return complete ? std::move(message) : nullptr;
}

std::uint8_t bit(const IpAddress &address, unsigned n) {
    return static_cast<std::uint8_t>(address.octets()[n / 8] >> (7 - n % 8) &
                                     1);
}

bool same_prefix(const IpAddress &a, const IpAddress &b, unsigned length) {
    for (unsigned n = 0; n < length; n++) {
        if (bit(a, n) != bit(b, n)) {
            return false;
        }
    }
    return true;
}

// Whether the connected route of the address's prefix belongs to an address
// of the machine itself.
bool has_route_already(const engine::Interface &interface,
                       const vrrp::VirtualAddress &address) {
    return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                       [&](const engine::InterfaceAddress &a) {
                           return !a.ours &&
                                  a.address.family() == Family::ipv6 &&
                                  a.address != address.address &&
                                  a.prefix_length == address.prefix_length &&
                                  same_prefix(a.address, address.address,
                                              address.prefix_length);
                       });
}

// No duplicate address detection: the VIP is ours by election, and waiting
// for it would cost a second. No prefix route where the machine has one: our
// lease would become the lifetime of a route learned from a router, and soon
// after the VIP the machine would lose its own LAN.
std::uint32_t ipv6_flags(const engine::Interface &interface,
                         const vrrp::VirtualAddress &address) {
    std::uint32_t flags = IFA_F_NODAD;
    if (has_route_already(interface, address)) {
        flags |= IFA_F_NOPREFIXROUTE;
    }
    return flags;
}

// The lifetimes. IPv6: deprecated from the start, so that the machine does not
// use the VIP as the source of its connections.
bool put_lease(nl_msg *message, Family family, Seconds lease) {
    ifa_cacheinfo info{};
    info.ifa_valid = static_cast<std::uint32_t>(lease.count());
    info.ifa_prefered = family == Family::ipv4 ? info.ifa_valid : 0;
    return nla_put(message, IFA_CACHEINFO, sizeof(info), &info) == 0;
}

bool put_label(nl_msg *message, const vrrp::VirtualAddress &address) {
    return address.label.empty() ||
           nla_put_string(message, IFA_LABEL, address.label.c_str()) == 0;
}

bool put_mark(nl_msg *message) {
    return nla_put_u8(message, kIfaProto, kAddressMark) == 0;
}

bool put_flags(nl_msg *message, const engine::Interface &interface,
               const vrrp::VirtualAddress &address) {
    return nla_put_u32(message, IFA_FLAGS, ipv6_flags(interface, address)) == 0;
}

Message build_add(const engine::Interface &interface,
                  const vrrp::VirtualAddress &address, Seconds lease) {
    Message message =
        build(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, interface, address);
    const Family family = address.address.family();
    nl_msg *m = message.get();
    const bool complete =
        m != nullptr && put_lease(m, family, lease) && put_label(m, address) &&
        put_mark(m) &&
        (family == Family::ipv4 || put_flags(m, interface, address));
    return complete ? std::move(message) : nullptr;
}

Message build_promote(const engine::Interface &interface) {
    Message message(nlmsg_alloc_simple(RTM_SETLINK, 0));
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(to_number(interface.index));
    if (!message || nlmsg_append(message.get(), &header, sizeof(header),
                                 NLMSG_ALIGNTO) < 0) {
        return nullptr;
    }

    nl_msg *m = message.get();
    nlattr *families = nla_nest_start(m, IFLA_AF_SPEC);
    nlattr *family = families ? nla_nest_start(m, AF_INET) : nullptr;
    nlattr *conf = family ? nla_nest_start(m, IFLA_INET_CONF) : nullptr;
    if (conf == nullptr ||
        nla_put_u32(m, IPV4_DEVCONF_PROMOTE_SECONDARIES, 1) < 0) {
        return nullptr;
    }
    nla_nest_end(m, conf);
    nla_nest_end(m, family);
    nla_nest_end(m, families);
    return message;
}

// IPv6 has each address once, whatever its prefix: replacing it would put our
// lease on an address that another program configured.
const engine::InterfaceAddress *find_other_prefix(
    const engine::Interface &interface, const vrrp::VirtualAddress &address) {
    const auto it =
        std::find_if(interface.addresses.begin(), interface.addresses.end(),
                     [&](const engine::InterfaceAddress &a) {
                         return a.address == address.address &&
                                a.prefix_length != address.prefix_length;
                     });
    return it == interface.addresses.end() ? nullptr : &*it;
}

Status refuse(const char *what, const engine::Interface &interface,
              const vrrp::VirtualAddress &address, unsigned prefix_length,
              int error) {
    return Unexpected(SystemError{
        format("%s %s on \"%s\", where it is with prefix length %u,", what,
               describe(address).c_str(), interface.name.c_str(),
               prefix_length),
        error});
}

Status refuse_other_prefix(const engine::Interface &interface,
                           const vrrp::VirtualAddress &address) {
    const auto *other = address.address.family() == Family::ipv6
                            ? find_other_prefix(interface, address)
                            : nullptr;
    return other ? refuse("adding", interface, address, other->prefix_length,
                          EEXIST)
                 : success();
}

Status adding(const engine::Interface &interface,
              const vrrp::VirtualAddress &address, int error) {
    return error == 0
               ? success()
               : Unexpected(SystemError{"adding " + describe(address) +
                                            " to \"" + interface.name + "\"",
                                        error});
}

// The kernel does not have exactly this address.
Status explain_absence(RequestSocket &socket,
                       const engine::Interface &interface,
                       const vrrp::VirtualAddress &address) {
    const Result<InterfaceDump, SystemError> now = read_interfaces(socket);
    if (!now) {
        return Unexpected(now.error());
    }

    const engine::Interface *there = now->interfaces.find(interface.name);
    const engine::InterfaceAddress *other =
        there ? find_other_prefix(*there, address) : nullptr;
    return other ? refuse("removing", interface, address, other->prefix_length,
                          EADDRNOTAVAIL)
                 : success();
}

}  // namespace

std::vector<Status> add_addresses(
    RequestSocket &socket, const std::vector<engine::LeaseRequest> &wanted) {
    std::vector<Status> answers;
    std::vector<std::size_t> asked;
    std::vector<Message> requests;
    for (const engine::LeaseRequest &w : wanted) {
        answers.push_back(refuse_other_prefix(*w.interface, *w.address));
        if (answers.back()) {
            Message request = build_add(*w.interface, *w.address, w.lease);
            if (!request) {
                answers.back() = adding(*w.interface, *w.address, ENOMEM);
                continue;
            }
            asked.push_back(answers.size() - 1);
            requests.push_back(std::move(request));
        }
    }

    const std::vector<int> errors = socket.exchange(requests);
    for (std::size_t i = 0; i < errors.size(); ++i) {
        const engine::LeaseRequest &w = wanted[asked[i]];
        answers[asked[i]] = adding(*w.interface, *w.address, errors[i]);
    }
    return answers;
}

Status remove_address(RequestSocket &socket, const engine::Interface &interface,
                      const vrrp::VirtualAddress &address) {
    const Message request = build(RTM_DELADDR, 0, interface, address);
    const int error = request ? socket.exchange(request) : ENOMEM;

    switch (error) {
        case 0:
        case ENOENT:
        case ENODEV:
        case ENXIO:  // no IPv6 on this interface any more
            return success();
        case EADDRNOTAVAIL:
            return explain_absence(socket, interface, address);
        default:
            return Unexpected(SystemError{"removing " + describe(address) +
                                              " from \"" + interface.name +
                                              "\"",
                                          error});
    }
}

Status promote_secondaries(RequestSocket &socket,
                           const engine::Interface &interface) {
    const Message request = build_promote(interface);
    const int error = request ? socket.exchange(request) : ENOMEM;
    if (error != 0) {
        return Unexpected(SystemError{
            "setting promote_secondaries of \"" + interface.name + "\"",
            error});
    }
    return success();
}

}  // namespace ngx_vrrp::net
