// Observes all nodes after each event, and reports what must never happen:
//
//   - two nodes that hear each other are MASTER of one router for longer than
//     an interval (in a group: and the skew time of the slowest member, after
//     an earlier member has stopped to decide between them);
//   - a node takes over after silence although the MASTER answers on a peer
//     link, and it follows routers of that priority;
//   - two nodes are MASTER of one router for longer than the time between two
//     questions, although they are linked; or the better one yields to an
//     answer;
//   - a node takes over after silence although the witness has not answered
//     since the first advertisement was overdue;
//   - members of a group differ on one node that has all of them;
//   - a node has an address and is not MASTER, or the other way round;
//   - a node that finishes connections answers ARP requests for their address;
//   - a BFD session goes down although nothing happened to its path.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/lan.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/wires.hpp"

namespace ngx_vrrp::simulation {

class Watch {
public:
    using Machines = std::vector<std::unique_ptr<Machine>>;

    Watch(Lan &lan, const Wires &wires, const Plan &plan,
          const Machines &machines);

    // Something about this node has changed, or may have.
    void look(NodeNumber node);
    void addresses_changed();
    void announced(NodeNumber node, std::size_t network,
                   const IpAddress &address);
    // A fault of a network began or ended.
    void links_changed();
    // A BFD session may fail because of it.
    void disturbed(NodeNumber node) { disturbed_at_[node] = lan_.now(); }

    std::vector<NodeNumber> active(std::size_t router) const;
    // The node that clients use for this address.
    std::optional<NodeNumber> believed(std::size_t network,
                                       const IpAddress &address) const;

    // Since then: the longest time without a holder of all addresses.
    void measure();
    Duration longest_unheld() const;

    // Since then, this node can ask the other one about a router and gets an
    // answer at once.
    std::optional<Instant> linked_since(std::size_t router, NodeNumber node,
                                        NodeNumber other) const;

    void fail(std::string text);
    const std::optional<std::string> &failure() const { return failure_; }

private:
    struct Activity {
        bool is = false;
        Instant since{};
    };

    struct Link {
        Hearing hearing = Hearing::well;
        Instant since{};
    };

    struct Session {
        std::uint64_t downs = 0;
        std::uint32_t discriminator = 0;
    };

    // The process of a node that has all routers.
    struct Run {
        int pid = 0;
        Instant since{};
    };

    struct Rank {
        Priority priority;
        Instant since{};
    };

    // A node that another one follows.
    struct Followed {
        IpAddress address;
        Instant since{};
        bool long_enough = false;
    };

    void look_at_run(NodeNumber node, const Process *process);
    void look_at_followed(NodeNumber node, std::size_t router,
                          const Process &process);
    void look_at_change(NodeNumber node, std::size_t router,
                        const Process &process);
    void look_at_takeover(NodeNumber node, std::size_t router);
    void look_at_witness(NodeNumber node, std::size_t router,
                         const std::string &reason);
    void look_at_yield(NodeNumber node, std::size_t router);
    void look_at_rivals(NodeNumber node, NodeNumber other, std::size_t router);
    bool is_trusted(NodeNumber node, NodeNumber other, std::size_t link) const;
    Rank &rank(NodeNumber node, std::size_t router) {
        return ranks_[node * plan_.routers.size() + router];
    }
    void look_at_pairs(NodeNumber node, std::size_t router);
    void look_at_group(NodeNumber node, const Process &process);
    void look_at_addresses(NodeNumber node, const Process &process);
    void look_at_lo(NodeNumber node);
    void look_at_bfd(NodeNumber node);
    std::optional<Instant> hear_each_other_since(std::size_t router,
                                                 NodeNumber a,
                                                 NodeNumber b) const;
    Duration bound(std::size_t router) const;
    Instant decided_until(std::size_t router, NodeNumber a, NodeNumber b) const;
    Priority priority_of(NodeNumber node, std::size_t router) const;
    Link &link(std::size_t network, NodeNumber a, NodeNumber b) {
        return links_[(network * machines_.size() + std::min(a, b)) *
                          machines_.size() +
                      std::max(a, b)];
    }
    const Link &link(std::size_t network, NodeNumber a, NodeNumber b) const {
        return const_cast<Watch *>(this)->link(network, a, b);
    }
    Activity &activity(NodeNumber node, std::size_t router) {
        return active_[node * plan_.routers.size() + router];
    }
    const Activity &activity(NodeNumber node, std::size_t router) const {
        return active_[node * plan_.routers.size() + router];
    }

    Lan &lan_;
    const Wires &wires_;
    const Plan &plan_;
    const Machines &machines_;
    std::vector<Activity> active_;
    std::vector<Activity> runs_;  // nodes whose process has all routers
    std::vector<Run> in_charge_;  // by node
    std::vector<Rank> ranks_;
    std::vector<Followed> followed_;  // of backups, by node and router
    std::map<NodeNumber, std::vector<IpAddress>> trusted_;
    std::vector<Link> links_;
    std::vector<Session> sessions_;
    std::vector<Instant> disturbed_at_;  // the last one is the gateway
    std::map<std::pair<std::size_t, IpAddress>, NodeNumber> believed_;
    std::vector<std::optional<Instant>> unheld_since_;
    Duration longest_unheld_{0};
    std::optional<std::string> failure_;
};

}  // namespace ngx_vrrp::simulation
