#include "core/net/socket_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/find.hpp"
#include "core/net/domain.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

namespace {

// A connection takes the kernel some microseconds.
constexpr std::size_t kAtOnce = 256;

constexpr std::uint32_t kStates =
    (1u << TCP_ESTABLISHED) | (1u << TCP_CLOSE_WAIT);

// More are not counted: it is done each second, and has to be quick.
constexpr std::size_t kCounted = 10'000;

constexpr std::uint32_t kCountedStates =
    kStates | (1u << TCP_SYN_SENT) | (1u << TCP_SYN_RECV) |
    (1u << TCP_FIN_WAIT1) | (1u << TCP_FIN_WAIT2) | (1u << TCP_LAST_ACK) |
    (1u << TCP_CLOSING);

void append(Buffer &out, Bytes bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

// A filter of inet_diag is a program of conditions; each has two jump
// distances, for true and for false. A jump beyond the end means that the
// filter fails.

Buffer condition(std::uint8_t family, Bytes address, int port) {
    inet_diag_hostcond host{};
    host.family = family;
    host.prefix_len = static_cast<std::uint8_t>(8 * address.size());
    host.port = port;
    Buffer out;
    append(out, bytes_of(host));
    append(out, address);
    return out;
}

// One of these holds; `rest` is the length of the following conditions.
Buffer one_of(const std::vector<Buffer> &conditions, std::size_t rest) {
    constexpr std::size_t kOp = sizeof(inet_diag_bc_op);
    std::size_t left = kOp * (2 * conditions.size() - 1);
    for (const Buffer &c : conditions) {
        left += c.size();
    }

    Buffer out;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const std::size_t size = kOp + conditions[i].size();
        const bool last = i + 1 == conditions.size();
        inet_diag_bc_op op{};
        op.code = INET_DIAG_BC_S_COND;
        op.yes = static_cast<std::uint8_t>(size);
        op.no =
            static_cast<std::uint16_t>(last ? left + rest + kOp : size + kOp);
        append(out, bytes_of(op));
        append(out, conditions[i]);
        left -= size;
        if (!last) {
            inet_diag_bc_op jump{};
            jump.code = INET_DIAG_BC_JMP;
            jump.yes = kOp;
            jump.no = static_cast<std::uint16_t>(left);
            append(out, bytes_of(jump));
            left -= kOp;
        }
    }
    return out;
}

// An IPv4 address also matches an IPv6 socket that has it mapped.
std::vector<Buffer> hosts_of(const std::vector<IpAddress> &addresses) {
    std::vector<Buffer> hosts;
    for (const IpAddress &address : addresses) {
        hosts.push_back(
            condition(domain_of(address.family()), address.octets(), -1));
    }
    return hosts;
}

Buffer filter(const std::vector<IpAddress> &addresses,
              const std::vector<std::uint16_t> &ports) {
    std::vector<Buffer> services;
    for (const std::uint16_t port : ports) {
        services.push_back(condition(AF_UNSPEC, {}, port));
    }
    const Buffer end = one_of(services, 0);
    Buffer program = one_of(hosts_of(addresses), end.size());
    append(program, end);
    return program;
}

Message dump_request(int family, const Buffer &program,
                     std::uint32_t states = kStates) {
    inet_diag_req_v2 body{};
    body.sdiag_family = static_cast<std::uint8_t>(family);
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = states;
    Message message = make_message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, body,
                                   kRequestRoom + program.size());
    put_bytes(message, INET_DIAG_REQ_BYTECODE, program);
    return message;
}

// Requests to end the connections. No more than kAtOnce in all, with a socket
// for each request: the unread rest of its answer is dropped with it. Returns 0
// or errno.
int find(int family, const Buffer &program, std::vector<Message> &requests) {
    RequestSocket socket;
    if (const Status opened = socket.open(NETLINK_SOCK_DIAG); !opened) {
        return opened.error().code;
    }
    return socket.exchange(
        dump_request(family, program),
        [&](nlmsghdr *message) {
            if (auto request = destruction_of(message)) {
                requests.push_back(std::move(*request));
            }
        },
        kAtOnce - requests.size());
}

// Not ENOENT: that connection has ended by itself.
int destroy(const std::vector<Message> &requests) {
    RequestSocket socket;
    if (const Status opened = socket.open(NETLINK_SOCK_DIAG); !opened) {
        return opened.error().code;
    }
    const std::vector<int> errors = socket.exchange(requests);
    const int *failed =
        find_first(errors, [](int e) { return e != 0 && e != ENOENT; });
    return failed != nullptr ? *failed : 0;
}

Unexpected<SystemError> not_closed(int error) {
    std::string what = "closing connections with sock_diag";
    if (error == EOPNOTSUPP) {
        what += " (the kernel needs CONFIG_INET_DIAG_DESTROY)";
    }
    return failure(std::move(what), error);
}

// In FIN-WAIT-2 the client has all that was sent: it matters only to a process
// that still reads.
bool is_open(nlmsghdr *dumped) {
    const auto *connection = header_of<inet_diag_msg>(dumped);
    return connection != nullptr && (connection->idiag_state != TCP_FIN_WAIT2 ||
                                     connection->idiag_inode != 0);
}

}  // namespace

std::optional<Message> destruction_of(nlmsghdr *dumped) {
    const auto *connection = header_of<inet_diag_msg>(dumped);
    if (connection == nullptr) {
        return std::nullopt;
    }
    inet_diag_req_v2 body{};
    body.sdiag_family = connection->idiag_family;
    body.sdiag_protocol = IPPROTO_TCP;
    body.id = connection->id;
    return make_message(SOCK_DESTROY, 0, body);
}

Result<engine::Closed, SystemError> close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &ports) {
    if (addresses.empty() || ports.empty()) {
        return engine::Closed{};
    }
    const Buffer program = filter(addresses, ports);
    std::vector<Message> found;
    for (const int family : {AF_INET, AF_INET6}) {
        const int error = find(family, program, found);
        // without a handler for it: no IPv6, or no such socket yet
        if (error != 0 && error != ENOENT) {
            return not_closed(error);
        }
        if (found.size() >= kAtOnce) {
            break;
        }
    }
    if (found.empty()) {
        return engine::Closed{};
    }
    if (const int error = destroy(found); error != 0) {
        return not_closed(error);
    }
    return engine::Closed{static_cast<unsigned>(found.size()),
                          found.size() < kAtOnce};
}

Result<unsigned, SystemError> count_connections(
    const std::vector<IpAddress> &addresses) {
    unsigned count = 0;
    if (addresses.empty()) {
        return count;
    }
    const Buffer program = one_of(hosts_of(addresses), 0);
    for (const int family : {AF_INET, AF_INET6}) {
        RequestSocket socket;
        const Status opened = socket.open(NETLINK_SOCK_DIAG);
        const int error =
            opened ? socket.exchange(
                         dump_request(family, program, kCountedStates),
                         [&](nlmsghdr *m) { count += is_open(m) ? 1 : 0; },
                         kCounted)
                   : opened.error().code;
        if (error != 0 && error != ENOENT) {
            return failure("counting connections with sock_diag", error);
        }
    }
    return count;
}

}  // namespace ngx_vrrp::net
