#include "core/node/nginx_workers.hpp"

#include <algorithm>
#include <cerrno>

#include "core/net/clock.hpp"

namespace ngx_vrrp::node {

std::vector<health::Heartbeat> NginxWorkers::heartbeats() {
    std::vector<health::Heartbeat> list = area_.heartbeats();
    std::erase_if(ended_, [&](const Ended &ended) {
        return std::none_of(list.begin(), list.end(),
                            [&](const auto &h) { return h.pid == ended.pid; });
    });
    for (health::Heartbeat &heartbeat : list) {
        heartbeat.gone_at = gone_at(heartbeat.pid);
    }
    return list;
}

void NginxWorkers::ended(int pid) {
    ended_.push_back({pid, net::now()});
}

Instant NginxWorkers::gone_at(std::int32_t pid) {
    const auto it = std::find_if(ended_.begin(), ended_.end(),
                                 [&](const Ended &e) { return e.pid == pid; });
    if (it != ended_.end()) {
        return it->at + respawn_time_;
    }
    const Status watched = host_.watch_process(pid);
    if (!watched && watched.error().code == ESRCH) {
        ended(pid);
        return net::now() + respawn_time_;
    }
    return Instant::max();
}

}  // namespace ngx_vrrp::node
