// C structs <-> C++ values, and the wall that no exception crosses. Joins the
// engine with the machine (core/net); nothing else sees both.

#include "core/capi.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/engine/engine.hpp"
#include "core/net/claims.hpp"
#include "core/net/clock.hpp"
#include "core/net/host.hpp"
#include "core/status/area.hpp"
#include "core/status/json.hpp"
#include "core/status/snapshot.hpp"

namespace {

using namespace ngx_vrrp;

// The status is written at least this often, so that its age tells whether
// the process lives, and after a change of state at once.
constexpr Duration kPublishInterval = Seconds{1};

// In between: counters may be this old, and the time when a process that died
// was last active is known as well as this.
constexpr Duration kPublishPause = Milliseconds{5};

// nginx's master starts another worker for one that ended; until then the one
// that ended counts.
constexpr Duration kRespawnTime = Milliseconds{250};

// How long a process that is being replaced goes on without its successor,
// and how often it looks for it.
constexpr Duration kSuccessorTime = Seconds{30};
constexpr Duration kSuccessorLook = Milliseconds{5};

// nginx's workers share 1024 process slots; see NGX_MAX_PROCESSES.
static_assert(VRRP_CORE_HEARTBEATS == status::kHeartbeatSlots);

static_assert(static_cast<int>(LogLevel::debug) == VRRP_CORE_LOG_DEBUG);

std::string to_string(const vrrp_core_str_t &s) {
    return s.len == 0 ? std::string{} : std::string(s.data, s.len);
}

IpAddress to_ip(const vrrp_core_ip_t &ip) {
    return IpAddress::from_octets({ip.octets, address_size(Family{ip.family})});
}

vrrp::VirtualAddress to_address(const vrrp_core_address_conf_t &conf,
                                const std::string &interface) {
    return {
        .address = to_ip(conf.address),
        .prefix_length = conf.prefix_length,
        .interface = conf.interface.len ? to_string(conf.interface) : interface,
        .label = to_string(conf.label)};
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
    config.not_before = not_before;
    config.announce = {.repeat = c.garp_master_repeat,
                       .delay = Duration{c.garp_master_delay_ns},
                       .refresh = Duration{c.garp_master_refresh_ns},
                       .refresh_repeat = c.garp_master_refresh_repeat};
    config.workers = {.required = c.track_workers,
                      .timeout = Duration{c.track_timeout_ns}};
    return config;
}

std::vector<vrrp::Config> to_configs(const vrrp_core_conf_t &conf) {
    std::vector<vrrp::Config> configs;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        configs.push_back(
            to_config(conf.instances[i], instant_from_ns(conf.not_before_ns)));
    }
    return configs;
}

// C's callbacks as the interfaces that the core knows.
class Callbacks final : public LogSink, public net::Watcher {
public:
    explicit Callbacks(const vrrp_core_ops_t &ops) : ops_(ops) {}

    void write(LogLevel level, std::string_view text) override {
        ops_.log(ops_.data, static_cast<vrrp_core_log_level_e>(level),
                 text.data(), text.size());
    }
    bool watch(int fd) override {
        return ops_.watch(ops_.data, fd) == VRRP_CORE_OK;
    }
    void unwatch(int fd) override { ops_.unwatch(ops_.data, fd); }

private:
    vrrp_core_ops_t ops_;
};

// nginx's workers as this process knows them: their heartbeats, and which of
// them have ended.
class Workers {
public:
    Workers(const status::Area &area, net::Host &host)
        : area_(area), host_(host) {}

    std::vector<health::Heartbeat> heartbeats() {
        std::vector<health::Heartbeat> list = area_.heartbeats();
        std::erase_if(ended_, [&](const Ended &ended) {
            return std::none_of(list.begin(), list.end(), [&](const auto &h) {
                return h.pid == ended.pid;
            });
        });
        for (health::Heartbeat &heartbeat : list) {
            heartbeat.gone_at = gone_at(heartbeat.pid);
        }
        return list;
    }

    void ended(int pid) { ended_.push_back({pid, net::now()}); }

    // Nobody replaces a worker any more.
    void master_died() { respawn_time_ = Duration{0}; }

private:
    struct Ended {
        std::int32_t pid;
        Instant at;
    };

    Instant gone_at(std::int32_t pid) {
        const auto it =
            std::find_if(ended_.begin(), ended_.end(),
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

    const status::Area &area_;
    net::Host &host_;
    std::vector<Ended> ended_;
    Duration respawn_time_ = kRespawnTime;
};

// When to write the status to shared memory: a change of state at once, the
// rest not more often than needed.
class Publisher {
public:
    explicit Publisher(status::Area &area) : area_(area) {}

    void publish_if_due(const engine::Engine &engine,
                        const status::NodeFacts &facts, Instant now) {
        if (engine.transitions() == transitions_ &&
            now < published_at_ + kPublishPause) {
            return;
        }
        area_.publish(to_bytes(take_snapshot(engine, facts, now)));
        transitions_ = engine.transitions();
        published_at_ = now;
    }

    Instant deadline() const { return published_at_ + kPublishInterval; }

private:
    status::Area &area_;
    std::uint64_t transitions_ = 0;
    Instant published_at_{};
};

}  // namespace

// The machine's events go to the engine, the engine's wishes to the machine.
struct vrrp_core_s final : net::Sink, net::ClaimSink, engine::Shared {
    vrrp_core_s(const vrrp_core_conf_t &conf, const vrrp_core_ops_t &ops,
                void *memory)
        : callbacks(ops),
          log(callbacks),
          area(memory),
          publisher(area),
          host(callbacks, *this, callbacks),
          workers(area, host),
          claims(callbacks, *this, callbacks,
                 instant_from_ns(conf.configured_at_ns)),
          engine(to_configs(conf), {host, host, *this, claims}, callbacks),
          facts{.router_id = to_string(conf.router_id),
                .pid = ops.pid,
                .started_at = net::now(),
                .not_before = instant_from_ns(conf.not_before_ns),
                .realtime_priority = ops.realtime_priority,
                .mlock = ops.mlock != 0},
          generation(conf.generation) {}

    void packet_received(const engine::ReceivedPacket &packet) override {
        engine.handle_packet(packet, net::now());
    }

    void interfaces_changed(const engine::Interfaces &interfaces) override {
        engine.handle_interfaces(interfaces, net::now());
    }

    void claim_granted(const engine::RouterKey &key,
                       const std::string &handover) override {
        engine.handle_claim_granted(key, handover, net::now());
    }

    void claim_wanted(const engine::RouterKey &key) override {
        engine.handle_claim_wanted(key, net::now());
    }

    // The workers of a dead master go on serving, if they live: the address
    // may wait for its heir, or until the last of them is gone.
    void process_ended(int pid) override {
        if (pid == master_pid) {
            workers.master_died();
            engine.stop("the nginx master process died", true, net::now());
        } else {
            workers.ended(pid);
        }
        engine.handle_workers(net::now());
    }

    std::vector<health::Heartbeat> heartbeats() override {
        return workers.heartbeats();
    }

    std::optional<Instant> last_active(const engine::RouterKey &key) override {
        const auto bytes = area.read();
        const auto snapshot = bytes ? status::from_bytes(*bytes) : std::nullopt;
        return snapshot ? status::last_active(*snapshot, key) : std::nullopt;
    }

    Status start(int master) {
        master_pid = master;
        if (Status watching = host.watch_process(master); !watching) {
            return watching;
        }
        const auto interfaces = host.interfaces();
        if (!interfaces) {
            return Unexpected(interfaces.error());
        }
        engine.start(*interfaces, net::now());
        return success();
    }

    void quit() {
        if (area.generation() > generation) {
            successor_by = net::now() + kSuccessorTime;
        } else {
            engine.stop("nginx is shutting down", true, net::now());
        }
    }

    // After each entry: tell the other processes how it is here.
    void share(Instant now) {
        if (engine.is_in_charge()) {
            area.settle(std::max(generation, area.settled()));
            publisher.publish_if_due(engine, facts, now);
        }
        if (engine.holds_addresses()) {
            area.hold(facts.pid);
        } else {
            area.let_go(facts.pid);
        }
        leave_to_successor(now);
    }

    void leave_to_successor(Instant now) {
        if (successor_by &&
            (area.settled() > generation || now >= *successor_by)) {
            successor_by.reset();
            engine.stop("nginx has been reconfigured", true, now);
        }
    }

    std::optional<Instant> deadline() const {
        std::optional<Instant> next = engine.deadline();
        if (engine.is_in_charge()) {
            next =
                std::min(next.value_or(Instant::max()), publisher.deadline());
        }
        if (successor_by) {
            next = std::min(next.value_or(Instant::max()),
                            net::now() + kSuccessorLook);
        }
        return next;
    }

    Callbacks callbacks;
    Log log;
    status::Area area;
    Publisher publisher;
    net::Host host;
    Workers workers;
    net::Claims claims;
    engine::Engine engine;
    status::NodeFacts facts;
    int master_pid = 0;
    std::uint64_t generation;
    std::optional<Instant> successor_by;
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
        core->log(LogLevel::alert, "internal error: %s, releasing", why);
        core->engine.stop("internal error", false, net::now());
    } catch (...) {
        // The leases end by themselves.
        return;
    }
}

// Every entry from C that may touch the engine.
template <class F>
void enter(vrrp_core_t *core, F &&f) noexcept {
    try {
        f();
        core->share(net::now());
    } catch (const std::exception &e) {
        give_up(core, e.what());
    } catch (...) {
        give_up(core, "unknown exception");
    }
}

std::size_t status_size(const vrrp_core_conf_t &conf) {
    std::size_t addresses = 0;
    for (std::size_t i = 0; i < conf.ninstances; ++i) {
        addresses += conf.instances[i].naddresses;
    }
    return status::snapshot_size(conf.ninstances, addresses);
}

}  // namespace

vrrp_core_t *vrrp_core_create(const vrrp_core_conf_t *conf,
                              const vrrp_core_ops_t *ops, void *area) {
    try {
        auto core = std::make_unique<vrrp_core_s>(*conf, *ops, area);
        const Status opened = core->host.open();
        if (!opened) {
            core->log(LogLevel::alert, "%s",
                      opened.error().to_string().c_str());
            return nullptr;
        }
        return core.release();
    } catch (...) {
        return nullptr;
    }
}

void vrrp_core_destroy(vrrp_core_t *core) {
    delete core;
}

int vrrp_core_start(vrrp_core_t *core, int master_pid) {
    int rc = VRRP_CORE_ERROR;
    enter(core, [&] {
        const Status status = core->start(master_pid);
        if (status) {
            rc = VRRP_CORE_OK;
            return;
        }
        const std::string why = status.error().to_string();
        core->log(LogLevel::alert, "%s, not taking part in VRRP", why.c_str());
        core->engine.stand_aside(why, net::now());
    });
    return rc;
}

int vrrp_core_stand_aside(vrrp_core_t *core, const char *reason) {
    enter(core, [&] { core->engine.stand_aside(reason, net::now()); });
    return core->broken ? VRRP_CORE_ERROR : VRRP_CORE_OK;
}

void vrrp_core_stop(vrrp_core_t *core, const char *reason, int serving) {
    enter(core, [&] { core->engine.stop(reason, serving, net::now()); });
}

void vrrp_core_quit(vrrp_core_t *core) {
    enter(core, [&] { core->quit(); });
}

void vrrp_core_on_readable(vrrp_core_t *core, int fd) {
    enter(core, [&] {
        if (!core->claims.on_readable(fd)) {
            core->host.on_readable(fd);
        }
    });
}

void vrrp_core_on_timer(vrrp_core_t *core) {
    enter(core, [&] {
        core->host.read_packets();
        core->engine.handle_time(net::now());
    });
}

int64_t vrrp_core_deadline(const vrrp_core_t *core) {
    const auto deadline = core->deadline();
    return deadline ? to_ns(*deadline) : VRRP_CORE_NEVER;
}

int vrrp_core_finished(const vrrp_core_t *core) {
    return core->broken || core->engine.finished();
}

size_t vrrp_core_area_size(const vrrp_core_conf_t *conf) {
    return status::Area::size(status_size(*conf));
}

int vrrp_core_area_init(void *area, size_t size) {
    return status::Area::init(area, size) ? VRRP_CORE_OK : VRRP_CORE_ERROR;
}

uint64_t vrrp_core_begin_generation(void *area) {
    return status::Area(area).begin_generation();
}

int64_t vrrp_core_now(void) {
    return to_ns(net::now());
}

int vrrp_core_worker_needed(const void *area, uint64_t generation) {
    const status::Area shared(const_cast<void *>(area));
    return shared.holder() != 0 && shared.generation() <= generation;
}

void vrrp_core_heartbeat(void *area, unsigned slot, int pid) {
    status::Area(area).beat(slot, pid, net::now());
}

void vrrp_core_heartbeat_stop(void *area, unsigned slot) {
    status::Area(area).stop_beating(slot);
}

int64_t vrrp_core_heartbeat_interval(const vrrp_core_conf_t *conf) {
    Duration shortest = Duration::max();
    for (std::size_t i = 0; i < conf->ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf->instances[i];
        if (instance.track_workers != 0) {
            shortest = std::min(shortest, health::heartbeat_interval(Duration{
                                              instance.track_timeout_ns}));
        }
    }
    return shortest == Duration::max() ? VRRP_CORE_NEVER : shortest.count();
}

int vrrp_core_status_json(const void *area, vrrp_core_append_pt append,
                          void *data) {
    try {
        const auto bytes = status::Area(const_cast<void *>(area)).read();
        const auto snapshot = bytes ? status::from_bytes(*bytes) : std::nullopt;
        if (!snapshot) {
            return VRRP_CORE_AGAIN;
        }
        const std::string json = status::to_json(
            *snapshot, {.now = net::now(), .wall = net::wall_clock()});
        append(data, json.data(), json.size());
        return VRRP_CORE_OK;
    } catch (...) {
        return VRRP_CORE_ERROR;
    }
}
