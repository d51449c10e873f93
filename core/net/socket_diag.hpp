// Connections of this machine, with sock_diag(7): found by their own end, and
// ended as "ss -K" does. The kernel sends a reset for each, and the process
// that has it gets ECONNABORTED. It needs CAP_NET_ADMIN, and a kernel with
// CONFIG_INET_DIAG_DESTROY.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/ports.hpp"
#include "core/net/netlink_message.hpp"

namespace ngx_vrrp::net {

// Connections that a client and a process have. Connections that are being
// opened are not closed, because their packets are sent again; neither are
// those with a complete response.
Result<engine::Closed, SystemError> close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &ports);

// More are not counted: it is done each second, and has to be quick.
inline constexpr std::size_t kCountedConnections = 10'000;

// Connections to each of these addresses, also those that no process has any
// more, but not those for which only the client can still do something. A
// connection to another port counts, too. At `most` so many are counted of a
// family, and each address then has at least 1.
Result<std::vector<unsigned>, SystemError> count_connections(
    const std::vector<IpAddress> &addresses,
    std::size_t most = kCountedConnections);

// The request that ends the connection of a dump.
std::optional<Message> destruction_of(nlmsghdr *dumped);

}  // namespace ngx_vrrp::net
