// A datagram of netlink with routes, rules and links. Only the kernel's are
// read, but a new kernel may say more than this one, and other programs write
// some of the texts. A route has an interface of this node or none, and the
// mark of a device is read as it is written.

#include <linux/rtnetlink.h>
#include <netlink/msg.h>

#include <cstdint>

#include "core/net/route_request.hpp"
#include "core/net/vmac_mark.hpp"
#include "tests/fuzz/datagram.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp::net {
namespace {

using fuzz::require;

void check_route(nlmsghdr *message) {
    const engine::Interfaces known{{{.name = "eth0", .index = IfIndex{2}},
                                    {.name = "eth1", .index = IfIndex{3}}}};

    if (const auto route = parse_route(message, known)) {
        require(route->interface.empty() || known.find(route->interface),
                "an unknown interface");
        require(!route->to_string().empty(), "a route without a text");
        require(!vrrp::place_of(*route).empty(), "a route without a place");
    }
}

void check_rule(nlmsghdr *message) {
    if (const auto rule = parse_rule(message)) {
        require(rule->input.find('\0') == std::string::npos,
                "a name with an end in it");
        require(!rule->to_string().empty(), "a rule without a text");
        require(!vrrp::place_of(*rule).empty(), "a rule without a place");
    }
}

void check_mark(const VmacMark &mark) {
    Message copy(nlmsg_alloc());
    put_text(copy, IFLA_IFALIAS, to_string(mark).c_str());
    require(copy != nullptr, "an alias that is too long");

    const auto *alias =
        static_cast<const nlattr *>(nlmsg_data(nlmsg_hdr(copy.get())));
    const auto again = vmac_mark(alias);
    require(again && again->router == mark.router, "read differently");
}

void check_link(nlmsghdr *message) {
    nlattr *attributes[IFLA_MAX + 1];
    if (nlmsg_parse(message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) <
        0) {
        return;
    }
    is_unfinished(attributes[IFLA_GROUP]);
    if (const auto mark = vmac_mark(attributes[IFLA_IFALIAS])) {
        check_mark(*mark);
    }
}

}  // namespace
}  // namespace ngx_vrrp::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::net;

    ngx_vrrp::fuzz::for_each_message(data, size, [](nlmsghdr *message) {
        check_route(message);
        check_rule(message);
        check_link(message);
    });
    return 0;
}
