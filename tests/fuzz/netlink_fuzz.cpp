// A datagram of netlink. Only the kernel's are read, but a new kernel may say
// more than this one. The result must be a valid list of interfaces, and the
// same datagram again must have no effect.

#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <cstdint>
#include <set>

#include "core/net/interface_table.hpp"
#include "tests/fuzz/datagram.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::net {
namespace {

using fuzz::require;

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

    ngx_vrrp::engine::Interfaces known;
    ngx_vrrp::fuzz::for_each_message(data, size, [&](nlmsghdr *message) {
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
