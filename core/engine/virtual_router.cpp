#include "core/engine/virtual_router.hpp"

#include <algorithm>

#include "core/engine/drop_report.hpp"
#include "core/vrrp/timing.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr Duration kLogPeriod = Seconds{10};

// While we leave gracefully the heir needs its skew, at most one advert
// interval (v2: one second), and some time to be scheduled.
constexpr Duration kHeirMargin = Milliseconds{200};

Duration heir_grace(const vrrp::Config &config) {
    const Duration skew = config.version == Version::v2
                              ? Duration{Seconds{1}}
                              : config.advert_interval;
    return skew + kHeirMargin;
}

std::string log_context(const vrrp::Config &config) {
    return format("instance \"%s\", vrid %u, interface %s", config.name.c_str(),
                  unsigned{to_number(config.vrid)}, config.interface.c_str());
}

template <std::size_t... I>
std::array<RateLimit, sizeof...(I)> drop_limits(std::index_sequence<I...>) {
    return {((void)I, RateLimit{kLogPeriod})...};
}

std::vector<AddressState> address_states(const vrrp::Config &config) {
    std::vector<AddressState> states;
    for (const vrrp::VirtualAddress &address : config.addresses) {
        states.push_back({address, false});
    }
    return states;
}

// In the order of the configuration: keepalived before 2.3.3 compares lists.
std::vector<IpAddress> advertised_addresses(const vrrp::Config &config) {
    std::vector<IpAddress> list;
    for (const vrrp::VirtualAddress &address : config.addresses) {
        list.push_back(address.address);
    }
    return list;
}

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

VirtualRouter::VirtualRouter(vrrp::Config config, Ports ports, LogSink &sink)
    : ports_(ports),
      log_(sink, log_context(config)),
      instance_(std::move(config)),
      lease_(
          vrrp::lease(this->config().version, this->config().advert_interval)),
      addresses_(address_states(this->config())),
      drop_limits_(drop_limits(std::make_index_sequence<wire::kDropReasons>{})),
      mismatch_limit_(kLogPeriod),
      send_limit_(kLogPeriod),
      address_limit_(kLogPeriod) {}

RouterKey VirtualRouter::key() const {
    return {config().interface, config().family, config().vrid};
}

void VirtualRouter::start(const Interfaces &interfaces, Instant now) {
    interfaces_ = &interfaces;
    claim_by_ = now + config().workers.timeout;
    look_for_addresses();
    tell_interface_faults(now);
}

void VirtualRouter::stand_aside(const std::string &reason, Instant now) {
    set_fault(FaultCause::process, reason, now);
    phase_ = Phase::joined;
    input(vrrp::Startup{}, now);
}

// Who waits for the router gets it, and nobody on the LAN learns of it.
void VirtualRouter::stop(const std::string &reason, bool serving, Instant now) {
    stopped_ = true;
    if (phase_ == Phase::joined && ports_.claims.has_heir(key())) {
        hand_over(now);
    }
    if (phase_ == Phase::joined) {
        input(vrrp::Shutdown{reason, serving, heir_grace(config())}, now);
    } else {
        ports_.claims.drop(key());
    }
}

void VirtualRouter::set_interfaces(Instant now) {
    input(vrrp::TimeReached{}, now);
    look_for_addresses();
    tell_interface_faults(now);
    restore_removed(now);
}

void VirtualRouter::set_workers(const health::WorkerVerdict &verdict,
                                Instant now) {
    if (verdict.healthy) {
        set_fault(FaultCause::nginx, {}, now);
    } else if (phase_ != Phase::starting || now >= claim_by_) {
        set_fault(FaultCause::nginx,
                  format("%u of %u nginx workers alive", verdict.fresh,
                         config().workers.required),
                  now);
    } else {
        return;
    }
    if (phase_ == Phase::starting) {
        claim(now);
    }
}

void VirtualRouter::handle_packet(const ReceivedPacket &packet, Instant now) {
    if (phase_ != Phase::joined) {
        return;
    }
    const auto parsed =
        wire::parse_advertisement(packet.payload, packet.info.endpoints);
    if (!parsed) {
        report_drop(parsed.error(), packet, now);
        return;
    }

    const wire::Advertisement &advert = parsed->advertisement;
    if (const auto reason =
            vrrp::refuse(config(), source_, advert, packet.info)) {
        report_drop(*reason, packet, now);
        return;
    }

    const IpAddress &peer = packet.info.endpoints.source;
    ++counters_.adverts_received;
    if (advert.priority == kPriorityZero) {
        ++counters_.priority_zero_received;
    }
    if (const auto text = vrrp::mismatch(config(), advert, peer)) {
        act(vrrp::ReportMismatch{*text}, now);
    }
    input(vrrp::AdvertReceived{advert, peer}, now);
}

void VirtualRouter::handle_time(Instant now) {
    input(vrrp::TimeReached{}, now);
}

bool VirtualRouter::finished() const {
    return stopped_ && instance_.state() != vrrp::StateName::active;
}

void VirtualRouter::input(const vrrp::Input &input, Instant now) {
    perform(instance_.handle(input, now), now);
}

void VirtualRouter::perform(const vrrp::Actions &actions, Instant now) {
    for (const vrrp::Action &action : actions) {
        std::visit([&](const auto &a) { act(a, now); }, action);
    }
}

void VirtualRouter::set_fault(FaultCause cause, std::string text, Instant now) {
    const std::string before = faults_.reason();
    faults_.set(cause, std::move(text));
    if (faults_.reason() != before) {
        input(vrrp::FaultChanged{faults_.reason()}, now);
    }
}

// Facts about interfaces

void VirtualRouter::look_for_addresses() {
    for (AddressState &state : addresses_) {
        const Interface *interface = interface_of(state.address);
        state.present = interface && find_address(*interface, state.address);
    }
}

void VirtualRouter::tell_interface_faults(Instant now) {
    set_fault(FaultCause::interface, interface_fault(), now);
    set_fault(FaultCause::socket, open_socket(), now);
    set_fault(FaultCause::source, choose_source(now), now);
}

std::string VirtualRouter::interface_fault() const {
    const auto fault_of = [&](const std::string &name) -> std::string {
        const Interface *interface = interfaces_->find(name);
        if (!interface) {
            return "interface " + name + " does not exist";
        }
        return interface->up ? "" : "interface " + name + " is down";
    };

    std::string fault = fault_of(config().interface);
    for (const AddressState &state : addresses_) {
        if (fault.empty()) {
            fault = fault_of(state.address.interface);
        }
    }
    return fault;
}

std::string VirtualRouter::open_socket() {
    const Interface *interface = own_interface();
    if (!interface) {
        ports_.transmit.forget(config().interface);
        return {};
    }
    const Status status = ports_.transmit.listen(*interface, config().family,
                                                 !config().is_unicast());
    return status ? std::string{} : status.error().to_string();
}

// IPv4: the interface's first address that is not virtual. IPv6: its
// link-local address (RFC 9568, 5.1.2.1). A configured one must be there, or
// peers would not know us.
std::string VirtualRouter::choose_source(Instant now) {
    const Interface *interface = own_interface();
    if (!interface) {
        return {};
    }

    const auto fits = [&](const InterfaceAddress &a) {
        if (config().source) {
            return a.address == *config().source;
        }
        if (a.address.family() != config().family || a.tentative) {
            return false;
        }
        const bool right_scope =
            config().family == Family::ipv4 || a.address.is_link_local();
        return right_scope && !a.ours && !is_virtual(a.address);
    };

    const auto &all = interface->addresses;
    const auto it = std::find_if(all.begin(), all.end(), fits);
    if (it == all.end()) {
        return config().source
                   ? "unicast_src_ip " + config().source->to_string() +
                         " is not on interface " + interface->name
                   : format("interface %s has no IPv%d address to send from",
                            interface->name.c_str(),
                            to_number(config().family));
    }
    if (source_ != it->address) {
        source_ = it->address;
        input(vrrp::SourceChanged{source_}, now);
    }
    return {};
}

// The owner's real address is the virtual one.
bool VirtualRouter::is_virtual(const IpAddress &address) const {
    return config().priority != kPriorityOwner &&
           std::any_of(addresses_.begin(), addresses_.end(),
                       [&](const AddressState &state) {
                           return state.address.address == address;
                       });
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

const Interface *VirtualRouter::own_interface() const {
    return interfaces_ ? interfaces_->find(config().interface) : nullptr;
}

const Interface *VirtualRouter::interface_of(
    const vrrp::VirtualAddress &address) const {
    return interfaces_ ? interfaces_->find(address.interface) : nullptr;
}

// Actions

void VirtualRouter::act(const vrrp::SendAdvert &action, Instant now) {
    const wire::Advertisement advert{
        .version = config().version,
        .vrid = config().vrid,
        .priority = action.priority,
        .interval = config().advert_interval,
        .addresses = advertised_addresses(config()),
        .authentication = config().authentication};

    if (config().is_unicast()) {
        for (const IpAddress &peer : config().unicast_peers) {
            send_to(peer, advert, now);
        }
    } else {
        send_to(vrrp::multicast_group(config().family), advert, now);
    }

    ++counters_.adverts_sent;
    if (action.priority == kPriorityZero) {
        ++counters_.priority_zero_sent;
    }
}

void VirtualRouter::send_to(const IpAddress &destination,
                            const wire::Advertisement &advert, Instant now) {
    const Interface *interface = own_interface();
    if (!interface) {
        return;
    }
    const wire::Endpoints endpoints{source_, destination};
    const Buffer pdu =
        wire::serialize(advert, endpoints, wire::ChecksumForm::pseudo_header);
    const Status status = ports_.transmit.send(*interface, endpoints, pdu);
    if (!status) {
        report_send_error(status.error(), now);
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

void VirtualRouter::act(const vrrp::ReportTransition &action, Instant now) {
    last_ = {now, action.reason};
    ++counters_.transitions;
    counters_.became_master += action.to == vrrp::StateName::active;
    counters_.released_master += action.from == vrrp::StateName::active;
    log_(LogLevel::notice, "%s -> %s: %s",
         vrrp::public_name(action.from).data(),
         vrrp::public_name(action.to).data(), action.reason.c_str());
}

void VirtualRouter::act(const vrrp::ReportMismatch &action, Instant now) {
    if (mismatch_limit_.allow(now)) {
        log_(LogLevel::warn, "%s%s", action.text.c_str(),
             suppressed_note(mismatch_limit_.take_suppressed()).c_str());
    }
}

void VirtualRouter::report_send_error(const SystemError &error, Instant now) {
    ++counters_.send_errors;
    if (send_limit_.allow(now)) {
        log_(LogLevel::error, "%s, trying again with the next one%s",
             error.to_string().c_str(),
             suppressed_note(send_limit_.take_suppressed()).c_str());
    }
}

void VirtualRouter::report_drop(wire::DropReason reason,
                                const ReceivedPacket &packet, Instant now) {
    const auto index = static_cast<std::size_t>(reason);
    ++counters_.dropped[index];
    RateLimit &limit = drop_limits_[index];
    if (limit.allow(now)) {
        const DropReport report = describe_drop(reason, packet);
        log_(report.level, "%s%s", report.text.c_str(),
             suppressed_note(limit.take_suppressed()).c_str());
    }
}

}  // namespace ngx_vrrp::engine
