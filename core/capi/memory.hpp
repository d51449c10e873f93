// The shared memory of one nginx as all of its processes hold it. The master
// makes it, its children inherit it with all that is needed to read it: nothing
// about its size comes from the memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/capi.h"
#include "core/os/shared_memory.hpp"
#include "core/status/area.hpp"
#include "core/status/room.hpp"
#include "core/status/worker_area.hpp"

// A reload keeps those parts that fit.
struct vrrp_core_memory_s {
    ngx_vrrp::status::Room room;
    std::shared_ptr<ngx_vrrp::os::SharedMemory> status;
    std::shared_ptr<ngx_vrrp::os::SharedMemory> workers;
    std::uint64_t generation = 0;  // the master's count

    // In the master and the helper processes.
    ngx_vrrp::status::Area area() const { return {status->writable(), room}; }

    // In any process.
    const ngx_vrrp::status::Area readable_area() const {
        return ngx_vrrp::status::Area::readable(status->readable(), room);
    }

    ngx_vrrp::status::WorkerArea worker_area() const {
        return {workers->writable(), room};
    }
};

namespace ngx_vrrp {

// Of the generation before, if its status does not lie in this memory.
inline std::optional<status::Area> area_before(
    const vrrp_core_conf_t &conf, const vrrp_core_memory_s &memory) {
    const bool is_another =
        conf.previous != nullptr && conf.previous->status != memory.status;
    return is_another ? std::optional(conf.previous->area()) : std::nullopt;
}

}  // namespace ngx_vrrp
