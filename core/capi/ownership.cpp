// The memory that says which vrrp process owns a router, and the names by which
// another nginx finds out, for the master.

#include <array>
#include <bit>
#include <cerrno>
#include <string>

#include "core/capi.h"
#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/process_id.hpp"
#include "core/net/bfd_sockets.hpp"
#include "core/net/kept_file.hpp"
#include "core/net/link_sockets.hpp"
#include "core/net/router_names.hpp"
#include "core/os/clock.hpp"
#include "core/os/memory_file.hpp"
#include "core/os/pidfd.hpp"

namespace {

using namespace ngx_vrrp;
using Header = engine::OwnershipHeader;
using HeaderBytes = std::array<std::uint8_t, sizeof(Header)>;

}  // namespace

int vrrp_core_ownership_create(uint64_t number, char *why, size_t size) {
    copy_text("", why, size);
    return guarded(-1, [&] {
        const auto head =
            std::bit_cast<HeaderBytes>(engine::OwnershipMemory::header(number));
        auto file = os::create_memory_file(
            "ngx_vrrp_ownership", engine::OwnershipMemory::kSize, head);
        if (!file) {
            copy_text(file.error().to_string(), why, size);
            return -1;
        }
        return file.value().release();
    });
}

int vrrp_core_ownership_fits(int fd, uint64_t number) {
    HeaderBytes bytes{};
    const auto size = os::read_memory_file(fd, bytes);
    const auto header = std::bit_cast<Header>(bytes);
    if (!size || !engine::OwnershipMemory::is_any_layout(header, number)) {
        return VRRP_CORE_ERROR;
    }
    return size == engine::OwnershipMemory::kSize &&
                   header == engine::OwnershipMemory::header(number)
               ? VRRP_CORE_OK
               : VRRP_CORE_DECLINED;
}

void vrrp_core_ownership_start(int fd, int master_pid) {
    auto head = os::Mapping::map(fd, engine::OwnershipMemory::kHeaderSize);
    if (head) {
        const engine::ProcessId starting =
            master_pid != 0 ? engine::ProcessId{os::now(), master_pid}
                            : engine::ProcessId{};
        const engine::OwnershipMemory memory(head->get());
        memory.starting().store(starting.word());
        memory.newest().store(starting.word());
    }
}

int vrrp_core_ownership_passed_on(int fd, int master_pid) {
    auto head = os::Mapping::map(fd, engine::OwnershipMemory::kHeaderSize);
    if (!head) {
        return VRRP_CORE_ERROR;
    }
    const int newest = engine::ProcessId::from_word(
                           engine::OwnershipMemory(head->get()).newest().load())
                           .pid();
    return newest != 0 && newest != master_pid && os::is_process_alive(newest)
               ? VRRP_CORE_OK
               : VRRP_CORE_DECLINED;
}

int vrrp_core_name_socket(void) {
    return net::open_name_socket().release();
}

int vrrp_core_name_fits(int fd, const vrrp_core_instance_conf_t *instance) {
    return guarded(VRRP_CORE_ERROR, [&] {
        return net::has_name(fd, router_key(*instance)) ? VRRP_CORE_OK
                                                        : VRRP_CORE_ERROR;
    });
}

int vrrp_core_bfd_socket(const vrrp_core_conf_t *conf, size_t which) {
    for (std::size_t i = 0; i < conf->ninstances; ++i) {
        const vrrp_core_instance_conf_t &instance = conf->instances[i];
        for (std::size_t j = 0; j < instance.ntrackers; ++j) {
            const vrrp_core_tracker_conf_t &tracker = instance.trackers[j];
            if (tracker.kind == VRRP_CORE_TRACK_BFD &&
                net::bfd_socket_of(Family{tracker.bfd.peer.family},
                                   tracker.bfd.multihop != 0) == which) {
                return net::open_bfd_socket(which).release();
            }
        }
    }
    errno = 0;
    return -1;
}

int vrrp_core_bfd_fits(int fd, size_t which) {
    return net::is_bfd_socket(fd, which) ? VRRP_CORE_OK : VRRP_CORE_ERROR;
}

int vrrp_core_link_socket(const vrrp_core_link_conf_t *link) {
    return net::open_link_socket(Family{link->family}).release();
}

int vrrp_core_link_fits(int fd, const vrrp_core_link_conf_t *link) {
    return guarded(VRRP_CORE_ERROR, [&] {
        const net::LinkSocket socket{.interface = to_string(link->interface),
                                     .family = Family{link->family},
                                     .port = to<std::uint16_t>(link->port)};
        return net::is_link_socket(fd, socket) ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    });
}

int vrrp_core_kept_file(const char *path, char *why, size_t size) {
    copy_text("", why, size);
    return guarded(-1, [&] {
        auto file = net::open_kept_file(path);
        if (!file) {
            copy_text(file.error().to_string(), why, size);
            return -1;
        }
        return file.value().release();
    });
}

// Those that are not to be had now are tried again later.
void vrrp_core_take_names(const vrrp_core_conf_t *conf) {
    guarded([&] {
        for (std::size_t i = 0; conf->name_fds && i < conf->ninstances; ++i) {
            static_cast<void>(net::take_name(conf->name_fds[i],
                                             router_key(conf->instances[i])));
        }
    });
}

// It is a hint: it must not delay the process that takes part.
void vrrp_core_bfd_holder(const vrrp_core_conf_t *conf, char *text,
                          size_t size) {
    copy_text("", text, size);
    guarded([&] {
        const Instant give_up = os::now() + Milliseconds{50};
        std::string holder;
        for (std::size_t i = 0; i < net::kBfdSockets && holder.empty(); ++i) {
            holder = net::find_bfd_holder(conf->bfd_fds[i], i, give_up);
        }
        copy_text(holder, text, size);
    });
}
