// The shared memory of one nginx: how the master makes it, and what workers
// write there.

#include <algorithm>
#include <exception>
#include <string>

#include "core/capi/memory.hpp"
#include "core/capi/values.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/os/clock.hpp"

namespace {

using namespace ngx_vrrp;
using os::SharedMemory;
using Memory = vrrp_core_memory_s;
using Mapping = std::shared_ptr<SharedMemory>;

// nginx's workers share 1024 process slots; see NGX_MAX_PROCESSES.
static_assert(VRRP_CORE_HEARTBEATS == status::kHeartbeatSlots);

status::Room room_of(const vrrp_core_conf_t &conf) {
    status::Room amounts{.instances = conf.ninstances, .checks = conf.nchecks};
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        amounts.addresses += conf.instances[i].naddresses;
        amounts.trackers += conf.instances[i].ntrackers;
        amounts.routes += conf.instances[i].nroutes + conf.instances[i].nrules;
    }
    return status::room_for(amounts);
}

class Maker {
public:
    explicit Maker(const vrrp_core_conf_t &conf) : room_(room_of(conf)) {}

    // NULL: there is no memory.
    std::unique_ptr<Memory> make(const Memory *previous) {
        auto memory = std::make_unique<Memory>();
        memory->room = room_;
        if (previous != nullptr) {
            keep(*previous, *memory);
        }
        if (!memory->status) {
            memory->status = map("ngx_vrrp_status", status::Area::size(room_),
                                 SharedMemory::Writers::these);
            if (memory->status) {
                memory->area().begin();
            }
        }
        if (!memory->workers) {
            memory->workers =
                map("ngx_vrrp_workers", status::WorkerArea::size(room_),
                    SharedMemory::Writers::all);
            if (memory->workers) {
                memory->worker_area().begin();
            }
        }
        return memory->status && memory->workers ? std::move(memory) : nullptr;
    }

    const std::string &notes() const { return notes_; }

private:
    void keep(const Memory &previous, Memory &memory) {
        memory.generation = previous.generation;
        if (previous.room != room_) {
            return;
        }
        if (previous.area().is_damaged()) {
            note(
                "the shared memory with the status was overwritten, a new one "
                "is created");
        } else {
            memory.status = previous.status;
        }
        if (previous.worker_area().is_damaged()) {
            note(
                "the shared memory of the worker processes was overwritten, a "
                "new one is created");
        } else {
            memory.workers = previous.workers;
        }
    }

    Mapping map(const char *name, std::size_t size,
                SharedMemory::Writers writers) {
        auto made = SharedMemory::create(name, size, writers);
        if (!made) {
            note(made.error().to_string());
            return nullptr;
        }
        if (!made->weakness().empty()) {
            note(made->weakness() +
                 ", a compromised worker process could write to the status of "
                 "VRRP");
        }
        return std::make_shared<SharedMemory>(std::move(made.value()));
    }

    void note(const std::string &text) {
        notes_ += (notes_.empty() ? "" : "; ") + text;
    }

    status::Room room_;
    std::string notes_;
};

}  // namespace

vrrp_core_memory_t *vrrp_core_memory_create(const vrrp_core_conf_t *conf,
                                            const vrrp_core_memory_t *previous,
                                            char *notes, size_t size) {
    try {
        Maker maker(*conf);
        auto memory = maker.make(previous);
        copy_text(maker.notes(), notes, size);
        return memory.release();
    } catch (const std::exception &e) {
        copy_text(e.what(), notes, size);
        return nullptr;
    }
}

void vrrp_core_memory_destroy(vrrp_core_memory_t *memory) {
    delete memory;
}

void vrrp_core_memory_protect(vrrp_core_memory_t *memory) {
    memory->status->give_up_writing();
}

int64_t vrrp_core_now(void) {
    return to_ns(os::now());
}

uint64_t vrrp_core_begin_generation(vrrp_core_memory_t *memory,
                                    vrrp_core_memory_t *previous) {
    memory->area().set_generation(++memory->generation);
    if (previous != nullptr && previous->status != memory->status) {
        previous->area().set_generation(memory->generation);
    }
    return memory->generation;
}

void vrrp_core_heartbeat(vrrp_core_memory_t *memory, unsigned slot, int pid) {
    memory->worker_area().beat(slot, pid, os::now());
}

void vrrp_core_heartbeat_stop(vrrp_core_memory_t *memory, unsigned slot) {
    memory->worker_area().stop_beating(slot);
}

int64_t vrrp_core_heartbeat_interval(const vrrp_core_conf_t *conf) {
    Duration shortest = Duration::max();
    for (std::size_t i = 0; i < conf->ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf->instances[i];
        if (instance.track_workers != 0) {
            shortest = std::min(shortest, engine::heartbeat_interval(Duration{
                                              instance.track_timeout_ns}));
        }
    }
    return shortest == Duration::max() ? VRRP_CORE_NEVER : shortest.count();
}

int vrrp_core_worker_needed(const vrrp_core_memory_t *memory,
                            uint64_t generation) {
    const status::Area area = memory->readable_area();
    return area.holder() != 0 && area.generation() <= generation;
}

int vrrp_core_process_ended(const vrrp_core_memory_t *memory,
                            uint64_t generation) {
    return memory->readable_area().has_ended(generation);
}
