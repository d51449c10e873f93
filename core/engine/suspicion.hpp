// A sign is suspected some time after it was seen, and ends some time after it
// was last seen, so that neither a single packet nor a flood is overrated.
#pragma once

#include <optional>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

struct Patience {
    Duration confirm;  // seen again after this time: suspected
    Duration quiet;    // not seen for this time: it has ended
};

class Suspicion {
public:
    // True: from now on it is suspected.
    bool see(Instant now, const Patience &patience) {
        first_ = first_.value_or(now);
        quiet_at_ = now + patience.quiet;
        if (since_ || now - *first_ < patience.confirm) {
            return false;
        }
        since_ = now;
        return true;
    }

    // Another process has suspected it since this time.
    void resume(Instant since, Instant now, Duration quiet) {
        first_ = since;
        since_ = since;
        quiet_at_ = now + quiet;
    }

    // True: it was suspected, and has ended.
    bool end() {
        const bool was_suspected = since_.has_value();
        *this = {};
        return was_suspected;
    }
    bool end_if_quiet(Instant now) {
        return first_ && now >= quiet_at_ && end();
    }

    bool is_doubt() const { return first_.has_value(); }
    std::optional<Instant> deadline() const {
        return first_ ? std::optional{quiet_at_} : std::nullopt;
    }

private:
    std::optional<Instant> first_;
    std::optional<Instant> since_;
    Instant quiet_at_{};
};

}  // namespace ngx_vrrp::engine
