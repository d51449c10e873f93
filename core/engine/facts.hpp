// The facts that the engine gets: interfaces with their addresses, and received
// packets. Plain values, complete each time, so that no change between two of
// them can be missed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/find.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/engine/router_key.hpp"
#include "core/vrrp/admission.hpp"
#include "core/vrrp/config.hpp"
#include "core/wire/neighbour.hpp"

namespace ngx_vrrp::engine {

struct InterfaceAddress {
    IpAddress address;
    std::uint8_t prefix_length = 0;
    bool ours = false;       // carries our mark (IFA_PROTO): a VIP of ours
    bool tentative = false;  // IPv6, duplicate address detection not over
    bool permanent = false;  // without a lifetime, and so never a VIP of ours
    bool duplicate = false;  // IPv6, another host has it: it stays tentative

    friend bool operator==(const InterfaceAddress &,
                           const InterfaceAddress &) = default;
};

struct Interface {
    std::string name;
    IfIndex index{};
    MacAddress mac{};
    bool up = false;       // administratively up and with carrier
    bool enabled = false;  // administratively up
    // The router for which this module has made it (use_vmac), as the text of
    // its key, and the interface below it. Empty: it is not ours, or without a
    // name yet.
    std::string vmac_of{};
    bool unfinished = false;  // a process of ours died while it made it
    IfIndex base{};
    std::vector<InterfaceAddress> addresses{};  // in the kernel's order

    // Whether the kernel has our mark at this address with this prefix.
    bool has_marked(const vrrp::VirtualAddress &wanted) const {
        return std::ranges::any_of(addresses, [&](const auto &a) {
            return a.ours && a.address == wanted.address &&
                   a.prefix_length == wanted.prefix_length;
        });
    }

    friend bool operator==(const Interface &, const Interface &) = default;
};

// Every interface of this network namespace.
struct Interfaces {
    std::vector<Interface> list;
    // Those with our mark; read only if a virtual router has routes or rules.
    std::vector<vrrp::Route> routes{};
    std::vector<vrrp::Rule> rules{};
    // Whether the kernel supports our mark. Before Linux 5.18 no address
    // carries it.
    bool keeps_marks = true;

    const Interface *find(std::string_view name) const {
        return find_first(list, name, &Interface::name);
    }

    // The router for which this module has made a device, as the text of its
    // key; empty: it is not ours. One that is not complete may have no name
    // yet, but it has the MAC address and the base of its router.
    std::string vmac_router(const Interface &device) const {
        const Interface *base =
            find_first(list, device.base, &Interface::index);
        if (device.unfinished && device.vmac_of.empty() && base) {
            const Vrid vrid{device.mac.back()};
            for (const Family family : {Family::ipv4, Family::ipv6}) {
                if (device.mac == vrrp::virtual_mac(family, vrid)) {
                    return to_string(RouterKey{base->name, family, vrid});
                }
            }
        }
        return device.vmac_of;
    }
};

// The reason for which nothing can be sent or received there, or empty.
inline std::string link_fault(const Interfaces &interfaces,
                              const std::string &name) {
    const Interface *interface = interfaces.find(name);
    if (!interface) {
        return "interface " + name + " does not exist";
    }
    return interface->up ? "" : "interface " + name + " is down";
}

// A host announces on this interface where an address is.
struct NeighbourClaim {
    IfIndex index{};
    wire::Neighbour neighbour;
};

// An IP protocol 112 packet; payload is valid during the call only.
struct ReceivedPacket {
    std::string_view interface;
    vrrp::PacketInfo info;
    Bytes payload;
};

}  // namespace ngx_vrrp::engine
