// The vrrp process.

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/capi/check_conf.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/process.hpp"
#include "core/capi/router_conf.hpp"
#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/signing.hpp"
#include "core/net/kernel_drains.hpp"
#include "core/node/node.hpp"
#include "core/os/clock.hpp"
#include "core/os/memory_file.hpp"
#include "core/os/process_watch.hpp"
#include "core/os/side_by_side.hpp"
#include "core/status/description.hpp"

struct vrrp_core_drains_s {
    std::shared_ptr<ngx_vrrp::engine::Drains> drains;
};

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

static_assert(VRRP_CORE_BFD_SOCKETS == net::kBfdSockets);
static_assert(VRRP_CORE_MAX_BFD_SESSIONS == bfd::kMostSessions);
static_assert(2 * VRRP_CORE_MAX_ADDRESSES + 2 * VRRP_CORE_MAX_ROUTES ==
              engine::kMostHeld);

net::BfdSockets::Descriptors to_bfd_fds(const vrrp_core_conf_t &conf) {
    net::BfdSockets::Descriptors fds{};
    std::copy(std::begin(conf.bfd_fds), std::end(conf.bfd_fds), fds.begin());
    return fds;
}

status::NodeFacts to_facts(const vrrp_core_conf_t &conf,
                           const vrrp_router_facts_t &process) {
    status::NodeFacts facts;
    facts.router_id = to_string(conf.router_id);
    facts.nginx_version = to_string(process.server_version);
    facts.pid = process.pid;
    facts.generation = conf.generation;
    facts.configured_at = instant_from_ns(conf.configured_at_ns);
    facts.not_before = instant_from_ns(conf.not_before_ns);
    facts.realtime_priority = process.realtime_priority;
    facts.mlock = process.mlock != 0;
    return facts;
}

node::Generation to_generation(const vrrp_core_conf_t &conf,
                               const vrrp_router_facts_t &process,
                               const vrrp_core_memory_t &memory) {
    return {
        .number = conf.generation,
        .configured_at = instant_from_ns(conf.configured_at_ns),
        .previous = area_before(conf, memory),
        .wake_fd = conf.wake_fd,
        .demand_fd = conf.demand_fd,
        .checkers = roles_of(conf),
        .event_fd = conf.event_fds[0],
        .ownership_wake_fd = conf.ownership_wake_fd,
        .names = to_names(conf),
        .bfd_fds = to_bfd_fds(conf),
        .bfd_holder = process.bfd_holder,
        .peer_links = to_peer_links(conf),
        .peer_fd = process.peer_fd,
        .history_fd = process.history_fd,
        .shared = to_shared(conf),
        .drains = process.drains != nullptr ? process.drains->drains : nullptr,
        .begins_as_root = process.begins_as_root != 0,
        .disabled = process.disabled != nullptr ? process.disabled : ""};
}

class RouterSigning final : public engine::Signing {
public:
    RouterSigning(vrrp_hmac_sha256_pt hmac, void *data)
        : hmac_(hmac), data_(data) {}

    std::optional<Digest> hmac_sha256(Bytes key, Bytes text) override {
        Digest digest{};
        const int rc =
            hmac_(data_, reinterpret_cast<const char *>(key.data()), key.size(),
                  reinterpret_cast<const char *>(text.data()), text.size(),
                  digest.data());
        return rc == VRRP_CORE_OK ? std::optional(digest) : std::nullopt;
    }

    WallTime wall_clock() override { return os::wall_clock(); }

private:
    vrrp_hmac_sha256_pt hmac_;
    void *data_;
};

// It is the only process that has to do something each second.
struct RouterProcess final : private os::SideBySide, public vrrp_process_s {
    RouterProcess(const vrrp_core_conf_t &conf,
                  const vrrp_router_facts_t &facts,
                  const vrrp_process_ops_t &ops,
                  vrrp_hmac_sha256_pt hmac_sha256,
                  const vrrp_core_memory_t &memory, os::Mapping owners)
        : vrrp_process_s(
              ops, {"VRRP is disabled", "releasing the virtual addresses"}),
          ownership(std::move(owners)),
          signing(hmac_sha256, ops.data),
          router(to_configs(conf), to_generation(conf, facts, memory),
                 to_facts(conf, facts), callbacks, callbacks, signing,
                 {memory.area(), memory.worker_area()}, ownership.get()) {}

    [[gnu::hot]] node::Node &node() override { return router; }

    os::Mapping ownership;
    RouterSigning signing;
    node::Node router;
};

}  // namespace

vrrp_core_drains_t *vrrp_core_load_drains(const vrrp_core_conf_t *conf) {
    const std::span instances(conf->instances, conf->ninstances);
    const auto drains = [](const vrrp_core_instance_conf_t &instance) {
        return instance.peer_link != 0 && instance.drain_timeout_ns != 0;
    };
    if (std::ranges::none_of(instances, drains)) {
        return nullptr;
    }
    return guarded(static_cast<vrrp_core_drains_t *>(nullptr), [] {
        return new vrrp_core_drains_s{
            std::make_shared<net::KernelDrains>(net::DrainPrograms::load())};
    });
}

vrrp_process_t *vrrp_router_create(const vrrp_core_conf_t *conf,
                                   const vrrp_router_facts_t *facts,
                                   const vrrp_process_ops_t *ops,
                                   vrrp_hmac_sha256_pt hmac_sha256,
                                   vrrp_core_memory_t *memory) {
    const std::unique_ptr<vrrp_core_drains_s> drains(facts->drains);
    return create_process(*ops, [&]() -> Created {
        auto owners = os::Mapping::map(conf->ownership_fd,
                                       engine::OwnershipMemory::kSize);
        if (!owners) {
            return Unexpected(owners.error());
        }
        auto router =
            std::make_unique<RouterProcess>(*conf, *facts, *ops, hmac_sha256,
                                            *memory, std::move(owners.value()));
        if (const Status opened = router->node().open(); !opened) {
            return Unexpected(opened.error());
        }
        return Created(std::move(router));
    });
}
