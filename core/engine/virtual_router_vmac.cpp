// The device with the virtual MAC address of the router (use_vmac). The process
// that owns the router makes it, uses the one that an earlier process has left,
// and removes it when the router ends on this node. It is up while this node is
// MASTER, and down otherwise: the switch must learn the address only there.
//
// Requests to the kernel have their effect at once, but the facts follow with
// the next event. So a new device is used when the facts have it, and
// vmac_asked_up_ is newer than the facts.
#include <algorithm>

#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr Duration kMakeAgain = Seconds{1};

}  // namespace

const Interface *VirtualRouter::vmac() const {
    return interfaces_ && config().has_vmac() ? interfaces_->find(config().vmac)
                                              : nullptr;
}

bool VirtualRouter::is_own_vmac(const Interface &interface) const {
    const std::string router = interfaces_->vmac_router(interface);
    return !router.empty() && router == to_string(key());
}

// An address on a device that has another base or MAC address would be
// unreachable.
bool VirtualRouter::is_usable_vmac(const Interface &device) const {
    const Interface *base = own_interface();
    return is_own_vmac(device) && !device.unfinished && base &&
           device.base == base->index &&
           device.mac == vrrp::virtual_mac(config());
}

bool VirtualRouter::is_vmac_ready() const {
    const Interface *device = vmac();
    return !config().has_vmac() || (device && is_usable_vmac(*device)) ||
           !faults_.reason().empty();
}

[[gnu::hot]] bool VirtualRouter::is_vmac_up() const {
    const Interface *device = vmac();
    return device && vmac_asked_up_.value_or(device->enabled);
}

[[gnu::hot]] const Interface *VirtualRouter::sending_interface() const {
    return is_vmac_up() && !config().vmac_xmit_base ? vmac() : own_interface();
}

// Its fault, or empty.
std::string VirtualRouter::check_vmac(Instant now) {
    const Interface *base = own_interface();
    if (!config().has_vmac() || !base || !may_change_vmac()) {
        return {};
    }
    const Interface *device = vmac();
    if (device && is_usable_vmac(*device)) {
        vmac_retry_at_.reset();
        return vmac_fault_ = {};
    }
    if (device && !is_own_vmac(*device)) {
        return vmac_fault_ = format(
                   "interface %s was not made by this module: remove it, or "
                   "set another \"name=\" of use_vmac",
                   device->name.c_str());
    }
    if (vmac_retry_at_ && now < *vmac_retry_at_) {
        return vmac_fault_;
    }
    return vmac_fault_ = make_vmac(*base, now);
}

std::string VirtualRouter::make_vmac(const Interface &base, Instant now) {
    vmac_retry_at_.reset();
    const Interface *wrong = vmac();
    Status status = wrong ? ports_.vmacs.remove_vmac(*wrong) : success();
    if (status) {
        status = ports_.vmacs.make_vmac(base, config());
    }
    if (status) {
        return {};
    }
    vmac_retry_at_ = now + kMakeAgain;
    vmac_line_.write(log_, LogLevel::error,
                     status.error().to_string() +
                         ", the virtual MAC address cannot be used, retrying "
                         "each second",
                     now);
    return "use_vmac: " + status.error().to_string();
}

std::string VirtualRouter::listen_on_vmac() {
    if (!config().has_vmac()) {
        return {};
    }
    const Interface *device = vmac();
    if (!device || !is_own_vmac(*device)) {
        ports_.transmit.forget(config().vmac);
        return {};
    }
    const Status status = ports_.transmit.listen(*device, config());
    return status ? std::string{} : status.error().to_string();
}

// After a change: the device is new, or another program has set it up or down.
void VirtualRouter::find_vmac(Instant now) {
    lower_unused_vmac(now);
    if (instance_.state() == vrrp::StateName::active && vmac() &&
        !is_vmac_up()) {
        set_vmac(true, now);
        add_missing(now);
    }
}

void VirtualRouter::lower_unused_vmac(Instant now) {
    if (is_ours() && !holds_addresses() && is_vmac_up()) {
        set_vmac(false, now);
    }
}

[[gnu::hot]] void VirtualRouter::set_vmac(bool up, Instant now) {
    const Interface *device = vmac();
    if (!device || is_vmac_up() == up || !may_change_vmac() ||
        !is_own_vmac(*device)) {
        return;
    }
    const Status status = ports_.vmacs.set_up(*device, up);
    if (status) {
        vmac_asked_up_ = up;
    } else {
        vmac_line_.write(log_, LogLevel::error, status.error().to_string(),
                         now);
    }
}

void VirtualRouter::remove_vmac() {
    const Interface *device = vmac();
    if (!device || !may_change_vmac() || !is_own_vmac(*device)) {
        return;
    }
    ports_.transmit.forget(config().vmac);
    const Status status = ports_.vmacs.remove_vmac(*device);
    if (!status) {
        log_(LogLevel::alert, "%s, remove it with \"ip link delete %s\"",
             status.error().to_string().c_str(), device->name.c_str());
    }
}

// Devices of another configuration: without use_vmac, or with another name.
void VirtualRouter::remove_old_vmacs() {
    if (!may_change_vmac()) {
        return;
    }
    for (const Interface &interface : interfaces_->list) {
        if (!is_own_vmac(interface) || interface.name == config().vmac) {
            continue;
        }
        log_(LogLevel::notice, "removing %s, which use_vmac no longer names",
             interface.name.c_str());
        const Status status = ports_.vmacs.remove_vmac(interface);
        if (!status) {
            log_(LogLevel::error, "%s", status.error().to_string().c_str());
        }
    }
}

}  // namespace ngx_vrrp::engine
