// Two uses of netlink: a request with its answer, and events. Both keep the
// kernel's errno, which libnl's own socket would translate; libnl builds and
// parses the messages, except those of a RequestBatch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/net/netlink_message.hpp"
#include "core/net/request_batch.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

// Called for each message of a datagram; valid during the call only.
using MessageHandler = std::function<void(nlmsghdr *)>;

class RequestSocket {
public:
    Status open(int protocol = NETLINK_ROUTE);

    // The kernel checks requests for dumps, and answers them only with what
    // they ask for; before Linux 5.0 it answers with everything.
    void set_strict();

    // Sends the request and passes the answer, except the final
    // acknowledgement, to the handler. Returns 0 or errno; EINTR when a dump is
    // not consistent, because of a change meanwhile. The rest of an answer with
    // more messages than `most` stays in the socket, which is then of no
    // further use.
    int exchange(
        const Message &request, const MessageHandler &handler = [](auto) {},
        std::size_t most = std::numeric_limits<std::size_t>::max());

    // Many of them, in few system calls: 0 or errno for each of them.
    std::vector<int> exchange(const std::vector<Message> &requests);
    void exchange(RequestBatch &requests);

    // Identifies the requests of this socket in events; 0: not known.
    std::uint32_t port() const;

private:
    int send(nlmsghdr *request);
    std::size_t number(std::uint8_t *requests, std::size_t count);
    void receive_errors(std::uint32_t first, std::span<int> errors);

    os::Fd fd_;
    std::uint32_t sequence_ = 0;
    Buffer buffer_;
};

class EventSocket {
public:
    // Events about links and about addresses of both families.
    Status open();

    // Events about rules, and about routes of this protocol.
    Status open_for_routes(std::uint8_t protocol);

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
    Status open(std::uint32_t groups);

    os::Fd fd_;
    Buffer buffer_;
};

}  // namespace ngx_vrrp::net
