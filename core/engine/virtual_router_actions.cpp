// The output of a virtual router: advertisements to the LAN, reports to the
// operator.
#include "core/engine/drop_report.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr Duration kTransmitTimeOut = Seconds{10};

// Not reported before: on a lossy network it would come and go.
constexpr Duration kLeastUnheard = Seconds{1};

std::vector<IpAddress> advertised_addresses(const vrrp::Config &config) {
    std::vector<IpAddress> list;
    for (const vrrp::VirtualAddress &address : config.advertised()) {
        list.push_back(address.address);
    }
    return list;
}

// The same list of peers may be on all nodes: it may contain this node.
std::vector<IpAddress> destinations(const vrrp::Config &config,
                                    const IpAddress &source) {
    if (!config.is_unicast()) {
        return {vrrp::multicast_group(config)};
    }
    std::vector<IpAddress> list;
    for (const vrrp::UnicastPeer &peer : config.unicast_peers) {
        if (peer.address != source) {
            list.push_back(peer.address);
        }
    }
    return list;
}

}  // namespace

// Only the leases that follow depend on the order: the request waits for those
// of other routers.
[[gnu::hot]] void VirtualRouter::act(const vrrp::SendAdvert &action,
                                     Instant now) {
    if (!config().election) {
        // the next process of this node must know that the router was active
        if (action.priority != kPriorityZero) {
            ports_.ownership.advertised(id_, now);
        }
        return;
    }
    // the last advert of a router that yields comes after the removal
    if (instance_.state() == vrrp::StateName::active) {
        set_vmac(true, now);
    }
    left_ = left_ || (config().peer_link && action.priority == kPriorityZero);
    advert_due_ = action.priority;
    if (!may_wait_) {
        send_due_advert(now);
    }
}

void VirtualRouter::send_due_advert(Instant now) {
    if (const auto due = std::exchange(advert_due_, std::nullopt)) {
        std::vector<OutgoingPacket> packets;
        put_advert(*due, packets);
        std::vector<Status> answers;
        for (const OutgoingPacket &packet : packets) {
            if (may_act()) {
                ports_.transmit.send({&packet, 1}, answers);
            }
        }
        take_sent(*due, answers, now);
    }
}

[[gnu::hot]] void VirtualRouter::ask_to_send(
    std::vector<OutgoingPacket> &packets) {
    const std::size_t before = packets.size();
    if (advert_due_) {
        put_advert(*advert_due_, packets);
    }
    packets_asked_ = packets.size() - before;
}

[[gnu::hot]] void VirtualRouter::take_sent(std::span<const Status> &answers,
                                           Instant now) {
    if (const auto due = std::exchange(advert_due_, std::nullopt)) {
        take_sent(*due, answers.first(packets_asked_), now);
        answers = answers.subspan(packets_asked_);
    }
}

[[gnu::hot]] void VirtualRouter::put_advert(
    Priority priority, std::vector<OutgoingPacket> &packets) {
    const Interface *interface = sending_interface();
    if (!interface || !may_act()) {
        return;
    }
    if (!is_prepared(priority) && !prepare(priority)) {
        return;
    }
    const std::uint8_t ttl = config().is_unicast() ? config().unicast_ttl : 255;
    for (const auto &[endpoints, octets] : prepared_->packets) {
        packets.push_back({interface, endpoints, octets, ttl});
    }
}

// Signed ones differ each time.
[[gnu::hot]] bool VirtualRouter::is_prepared(Priority priority) const {
    return prepared_ && prepared_->priority == priority &&
           prepared_->source == source_ && !config().hmac;
}

// A router that cannot sign sends nothing: the others would drop it.
bool VirtualRouter::prepare(Priority priority) {
    const wire::Advertisement advert{
        .version = config().version,
        .vrid = config().vrid,
        .priority = priority,
        .interval = config().advert_interval,
        .addresses = advertised_addresses(config()),
        .authentication = config().authentication};
    const auto trailer =
        authenticator_.sign(config(), advert, source_, ports_.signing);
    if (!trailer) {
        return false;
    }

    Prepared &next = prepared_.emplace();
    next.priority = priority;
    next.source = source_;
    for (const IpAddress &destination : destinations(config(), source_)) {
        const wire::Endpoints endpoints{source_, destination};
        next.packets.emplace_back(
            endpoints,
            wire::serialize(advert, endpoints, config().checksum, *trailer));
    }
    return true;
}

// No answer: the request could not be sent.
[[gnu::hot]] void VirtualRouter::take_sent(Priority priority,
                                           std::span<const Status> answers,
                                           Instant now) {
    bool sent = false;
    for (const Status &status : answers) {
        if (!status) {
            send_error_ = status.error().to_string();
            report_send_error(status.error(), now);
        }
        sent = sent || status.has_value();
    }
    if (!sent) {
        unheard_since_ = unheard_since_.value_or(now);
        return;
    }

    unheard_since_.reset();
    ++counters_.adverts_sent;
    if (priority == kPriorityZero) {
        ++counters_.priority_zero_sent;
        ports_.ownership.left(id_);
        mark_changed();
    } else {
        ports_.ownership.advertised(id_, now);
    }
}

// Our advertisements do not arrive, and a router that must lose against us is
// active: it has taken over. While we cannot send, our addresses only conflict
// with it. (As long as no other router is active we stay: an address on one
// node is better than an address on no node.)
[[gnu::hot]] void VirtualRouter::leave_unheard(const IpAddress &peer,
                                               Instant now) {
    const Duration takeover = vrrp::fastest_takeover(
        config().version, config().advert_interval, config().down_adverts);
    if (instance_.state() == vrrp::StateName::active && unheard_since_ &&
        now - *unheard_since_ > takeover) {
        stay_out(FaultCause::transmit,
                 peer.to_string() +
                     " took over because it does not receive our "
                     "advertisements: " +
                     send_error_,
                 kTransmitTimeOut, now);
    }
}

// "priority 80, base 100, BACKUP for 20012 ms"
std::string VirtualRouter::numbers(vrrp::StateName before, Instant now) const {
    std::string text = format("priority %u, base %u",
                              unsigned{instance_.effective_priority().value},
                              unsigned{config().priority.value});
    if (last_.at != Instant{}) {
        text += format(", %s for %lld ms", vrrp::public_name(before).data(),
                       static_cast<long long>(to_ms(now - last_.at)));
    }
    return text;
}

void VirtualRouter::act(const vrrp::ReportTransition &action, Instant now) {
    log_(LogLevel::notice, "%s -> %s: %s (%s)",
         vrrp::public_name(action.from).data(),
         vrrp::public_name(action.to).data(), action.reason.c_str(),
         numbers(action.from, now).c_str());
    last_ = {now, action.reason};
    ++counters_.transitions;
    counters_.became_init += action.to == vrrp::StateName::initialize;
    counters_.became_backup += action.to == vrrp::StateName::backup;
    counters_.became_master += action.to == vrrp::StateName::active;
    counters_.became_fault += action.to == vrrp::StateName::fault;
    counters_.released_master += action.from == vrrp::StateName::active;
    if (action.from == vrrp::StateName::active) {
        failing_since_.reset();
        unheard_since_.reset();
        ports_.ownership.left(id_);
    }
    if (config().is_second()) {
        return;
    }
    const StateChanged change{action.from, action.to, stopped_, deleted_};
    ports_.events.on_event(
        {change, action.reason, instance_.effective_priority()}, config(), now);
}

void VirtualRouter::act(const vrrp::ReportMismatch &action, Instant now) {
    mismatch_line_.write(log_, LogLevel::warn, action.text, now);
}

void VirtualRouter::act(const vrrp::ReportFalseDeath &action, Instant now) {
    ++counters_.false_proofs;
    distrust_ = {action.address, now + kDistrust};
    is_distrust_new_ = true;
    log_(LogLevel::warn,
         "%s advertises, although its kernel refused the connection of its "
         "peer link: for 10 minutes, such a refusal is not taken for the end "
         "of its nginx; check firewalls that answer with TCP resets",
         action.address.to_string().c_str());
}

// As long as we are MASTER after it, it has lost.
[[gnu::hot]] void VirtualRouter::report_losing(
    const wire::Advertisement &advert, const IpAddress &peer, Instant now) {
    if (instance_.state() != vrrp::StateName::active ||
        instance_.is_leaving() || advert.priority == kPriorityZero ||
        peer == source_ || !losing_limit_.allow(now)) {
        return;
    }
    const unsigned more = losing_limit_.take_suppressed();
    ports_.events.on_event(
        {LosingAdvert{peer, advert.priority},
         format("%s advertises with priority %u", peer.to_string().c_str(),
                unsigned{advert.priority.value}) +
             (more == 0 ? "" : format(", %u more times before", more)),
         instance_.effective_priority()},
        config(), now);
}

[[gnu::hot]] void VirtualRouter::check_lost_adverts(Instant now) {
    const auto since = instance_.unheard_since(now);
    if (!lost_adverts_ && (!since || now - *since < kLeastUnheard)) {
        return;
    }
    mark_changed();
    // the next advertisement is handled in full, so that it is noticed here
    accepted_ = {};
    const bool is_news = since.has_value() != lost_adverts_.has_value();
    const std::string text =
        since ? describe_lost_adverts(now) : why_adverts_are_heard();
    if (since && lost_limit_.allow(now)) {
        log_(LogLevel::warn, "adverts lost for %lld ms: %s",
             static_cast<long long>(to_ms(now - *since)), text.c_str());
    }
    if (!since && heard_limit_.allow(now)) {
        log_(LogLevel::notice, "adverts lost: ended, %s", text.c_str());
    }
    lost_adverts_ =
        since ? std::optional{LostAdverts{*since, text}} : std::nullopt;
    if (is_news) {
        ports_.events.on_event({AdvertsLost{since.has_value()}, text,
                                instance_.effective_priority()},
                               config(), now);
    }
}

std::string VirtualRouter::describe_lost_adverts(Instant now) const {
    const auto &active = instance_.active_router();
    const std::string from =
        active ? format("%s, priority %u,", active->address.to_string().c_str(),
                        unsigned{active->priority.value})
               : "a MASTER";
    return format(
        "%s answers on the peer link that it is MASTER, but its "
        "advertisements do not arrive: this node stays BACKUP; %s",
        from.c_str(), split_brain_.advice(now).c_str());
}

std::string VirtualRouter::why_adverts_are_heard() const {
    const auto &active = instance_.active_router();
    if (instance_.state() != vrrp::StateName::backup) {
        return "this node is not BACKUP any more";
    }
    return active && active->heard_at > lost_adverts_->since
               ? "advertisements arrive"
               : "the MASTER does not answer any more";
}

void VirtualRouter::report_send_error(const SystemError &error, Instant now) {
    ++counters_.send_errors;
    mark_changed();
    send_line_.write(
        log_, LogLevel::error,
        error.to_string() + ", retrying with the next advertisement", now);
}

[[gnu::hot]] bool VirtualRouter::is_authentic(
    const wire::ParsedAdvertisement &parsed, const ReceivedPacket &packet,
    Instant now) {
    const IpAddress &peer = packet.info.endpoints.source;
    const auto refusal = authenticator_.refuse(config(), parsed, packet.payload,
                                               peer, ports_.signing);
    if (refusal) {
        report_drop(refusal->reason, packet, &parsed.advertisement, now,
                    &*refusal);
        return false;
    }
    const std::string warning =
        Authenticator::clock_warning(config(), parsed, peer, ports_.signing);
    if (!warning.empty()) {
        clock_line_.write(log_, LogLevel::warn, warning, now);
    }
    return true;
}

void VirtualRouter::report_drop(wire::DropReason reason,
                                const ReceivedPacket &packet,
                                const wire::Advertisement *advert, Instant now,
                                const AuthRefusal *refusal) {
    const auto index = static_cast<std::size_t>(reason);
    ++counters_.dropped[index];
    mark_changed();
    split_brain_.on_drop(reason, packet.info.endpoints.source, now);
    RateLimit &limit = drop_limits_[index];
    if (limit.allow(now)) {
        const DropReport report =
            describe_drop(reason, packet, config(), advert, refusal);
        log_(report.level, "%s%s", report.text.c_str(),
             suppressed_note(limit.take_suppressed()).c_str());
    }
}

}  // namespace ngx_vrrp::engine
