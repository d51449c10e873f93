#include "core/net/address_request.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/net/domain.hpp"
#include "core/net/interface_table.hpp"
#include "core/net/ipv4_settings.hpp"

namespace ngx_vrrp::net {

namespace {

std::string describe(const vrrp::VirtualAddress &address) {
    return address.address.to_string() + "/" +
           std::to_string(address.prefix_length);
}

// Begins a request with the attributes that identify an address in the kernel,
// which is enough for a removal.
[[gnu::hot]] void put(RequestBatch &batch, int type, int flags,
                      const engine::Interface &interface,
                      const vrrp::VirtualAddress &address) {
    ifaddrmsg header{};
    header.ifa_family = domain_of(address.address.family());
    header.ifa_prefixlen = address.prefix_length;
    header.ifa_scope = address.scope;
    header.ifa_index = to_number(interface.index);
    batch.begin(type, flags, header);
    batch.put_bytes(IFA_LOCAL, address.address.octets());
    batch.put_bytes(IFA_ADDRESS, address.address.octets());
}

// Whether the connected route of the address's prefix belongs to an address
// of the machine itself.
[[gnu::hot]] bool has_route_already(const engine::Interface &interface,
                                    const vrrp::VirtualAddress &address) {
    return std::ranges::any_of(interface.addresses, [&](const auto &a) {
        return !a.ours && a.address != address.address &&
               a.prefix_length == address.prefix_length &&
               same_prefix(a.address, address.address, address.prefix_length);
    });
}

// No duplicate address detection: the VIP is ours by election, and waiting
// for it would cost a second. No prefix route where the machine has one: our
// lease would become the lifetime of a route learned from a router, and soon
// after the VIP the machine would lose its own LAN.
[[gnu::hot]] std::uint32_t flags_of(const engine::Interface &interface,
                                    const vrrp::VirtualAddress &address) {
    const bool is_ipv6 = address.address.family() == Family::ipv6;
    const bool no_route = address.no_prefix_route ||
                          (is_ipv6 && has_route_already(interface, address));
    return (no_route ? IFA_F_NOPREFIXROUTE : 0) |
           (address.home ? IFA_F_HOMEADDRESS : 0) |
           (is_ipv6 && !address.detect_duplicate ? IFA_F_NODAD : 0);
}

// The LAN of a device with a virtual MAC address is that of its base: with a
// second route to it, the machine could use the virtual MAC address for all its
// traffic.
std::uint32_t vmac_flags(const engine::Interface &interface,
                         const vrrp::VirtualAddress &address,
                         const engine::Interfaces &known) {
    const engine::Interface *base =
        find_first(known.list, interface.base, &engine::Interface::index);
    return base && has_route_already(*base, address)
               ? std::uint32_t{IFA_F_NOPREFIXROUTE}
               : 0;
}

// IPv6: deprecated from the start, so that the machine does not use the VIP as
// the source of its connections.
Seconds default_preferred(const engine::LeaseRequest &wanted) {
    return wanted.address->address.family() == Family::ipv4 ? wanted.lease
                                                            : Seconds{0};
}

[[gnu::hot]] void put_add(RequestBatch &batch,
                          const engine::LeaseRequest &wanted,
                          const engine::Interfaces &known) {
    const vrrp::VirtualAddress &address = *wanted.address;
    ifa_cacheinfo lease{};
    lease.ifa_valid = static_cast<std::uint32_t>(wanted.lease.count());
    lease.ifa_prefered = static_cast<std::uint32_t>(
        wanted.preferred.value_or(default_preferred(wanted)).count());

    put(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, *wanted.interface,
        address);
    batch.put(IFA_CACHEINFO, lease);
    batch.put(kIfaProto, kAddressMark);
    if (address.broadcast) {
        batch.put_bytes(IFA_BROADCAST, address.broadcast->octets());
    }
    if (!address.label.empty()) {
        batch.put_text(IFA_LABEL, address.label);
    }
    std::uint32_t flags = flags_of(*wanted.interface, address);
    if (wanted.interface->base != IfIndex::none) {
        flags |= vmac_flags(*wanted.interface, address, known);
    }
    if (flags != 0) {
        batch.put(IFA_FLAGS, flags);
    }
}

// IPv6 has each address once, whatever its prefix: replacing it would put our
// lease on an address that another program configured.
const engine::InterfaceAddress *find_other_prefix(
    const engine::Interface &interface, const vrrp::VirtualAddress &address) {
    return find_first(interface.addresses, [&](const auto &a) {
        return a.address == address.address &&
               a.prefix_length != address.prefix_length;
    });
}

Status refuse(const char *what, const engine::Interface &interface,
              const vrrp::VirtualAddress &address, unsigned prefix_length,
              int error) {
    return failure(format("%s %s on \"%s\", where it is with prefix length %u,",
                          what, describe(address).c_str(),
                          interface.name.c_str(), prefix_length),
                   error);
}

[[gnu::hot]] Status refuse_other_prefix(const engine::Interface &interface,
                                        const vrrp::VirtualAddress &address) {
    const auto *other = address.address.family() == Family::ipv6
                            ? find_other_prefix(interface, address)
                            : nullptr;
    return other ? refuse("adding", interface, address, other->prefix_length,
                          EEXIST)
                 : success();
}

Status not_added(const engine::LeaseRequest &wanted, int error) {
    return failure("adding " + describe(*wanted.address) + " to \"" +
                       wanted.interface->name + "\"",
                   error);
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

[[gnu::hot]] void add_addresses(RequestSocket &socket, RequestBatch &batch,
                                std::span<const engine::LeaseRequest> wanted,
                                const engine::Interfaces &known,
                                std::vector<Status> &answers) {
    const std::size_t before = answers.size();
    batch.clear();
    for (const engine::LeaseRequest &w : wanted) {
        answers.push_back(refuse_other_prefix(*w.interface, *w.address));
        if (answers.back()) {
            put_add(batch, w, known);
        }
    }

    socket.exchange(batch);
    auto next = batch.errors().begin();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        Status &answer = answers[before + i];
        if (const int error = answer ? *next++ : 0; error != 0) {
            answer = not_added(wanted[i], error);
        }
    }
}

Status remove_address(RequestSocket &socket, const engine::Interface &interface,
                      const vrrp::VirtualAddress &address) {
    RequestBatch batch;
    put(batch, RTM_DELADDR, 0, interface, address);
    socket.exchange(batch);
    const int error = batch.errors().front();
    switch (error) {
        case 0:
        case ENOENT:
        case ENODEV:
        case ENXIO:  // no IPv6 on this interface any more
            return success();
        case EADDRNOTAVAIL:
            return explain_absence(socket, interface, address);
        default:
            return failure("removing " + describe(address) + " from \"" +
                               interface.name + "\"",
                           error);
    }
}

// The request would be a change of the link for all programs.
Status promote_secondaries(RequestSocket &socket,
                           const engine::Interface &interface) {
    constexpr Ipv4Setting kPromote[] = {{IPV4_DEVCONF_PROMOTE_SECONDARIES, 1}};
    const auto now = read_ipv4_settings(socket, interface.index);
    if (now && (*now)[IPV4_DEVCONF_PROMOTE_SECONDARIES] != 0) {
        return success();
    }
    const int error = set_ipv4_settings(socket, interface.index, kPromote);
    if (error != 0) {
        return failure(
            "setting promote_secondaries of \"" + interface.name + "\"", error);
    }
    return success();
}

}  // namespace ngx_vrrp::net
