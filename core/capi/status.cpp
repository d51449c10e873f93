// The status of the node in a worker, from shared memory alone.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/capi.h"
#include "core/capi/memory.hpp"
#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/os/build_id.hpp"
#include "core/os/clock.hpp"
#include "core/status/health.hpp"
#include "core/status/page.hpp"
#include "core/status/render.hpp"
#include "core/status/view.hpp"
#include "core/vrrp/state.hpp"

namespace {

using namespace ngx_vrrp;

// The copied text fits, and `to` is full of zeros.
template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) {
    std::copy_n(text.data(), std::min(text.size(), N - 1), to);
}

// The one that runs is the one that has this code.
status::Builds find_builds() {
    const os::LoadedFile loaded =
        os::loaded_file(reinterpret_cast<const void *>(&vrrp_core_status));
    return {.running = loaded.build_id,
            .installed = os::build_id_of(loaded.path)};
}

std::optional<std::string> to_text(const status::View &view,
                                   vrrp_core_format_e format) {
    switch (format) {
        case VRRP_CORE_JSON:
            return status::to_json(view);
        case VRRP_CORE_HTML:
            return status::kPage;
        case VRRP_CORE_PROMETHEUS:
            return to_metrics(view, status::MetricsFormat::prometheus);
        case VRRP_CORE_OPENMETRICS:
            return to_metrics(view, status::MetricsFormat::openmetrics);
    }
    return std::nullopt;
}

vrrp_core_health_e to_c(const status::Health &health) {
    if (!health.known) {
        return VRRP_CORE_NO_INSTANCE;
    }
    return health.healthy ? VRRP_CORE_HEALTHY : VRRP_CORE_UNHEALTHY;
}

vrrp_core_instance_t to_c(const status::InstanceRecord &record) {
    vrrp_core_instance_t instance{};
    copy_text(instance.name, record.name.view());
    copy_text(instance.state, record.state.view());
    instance.effective_priority = record.effective_priority;
    if (record.state.view() != public_name(vrrp::StateName::active)) {
        copy_text(instance.master_address, record.master_address.view());
    }
    return instance;
}

vrrp_core_peer_t to_peer(std::string_view name, std::string_view address) {
    vrrp_core_peer_t peer{};
    copy_text(peer.name, name);
    copy_text(peer.address, address);
    return peer;
}

// Those with a link come first.
std::vector<vrrp_core_peer_t> peers_of(const status::View &view) {
    std::vector<vrrp_core_peer_t> peers;
    for (const status::PeerRecord &peer : view.snapshot.peers) {
        if (peer.state == peer::PeerState::up) {
            peers.push_back(
                to_peer(peer.router_id.view(), peer.address.view()));
        }
    }
    for (const status::PeerReport &report : view.peer_reports.nodes) {
        if (report.via != 0) {
            peers.push_back(to_peer(report.details.about.router_id,
                                    report.details.address));
        }
    }
    return peers;
}

}  // namespace

int vrrp_core_status(const vrrp_core_memory_t *memory,
                     vrrp_core_format_e format, vrrp_core_append_pt append,
                     void *data) {
    if (memory == nullptr) {
        return VRRP_CORE_AGAIN;
    }
    return guarded(VRRP_CORE_ERROR, [&] {
        auto view =
            status::take_view(memory->readable_area(), memory->worker_area(),
                              {.now = os::now(), .wall = os::wall_clock()});
        if (!view) {
            return VRRP_CORE_AGAIN;
        }
        view->builds = find_builds();
        const auto text = to_text(*view, format);
        if (!text) {
            return VRRP_CORE_DECLINED;
        }
        append(data, text->data(), text->size());
        return VRRP_CORE_OK;
    });
}

int vrrp_core_module_changed(char *text, size_t size) {
    return guarded(VRRP_CORE_OK, [&] {
        const status::Builds builds = find_builds();
        if (!builds.differ()) {
            return VRRP_CORE_OK;
        }
        copy_text("build " + builds.running + " runs, " + builds.installed +
                      " is installed",
                  text, size);
        return VRRP_CORE_DECLINED;
    });
}

const char *vrrp_core_page_policy(void) {
    return status::kPagePolicy;
}

vrrp_core_health_e vrrp_core_health(const vrrp_core_memory_t *memory,
                                    const vrrp_core_health_question_t *question,
                                    vrrp_core_append_pt append, void *data) {
    if (memory == nullptr) {
        return VRRP_CORE_UNHEALTHY;
    }
    return guarded(VRRP_CORE_UNHEALTHY, [&] {
        const auto snapshot = status::take_snapshot(memory->readable_area());
        if (!snapshot) {
            return VRRP_CORE_UNHEALTHY;
        }
        const std::string instance = to_string(question->instance);
        const status::Health health = status::judge_health(
            *snapshot,
            {.require_master = question->require_master != 0,
             .instance = instance},
            os::now());
        append(data, health.text.data(), health.text.size());
        return to_c(health);
    });
}

size_t vrrp_core_left_addresses(const vrrp_core_memory_t *memory,
                                vrrp_core_ip_t *list, size_t n) {
    return guarded(std::size_t{0}, [&] {
        const status::Area area = memory->readable_area();
        const auto node = area.read_node();
        if (!node || node->drains == 0) {
            return std::size_t{0};
        }
        const auto snapshot = status::take_snapshot(area);
        const std::vector<IpAddress> left =
            snapshot ? status::left_addresses(*snapshot)
                     : std::vector<IpAddress>{};
        const std::size_t count = std::min(n, left.size());
        std::transform(left.begin(),
                       left.begin() + static_cast<std::ptrdiff_t>(count), list,
                       [](const IpAddress &address) { return to_c(address); });
        return count;
    });
}

size_t vrrp_core_peers(const vrrp_core_memory_t *memory, vrrp_core_peer_t *list,
                       size_t n) {
    if (memory == nullptr) {
        return 0;
    }
    return guarded(std::size_t{0}, [&] {
        const auto view =
            status::take_view(memory->readable_area(), memory->worker_area(),
                              {.now = os::now(), .wall = os::wall_clock()});
        if (!view || !status::is_fresh(view->snapshot, view->moment.now)) {
            return std::size_t{0};
        }
        const auto peers = peers_of(*view);
        const std::size_t count = std::min(n, peers.size());
        std::copy_n(peers.begin(), count, list);
        return count;
    });
}

size_t vrrp_core_instances(const vrrp_core_memory_t *memory,
                           vrrp_core_instance_t *list, size_t n) {
    if (memory == nullptr) {
        return 0;
    }
    return guarded(std::size_t{0}, [&] {
        const auto snapshot = status::take_snapshot(memory->readable_area());
        if (!snapshot || !status::is_fresh(*snapshot, os::now())) {
            return std::size_t{0};
        }
        const std::size_t count = std::min(n, snapshot->instances.size());
        std::transform(
            snapshot->instances.begin(),
            snapshot->instances.begin() + static_cast<std::ptrdiff_t>(count),
            list, [](const auto &record) { return to_c(record); });
        return count;
    });
}
