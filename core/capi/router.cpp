// C structs <-> C++ values, and the wall that no exception crosses.

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
#include "core/capi/values.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/phases.hpp"
#include "core/net/clock.hpp"
#include "core/net/memory_file.hpp"
#include "core/net/process_watch.hpp"
#include "core/node/node.hpp"
#include "core/status/description.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(VRRP_CORE_WATCHED_PROCESSES == net::kMostWatchedProcesses);

vrrp::VirtualAddress to_address(const vrrp_core_address_conf_t &conf,
                                const std::string &interface) {
    return {
        .address = to_ip(conf.address),
        .prefix_length = conf.prefix_length,
        .interface = conf.interface.len ? to_string(conf.interface) : interface,
        .label = to_string(conf.label),
        .takeover = conf.takeover != 0};
}

wire::Authentication to_authentication(const vrrp_core_instance_conf_t &c) {
    wire::Authentication authentication;
    if (c.auth_pass) {
        authentication.type = wire::AuthType::simple_text;
        std::copy(std::begin(c.auth_data), std::end(c.auth_data),
                  authentication.data.begin());
    }
    return authentication;
}

vrrp::Config to_config(const vrrp_core_instance_conf_t &c, Instant not_before) {
    vrrp::Config config;
    config.name = to_string(c.name);
    config.interface = to_string(c.interface);
    config.family = Family{c.family};
    config.version = Version{c.version};
    config.vrid = Vrid{c.virtual_router_id};
    config.priority = Priority{c.priority};
    config.advert_interval = Duration{c.advert_int_ns};
    config.authentication = to_authentication(c);
    for (std::size_t i = 0; i < c.naddresses; ++i) {
        config.addresses.push_back(
            to_address(c.addresses[i], config.interface));
    }
    if (c.unicast_src_ip.family != 0) {
        config.source = to_ip(c.unicast_src_ip);
    }
    for (std::size_t i = 0; i < c.nunicast_peers; ++i) {
        config.unicast_peers.push_back(to_ip(c.unicast_peers[i]));
    }
    config.preempt = !c.nopreempt;
    config.preempt_delay = Duration{c.preempt_delay_ns};
    config.link_up_delay = Duration{c.link_up_delay_ns};
    for (std::size_t i = 0; i < c.npreempt_windows; ++i) {
        config.preempt_windows.push_back(
            {vrrp::Minutes{c.preempt_windows[i].from_minute},
             vrrp::Minutes{c.preempt_windows[i].until_minute}});
    }
    config.not_before = not_before;
    config.announce = {.repeat = c.garp_master_repeat,
                       .delay = Duration{c.garp_master_delay_ns},
                       .refresh = Duration{c.garp_master_refresh_ns},
                       .refresh_repeat = c.garp_master_refresh_repeat};
    config.workers = {.required = c.track_workers,
                      .timeout = Duration{c.track_timeout_ns}};
    config.close_connections = c.close_connections != 0;
    config.ports.assign(c.ports, c.ports + c.nports);
    return config;
}

// When the slowest of its checks has been made once: the first of them begins
// within the interval.
Duration first_result(const vrrp_core_conf_t &conf,
                      const vrrp_core_tracker_conf_t &tracker) {
    Duration longest{0};
    for (std::size_t i = 0; i < tracker.nchecks; ++i) {
        const vrrp_core_check_conf_t &check =
            conf.checks[tracker.first_check + i];
        longest =
            std::max(longest, Duration{check.interval_ns + check.timeout_ns});
    }
    return longest;
}

engine::TrackerConfig to_tracker(const vrrp_core_conf_t &conf,
                                 const vrrp_core_tracker_conf_t &c) {
    static_assert(static_cast<int>(engine::TrackKind::interface) ==
                  VRRP_CORE_TRACK_INTERFACE);

    engine::TrackerConfig tracker;
    tracker.kind = static_cast<engine::TrackKind>(c.kind);
    tracker.type = to_string(c.type);
    tracker.name = to_string(c.name);
    if (c.weighted) {
        tracker.weight = c.weight;
    }
    tracker.fall = c.fall;
    tracker.rise = c.rise;
    tracker.interval = Duration{c.interval_ns};
    tracker.first_check = c.first_check;
    tracker.checks = c.nchecks;
    tracker.first_result = first_result(conf, c);
    tracker.min_up = c.min_up;
    tracker.min_up_percent = c.min_up_percent != 0;
    tracker.interface = to_string(c.interface);
    return tracker;
}

std::vector<engine::RouterConfig> to_configs(const vrrp_core_conf_t &conf) {
    std::vector<engine::RouterConfig> configs;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf.instances[i];
        engine::RouterConfig &config = configs.emplace_back();
        config.router =
            to_config(instance, instant_from_ns(conf.not_before_ns));
        for (std::size_t j = 0; j < instance.ntrackers; ++j) {
            config.trackers.push_back(to_tracker(conf, instance.trackers[j]));
        }
    }
    engine::share_phases(configs);
    return configs;
}

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
                const vrrp_core_memory_t &memory, net::Mapping owners)
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
    net::Mapping ownership;
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
        auto owners = net::Mapping::map(conf->ownership_fd,
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
        core->node.end_life();
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
    enter(core, [&] { core->node.stand_aside(master_pid, reason); });
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
    return to_ns(net::now());
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
