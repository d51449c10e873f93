// How a virtual router speaks: adverts to the LAN, reports to the operator.
#include "core/engine/drop_report.hpp"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

namespace {

// In the order of the configuration: keepalived before 2.3.3 compares lists.
std::vector<IpAddress> advertised_addresses(const vrrp::Config &config) {
    std::vector<IpAddress> list;
    for (const vrrp::VirtualAddress &address : config.addresses) {
        list.push_back(address.address);
    }
    return list;
}

}  // namespace

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
