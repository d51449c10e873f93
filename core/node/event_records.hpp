// Events as records for the notifier process. The sender adds its own identity.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/check/record.hpp"
#include "core/engine/event.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/notify/event.hpp"
#include "core/peer/drift.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::node {

// When something happened.
struct Moment {
    Instant at{};
    std::chrono::sys_time<Duration> wall{};
};

notify::EventRecord to_event(const engine::Event &event,
                             const vrrp::Config &config,
                             const std::string &router_id,
                             const Moment &moment);

// Of a check whose verdict has just changed. Nothing if it is not reported: it
// is not a server of an upstream block, or it was found up for the first time.
std::optional<notify::EventRecord> to_event(const check::Record &record,
                                            const std::string &router_id,
                                            const Moment &moment);

notify::EventRecord to_event(const peer::DriftNews &news,
                             const std::string &router_id,
                             const Moment &moment);

// The current problems of this router, to be reported again.
std::vector<engine::Event> lasting_events(const engine::VirtualRouter &router);

}  // namespace ngx_vrrp::node
