// The networks between the nodes, and the time: packets on their way, wake-ups,
// and whatever else is due.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/wire/advertisement.hpp"
#include "core/wire/neighbour.hpp"
#include "tests/simulation/plan.hpp"

namespace ngx_vrrp::simulation {

struct Frame {
    enum class Kind : std::uint8_t { advert, claim, question, bfd };

    Kind kind{};
    NodeNumber from = 0;
    std::size_t network = 0;
    wire::Endpoints ends;
    std::uint8_t ttl = 255;
    Buffer payload;
    wire::Neighbour neighbour;  // of a claim; the address of a question
};

using FramePtr = std::shared_ptr<const Frame>;

// How well two nodes hear each other on a network.
enum class Hearing : std::uint8_t { well, partly, no };

class Lan {
public:
    Lan(const Plan &plan, Dice &dice);

    Instant now() const { return now_; }
    Dice &dice() { return dice_; }

    // Faults of a network, and of the ports of nodes.
    void set_loss(std::size_t network, unsigned percent);
    void set_island(std::size_t network, NodeNumber node, unsigned island);
    void set_carrier(std::size_t network, NodeNumber node, bool up);
    void set_deaf(std::size_t network, NodeNumber node, NodeNumber to);
    // Only adverts are lost, as by a packet filter.
    void set_unheard(std::size_t network, NodeNumber node, NodeNumber by);
    // The witness of takeover_check is a host on the first network, like the
    // gateway: it answers or not, and packets of a node may not reach it.
    void set_witness(bool answers) { witness_answers_ = answers; }
    void set_witness_path(NodeNumber node, bool works);
    void heal();

    bool has_carrier(std::size_t network, NodeNumber node) const {
        return port(network, node).carrier;
    }
    bool passes(std::size_t network, NodeNumber from, NodeNumber to) const;
    bool hears(std::size_t network, NodeNumber from, NodeNumber to) const {
        return passes(network, from, to) &&
               (port(network, from).unheard_by >> to & 1u) == 0;
    }
    // Without what only adverts suffer from.
    bool are_connected(std::size_t network, NodeNumber a, NodeNumber b) const {
        const Port &x = port(network, a);
        const Port &y = port(network, b);
        return x.carrier && y.carrier && x.island == y.island;
    }
    bool is_lossy(std::size_t network) const { return loss_[network] != 0; }
    // A packet, by chance.
    bool is_lost(std::size_t network) {
        return loss_[network] != 0 && dice_.percent(loss_[network]);
    }
    Hearing hearing(std::size_t network, NodeNumber a, NodeNumber b) const;
    // Clients are on island 0.
    bool reaches_clients(std::size_t network, NodeNumber node) const {
        return port(network, node).carrier && port(network, node).island == 0;
    }
    bool reaches_witness(NodeNumber node) const;
    // One ping of it.
    bool ping_witness(NodeNumber node) {
        return reaches_witness(node) && !is_lost(0) && !is_lost(0);
    }
    // Something may have been lost there, or was changed.
    Instant disturbed_at(std::size_t network) const {
        return disturbed_at_[network];
    }

    // To all nodes that it reaches. Only adverts and BFD packets are lost: an
    // announcement that is lost is repeated, but not before the refresh.
    void send(Frame frame);
    void send_to(NodeNumber to, const FramePtr &frame);

    void at(Instant when, std::function<void()> what);
    void after(Duration delay, std::function<void()> what) {
        at(now_ + delay, std::move(what));
    }

    // Called for each frame that arrives.
    std::function<void(NodeNumber, const Frame &)> deliver;
    // The next thing that a node does by itself, and its doing.
    std::function<Instant()> next_wake;
    std::function<void()> wake;

    void run_until(Instant end);

    // Takeovers of a successor that a peer link has named.
    unsigned named = 0;

    // With a trace, each line of the log is shown.
    bool verbose = false;
    void trace(std::string_view text) const;

private:
    struct Port {
        bool carrier = true;
        unsigned island = 0;
        std::uint32_t deaf_to = 0;     // bits
        std::uint32_t unheard_by = 0;  // the same
    };

    struct Arrival {
        Instant at;
        std::uint64_t sequence;
        NodeNumber to;
        FramePtr frame;
    };

    struct Task {
        Instant at;
        std::uint64_t sequence;
        std::function<void()> what;
    };

    struct Later {
        template <class T>
        bool operator()(const T &a, const T &b) const {
            return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
        }
    };

    Port &port(std::size_t network, NodeNumber node) {
        return ports_[network * nodes_ + node];
    }
    const Port &port(std::size_t network, NodeNumber node) const {
        return ports_[network * nodes_ + node];
    }

    Dice &dice_;
    Instant now_ = instant_from_ns(1'000'000'000'000);
    NodeNumber nodes_;  // with the gateway
    std::vector<Port> ports_;
    std::vector<unsigned> loss_;
    std::vector<Instant> disturbed_at_;
    std::priority_queue<Arrival, std::vector<Arrival>, Later> arrivals_;
    std::priority_queue<Task, std::vector<Task>, Later> tasks_;
    std::uint64_t sequence_ = 0;
    bool witness_answers_ = true;
    std::uint32_t without_witness_ = 0;  // bits of nodes
    std::vector<Instant> last_arrival_;  // of each path: they stay in order
};

}  // namespace ngx_vrrp::simulation
