// Asks the hosts of a LAN for an address, with ARP or Neighbour Discovery. The
// kernel of the host that has it answers.
#pragma once

#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/find.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/engine/facts.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::engine {

// A frame to all hosts, or to one. Empty when there is no sender address, or no
// LAN. IPv6 requires a sender; any address that is for this link fits.
inline Buffer neighbour_question(const Interface &interface,
                                 const IpAddress &address,
                                 const std::optional<MacAddress> &to = {}) {
    if (interface.mac == MacAddress{}) {
        return {};
    }
    if (address.family() == Family::ipv4) {
        return wire::arp_probe(interface.mac, address, to);
    }
    const InterfaceAddress *from =
        find_first(interface.addresses, [](const InterfaceAddress &a) {
            return a.address.family() == Family::ipv6 &&
                   a.address.is_link_local() && !a.ours && !a.tentative;
        });
    return from ? wire::neighbour_solicitation({from->address, interface.mac},
                                               address, to)
                : Buffer{};
}

}  // namespace ngx_vrrp::engine
