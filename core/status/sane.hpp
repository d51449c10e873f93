// Makes records that were copied from shared memory safe to use: a compromised
// process may have written any bytes. Values out of their range are replaced;
// whether the rest is true is not checked.
#pragma once

#include <cstdint>

#include "core/base/time.hpp"
#include "core/engine/crash_history.hpp"
#include "core/status/channels.hpp"
#include "core/status/records.hpp"
#include "core/status/transitions.hpp"

namespace ngx_vrrp::status {

NodeRecord made_sane(NodeRecord record);
UnknownRouterRecord made_sane(UnknownRouterRecord record);
PeerRecord made_sane(PeerRecord record);
InstanceRecord made_sane(InstanceRecord record);
TrackerRecord made_sane(TrackerRecord record);
TransitionRecord made_sane(TransitionRecord record);
ChannelRecord made_sane(ChannelRecord record);

// No time out is longer than one that begins now.
engine::CrashHistory made_sane(engine::CrashHistory history, Instant now);

}  // namespace ngx_vrrp::status
