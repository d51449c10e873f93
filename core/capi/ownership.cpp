// The memory that says which vrrp process owns a router, and the names by which
// another nginx finds out, for the master.

#include <bit>
#include <exception>
#include <string>

#include "core/base/log.hpp"
#include "core/capi.h"
#include "core/capi/values.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/net/router_names.hpp"
#include "core/os/memory_file.hpp"

namespace {

using namespace ngx_vrrp;
using Header = engine::OwnershipHeader;
using HeaderBytes = std::array<std::uint8_t, sizeof(Header)>;

}  // namespace

int vrrp_core_ownership_create(uint64_t number, char *why, size_t size) {
    const auto head =
        std::bit_cast<HeaderBytes>(engine::OwnershipMemory::header(number));
    auto file = os::create_memory_file("ngx_vrrp_ownership",
                                       engine::OwnershipMemory::kSize, head);
    if (!file) {
        try {
            const std::string text = file.error().to_string();
            why[text.copy(why, size - 1)] = '\0';
        } catch (const std::exception &) {
            why[0] = '\0';
        }
        return -1;
    }
    return file.value().release();
}

int vrrp_core_ownership_fits(int fd, uint64_t number) {
    HeaderBytes head{};
    return os::read_memory_file(fd, engine::OwnershipMemory::kSize, head) &&
                   std::bit_cast<Header>(head) ==
                       engine::OwnershipMemory::header(number)
               ? VRRP_CORE_OK
               : VRRP_CORE_ERROR;
}

int vrrp_core_name_socket(void) {
    return net::open_name_socket().release();
}

int vrrp_core_name_fits(int fd, const vrrp_core_instance_conf_t *instance) {
    try {
        return net::has_name(fd, router_key(*instance)) ? VRRP_CORE_OK
                                                        : VRRP_CORE_ERROR;
    } catch (const std::exception &) {
        return VRRP_CORE_ERROR;
    }
}

// Those that are not to be had now are tried again later.
void vrrp_core_take_names(const vrrp_core_conf_t *conf) {
    try {
        for (std::size_t i = 0; conf->name_fds && i < conf->ninstances; ++i) {
            static_cast<void>(net::take_name(conf->name_fds[i],
                                             router_key(conf->instances[i])));
        }
    } catch (const std::exception &) {
        return;
    }
}
