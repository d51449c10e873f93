// nginx's workers in the vrrp process: their heartbeats in shared memory, and
// which of them have ended.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/time.hpp"
#include "core/engine/ports.hpp"
#include "core/net/host.hpp"
#include "core/status/worker_area.hpp"

namespace ngx_vrrp::node {

// nginx's master replaces a worker that has ended; until then, the ended one
// counts.
inline constexpr Duration kRespawnTime = Milliseconds{250};

class NginxWorkers final : public engine::Workers {
public:
    NginxWorkers(const status::WorkerArea &area, net::Host &host)
        : area_(area), host_(host) {}

    std::span<const engine::Heartbeat> heartbeats() override;
    std::optional<Instant> oldest_beat() override;

    void ended(int pid);

    // Workers are no longer replaced.
    void master_died() { respawn_time_ = Duration{0}; }

private:
    struct Ended {
        std::int32_t pid;
        Instant at;
    };

    void read();
    void add_leavers();
    Instant gone_at(std::int32_t pid);

    status::WorkerArea area_;
    net::Host &host_;
    std::vector<std::size_t> slots_;   // of those that beat
    std::vector<std::int32_t> known_;  // their pids
    unsigned short_checks_ = 0;        // before the next one at all slots
    std::vector<Ended> ended_;
    std::vector<engine::Heartbeat> list_;     // of the last look
    std::vector<engine::Heartbeat> counted_;  // of them, those not gone
    Duration respawn_time_ = kRespawnTime;
};

}  // namespace ngx_vrrp::node
