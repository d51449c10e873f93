#include "core/net/kernel_drains.hpp"

namespace ngx_vrrp::net {

engine::DrainCounts KernelDrains::counts(
    const engine::Interface &interface,
    const std::vector<IpAddress> &addresses) const {
    engine::DrainCounts sum;
    for (const IpAddress &address : addresses) {
        const DrainCounts one = programs_.counts(interface, address);
        sum.forwarded += one.forwarded;
        sum.received += one.received;
    }
    return sum;
}

}  // namespace ngx_vrrp::net
