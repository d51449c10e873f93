// Virtual routers of others on our networks: their advertisements arrive here,
// but no instance has their virtual router id on that interface. A wrong id or
// interface looks like this, and so does an id that is already in use.
//
// Any host of the network can send such packets, with every id and from every
// address. So the list is short, and a router that continues to advertise
// keeps its place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/engine/facts.hpp"

namespace ngx_vrrp::engine {

struct UnknownRouter {
    std::string interface;
    Vrid vrid{};
    IpAddress sender;  // of its last packet; it has the family, too
    Instant heard_at{};
    std::uint64_t packets = 0;
};

class UnknownRouters {
public:
    static constexpr std::size_t kMost = 16;
    // A router that was silent for this time gives its place to another one.
    static constexpr Duration kKept = Seconds{60};

    void handle_packet(const ReceivedPacket &packet, Instant now) {
        ++packets_;
        // RFC 9568, 5.1.1.3: another TTL is not of this network.
        if (packet.info.ttl != 255 || !is_advertisement(packet.payload)) {
            return;
        }
        const IpAddress &sender = packet.info.endpoints.source;
        const Vrid vrid{packet.payload[1]};
        UnknownRouter *place = find(packet.interface, sender.family(), vrid);
        if (place == nullptr) {
            place = take_place(now);
            if (place == nullptr) {
                return;
            }
            *place = {std::string{packet.interface}, vrid, sender, {}, 0};
        }
        place->sender = sender;
        place->heard_at = now;
        ++place->packets;
        ++changes_;
    }

    // In the order in which they were first heard, but a new one takes the
    // place of an old one.
    const std::vector<UnknownRouter> &list() const { return list_; }
    // Changes of the list so far.
    std::uint64_t changes() const { return changes_; }
    // All packets, also those of routers without a place.
    std::uint64_t packets() const { return packets_; }

private:
    // Its head only: the rest depends on options of that router.
    static bool is_advertisement(Bytes payload) {
        constexpr std::size_t kHead = 8;
        return payload.size() >= kHead &&
               (payload[0] == 0x21 || payload[0] == 0x31);
    }

    UnknownRouter *find(std::string_view interface, Family family, Vrid vrid) {
        const auto found =
            std::ranges::find_if(list_, [&](const UnknownRouter &router) {
                return router.vrid == vrid &&
                       router.sender.family() == family &&
                       router.interface == interface;
            });
        return found == list_.end() ? nullptr : &*found;
    }

    // A free one, or that of the router that is silent for the longest time.
    UnknownRouter *take_place(Instant now) {
        if (list_.size() < kMost) {
            return &list_.emplace_back();
        }
        UnknownRouter &oldest =
            *std::ranges::min_element(list_, {}, &UnknownRouter::heard_at);
        return now - oldest.heard_at > kKept ? &oldest : nullptr;
    }

    std::vector<UnknownRouter> list_;
    std::uint64_t changes_ = 0;
    std::uint64_t packets_ = 0;
};

}  // namespace ngx_vrrp::engine
