// When to write the status to shared memory: a change of state at once, the
// rest not more often than needed.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/status/area.hpp"
#include "core/status/snapshot.hpp"

namespace ngx_vrrp::node {

// The status is written at least this often, so that its age tells whether
// the process lives.
inline constexpr Duration kPublishInterval = Seconds{1};

// In between: counters may be this old, and the time when a process that died
// was last active is known as well as this.
inline constexpr Duration kPublishPause = Milliseconds{5};

class Publisher {
public:
    explicit Publisher(status::Area &area) : area_(area) {}

    // The area has been sized for the configuration, so that it fits.
    void publish_if_due(const engine::Engine &engine,
                        const status::NodeFacts &facts, Instant now) {
        if (engine.transitions() == transitions_ &&
            now < published_at_ + kPublishPause) {
            return;
        }
        area_.publish(to_bytes(take_snapshot(engine, facts, now)));
        transitions_ = engine.transitions();
        published_at_ = now;
    }

    // Something has changed that is worth telling at once.
    void hurry() { published_at_ = {}; }

    Instant deadline() const { return published_at_ + kPublishInterval; }

private:
    status::Area &area_;
    std::uint64_t transitions_ = 0;
    Instant published_at_{};
};

}  // namespace ngx_vrrp::node
