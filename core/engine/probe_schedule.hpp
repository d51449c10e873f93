// When a master probes the LAN for each virtual address: for all of them
// shortly after it took over, then for each of them from time to time, because
// a host that has the address may be silent; and soon again for an address that
// another host seems to have. It never probes for many addresses at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/dice.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

class ProbeSchedule {
public:
    // Each address is probed once in this time, if there are not too many.
    static constexpr Duration kRound = Seconds{10};
    static constexpr Duration kDoubtPause = Seconds{2};

    // The minimum time between two probes.
    static constexpr Duration kFirstPace = Milliseconds{50};
    static constexpr Duration kPace = Milliseconds{250};

    // seed: differs between routers, so that they do not all probe at the same
    // time.
    ProbeSchedule(std::size_t addresses, std::uint64_t seed)
        : addresses_(addresses), dice_(seed) {}

    // From then on.
    void begin(Instant at) {
        end();
        if (addresses_ > 0) {
            next_at_ = at + spread(kFirstSpread);
        }
    }

    void end() {
        next_ = 0;
        is_first_round_ = true;
        next_at_.reset();
        forget_doubt();
    }

    // Probes for this address soon, and as long as the doubt lasts.
    void doubt(std::size_t address, Instant at) {
        doubted_ = address;
        doubt_at_ = at;
    }
    void forget_doubt() { doubt_at_.reset(); }

    // The index of an address to probe now.
    std::optional<std::size_t> take(Instant now) {
        if (doubt_at_ && now >= *doubt_at_) {
            doubt_at_ = now + kDoubtPause;
            return doubted_;
        }
        if (!next_at_ || now < *next_at_) {
            return std::nullopt;
        }
        const std::size_t address = next_;
        next_ = (next_ + 1) % addresses_;
        is_first_round_ = is_first_round_ && next_ != 0;
        next_at_ = now + (is_first_round_ ? kFirstPace : jittered(pause()));
        return address;
    }

    // After the first round the exact time does not matter: the next
    // advertisement may be soon.
    std::optional<Instant> deadline() const {
        std::optional<Instant> earliest = next_at_;
        if (earliest && !is_first_round_) {
            *earliest += pause() / 10;
        }
        take_earlier(earliest, doubt_at_);
        return earliest;
    }

    // The longest duration of a round.
    Duration longest_round() const {
        return pause() * static_cast<std::int64_t>(addresses_) * 12 / 10;
    }

private:
    static constexpr Duration kFirstSpread = Milliseconds{500};

    Duration pause() const {
        const auto count = static_cast<std::int64_t>(addresses_);
        return std::max(kRound / std::max<std::int64_t>(count, 1), kPace);
    }

    // 0 or more, less than this.
    Duration spread(Duration width) {
        return Duration{static_cast<Duration::rep>(
            dice_.roll() * static_cast<double>(width.count()))};
    }

    // By up to a fifth less or more.
    Duration jittered(Duration duration) {
        return duration * 8 / 10 + spread(duration * 4 / 10);
    }

    std::size_t addresses_;
    Dice dice_;
    std::size_t next_ = 0;
    bool is_first_round_ = true;
    std::optional<Instant> next_at_;
    std::size_t doubted_ = 0;
    std::optional<Instant> doubt_at_;
};

}  // namespace ngx_vrrp::engine
