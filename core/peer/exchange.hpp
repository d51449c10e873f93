// The exchange of details between the nodes of an interface: what is sent to
// which peer and when, and what each node has reported. BACKUPs have no link
// with each other, so a MASTER relays the details of its peers.
//
// Details are sent when they have changed, at most once a second, and clocks
// once a second, in place of `alive`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/peer/details.hpp"

namespace ngx_vrrp::peer {

inline constexpr std::size_t kMostReports = 64;
inline constexpr Duration kDetailsInterval = Seconds{1};
// A peer that does not confirm details in this time gets them again: they may
// have been lost with one of two connections.
inline constexpr Duration kConfirmTime = Seconds{10};

// What a node has reported.
struct Report {
    NodeId node{};
    NodeId via{};                // the node that relays it; 0: none
    std::uint32_t revision = 0;  // 0: there are no details yet
    Buffer entries;              // as received
    Details details;
    // Our clocks minus its: since the boot, and the time of day.
    Duration boot_difference{0};
    Duration wall_difference{0};
    ChunkJoiner joiner{};
};

class Exchange {
public:
    explicit Exchange(NodeId self) : self_(self) {}

    // A link that is up.
    struct Link {
        NodeId node{};
        Instant since{};

        friend bool operator==(const Link &, const Link &) = default;
    };

    // All of them.
    void set_links(const std::vector<Link> &links);
    // relays: this node is a MASTER.
    void set_own(Details details, bool relays);

    using Send =
        std::function<void(NodeId to, Type type, const Buffer &payload)>;
    void send(const Clocks &now, const Send &send);

    // A payload of these two types; others have no effect.
    void receive(NodeId from, Type type, Bytes payload, const Clocks &now);

    const Details &own() const { return own_; }
    // With details; each node once.
    std::vector<const Report *> reports() const;
    // Details or clocks are others than at the last call.
    bool take_changed() { return std::exchange(changed_, false); }

private:
    struct Receiver {
        Link link;
        Instant clocks_at{};
        Instant details_at{};
        std::optional<std::uint32_t> confirmed{};
        std::map<NodeId, std::uint32_t> revisions{};  // that were sent
    };

    bool is_linked(NodeId node) const;
    bool is_wanted(const Report &report) const;
    std::uint32_t seen(NodeId node) const;
    ChunkHead head_for(NodeId to, const Clocks &now) const;
    void send_details(Receiver &to, const Clocks &now, const Send &send);
    void relay(Receiver &to, const Clocks &now, const Send &send);
    Report *report_of(NodeId node, NodeId via);
    void take(Report &report, const Chunk &chunk, const Clocks &now);

    NodeId self_;
    Details own_;
    Buffer entries_;  // of own_
    std::uint32_t revision_ = 0;
    bool relays_ = false;
    std::vector<Receiver> receivers_;
    std::vector<Report> reports_;
    bool changed_ = false;
};

}  // namespace ngx_vrrp::peer
