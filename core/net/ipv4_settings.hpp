// Settings of an interface for IPv4, net.ipv4.conf.IF.*, over netlink: it needs
// no /proc.
#pragma once

#include <linux/ip.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/base/types.hpp"
#include "core/net/netlink_message.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

struct Ipv4Setting {
    int number;  // IPV4_DEVCONF_...
    std::uint32_t value;
};

class Ipv4Settings {
public:
    std::uint32_t operator[](int number) const { return values_[at(number)]; }

private:
    friend std::optional<Ipv4Settings> parse_ipv4_settings(nlmsghdr *message);

    // Linux counts the settings from 1, and reports them from 0.
    static std::size_t at(int number) {
        return static_cast<std::size_t>(number - 1);
    }

    std::array<std::uint32_t, IPV4_DEVCONF_MAX> values_{};
};

Result<Ipv4Settings, SystemError> read_ipv4_settings(RequestSocket &socket,
                                                     IfIndex interface);

// Those in an answer about a link; those that it does not have are 0.
std::optional<Ipv4Settings> parse_ipv4_settings(nlmsghdr *message);

// To a request about an interface. The kernel reports this as a change of an
// interface that is up, even if all have these values.
void put_ipv4_settings(Message &message, std::span<const Ipv4Setting> settings);

// Returns errno.
int set_ipv4_settings(RequestSocket &socket, IfIndex interface,
                      std::span<const Ipv4Setting> settings);

}  // namespace ngx_vrrp::net
