#include "core/bfd/session.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::bfd {

namespace {

constexpr Instant kNever{};

Microseconds to_us(Duration interval) {
    return std::chrono::duration_cast<Microseconds>(interval);
}

}  // namespace

std::string to_string(const SessionConfig &config) {
    std::string text = config.peer.to_string();
    if (!config.interface.empty()) {
        text += "%" + config.interface;
    }
    if (config.local) {
        text += " local=" + config.local->to_string();
    }
    return config.multihop ? text + " multihop" : text;
}

Session::Session(SessionConfig config, std::uint32_t discriminator,
                 std::uint64_t seed)
    : config_(std::move(config)), dice_(seed) {
    v_.local_discriminator = discriminator;
    v_.desired_tx = std::max(config_.min_tx, kSlowInterval);
    v_.used_tx = v_.desired_tx;
    v_.required_rx = config_.min_rx;
    v_.used_rx = v_.required_rx;
}

void Session::start(Instant now) {
    v_.changed_at = now;
    schedule(now);
}

// Parameters of the configuration may be others: the Poll Sequence of 6.8.3.
void Session::resume(const Variables &variables, Instant now) {
    v_ = variables;
    negotiate(now);
    if (v_.transmit_at == kNever) {
        schedule(now);
    }
}

// Sets the intervals that we want in this state. While the session is Up, a
// longer transmit interval and a shorter receive interval are not used before
// the peer has confirmed them (6.8.3).
void Session::negotiate(Instant now) {
    const bool up = v_.state == State::up;
    const Duration tx =
        up ? config_.min_tx : std::max(config_.min_tx, kSlowInterval);
    if (tx == v_.desired_tx && config_.min_rx == v_.required_rx) {
        return;
    }
    v_.desired_tx = tx;
    v_.required_rx = config_.min_rx;
    v_.polling = up;
    v_.used_tx = up ? std::min(v_.used_tx, tx) : tx;
    v_.used_rx = up ? std::max(v_.used_rx, config_.min_rx) : config_.min_rx;
    schedule(now);
}

void Session::change(State to, Diagnostic why, Instant now) {
    if (v_.state == State::up) {
        ++v_.downs;
    }
    if (to == State::up) {
        v_.was_up_at = now;
    }
    v_.state = to;
    v_.diagnostic = why;
    v_.changed_at = now;
    v_.polling = false;
    negotiate(now);
}

// RFC 5880, 6.8.6, from "If bfd.SessionState is AdminDown" on.
void Session::follow(State remote, Instant now) {
    using enum State;
    if (remote == admin_down || (remote == down && v_.state == up)) {
        if (v_.state != down) {
            change(down, Diagnostic::neighbour_signaled_down, now);
        }
    } else if (v_.state == down && remote == down) {
        change(init, v_.diagnostic, now);
    } else if ((v_.state == down && remote == init) ||
               (v_.state == init && remote != down)) {
        change(up, Diagnostic::none, now);
    }
}

std::optional<Packet> Session::receive(const Packet &packet, Instant now) {
    const Duration before = transmit_interval();
    const State old = v_.state;
    v_.remote_discriminator = packet.my_discriminator;
    v_.remote_state = packet.state;
    v_.remote_diagnostic = packet.diagnostic;
    v_.remote_multiplier = packet.multiplier;
    v_.remote_desired_tx = packet.desired_min_tx;
    v_.remote_min_rx = packet.required_min_rx;
    if (v_.state == State::admin_down) {
        return std::nullopt;
    }
    if (packet.final_ && v_.polling) {
        v_.polling = false;
        v_.used_tx = v_.desired_tx;
        v_.used_rx = v_.required_rx;
    }
    follow(packet.state, now);
    v_.detect_at = now + detection_time();

    const Duration after = transmit_interval();
    if (after != before && (v_.transmit_at == kNever || after < before)) {
        schedule(now);
    }
    // 6.8.7: a Poll is answered at once, and a change of state is sent at once.
    if (packet.poll || (v_.state != old && may_transmit())) {
        Packet answer = periodic(now);
        answer.final_ = packet.poll;
        answer.poll = answer.poll && !answer.final_;
        return answer;
    }
    return std::nullopt;
}

std::optional<Packet> Session::handle_time(Instant now) {
    const State old = v_.state;
    if (v_.detect_at != kNever && now >= v_.detect_at) {
        // 6.8.1: without packets for a Detection Time, no discriminator.
        v_.detect_at = kNever;
        v_.remote_discriminator = 0;
        v_.remote_min_rx = std::chrono::microseconds{1};
        v_.remote_state = State::down;
        if (v_.state == State::init || v_.state == State::up) {
            change(State::down, Diagnostic::detection_time_expired, now);
        }
        if (v_.transmit_at == kNever) {
            schedule(now);  // its wish for no packets has ended
        }
    }
    const bool due = v_.transmit_at != kNever && now >= v_.transmit_at;
    if ((due || v_.state != old) && may_transmit()) {
        return periodic(now);
    }
    if (due) {
        v_.transmit_at = kNever;
    }
    return std::nullopt;
}

std::optional<Instant> Session::deadline() const {
    std::optional<Instant> earliest;
    for (const Instant at : {v_.transmit_at, v_.detect_at}) {
        if (at != kNever) {
            take_earlier(earliest, {at});
        }
    }
    return earliest;
}

Packet Session::take_down(Instant now) {
    if (v_.state != State::admin_down) {
        change(State::admin_down, Diagnostic::administratively_down, now);
    }
    v_.detect_at = kNever;
    return periodic(now);
}

// RFC 5880, 6.8.7: not to a peer that wants no packets, and not before a
// passive session has received one.
bool Session::may_transmit() const {
    return v_.remote_min_rx != Duration::zero() &&
           (!config_.passive || v_.remote_discriminator != 0);
}

Duration Session::transmit_interval() const {
    return may_transmit() ? std::max(v_.used_tx, v_.remote_min_rx)
                          : Duration::zero();
}

// RFC 5880, 6.8.4.
Duration Session::detection_time() const {
    return v_.remote_multiplier * std::max(v_.used_rx, v_.remote_desired_tx);
}

Packet Session::packet() const {
    Packet packet;
    packet.diagnostic = v_.diagnostic;
    packet.state = v_.state;
    packet.poll = v_.polling;
    packet.multiplier = config_.multiplier;
    packet.my_discriminator = v_.local_discriminator;
    packet.your_discriminator = v_.remote_discriminator;
    packet.desired_min_tx = to_us(v_.desired_tx);
    packet.required_min_rx = to_us(v_.required_rx);
    return packet;
}

Packet Session::periodic(Instant now) {
    schedule(now);
    return packet();
}

void Session::schedule(Instant now) {
    const Duration interval = transmit_interval();
    v_.transmit_at =
        interval == Duration::zero() ? kNever : now + jittered(interval);
}

// RFC 5880, 6.8.7: reduced by up to 25 %; with a multiplier of 1 to at most
// 90 %, so that one late packet is not a failure.
Duration Session::jittered(Duration interval) {
    const double spread = config_.multiplier == 1 ? 0.15 : 0.25;
    const double part = 0.75 + spread * dice_.roll();
    return Duration{static_cast<Duration::rep>(
        part * static_cast<double>(interval.count()))};
}

}  // namespace ngx_vrrp::bfd
