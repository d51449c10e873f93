// Records as they were copied from shared memory, made such that nothing can go
// wrong with them: a process that somebody has taken over may have written any
// bytes. What is out of its range becomes harmless; whether it is true is
// another matter.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "core/engine/crash_history.hpp"
#include "core/status/channels.hpp"
#include "core/status/records.hpp"
#include "core/status/transitions.hpp"

namespace ngx_vrrp::status {

NodeRecord made_sane(NodeRecord record);
InstanceRecord made_sane(InstanceRecord record);
TrackerRecord made_sane(TrackerRecord record);
TransitionRecord made_sane(TransitionRecord record);
ChannelRecord made_sane(ChannelRecord record);

// No time out is longer than any that begins now.
engine::CrashHistory made_sane(engine::CrashHistory history, Instant now);

}  // namespace ngx_vrrp::status
