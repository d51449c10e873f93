// Detects other hosts with the addresses of a virtual router: probes the LAN,
// and reports signs.
#include "core/engine/neighbour_question.hpp"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

void VirtualRouter::handle_neighbour(const Interface &interface,
                                     const wire::Neighbour &claim,
                                     Instant now) {
    for (std::size_t i = 0; i < addresses_.size(); ++i) {
        const vrrp::VirtualAddress &address = addresses_[i].address;
        if (address.address == claim.address &&
            (address.interface == interface.name ||
             (address.interface == config().vmac &&
              interface.name == config().interface))) {
            split_brain_.on_claim(i, claim, now);
            input(vrrp::AddressClaimed{}, now);
        }
    }
    check_split_brain(now);
}

[[gnu::hot]] void VirtualRouter::check_split_brain(Instant now) {
    const bool active = config().election &&
                        instance_.state() == vrrp::StateName::active &&
                        !instance_.is_leaving();
    split_brain_.set_active(active, now);
    if (stray() || split_brain_.has_stray()) {
        mark_changed();
        split_brain_.see_stray(describe_stray(), now);
    }
    split_brain_.handle_time(now);
    if (const auto index = split_brain_.take_question(now)) {
        ask(addresses_[*index].address, now);
    }
    for (const SignNews &news : split_brain_.take_news()) {
        report_sign(news, now);
    }
}

void VirtualRouter::ask(const vrrp::VirtualAddress &address, Instant now) {
    // an answer to the virtual MAC address would not arrive
    const bool on_vmac = address.interface == config().vmac;
    const Interface *interface =
        on_vmac ? own_interface() : interface_of(address);
    const Buffer frame =
        interface ? neighbour_question(*interface, address.address) : Buffer{};
    if (frame.empty() || !may_act()) {
        return;
    }
    const Status status = ports_.transmit.send_frame(*interface, frame);
    if (!status) {
        report_send_error(status.error(), now);
    }
}

void VirtualRouter::report_sign(const SignNews &news, Instant now) {
    mark_changed();
    const std::string sign(to_words(news.change.sign));
    if (news.again) {
        log_(LogLevel::warn, "%s: %s", sign.c_str(), news.text.c_str());
        return;
    }
    if (news.change.suspected) {
        sign_line_.write(log_, LogLevel::warn, sign + ": " + news.text, now);
    } else {
        sign_end_line_.write(log_, LogLevel::notice,
                             sign + ": ended, " + news.text, now);
    }
    ports_.events.on_event(
        {news.change, news.text, instance_.effective_priority()}, config(),
        now);
}

}  // namespace ngx_vrrp::engine
