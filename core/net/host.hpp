// This machine: implements the ports of the engine with raw sockets, packet
// sockets and netlink, and passes received data to a Sink as facts.
//
// Objects. A Host owns, for all virtual routers together: two VRRP sockets per
// (interface, family), one for packets with a VRID, version and TTL of ours,
// one for the rest (vrrp_sockets.hpp); one packet socket for all frames that it
// sends (ARP, neighbor discovery); two sockets that receive announcements of
// neighbors; one netlink socket for requests and one for events; the pidfds of
// watch_process(). Watcher is the event loop of nginx: the Host registers its
// descriptors there and gets on_readable(fd).
//
// In. on_readable() reads at most a fixed number of packets and calls the Sink.
// Events about links and addresses are collected; interfaces_changed() gets all
// interfaces, after everything that was received before. catch_up() reads all
// sockets, so that no timer is served while an advert waits in a queue.
//
// Out. The ports of the engine (engine/ports.hpp). No call blocks: a request to
// the kernel is answered within the call, everything else is non-blocking. An
// error is returned as a Status with the errno, and is not logged here.
//
// Reload. A Host passes nothing to another process: each vrrp process opens its
// own sockets. The kernel keeps the addresses, with our mark and a lifetime.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/time.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/net/neighbour_sockets.hpp"
#include "core/net/netlink_socket.hpp"
#include "core/net/packet_socket.hpp"
#include "core/net/sink.hpp"
#include "core/net/vmacs.hpp"
#include "core/net/vrrp_sockets.hpp"
#include "core/os/process_watch.hpp"
#include "core/os/retry.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::net {

class Host final : public engine::Transmit,
                   public engine::Addresses,
                   public engine::Neighbours,
                   public engine::Connections,
                   public engine::Vmacs,
                   public engine::Routes {
public:
    // watcher and sink outlive the host; sink is called only from
    // on_readable(), catch_up() and handle_time().
    Host(os::Watcher &watcher, Sink &sink, LogSink &log);
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;
    ~Host() override;

    // Opens netlink, before anything else; a second call has no effect.
    Status open();

    // From now on, routes and rules with our mark are reported, too; before
    // interfaces(). configured: we may add some, so that interfaces() fails
    // without those that are there.
    Status watch_routes(bool configured);

    // The machine's interfaces now (a full dump). The sink gets all later
    // changes.
    Result<engine::Interfaces, SystemError> interfaces();

    // When handle_time() is due.
    std::optional<Instant> deadline() const;
    void handle_time(Instant now);

    const LostPackets &lost() const { return sockets_.lost(); }

    // Sink::process_ended() reports its end (a pidfd: within a millisecond). A
    // second call for the same process has no effect; ESRCH: it has ended
    // already.
    Status watch_process(int pid);

    // Reads the events and all VRRP sockets, so that a timer is served after
    // everything that was received before it.
    void catch_up();

    // Reads a watched descriptor, within a bound.
    void on_readable(int fd);

    Status listen(const engine::Interface &interface,
                  const vrrp::Config &router) override;
    void forget(std::string_view interface) override;
    void send(std::span<const engine::OutgoingPacket> packets,
              std::vector<Status> &answers) override;
    Status send_frame(const engine::Interface &interface, Bytes frame) override;
    void forget_unanswered(const engine::Interface &interface) override;
    void add(std::span<const engine::LeaseRequest> requests,
             std::vector<Status> &answers) override;
    Status remove(const engine::Interface &interface,
                  const vrrp::VirtualAddress &address) override;
    Status add(const vrrp::Route &route, const engine::Interfaces &known,
               Seconds lease) override;
    Status add(const vrrp::Rule &rule) override;
    Status prolong(const vrrp::Route &route, const engine::Interfaces &known,
                   Seconds lease) override;
    Status remove(const vrrp::Route &route,
                  const engine::Interfaces &known) override;
    Status remove(const vrrp::Rule &rule) override;
    Status watch_neighbours(const std::vector<IpAddress> &addresses) override;
    Result<engine::Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &ports) override;
    Result<std::vector<unsigned>, SystemError> count_connections(
        const std::vector<IpAddress> &addresses) override;
    Status make_vmac(const engine::Interface &base,
                     const vrrp::Config &router) override;
    Status set_up(const engine::Interface &device, bool up) override;
    Status remove_vmac(const engine::Interface &device) override;

private:
    void read_events();
    void read_all_again(Instant now, bool changed);
    void report_interfaces();
    void read_route_events();
    bool needs_routes() const;
    Status read_marked_routes();
    void note_routes(const Status &read, Instant now);
    void expect_report(IfIndex interface, const vrrp::VirtualAddress &address);
    void promote_once(const engine::Interface &interface);

    os::Watcher &watcher_;
    Sink &sink_;
    Log log_;

    RequestSocket requests_;
    RequestSocket renewals_;  // of known addresses: without events
    RequestBatch batch_;
    net::Vmacs vmacs_{requests_};
    EventSocket events_;
    RequestSocket routes_;  // opened with the next one
    EventSocket route_events_;
    bool routes_configured_ = false;
    bool routes_unknown_ = true;  // since a dump or an event
    engine::Interfaces known_;    // the last dump, and all events since
    os::Retry dump_;
    os::Retry route_dump_;
    RepeatedLine loss_line_;
    RepeatedLine event_line_;
    RepeatedLine dump_line_;
    RepeatedLine neighbour_line_;
    RepeatedLine routes_line_;
    std::set<IfIndex> promoted_;
    // Added by this process, without an event yet; each only once.
    std::vector<std::pair<IfIndex, vrrp::VirtualAddress>> unreported_;

    os::ProcessWatch processes_;
    PacketSocket frames_;
    VrrpSockets sockets_;
    NeighbourSockets neighbours_;
};

}  // namespace ngx_vrrp::net
