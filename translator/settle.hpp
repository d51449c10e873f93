// What keepalived makes of the configuration when it has read all of it.
#pragma once

#include "translator/reading.hpp"

namespace ngx_vrrp::translator {

// Corrects the instances as keepalived does, with a remark for each, and
// fills in their groups and trackers.
void settle(Reading &reading);

// The trackers of each instance: Instance::trackers.
void settle_trackers(Reading &reading);

// The upstreams of the virtual servers: Model::upstreams.
void settle_servers(Reading &reading);

}  // namespace ngx_vrrp::translator
