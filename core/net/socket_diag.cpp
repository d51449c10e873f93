#include "core/net/socket_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <span>
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

// The kernel compares each connection with each of them.
constexpr std::size_t kAddressesAtOnce = 256;

constexpr std::uint32_t kOpenStates =
    kStates | (1u << TCP_SYN_SENT) | (1u << TCP_SYN_RECV) |
    (1u << TCP_FIN_WAIT1) | (1u << TCP_LAST_ACK) | (1u << TCP_CLOSING);

// The client has all that was sent: it matters only to a process that still
// reads. Clients with idle connections leave thousands of the others.
constexpr std::uint32_t kClosedByUs = 1u << TCP_FIN_WAIT2;

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
std::vector<Buffer> hosts_of(std::span<const IpAddress> addresses) {
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

class ConnectionCounter {
public:
    explicit ConnectionCounter(std::size_t most) : most_(most) {}

    Status count(std::span<const IpAddress> addresses) {
        const Buffer program = one_of(hosts_of(addresses), 0);
        for (const int family : {AF_INET, AF_INET6}) {
            const int error = count(family, program);
            // without a handler for it: no IPv6, or no such socket yet
            if (error != 0 && error != ENOENT) {
                return failure("counting connections with sock_diag", error);
            }
        }
        return success();
    }

    unsigned at(const IpAddress &address) const {
        const auto found = counts_.find(address);
        return found != counts_.end() ? found->second : are_all_ ? 0 : 1;
    }

private:
    int count(int family, const Buffer &program) {
        std::size_t open = 0;
        const int error =
            dump(family, program, kOpenStates, [&](const auto &c) {
                ++open;
                ++counts_[local_address(c)];
            });
        are_all_ = are_all_ && open < most_;
        if (error != 0) {
            return error;
        }
        return dump(family, program, kClosedByUs, [&](const auto &c) {
            if (c.idiag_inode != 0) {
                ++counts_[local_address(c)];
            }
        });
    }

    template <class Add>
    int dump(int family, const Buffer &program, std::uint32_t states,
             const Add &add) {
        RequestSocket socket;
        if (const Status opened = socket.open(NETLINK_SOCK_DIAG); !opened) {
            return opened.error().code;
        }
        return socket.exchange(
            dump_request(family, program, states),
            [&](nlmsghdr *message) {
                if (const auto *c = header_of<inet_diag_msg>(message)) {
                    add(*c);
                }
            },
            most_);
    }

    static IpAddress local_address(const inet_diag_msg &connection) {
        constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0,    0,
                                                       0, 0, 0, 0, 0xff, 0xff};
        const Bytes octets = bytes_of(connection.id.idiag_src);
        if (connection.idiag_family == AF_INET) {
            return IpAddress::from_octets(octets.first(4));
        }
        return std::ranges::equal(octets.first(12), kMapped)
                   ? IpAddress::from_octets(octets.subspan(12))
                   : IpAddress::from_octets(octets);
    }

    std::size_t most_;
    bool are_all_ = true;
    std::map<IpAddress, unsigned> counts_;
};

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

Result<std::vector<unsigned>, SystemError> count_connections(
    const std::vector<IpAddress> &addresses, std::size_t most) {
    ConnectionCounter counter(most);
    for (std::span<const IpAddress> left(addresses); !left.empty();) {
        const auto some = left.first(std::min(left.size(), kAddressesAtOnce));
        if (const Status counted = counter.count(some); !counted) {
            return Unexpected(counted.error());
        }
        left = left.subspan(some.size());
    }
    std::vector<unsigned> counts;
    for (const IpAddress &address : addresses) {
        counts.push_back(counter.at(address));
    }
    return counts;
}

}  // namespace ngx_vrrp::net
