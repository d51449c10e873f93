#include "core/net/netlink_socket.hpp"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "core/base/time.hpp"
#include "core/net/attach_filter.hpp"
#include "core/net/receive_buffer.hpp"
#include "core/os/clock.hpp"

namespace ngx_vrrp::net {

namespace {

// The kernel makes datagrams of at most 32 KiB for dumps.
constexpr std::size_t kBufferSize = 65536;

constexpr int kEventBufferSize = 1 << 20;
constexpr unsigned kMaxEventsPerWakeup = 1024;

// More than the event buffer can hold.
constexpr unsigned kMaxEventsWhenLost = 16384;

// The kernel answers within sendto(), so these limits are never reached: they
// only prevent a hang.
constexpr unsigned kMaxDatagramsPerAnswer = 4096;
constexpr Seconds kAnswerTimeout{1};

// The default receive buffer has room for this number of errors.
constexpr std::size_t kMaxRequests = 64;

Result<os::Fd, SystemError> open_netlink(int protocol, int flags,
                                         std::uint32_t groups) {
    os::Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol));
    if (!fd) {
        return failure("socket() for netlink");
    }

    sockaddr_nl self{};
    self.nl_family = AF_NETLINK;
    self.nl_groups = groups;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr *>(&self),
               sizeof(self)) < 0) {
        return failure("bind() for netlink");
    }

    return fd;
}

bool is_from_kernel(const sockaddr_nl &sender) {
    return sender.nl_pid == 0;
}

// One datagram. Returns 0 or errno.
template <class Handler>
[[gnu::hot]] int receive(int fd, Buffer &buffer, const Handler &handler) {
    sockaddr_nl sender{};
    socklen_t sender_size = sizeof(sender);
    const ssize_t n =
        ::recvfrom(fd, buffer.data(), buffer.size(), MSG_TRUNC,
                   reinterpret_cast<sockaddr *>(&sender), &sender_size);
    if (n < 0) {
        return errno;
    }
    if (static_cast<std::size_t>(n) > buffer.size()) {
        return EMSGSIZE;
    }
    if (!is_from_kernel(sender)) {
        return 0;
    }

    each_message({buffer.data(), static_cast<std::size_t>(n)}, handler);
    return 0;
}

// The answer to one request: messages, then an end with a result.
class Answer {
public:
    Answer(std::uint32_t sequence, const MessageHandler &handler,
           std::size_t most)
        : sequence_(sequence), handler_(handler), left_(most) {}

    bool complete() const { return complete_ || left_ == 0; }

    int result() const {
        if (error_ != 0) {
            return error_;
        }
        return interrupted_ ? EINTR : 0;
    }

    void take(nlmsghdr *message) {
        // The rest of an abandoned answer is not ours.
        if (message->nlmsg_seq != sequence_ || complete()) {
            return;
        }

        interrupted_ |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;

        switch (message->nlmsg_type) {
            case NLMSG_ERROR:
                end(message, sizeof(nlmsgerr));
                break;
            case NLMSG_DONE:
                end(message, sizeof(int));
                break;
            case NLMSG_NOOP:
                break;
            default:
                --left_;
                handler_(message);
        }
    }

private:
    // Both ends begin with a negative errno, or 0.
    void end(nlmsghdr *message, std::size_t size) {
        complete_ = true;
        error_ = nlmsg_valid_hdr(message, static_cast<int>(size))
                     ? -*static_cast<const int *>(nlmsg_data(message))
                     : 0;
    }

    const std::uint32_t sequence_;
    const MessageHandler &handler_;
    std::size_t left_;
    bool complete_ = false;
    bool interrupted_ = false;
    int error_ = 0;
};

}  // namespace

Status RequestSocket::open(int protocol) {
    Result<os::Fd, SystemError> fd = open_netlink(protocol, 0, 0);
    if (!fd) {
        return Unexpected(fd.error());
    }

    const timeval timeout{kAnswerTimeout.count(), 0};
    if (::setsockopt(fd->get(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                     sizeof(timeout)) < 0) {
        return failure("setsockopt(SO_RCVTIMEO) for netlink");
    }

    fd_ = std::move(fd.value());
    buffer_.resize(kBufferSize);
    return success();
}

void RequestSocket::set_strict() {
    const int on = 1;
    (void)::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
                       sizeof(on));
}

int RequestSocket::send(nlmsghdr *request) {
    request->nlmsg_seq = ++sequence_;
    request->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    return ::send(fd_.get(), request, request->nlmsg_len, 0) < 0 ? errno : 0;
}

int RequestSocket::exchange(const Message &request,
                            const MessageHandler &handler, std::size_t most) {
    const int unsent = request ? send(nlmsg_hdr(request.get())) : ENOMEM;
    if (unsent != 0) {
        return unsent;
    }

    Answer answer(sequence_, handler, most);
    const Instant give_up = os::now() + kAnswerTimeout;

    for (unsigned n = 0; n < kMaxDatagramsPerAnswer; n++) {
        const int error =
            receive(fd_.get(), buffer_, [&](nlmsghdr *m) { answer.take(m); });
        if (answer.complete()) {
            return answer.result();
        }
        if (error == EAGAIN || os::now() > give_up) {
            return ETIMEDOUT;
        }
        if (error != 0 && error != EINTR) {
            return error;
        }
    }
    return E2BIG;
}

std::uint32_t RequestSocket::port() const {
    sockaddr_nl self{};
    socklen_t size = sizeof(self);
    const int error =
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr *>(&self), &size);
    return error < 0 ? 0 : self.nl_pid;
}

std::vector<int> RequestSocket::exchange(const std::vector<Message> &requests) {
    RequestBatch batch;
    for (const Message &request : requests) {
        if (!request) {
            return std::vector<int>(requests.size(), ENOMEM);
        }
        batch.put(*nlmsg_hdr(request.get()));
    }
    exchange(batch);
    return {batch.errors().begin(), batch.errors().end()};
}

[[gnu::hot]] void RequestSocket::exchange(RequestBatch &requests) {
    std::span<std::uint8_t> octets = requests.octets();
    std::span<int> errors = requests.errors();
    while (!errors.empty()) {
        const auto some = errors.first(std::min(errors.size(), kMaxRequests));
        const std::uint32_t first = sequence_ + 1;
        const std::size_t size = number(octets.data(), some.size());
        const bool sent = ::send(fd_.get(), octets.data(), size, 0) >= 0;
        std::ranges::fill(some, sent ? 0 : errno);
        if (sent) {
            receive_errors(first, some);
        }
        octets = octets.subspan(size);
        errors = errors.subspan(some.size());
    }
}

// Only the last one is acknowledged; the others are answered if they fail.
// Returns their size.
[[gnu::hot]] std::size_t RequestSocket::number(std::uint8_t *requests,
                                               std::size_t count) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
        auto *request = reinterpret_cast<nlmsghdr *>(requests + size);
        request->nlmsg_seq = ++sequence_;
        request->nlmsg_flags &= static_cast<std::uint16_t>(~NLM_F_ACK);
        request->nlmsg_flags |= NLM_F_REQUEST;
        request->nlmsg_flags |= i + 1 == count ? NLM_F_ACK : 0;
        size += NLMSG_ALIGN(request->nlmsg_len);
    }
    return size;
}

[[gnu::hot]] void RequestSocket::receive_errors(std::uint32_t first,
                                                std::span<int> errors) {
    bool complete = false;
    const auto take = [&](nlmsghdr *m) {
        const std::uint32_t index = m->nlmsg_seq - first;
        const auto *answer =
            m->nlmsg_type == NLMSG_ERROR ? header_of<nlmsgerr>(m) : nullptr;
        if (index < errors.size() && answer) {
            errors[index] = -answer->error;
            complete = complete || index + 1 == errors.size();
        }
    };
    const Instant give_up = os::now() + kAnswerTimeout;
    while (!complete) {
        const int error = receive(fd_.get(), buffer_, take);
        if (!complete && (error == EAGAIN || os::now() > give_up)) {
            std::ranges::replace(errors, 0, ETIMEDOUT);
            return;
        }
        if (error != 0 && error != EINTR) {
            std::ranges::replace(errors, 0, error);
            return;
        }
    }
}

Status EventSocket::ignore(std::uint32_t port) {
    return attach_filter(
        fd_.get(),
        {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(nlmsghdr, nlmsg_pid)),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
         BPF_STMT(BPF_RET | BPF_K, 0), BPF_STMT(BPF_RET | BPF_K, 0xffffffff)});
}

Status EventSocket::open() {
    return open(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
}

// Before the socket can have an event, so that a router with many routes does
// not wake us.
Status EventSocket::open_for_routes(std::uint8_t protocol) {
    constexpr std::uint32_t kIpv6Rules = 1u << (RTNLGRP_IPV6_RULE - 1);
    if (Status opened = open(RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE |
                             RTMGRP_IPV4_RULE | kIpv6Rules);
        !opened) {
        return opened;
    }
    constexpr std::uint32_t kProtocol =
        NLMSG_HDRLEN + offsetof(rtmsg, rtm_protocol);
    Status filtered = attach_filter(
        fd_.get(),
        {BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(nlmsghdr, nlmsg_type)),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 1, 0),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 0, 2),
         BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kProtocol),
         BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, protocol, 0, 1),
         BPF_STMT(BPF_RET | BPF_K, 0xffffffff), BPF_STMT(BPF_RET | BPF_K, 0)});
    if (!filtered) {
        close();
    }
    return filtered;
}

Status EventSocket::open(std::uint32_t groups) {
    Result<os::Fd, SystemError> fd =
        open_netlink(NETLINK_ROUTE, SOCK_NONBLOCK, groups);
    if (!fd) {
        return Unexpected(fd.error());
    }

    enlarge_receive_buffer(fd->get(), kEventBufferSize);

    fd_ = std::move(fd.value());
    buffer_.resize(kBufferSize);
    return success();
}

[[gnu::hot]] int EventSocket::drain(const MessageHandler &handler) {
    bool lost = false;

    for (unsigned n = 0; n < (lost ? kMaxEventsWhenLost : kMaxEventsPerWakeup);
         n++) {
        const int error = receive(fd_.get(), buffer_, handler);
        if (error == EAGAIN) {
            break;
        }
        if (error == ENOBUFS || error == EMSGSIZE) {
            lost = true;
        } else if (error != 0 && error != EINTR) {
            return error;
        }
    }
    return lost ? ENOBUFS : 0;
}

}  // namespace ngx_vrrp::net
