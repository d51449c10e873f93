// The vrrp process for C, and the wall that no exception crosses.

#include "core/capi.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/capi/callbacks.hpp"
#include "core/capi/check_conf.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/router_conf.hpp"
#include "core/capi/values.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/node/node.hpp"
#include "core/os/clock.hpp"
#include "core/os/memory_file.hpp"
#include "core/os/process_watch.hpp"
#include "core/status/description.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(VRRP_CORE_WATCHED_PROCESSES == os::kMostWatchedProcesses);

std::vector<net::RouterNames::Name> to_names(const vrrp_core_conf_t &conf) {
    std::vector<net::RouterNames::Name> names;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        names.push_back({router_key(conf.instances[i]),
                         conf.name_fds != nullptr ? conf.name_fds[i] : -1});
    }
    return names;
}

status::NodeFacts to_facts(const vrrp_core_conf_t &conf,
                           const vrrp_core_ops_t &ops) {
    status::NodeFacts facts;
    facts.router_id = to_string(conf.router_id);
    facts.nginx_version = to_string(ops.server_version);
    facts.pid = ops.pid;
    facts.generation = conf.generation;
    facts.configured_at = instant_from_ns(conf.configured_at_ns);
    facts.not_before = instant_from_ns(conf.not_before_ns);
    facts.realtime_priority = ops.realtime_priority;
    facts.mlock = ops.mlock != 0;
    return facts;
}

}  // namespace

struct vrrp_core_s {
    vrrp_core_s(const vrrp_core_conf_t &conf, const vrrp_core_ops_t &ops,
                const vrrp_core_memory_t &memory, os::Mapping owners)
        : callbacks(ops),
          log(callbacks),
          ownership(std::move(owners)),
          node(to_configs(conf),
               {conf.generation, instant_from_ns(conf.configured_at_ns),
                area_before(conf, memory), conf.wake_fd, roles_of(conf),
                conf.event_fds[0], conf.ownership_wake_fd, to_names(conf),
                ops.begins_as_root != 0},
               to_facts(conf, ops), callbacks, callbacks,
               {memory.area(), memory.worker_area()}, ownership.get()) {}

    Callbacks<vrrp_core_ops_t> callbacks;
    Log log;
    os::Mapping ownership;
    node::Node node;
    bool broken = false;
};

namespace {

// Our own bug or no memory: release what we hold and end; nginx's master
// starts another process.
void give_up(vrrp_core_t *core, const char *why) noexcept {
    if (std::exchange(core->broken, true)) {
        return;
    }
    try {
        core->log(LogLevel::alert,
                  "internal error: %s, releasing the virtual "
                  "addresses",
                  why);
        core->node.stop("internal error", false);
    } catch (...) {
        // The leases end by themselves.
        return;
    }
}

// Every entry from C that may touch the engine.
template <class F>
void enter(vrrp_core_t *core, F &&f) noexcept {
    if (core->broken) {
        return;
    }
    try {
        f();
        core->node.share();
    } catch (const std::exception &e) {
        give_up(core, e.what());
    } catch (...) {
        give_up(core, "unknown exception");
    }
}

}  // namespace

vrrp_core_t *vrrp_core_create(const vrrp_core_conf_t *conf,
                              const vrrp_core_ops_t *ops,
                              vrrp_core_memory_t *memory) {
    try {
        auto owners = os::Mapping::map(conf->ownership_fd,
                                       engine::OwnershipMemory::kSize);
        if (!owners) {
            const std::string why = owners.error().to_string();
            ops->log(ops->data, VRRP_CORE_LOG_ALERT, why.data(), why.size());
            return nullptr;
        }
        auto core = std::make_unique<vrrp_core_s>(*conf, *ops, *memory,
                                                  std::move(owners.value()));
        if (const Status opened = core->node.open(); !opened) {
            core->log(LogLevel::alert, "%s",
                      opened.error().to_string().c_str());
            return nullptr;
        }
        return core.release();
    } catch (const std::exception &e) {
        const std::string_view why = e.what();
        ops->log(ops->data, VRRP_CORE_LOG_ALERT, why.data(), why.size());
        return nullptr;
    }
}

void vrrp_core_destroy(vrrp_core_t *core) {
    if (!core->broken) {
        core->node.mark_stopped();
    }
    delete core;
}

int vrrp_core_start(vrrp_core_t *core, int master_pid) {
    int rc = VRRP_CORE_ERROR;
    enter(core, [&] {
        const Status status = core->node.start(master_pid);
        if (status) {
            rc = VRRP_CORE_OK;
        } else {
            core->log(LogLevel::alert, "%s, VRRP is disabled",
                      status.error().to_string().c_str());
        }
    });
    return rc;
}

int vrrp_core_stand_aside(vrrp_core_t *core, int master_pid,
                          const char *reason) {
    enter(core, [&] { core->node.disable(master_pid, reason); });
    return core->broken ? VRRP_CORE_ERROR : VRRP_CORE_OK;
}

void vrrp_core_stop(vrrp_core_t *core, const char *reason, int serving) {
    enter(core, [&] { core->node.stop(reason, serving != 0); });
}

void vrrp_core_quit(vrrp_core_t *core) {
    enter(core, [&] { core->node.quit(); });
}

void vrrp_core_on_readable(vrrp_core_t *core, int fd) {
    enter(core, [&] { core->node.on_readable(fd); });
}

void vrrp_core_on_timer(vrrp_core_t *core) {
    enter(core, [&] { core->node.on_timer(); });
}

int64_t vrrp_core_deadline(const vrrp_core_t *core) {
    const auto deadline = core->node.deadline();
    return deadline ? to_ns(*deadline) : VRRP_CORE_NEVER;
}

int vrrp_core_finished(const vrrp_core_t *core) {
    return core->broken || core->node.finished();
}

int64_t vrrp_core_now(void) {
    return to_ns(os::now());
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
