// A datagram of netlink. Only the kernel's are read, but a new kernel may say
// more than this one. The result must be a valid list of interfaces, and the
// same datagram again must have no effect.

#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

#include "core/net/interface_table.hpp"

namespace ngx_vrrp::net {
namespace {

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "netlink_fuzz: %s\n", what);
        std::abort();
    }
}

// On the heap and of this size, so that a read behind its end is found.
template <class F>
void for_each_message(const std::vector<std::uint32_t> &datagram,
                      std::size_t size, F handle) {
    std::vector<std::uint32_t> copy = datagram;
    int rest = static_cast<int>(size);
    auto *message = reinterpret_cast<nlmsghdr *>(copy.data());
    for (; nlmsg_ok(message, rest); message = nlmsg_next(message, &rest)) {
        handle(message);
    }
}

void check(const engine::Interfaces &known) {
    std::set<IfIndex> indices;
    for (const engine::Interface &link : known.list) {
        require(indices.insert(link.index).second, "an index twice");
        require(link.name.size() < 4096, "a name without end");
    }
}

}  // namespace
}  // namespace ngx_vrrp::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::net;

    std::vector<std::uint32_t> datagram((size + 3) / 4);
    std::copy_n(data, size, reinterpret_cast<std::uint8_t *>(datagram.data()));

    ngx_vrrp::engine::Interfaces known;
    for_each_message(datagram, size, [&](nlmsghdr *message) {
        apply(message, known);
        check(known);
        const bool adds = message->nlmsg_type == RTM_NEWLINK ||
                          message->nlmsg_type == RTM_NEWADDR;
        require(!adds || apply(message, known) == Effect::none,
                "the same again changes something");
    });

    ngx_vrrp::engine::Interfaces merged;
    complete(merged, known);
    require(merged.list == known.list, "nothing is completed differently");
    return 0;
}
