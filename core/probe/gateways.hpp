// The gateway of the default route, as the kernel has it now. Any process may
// ask: no capability is needed. The routes are read again for each question,
// because this finds every change, also those that the kernel does not report;
// only with very many routes they are read less often.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::probe {

struct Gateway {
    IpAddress address;
    IfIndex interface {};  // where it is; a link-local address needs it
};

// The best one of those in the messages of a dump.
struct DefaultRoute {
    void look_at(nlmsghdr *message, Family family);

    std::optional<Gateway> gateway;
    std::uint32_t metric = std::numeric_limits<std::uint32_t>::max();
    std::size_t routes = 0;  // that were looked at
};

class Gateways {
public:
    // Of the main table: of several default routes that with the lowest metric.
    // Nothing: there is none with a gateway of this family.
    std::optional<Gateway> find(Family family, Instant now);

private:
    struct Known {
        std::optional<Gateway> gateway;
        Instant valid_until{};
    };

    void read(Family family, Known &known, Instant now);

    net::RequestSocket routes_;
    bool open_ = false;
    std::array<Known, 2> known_;  // of IPv4, IPv6
};

}  // namespace ngx_vrrp::probe
