#include "core/bfd/speaker.hpp"

#include <algorithm>
#include <utility>

namespace ngx_vrrp::bfd {

namespace {

constexpr std::uint8_t kSingleHopTtl = 255;

constexpr std::array<const char *, kDrops> kDropTexts{
    "its length is wrong",
    "its version is not 1",
    "its detection multiplier is 0",
    "its multipoint bit is set",
    "a discriminator in it is 0",
    "it is authenticated, and BFD authentication is not supported: switch it "
    "off on the peer",
    "its TTL is not 255, as a single hop demands: it was forwarded, or the "
    "peer needs \"multihop\"",
    "no \"track_bfd\" has this address"};

bool is_same_detail(const Variables &a, const Variables &b) {
    return a.state == b.state && a.remote_state == b.remote_state &&
           a.remote_discriminator == b.remote_discriminator &&
           a.remote_multiplier == b.remote_multiplier &&
           a.used_tx == b.used_tx && a.used_rx == b.used_rx &&
           a.remote_desired_tx == b.remote_desired_tx &&
           a.remote_min_rx == b.remote_min_rx;
}

// A packet with these addresses is one of this session.
bool is_of(const SessionConfig &config, const Arrival &arrival) {
    return config.peer == arrival.source &&
           config.multihop == arrival.multihop &&
           (!config.local || *config.local == arrival.destination) &&
           (config.interface.empty() || config.interface == arrival.interface);
}

}  // namespace

Speaker::Speaker(std::vector<SessionConfig> configs, std::uint64_t seed,
                 Output &output, LogSink &sink)
    : shown_(configs.size()), output_(output), log_(sink) {
    Dice dice(seed);
    const auto roll = [&] {
        return static_cast<std::uint32_t>(dice.roll() * 0xffffffff);
    };
    for (SessionConfig &config : configs) {
        std::uint32_t discriminator = roll();
        while (is_taken(discriminator)) {
            discriminator = roll();
        }
        const std::uint64_t jitter = seed + discriminator;
        sessions_.emplace_back(std::move(config), discriminator, jitter);
    }
}

// 0 is not a discriminator.
bool Speaker::is_taken(std::uint32_t discriminator) const {
    return discriminator == 0 ||
           std::ranges::any_of(sessions_, [&](const Session &session) {
               return session.variables().local_discriminator == discriminator;
           });
}

void Speaker::start(std::size_t session, Instant now) {
    sessions_[session].start(now);
    shown_[session].v = sessions_[session].variables();
    shown_[session].touched = true;
    changed_ = true;
}

void Speaker::resume(std::size_t session, const Variables &variables,
                     Instant now) {
    Variables v = variables;
    const Variables own = sessions_[session].variables();
    if (v.local_discriminator != own.local_discriminator &&
        is_taken(v.local_discriminator)) {
        v.local_discriminator = own.local_discriminator;
    }
    sessions_[session].resume(v, now);
    shown_[session].v = sessions_[session].variables();
    shown_[session].touched = true;
    changed_ = true;
}

// RFC 5880, 6.8.6. The address must be right in any case: RFC 5881, 4, demands
// no more than the discriminator, but a peer does not change its address.
std::optional<std::size_t> Speaker::find(const Arrival &arrival,
                                         const Packet &packet) const {
    if (packet.your_discriminator == 0) {
        return find_peer(arrival);
    }
    const auto it = std::ranges::find_if(sessions_, [&](const Session &s) {
        return s.variables().local_discriminator == packet.your_discriminator &&
               is_of(s.config(), arrival);
    });
    return index_of(it);
}

std::optional<std::size_t> Speaker::find_peer(const Arrival &arrival) const {
    const auto with_local =
        std::ranges::find_if(sessions_, [&](const Session &s) {
            return s.config().local && is_of(s.config(), arrival);
        });
    return index_of(
        with_local != sessions_.end()
            ? with_local
            : std::ranges::find_if(sessions_, [&](const Session &s) {
                  return is_of(s.config(), arrival);
              }));
}

std::optional<std::size_t> Speaker::index_of(
    std::vector<Session>::const_iterator session) const {
    return session == sessions_.end() ? std::nullopt
                                      : std::optional(static_cast<std::size_t>(
                                            session - sessions_.begin()));
}

void Speaker::receive(const Arrival &arrival, Instant now) {
    if (!arrival.multihop && arrival.ttl != kSingleHopTtl) {
        drop(Drop::ttl, arrival, now);
        return;
    }
    const auto packet = parse(arrival.payload);
    if (!packet) {
        drop(packet.error(), arrival, now);
        return;
    }
    const auto found = find(arrival, *packet);
    if (!found) {
        drop(Drop::session, arrival, now);
        return;
    }
    if (packet->demand && !std::exchange(shown_[*found].refuses_demand, true)) {
        log_(LogLevel::warn,
             "BFD peer %s asks for demand mode, which is not supported: "
             "packets are still sent to it",
             to_string(sessions_[*found].config()).c_str());
    }
    note(*found, sessions_[*found].receive(*packet, now), now);
}

// Of a peer that wants authentication, once: it will not change by itself.
void Speaker::drop(Drop reason, const Arrival &arrival, Instant now) {
    ++dropped_[static_cast<std::size_t>(reason)];
    const auto peer = find_peer(arrival);
    const bool once = reason == Drop::authentication && peer;
    if (once && std::exchange(shown_[*peer].has_authentication, true)) {
        return;
    }
    const std::string text = format(
        "dropped a BFD packet from %s: %s", arrival.source.to_string().c_str(),
        kDropTexts[static_cast<std::size_t>(reason)]);
    if (once) {
        log_(LogLevel::warn, "%s", text.c_str());
    } else {
        drop_lines_[static_cast<std::size_t>(reason)].write(
            log_, LogLevel::info, text, now);
    }
}

void Speaker::note(std::size_t session, const std::optional<Packet> &answer,
                   Instant at) {
    shown_[session].touched = true;
    if (answer) {
        output_.send(session, serialize(*answer));
    }
    const Variables &now = sessions_[session].variables();
    if (!is_same_detail(now, shown_[session].v)) {
        changed_ = true;
        report(session, at);
        shown_[session].v = now;
    }
}

void Speaker::report(std::size_t session, Instant at) {
    const Variables &now = sessions_[session].variables();
    const State before = shown_[session].v.state;
    if (now.state == before) {
        return;
    }
    const std::string peer = to_string(sessions_[session].config());
    if (now.state == State::up) {
        shown_[session].up_line.write(
            log_, LogLevel::notice,
            format("BFD session with %s is Up, it fails after %lld ms without "
                   "a packet",
                   peer.c_str(),
                   static_cast<long long>(
                       to_ms(sessions_[session].detection_time()))),
            at);
    } else if (before == State::up) {
        shown_[session].down_line.write(
            log_, LogLevel::notice,
            format("BFD session with %s is %s: %s", peer.c_str(),
                   to_string(now.state).data(),
                   to_string(now.diagnostic).data()),
            at);
    }
}

void Speaker::handle_time(Instant now) {
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
        if (const auto due = sessions_[i].deadline(); due && now >= *due) {
            note(i, sessions_[i].handle_time(now), now);
        }
    }
}

std::optional<Instant> Speaker::deadline() const {
    std::optional<Instant> earliest;
    for (const Session &session : sessions_) {
        take_earlier(earliest, session.deadline());
    }
    return earliest;
}

bool Speaker::is_expiring(Instant now) const {
    return std::ranges::any_of(sessions_, [&](const Session &session) {
        const Instant at = session.variables().detect_at;
        return at != Instant{} && now >= at;
    });
}

void Speaker::take_down(Instant now) {
    for (std::size_t i = 0; i < sessions_.size(); ++i) {
        take_down(i, now);
    }
}

void Speaker::take_down(std::size_t session, Instant now) {
    note(session, sessions_[session].take_down(now), now);
}

[[gnu::hot]] bool Speaker::take_changed() {
    return std::exchange(changed_, false);
}

}  // namespace ngx_vrrp::bfd
