// Devices with virtual MAC addresses: macvlan in "private" mode, as keepalived
// makes them. The kernel gives a private macvlan what arrives for its address,
// groups and broadcasts included, and passes nothing between it and its base.
//
// Settings. On the device: no IPv6 address by itself (addrgenmode none, and no
// IPv6 at all, or no router advertisements), ARP only for its own addresses
// (arp_ignore 1), packets that the routing table expects on the base
// (rp_filter 2). Not accept_local, which keepalived sets: with it, a node that
// still has the address answers the gratuitous ARP of its successor, from the
// virtual MAC address, and the switch sends the clients back. On the base, for
// IPv4: arp_ignore 1, because a client would get a second reply with the MAC
// address of the base; and arp_announce 2, because the kernel would ask for its
// neighbours with a virtual address as the sender and the MAC address of the
// base, which they would learn. The base gets its own settings back with the
// removal of its last device.
//
// The settings of IPv4 are set by netlink, which needs no /proc.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"
#include "core/net/vmac_mark.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::net {

class Vmacs {
public:
    // The socket outlives it.
    explicit Vmacs(RequestSocket &requests) : requests_(requests) {}

    Status make(const engine::Interface &base, const vrrp::Config &router);
    Status set_up(const engine::Interface &device, bool up);
    Status remove(const engine::Interface &device);

private:
    // A device of ours.
    struct Device {
        IfIndex index{};
        IfIndex base{};
        std::string name;
        bool unfinished = false;
        VmacMark mark;
    };

    Result<std::vector<Device>, SystemError> devices();
    Status complete(const engine::Interface &base, const vrrp::Config &router,
                    const VmacMark &mark);
    Result<ArpSettings, SystemError> original_arp(
        const engine::Interface &base, const std::vector<Device> &devices);
    Result<ArpSettings, SystemError> read_arp(IfIndex index);
    Status restore_arp(const Device &removed, const std::vector<Device> &all);

    RequestSocket &requests_;
    // Of the interfaces below devices of this process, if another program
    // removes these.
    std::map<IfIndex, ArpSettings> original_;
};

}  // namespace ngx_vrrp::net
