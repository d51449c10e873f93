// Which packets of a VRRP socket are for our virtual routers: a filter in the
// kernel (classic BPF) by version, type, virtual router id and TTL, so that
// other packets cannot fill the queue of the socket.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::net {

// The packets that a virtual router can use; it judges the rest of the packet.
struct WantedAdverts {
    std::uint16_t head = 0;  // version, type and virtual router id
    std::uint8_t least_ttl = 0;

    friend bool operator==(const WantedAdverts &,
                           const WantedAdverts &) = default;
};

WantedAdverts wanted_adverts(const vrrp::Config &config);

enum class Take : std::uint8_t { wanted, others };

std::vector<sock_filter> vrrp_filter(Family family,
                                     const std::vector<WantedAdverts> &wanted,
                                     Take take);

// In front of another filter: only frames from this link-layer address.
std::vector<sock_filter> sent_from(const MacAddress &mac,
                                   std::vector<sock_filter> filter);

// The decision of the filter about this packet.
bool is_wanted(Bytes payload, std::uint8_t ttl,
               const std::vector<WantedAdverts> &wanted);

}  // namespace ngx_vrrp::net
