// The VRRP sockets of all interfaces, with an event loop: two for each
// interface and family. The first one receives packets that its virtual routers
// can use. The second one receives the rest (another version, virtual router id
// or TTL), of which a few each second are read, so that the problem can be
// logged however many there are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/net/sink.hpp"
#include "core/net/vrrp_filter.hpp"
#include "core/net/vrrp_socket.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::net {

// Limit for packets that are not for us, per second and socket.
inline constexpr unsigned kOthersPerSecond = 20;

// Limit for packets that the first socket receives as well: the second socket
// of IPv6 has no filter.
inline constexpr unsigned kOwnPerSecond = 200;

// Advertisements of many virtual routers are read together: those that arrive
// within this time after another one.
inline constexpr Duration kShortestGather = Milliseconds{1};
inline constexpr Duration kLongestGather = Milliseconds{2};

// listen(), forget() and send() are those of engine::Transmit.
class VrrpSockets {
public:
    VrrpSockets(os::Watcher &watcher, Sink &sink, LogSink &log);
    VrrpSockets(const VrrpSockets &) = delete;
    VrrpSockets &operator=(const VrrpSockets &) = delete;
    ~VrrpSockets();

    Status listen(const engine::Interface &interface,
                  const vrrp::Config &router);
    void forget(std::string_view interface);
    void send(std::span<const engine::OutgoingPacket> packets,
              std::vector<Status> &answers);

    // Passes received packets to the sink, up to a bound.
    void on_readable(int fd, Instant now);
    // Without packets for other virtual routers.
    void read_all(Instant now);

    // When waiting packets are read. Arrived packets have been handed over when
    // handle_time() returns.
    std::optional<Instant> deadline() const;
    void handle_time(Instant now);

    const LostPackets &lost() const { return lost_; }

private:
    struct Listener {
        Listener(const engine::Interface &interface, Family family)
            : wanted(interface, family), others(interface, family) {}

        bool is_open = true;
        VrrpSocket wanted;
        VrrpSocket others;  // may be closed
        std::vector<WantedAdverts> adverts;
        // On the device of a virtual MAC address: the only sender.
        std::optional<MacAddress> sender;

        // Of the first kind: they are not watched, but read later.
        bool gathers = false;
        Instant gathers_until{};
        Duration gather = kLongestGather;  // the time, for all routers

        // Of the others.
        bool is_watched = false;
        unsigned reads_left = 0;
        unsigned own_left = 0;
        Instant reads_end{};  // then there are more
    };

    Listener *find(int fd) const;
    Listener *find(std::string_view interface, Family family) const;
    Status open(const engine::Interface &interface, const vrrp::Config &router);
    Status open_others(Listener &listener);
    Status extend(Listener &listener, const vrrp::Config &router);
    Status set_filters(Listener &listener);
    void close(Listener &listener);
    void remove_closed();
    unsigned read_wanted(Listener &listener, Instant now);
    void gather(Listener &listener, unsigned read, Instant now);
    static void wait_for_more(Listener &listener, unsigned read, Instant now);
    void read_gathered(Listener &listener, Instant now);
    void read_others(Listener &l, Instant now);
    void send_some(std::span<const engine::OutgoingPacket> packets,
                   std::vector<Status> &answers);
    bool receive(VrrpSocket &socket, unsigned most, std::uint64_t &lost,
                 Instant now);

    os::Watcher &watcher_;
    Sink &sink_;
    Log log_;
    RepeatedLine read_error_;
    RepeatedLine others_error_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    bool any_closed_ = false;
    PacketBatch batch_;
    LostPackets lost_;
};

}  // namespace ngx_vrrp::net
