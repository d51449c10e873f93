// The messages of a datagram of netlink.
#pragma once

#include <netlink/msg.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ngx_vrrp::fuzz {

// In memory of this size, so that a read behind its end is found.
template <class F>
void for_each_message(const std::uint8_t *data, std::size_t size, F handle) {
    std::vector<std::uint32_t> datagram((size + 3) / 4);
    std::copy_n(data, size, reinterpret_cast<std::uint8_t *>(datagram.data()));

    int rest = static_cast<int>(size);
    auto *message = reinterpret_cast<nlmsghdr *>(datagram.data());
    for (; nlmsg_ok(message, rest); message = nlmsg_next(message, &rest)) {
        handle(message);
    }
}

}  // namespace ngx_vrrp::fuzz
