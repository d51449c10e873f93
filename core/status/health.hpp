// Is this node healthy? For balancers, name servers and scripts.
#pragma once

#include <string>
#include <string_view>

#include "core/status/view.hpp"

namespace ngx_vrrp::status {

struct HealthQuestion {
    bool require_master = false;
    std::string_view instance;  // its name; empty: all of them
};

struct Health {
    bool known = true;  // there is such an instance
    bool healthy = false;
    std::string text;  // a line for each reason, or each instance
};

// Healthy: the vrrp process is alive, and every instance is MASTER, or BACKUP
// if that is enough.
Health judge_health(const Snapshot &snapshot, const HealthQuestion &question,
                    Instant now);

}  // namespace ngx_vrrp::status
