// The addresses of a virtual router: into the kernel, known to the LAN, and out
// again.
#include <algorithm>

#include "core/engine/virtual_router.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::engine {

namespace {

const InterfaceAddress *find_address(const Interface &interface,
                                     const vrrp::VirtualAddress &wanted) {
    const auto it =
        std::find_if(interface.addresses.begin(), interface.addresses.end(),
                     [&](const InterfaceAddress &a) {
                         return a.address == wanted.address &&
                                a.prefix_length == wanted.prefix_length;
                     });
    return it == interface.addresses.end() ? nullptr : &*it;
}

}  // namespace

void VirtualRouter::look_for_addresses() {
    for (AddressState &state : addresses_) {
        const Interface *interface = interface_of(state.address);
        state.present = interface && find_address(*interface, state.address);
    }
}

void VirtualRouter::act(const vrrp::AddAddresses &, Instant now) {
    hold_addresses(now);
}

void VirtualRouter::act(const vrrp::RenewAddresses &, Instant now) {
    hold_addresses(now);
}

void VirtualRouter::hold_addresses(Instant now) {
    for (AddressState &state : addresses_) {
        hold(state, now);
    }
}

void VirtualRouter::hold(AddressState &state, Instant now) {
    const Interface *interface = interface_of(state.address);
    if (!interface) {
        return;
    }
    const Status status =
        ports_.addresses.add(*interface, state.address, lease_);
    state.present = status.has_value();
    if (status) {
        return;
    }
    ++counters_.address_errors;
    if (address_limit_.allow(now)) {
        log_(LogLevel::error, "%s, trying again with the next renewal",
             status.error().to_string().c_str());
    }
}

void VirtualRouter::act(const vrrp::RemoveAddresses &, Instant) {
    for (AddressState &state : addresses_) {
        state.present = !remove(state.address);
    }
}

// True: it is not there any more.
bool VirtualRouter::remove(const vrrp::VirtualAddress &address) {
    const Interface *interface = interface_of(address);
    if (!interface) {
        return true;
    }
    const Status status = ports_.addresses.remove(*interface, address);
    if (!status) {
        log_(LogLevel::alert, "%s, the kernel drops it within %d s",
             status.error().to_string().c_str(),
             static_cast<int>(lease_.count()));
    }
    return status.has_value();
}

void VirtualRouter::act(const vrrp::AnnounceAddresses &action, Instant now) {
    for (unsigned i = 0; i < action.repeat; ++i) {
        for (const AddressState &state : addresses_) {
            if (const Interface *interface = interface_of(state.address)) {
                announce(*interface, state.address.address, now);
            }
        }
    }
}

void VirtualRouter::act(const vrrp::AnnounceSource &, Instant now) {
    if (const Interface *interface = own_interface()) {
        announce(*interface, source_, now);
    }
}

void VirtualRouter::announce(const Interface &interface,
                             const IpAddress &address, Instant now) {
    const Buffer frame = address.family() == Family::ipv4
                             ? wire::gratuitous_arp(interface.mac, address)
                             : wire::unsolicited_neighbour_advertisement(
                                   interface.mac, address, false);
    const Status status = ports_.transmit.send_frame(interface, frame);
    if (!status) {
        report_send_error(status.error(), now);
        return;
    }
    ++counters_.announcements_sent;
}

void VirtualRouter::restore_removed(Instant now) {
    if (instance_.state() != vrrp::StateName::active) {
        return;
    }
    for (const AddressState &state : addresses_) {
        if (!state.present && interface_of(state.address)) {
            ++counters_.addresses_restored;
            log_(LogLevel::warn,
                 "%s was removed from %s by somebody else (a network "
                 "manager?), putting it back",
                 state.address.address.to_string().c_str(),
                 state.address.interface.c_str());
        }
    }
    add_missing(now);
}

}  // namespace ngx_vrrp::engine
