// Settings with the defaults that the directives have. The core has none: its
// configuration is always complete.
#pragma once

#include "core/check/config.hpp"
#include "core/engine/tracker.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::test {

inline vrrp::Config default_router() {
    vrrp::Config config;
    config.version = Version::v3;
    config.advert_interval = Milliseconds{100};
    config.preempt = true;
    config.announce = {.repeat = 5, .delay = Seconds{5}, .refresh_repeat = 1};
    config.workers = {.required = 1, .timeout = Seconds{2}};
    config.close_connections = true;
    return config;
}

inline check::Config default_check() {
    check::Config config;
    config.timing = {.interval = Seconds{2},
                     .timeout = Seconds{1},
                     .fall = 3,
                     .rise = 2,
                     .jitter_percent = 10};
    config.initial = check::Verdict::up;
    return config;
}

inline engine::TrackerConfig default_tracker() {
    engine::TrackerConfig config;
    config.fall = 1;
    config.rise = 1;
    config.interval = Seconds{1};
    config.min_up = 1;
    return config;
}

}  // namespace ngx_vrrp::test
