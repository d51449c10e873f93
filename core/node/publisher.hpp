// Writes the status to shared memory: changes at once, counters not more often
// than needed, the rest not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/status/area.hpp"
#include "core/status/description.hpp"

namespace ngx_vrrp::node {

// The longest time between two heartbeats of this process: longer than the
// interval of adverts of 1 s, so that there are no extra wake-ups (see
// status::kFresh).
inline constexpr Duration kPublishInterval = Milliseconds{1500};

// Counters may have this age if there are events all the time.
inline constexpr Duration kNumbersPause = Milliseconds{100};

class Publisher {
public:
    explicit Publisher(const status::Area &area) : area_(area) {}

    // After each event, by the process that is in charge. The area has the size
    // for the configuration, so that everything fits.
    void publish(engine::Engine &engine, const status::NodeFacts &facts,
                 Instant now);

    // A change must be published at once.
    void hurry() { numbers_at_ = {}; }

    Instant deadline() const { return published_at_ + kPublishInterval; }

private:
    void begin(const engine::Engine &engine, const status::NodeFacts &facts);
    void look_at(const engine::VirtualRouter &router, std::size_t index,
                 engine::Touch touch);
    void publish_record(std::size_t index);
    void publish_numbers(const engine::Engine &engine);
    void publish_node(const engine::Engine &engine,
                      const status::NodeFacts &facts);
    void publish_unknown(const engine::UnknownRouters &routers);
    void publish_list(const engine::UnknownRouters &routers);

    status::Area area_;
    unsigned bank_ = 0;
    std::vector<status::Description> descriptions_;  // of all routers
    std::vector<engine::Touch> numbers_;             // that are not published
    bool begun_ = false;
    bool news_ = false;
    std::uint64_t unknown_changes_ = 0;     // published so far
    status::NodeNumbers node_;              // the same
    std::optional<std::uint64_t> version_;  // of the node, when published
    Instant numbers_at_{};
    Instant published_at_{};
};

}  // namespace ngx_vrrp::node
