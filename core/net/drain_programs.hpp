// The BPF programs of the drain (bpf/): after a planned move, the node that
// left finishes its connections. Its successor forwards to it what belongs to
// no socket of the successor. The node that left keeps the address at "lo",
// and hides it from ARP.
//
// Loaded as root; attached later with CAP_NET_ADMIN only. Nothing is attached
// to an interface without such an address. Each address has a lease, which the
// programs check themselves: they end with this process, even if it is killed.
// The next process removes its filters.
//
// Filters of others stay, and the qdisc clsact, too. A filter of others with a
// lower priority number can end the chain before the programs: then `seen`
// stays false.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/engine/facts.hpp"
#include "core/net/tc_filters.hpp"
#include "core/os/fd.hpp"

struct drain_entry;

namespace ngx_vrrp::net {

// Of an address at an interface, since it was forwarded or hidden there.
struct DrainCounts {
    bool seen = false;            // a packet to this address reached a program
    std::uint64_t forwarded = 0;  // segments, and ICMP errors
    std::uint64_t received = 0;   // the same, from the successor
    std::uint64_t returned = 0;   // not forwarded: the other node sent them
    std::uint64_t expired = 0;    // dropped: TTL or hop limit was 1
};

class DrainPrograms {
public:
    // As root, in the network namespace of the interfaces. If it fails, see
    // why_unavailable().
    static DrainPrograms load();

    // Not available, because nothing was loaded.
    DrainPrograms();
    DrainPrograms(DrainPrograms &&) noexcept;
    DrainPrograms &operator=(DrainPrograms &&) noexcept;
    // Detaches what is attached.
    ~DrainPrograms();

    // Empty: available. Otherwise a request below fails with ENOTSUP.
    const std::string &why_unavailable() const { return why_unavailable_; }

    // Whether hide() of an IPv4 address would fail, as far as is known since
    // the last look; empty: it would not. A qdisc "ingress" of another program
    // has no egress.
    std::string why_not_hidden(const engine::Interface &interface) const;
    // True: another answer.
    bool look_for_egress(const engine::Interface &interface);

    // From now on, as the successor: segments to these addresses that the
    // interface receives, and that belong to no socket here, go to the node
    // with the MAC address `to`, except those that came from there. `own` is
    // the MAC address under which that node knows this one; frames are sent
    // with it. A new connection (a SYN) is never forwarded.
    //
    // Call it again to renew the lease, or to change a MAC address: the counts
    // continue, and no request to the kernel is made. If it fails, some of the
    // addresses may be forwarded; stop_forwarding() ends that.
    Status forward(const engine::Interface &interface,
                   const std::vector<IpAddress> &addresses,
                   const MacAddress &to, const MacAddress &own, Duration lease);
    Status stop_forwarding(const engine::Interface &interface,
                           const std::vector<IpAddress> &addresses);

    // From now on, as the node that left: ARP requests for these addresses are
    // not answered, and ARP requests of this node have another of its addresses
    // as the sender. Packets that the successor forwards are counted. IPv6
    // addresses are only counted: neighbour discovery needs no help.
    //
    // Announcements of others (a gratuitous ARP) are let in. Call show()
    // before this node announces the address again.
    Status hide(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses,
                const MacAddress &successor, Duration lease);
    Status show(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses);

    DrainCounts counts(const engine::Interface &interface,
                       const IpAddress &address) const;

    // Removes the filters of vrrp processes that have ended, from all
    // interfaces.
    Status remove_left_behind(const engine::Interfaces &all);

private:
    struct Unmap {
        void operator()(drain_entry *table) const;
    };

    // One of an entry: to forward or to hide.
    using Lease = unsigned long long drain_entry::*;

    Status load_programs();
    Status end(const engine::Interface &interface,
               const std::vector<IpAddress> &addresses, Lease lease);
    Status attach(const engine::Interface &interface, Hook hook);
    Status detach_unused(const engine::Interface &interface);
    drain_entry *find(IfIndex interface, const IpAddress &address) const;
    drain_entry *find_or_add(IfIndex interface, const IpAddress &address);

    std::string why_unavailable_ = "its programs were not loaded";
    os::Fd ingress_;
    os::Fd egress_;
    std::unique_ptr<drain_entry[], Unmap> table_;
    TcFilters filters_;
    std::set<IfIndex> without_egress_;
};

}  // namespace ngx_vrrp::net
