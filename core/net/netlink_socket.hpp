// Two uses of netlink: a request with its answer, and events. Both keep the
// kernel's errno, which libnl's own socket would translate; libnl builds and
// parses the messages.
#pragma once

#include <netlink/msg.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

struct MessageFree {
    void operator()(nl_msg *message) const { nlmsg_free(message); }
};

using Message = std::unique_ptr<nl_msg, MessageFree>;

// Called for each message of a datagram; valid during the call only.
using MessageHandler = std::function<void(nlmsghdr *)>;

class RequestSocket {
public:
    Status open(int protocol = NETLINK_ROUTE);

    // Sends the request and passes the answer, except the final
    // acknowledgement, to the handler. Returns 0 or errno; EINTR when a dump is
    // not consistent, because of a change meanwhile.
    int exchange(const Message &request, const MessageHandler &handler);

    // A request whose only answer is the acknowledgement.
    int exchange(const Message &request);

    // Many of them, in few system calls: 0 or errno for each of them.
    std::vector<int> exchange(const std::vector<Message> &requests);

    // Identifies the requests of this socket in events; 0: not known.
    std::uint32_t port() const;

private:
    int send(nlmsghdr *request);
    int send_together(const Message *requests, std::size_t count);
    void receive_errors(std::uint32_t first, int *errors, std::size_t count);

    os::Fd fd_;
    std::uint32_t sequence_ = 0;
    Buffer buffer_;
};

class EventSocket {
public:
    // Events about links and about addresses of both families.
    Status open();

    // Changes by requests from this port are no longer reported.
    Status ignore(std::uint32_t port);

    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }
    bool is_open() const { return static_cast<bool>(fd_); }

    // Reads the waiting events, within a bound. Returns 0 or errno; ENOBUFS
    // when the kernel had to drop events: then the received events are older
    // than the loss, and have been read completely.
    int drain(const MessageHandler &handler);

private:
    os::Fd fd_;
    Buffer buffer_;
};

}  // namespace ngx_vrrp::net
