// A datagram of netlink with answers to single questions: neighbours, settings
// of an interface, connections, default routes. Only the kernel's are read, but
// a new kernel may say more than this one, and other programs write some of the
// values.

#include <linux/inet_diag.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <cstdint>

#include "core/net/ipv4_settings.hpp"
#include "core/net/socket_diag.hpp"
#include "core/net/unanswered.hpp"
#include "core/probe/gateways.hpp"
#include "tests/fuzz/datagram.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::net {
namespace {

using fuzz::require;

void check_neighbour(nlmsghdr *message) {
    const engine::Interface eth0{.name = "eth0", .index = IfIndex{2}};
    const auto removal = removal_of(message, eth0);
    if (!removal || *removal == nullptr) {
        return;
    }
    nlmsghdr *request = nlmsg_hdr(removal->get());
    const auto *header = header_of<ndmsg>(request);
    require(request->nlmsg_type == RTM_DELNEIGH, "no removal");
    require(header != nullptr && header->ndm_ifindex == 2,
            "a neighbour elsewhere");
    require(nlmsg_find_attr(request, sizeof(ndmsg), NDA_DST) != nullptr,
            "no neighbour");
}

void check_settings(nlmsghdr *message) {
    std::uint32_t all = 0;
    if (const auto settings = parse_ipv4_settings(message)) {
        for (int number = 1; number <= IPV4_DEVCONF_MAX; ++number) {
            all |= (*settings)[number];
        }
    }
    static_cast<void>(all);
}

void check_connection(nlmsghdr *message) {
    if (const auto request = destruction_of(message)) {
        const auto *found = header_of<inet_diag_msg>(message);
        const auto *body =
            header_of<inet_diag_req_v2>(nlmsg_hdr(request->get()));
        require(
            body != nullptr && body->id.idiag_sport == found->id.idiag_sport,
            "another connection");
    }
}

void check_default_route(nlmsghdr *message) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
        probe::DefaultRoute route;
        route.look_at(message, family);
        require(!route.gateway || route.gateway->address.family() == family,
                "a gateway of another family");
    }
}

}  // namespace
}  // namespace ngx_vrrp::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::net;

    ngx_vrrp::fuzz::for_each_message(data, size, [](nlmsghdr *message) {
        check_neighbour(message);
        check_settings(message);
        check_connection(message);
        check_default_route(message);
    });
    return 0;
}
