// A raw socket for IP protocol 112 of one interface and family, shared by all
// virtual routers there.
//
// The checksum is never the kernel's business, not even in IPv6 where it
// could be (IPV6_CHECKSUM): the serializer writes it and the parser verifies
// it, so that a wrong one is counted and not silently gone. But an IPv6 socket
// with a filter does not get what has a wrong one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/net/ipv4_packet.hpp"
#include "core/net/packet_batch.hpp"
#include "core/net/vrrp_filter.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

class VrrpSocket {
public:
    VrrpSocket(const engine::Interface &interface, Family family)
        : name_(interface.name), index_(interface.index), family_(family) {}

    // For the packets that are wanted; nothing is, until take() says so.
    Status open();

    // For the others, in a small queue.
    Status open_for_others();

    void close() { fd_.reset(); }

    // It may send from an address of another interface: IPv6 has link-local
    // addresses only for their own interface.
    Status send_for_others();

    // Of the packets that arrive from now on.
    Status take(std::vector<sock_filter> filter);

    // Joins this group; nothing happens the second time.
    Status join(const IpAddress &wanted);

    // Internetwork Control precedence. All packets go to groups, or none.
    // Appends the result of each.
    void send(std::span<const engine::OutgoingPacket> packets,
              std::vector<Status> &answers);

    // At most this number of packets into the batch: 0 or errno.
    int receive(PacketBatch &batch, unsigned most);

    // One of them; nothing when it is malformed.
    std::optional<IpPacket> parse(const PacketBatch::Packet &packet) const;

    // The number of packets lost for lack of room in the queue since the last
    // call, as reported by the packets after them.
    std::uint64_t take_lost() { return std::exchange(lost_, 0); }

    int fd() const { return fd_.get(); }
    const std::string &name() const { return name_; }
    IfIndex index() const { return index_; }
    Family family() const { return family_; }

private:
    struct Outgoing {
        SocketAddress to;
        Ancillary ancillary;
        iovec data;
    };

    template <class T>
    Status set_option(const T &option);
    Status set_option(int level, int option, const char *text,
                      const void *value, std::size_t size);
    Status open_bound();
    void send_some(std::span<const engine::OutgoingPacket> packets,
                   std::vector<Status> &answers);
    Status not_sent(const wire::Endpoints &endpoints, int error) const;
    Status set_options();

    std::string name_;
    IfIndex index_;
    Family family_;
    os::Fd fd_;
    std::vector<IpAddress> joined_;
    std::uint32_t overflow_ = 0;
    std::uint64_t lost_ = 0;
    // Of the last packets that were sent: their memory is used again.
    std::vector<Outgoing> parts_;
    std::vector<mmsghdr> messages_;
};

}  // namespace ngx_vrrp::net
