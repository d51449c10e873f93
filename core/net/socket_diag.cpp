#include "core/net/socket_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/net/domain.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

namespace {

// A connection takes the kernel some microseconds.
constexpr std::size_t kAtOnce = 256;

constexpr std::size_t kDiagBufferSize = 32768;
constexpr unsigned kMaxDatagrams = 4096;
constexpr timeval kDiagTimeout{.tv_sec = 0, .tv_usec = 200'000};

constexpr std::uint32_t kStates =
    (1u << TCP_ESTABLISHED) | (1u << TCP_CLOSE_WAIT);

constexpr const char *kWhat = "closing connections with sock_diag";

template <class T>
void append(Buffer &out, const T &value) {
    const auto *bytes = reinterpret_cast<const std::uint8_t *>(&value);
    out.insert(out.end(), bytes, bytes + sizeof(value));
}

// A filter of inet_diag is a program of conditions; each has two jump
// distances, for true and for false. A jump beyond the end means that the
// filter fails.

Buffer condition(std::uint8_t family, std::span<const std::uint8_t> address,
                 int port) {
    inet_diag_hostcond host{};
    host.family = family;
    host.prefix_len = static_cast<std::uint8_t>(8 * address.size());
    host.port = port;
    Buffer out;
    append(out, host);
    out.insert(out.end(), address.begin(), address.end());
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
        append(out, op);
        out.insert(out.end(), conditions[i].begin(), conditions[i].end());
        left -= size;
        if (!last) {
            inet_diag_bc_op jump{};
            jump.code = INET_DIAG_BC_JMP;
            jump.yes = kOp;
            jump.no = static_cast<std::uint16_t>(left);
            append(out, jump);
            left -= kOp;
        }
    }
    return out;
}

// An IPv4 address also matches an IPv6 socket that has it mapped.
Buffer filter(const std::vector<IpAddress> &addresses,
              const std::vector<std::uint16_t> &ports) {
    std::vector<Buffer> hosts;
    for (const IpAddress &address : addresses) {
        hosts.push_back(
            condition(domain_of(address.family()), address.octets(), -1));
    }
    std::vector<Buffer> services;
    for (const std::uint16_t port : ports) {
        services.push_back(condition(AF_UNSPEC, {}, port));
    }
    const Buffer end = one_of(services, 0);
    Buffer program = one_of(hosts, end.size());
    program.insert(program.end(), end.begin(), end.end());
    return program;
}

Buffer dump_request(int family, const Buffer &program) {
    inet_diag_req_v2 body{};
    body.sdiag_family = static_cast<std::uint8_t>(family);
    body.sdiag_protocol = IPPROTO_TCP;
    body.idiag_states = kStates;

    nlattr attribute{};
    attribute.nla_type = INET_DIAG_REQ_BYTECODE;
    attribute.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + program.size());

    nlmsghdr header{};
    header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header.nlmsg_len = static_cast<std::uint32_t>(
        sizeof(header) + sizeof(body) + NLA_HDRLEN + program.size());

    Buffer out;
    append(out, header);
    append(out, body);
    append(out, attribute);
    out.insert(out.end(), program.begin(), program.end());
    return out;
}

using Found = std::vector<inet_diag_msg>;

// All in one datagram; only failed ones and the last one are answered.
Buffer destroy_requests(const Found &found) {
    Buffer out;
    for (std::size_t i = 0; i < found.size(); ++i) {
        inet_diag_req_v2 body{};
        body.sdiag_family = found[i].idiag_family;
        body.sdiag_protocol = IPPROTO_TCP;
        body.id = found[i].id;

        nlmsghdr header{};
        header.nlmsg_type = SOCK_DESTROY;
        header.nlmsg_flags = NLM_F_REQUEST;
        if (i + 1 == found.size()) {
            header.nlmsg_flags |= NLM_F_ACK;
        }
        header.nlmsg_seq = static_cast<std::uint32_t>(i + 1);
        header.nlmsg_len = sizeof(header) + sizeof(body);
        append(out, header);
        append(out, body);
    }
    return out;
}

// One socket for each request: the unread rest of its answer is dropped with
// it.
class Question {
public:
    int ask(const Buffer &request) {
        fd_ = os::Fd(
            ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        if (!fd_) {
            return errno;
        }
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kDiagTimeout,
                     sizeof(kDiagTimeout));
        sockaddr_nl kernel{};
        kernel.nl_family = AF_NETLINK;
        return ::sendto(fd_.get(), request.data(), request.size(), 0,
                        reinterpret_cast<const sockaddr *>(&kernel),
                        sizeof(kernel)) < 0
                   ? errno
                   : 0;
    }

    // Each message of the answer, until take() says that it was the last one.
    template <class Take>
    int read(const Take &take) {
        for (unsigned n = 0; n < kMaxDatagrams; ++n) {
            sockaddr_nl sender{};
            socklen_t size = sizeof(sender);
            const ssize_t got =
                ::recvfrom(fd_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC,
                           reinterpret_cast<sockaddr *>(&sender), &size);
            if (got < 0 && errno == EINTR) {
                continue;
            }
            if (got < 0) {
                return errno == EAGAIN ? ETIMEDOUT : errno;
            }
            if (static_cast<std::size_t>(got) > buffer_.size()) {
                return EMSGSIZE;
            }
            if (sender.nl_pid == 0 &&
                is_last(static_cast<std::size_t>(got), take)) {
                return 0;
            }
        }
        return E2BIG;
    }

private:
    template <class Take>
    bool is_last(std::size_t left, const Take &take) {
        const std::uint8_t *at = buffer_.data();
        nlmsghdr header{};
        while (left >= sizeof(header)) {
            std::memcpy(&header, at, sizeof(header));
            if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left) {
                return false;
            }
            const Bytes body(at + sizeof(header),
                             header.nlmsg_len - sizeof(header));
            if (take(header, body)) {
                return true;
            }
            const std::size_t step =
                std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), left);
            at += step;
            left -= step;
        }
        return false;
    }

    os::Fd fd_;
    std::array<std::uint8_t, kDiagBufferSize> buffer_;
};

// The errno of NLMSG_ERROR or NLMSG_DONE.
int error_of(Bytes body) {
    int error = 0;
    if (body.size() >= sizeof(error)) {
        std::memcpy(&error, body.data(), sizeof(error));
    }
    return -error;
}

// Finds no more than kAtOnce in all. Returns 0 or errno.
int find(int family, const Buffer &program, Found &found) {
    Question question;
    int error = question.ask(dump_request(family, program));
    if (error != 0) {
        return error;
    }
    int end = 0;
    error = question.read([&](const nlmsghdr &header, Bytes body) {
        if (header.nlmsg_type == NLMSG_DONE ||
            header.nlmsg_type == NLMSG_ERROR) {
            end = error_of(body);
            return true;
        }
        if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY &&
            body.size() >= sizeof(inet_diag_msg)) {
            std::memcpy(&found.emplace_back(), body.data(),
                        sizeof(inet_diag_msg));
        }
        return found.size() >= kAtOnce;
    });
    return error != 0 ? error : end;
}

// Not ENOENT: that connection has ended by itself.
int destroy(const Found &found) {
    Question question;
    int error = question.ask(destroy_requests(found));
    if (error != 0) {
        return error;
    }
    int failed = 0;
    error = question.read([&](const nlmsghdr &header, Bytes body) {
        if (header.nlmsg_type != NLMSG_ERROR) {
            return false;
        }
        const int e = error_of(body);
        failed = e == 0 || e == ENOENT ? failed : e;
        return header.nlmsg_seq == found.size();
    });
    return error != 0 ? error : failed;
}

Unexpected<SystemError> failure(int error) {
    return Unexpected(SystemError{
        error == EOPNOTSUPP ? std::string{kWhat} +
                                  " (the kernel needs CONFIG_INET_DIAG_DESTROY)"
                            : std::string{kWhat},
        error});
}

}  // namespace

Result<engine::Closed, SystemError> close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &ports) {
    if (addresses.empty() || ports.empty()) {
        return engine::Closed{};
    }
    const Buffer program = filter(addresses, ports);
    Found found;
    for (const int family : {AF_INET, AF_INET6}) {
        const int error = find(family, program, found);
        // without a handler for it: no IPv6, or no such socket yet
        if (error != 0 && error != ENOENT) {
            return failure(error);
        }
        if (found.size() >= kAtOnce) {
            break;
        }
    }
    if (found.empty()) {
        return engine::Closed{};
    }
    if (const int error = destroy(found); error != 0) {
        return failure(error);
    }
    return engine::Closed{static_cast<unsigned>(found.size()),
                          found.size() < kAtOnce};
}

}  // namespace ngx_vrrp::net
