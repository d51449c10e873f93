// This machine: the engine's ports, made of raw sockets, packet sockets and
// netlink, and what arrives on them, handed to a Sink as facts.
//
// One VRRP socket per (interface, family), shared by all virtual routers on
// it; one packet socket for all frames; two sockets that hear neighbours; one
// netlink socket for requests and one for events. No call blocks: requests to
// the kernel are answered within the call, everything else is non-blocking and
// bounded per wake-up.
#pragma once

#include <memory>

#include "core/base/log.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

class Sink {
public:
    virtual ~Sink() = default;
    virtual void packet_received(const engine::ReceivedPacket &packet) = 0;

    // Something about links or addresses changed; the whole truth. What was
    // heard before has been received.
    virtual void interfaces_changed(const engine::Interfaces &interfaces) = 0;

    virtual void process_ended(int pid) = 0;

    virtual void neighbour_heard(const engine::NeighbourClaim &claim) = 0;
};

class Host final : public engine::Transmit,
                   public engine::Addresses,
                   public engine::Neighbours,
                   public engine::Connections {
public:
    // watcher and sink outlive the host; sink is called only from
    // on_readable() and catch_up().
    Host(Watcher &watcher, Sink &sink, LogSink &log);
    ~Host() override;

    // Opens netlink. Once, before anything else.
    Status open();

    // The machine's interfaces now (a full dump).
    Result<engine::Interfaces, SystemError> interfaces();

    // process_ended() when it does (a pidfd: within a millisecond). Again for
    // the same process is nothing; ESRCH: it has ended already.
    Status watch_process(int pid);

    // Reads what there is of events and on all VRRP sockets, so that a timer
    // is judged with everything that was heard before it.
    void catch_up();

    // Reads what there is on a watched descriptor, within a bound.
    void on_readable(int fd);

    Status listen(const engine::Interface &interface, Family family,
                  bool multicast) override;
    void forget(std::string_view interface) override;
    Status send(const engine::Interface &interface,
                const wire::Endpoints &endpoints, Bytes pdu) override;
    Status send_frame(const engine::Interface &interface, Bytes frame) override;
    void forget_unanswered(const engine::Interface &interface) override;
    Status add(const engine::Interface &interface,
               const vrrp::VirtualAddress &address, Seconds lease) override;
    Status remove(const engine::Interface &interface,
                  const vrrp::VirtualAddress &address) override;
    Status watch_neighbours(const std::vector<IpAddress> &addresses) override;
    Result<engine::Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &ports) override;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ngx_vrrp::net
