// Virtual routers on one wire and one clock: a network that loses, delays and
// splits, machines that freeze, a kernel that counts leases, and clients who
// believe the last announcement, which other routers hear, too. The same seed
// is the same history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/vrrp/instance.hpp"
#include "core/vrrp/sync_group.hpp"
#include "tests/support/dice.hpp"

namespace ngx_vrrp::test {

class SimulatedLan {
public:
    using Node = std::size_t;

    explicit SimulatedLan(std::uint32_t seed) : dice_(seed) {}

    // A router with the next address of 192.168.64.0/24, from .1 on; peers
    // in the configuration are those addresses.
    Node add(vrrp::Config config);

    // Routers of one machine that are a sync_group: for each, the number of its
    // wire, and its address. They are scheduled and frozen together.
    std::vector<Node> add_group(
        const vrrp::Config &config,
        const std::vector<std::pair<std::size_t, IpAddress>> &members);

    // A router on this wire, with this address.
    Node add(vrrp::Config config, std::size_t wire, IpAddress source);

    std::size_t size() const { return nodes_.size(); }
    Instant now() const { return now_; }
    const vrrp::Instance &router(Node node) const {
        return nodes_[node].instance;
    }

    void put(Node node, const vrrp::Input &input);
    void start_all();

    // A machine that is not scheduled, and receives nothing. Its kernel
    // continues.
    void freeze(Node node);
    void thaw(Node node);
    // No kernel either.
    void cut_power(Node node);

    void set_loss(unsigned percent) { loss_percent_ = percent; }
    void set_delay(Duration longest) { longest_delay_ = longest; }
    // How late a timer is served at most.
    void set_jitter(Duration longest) { longest_jitter_ = longest; }

    // These hear each other, and the others hear each other.
    void split(std::set<Node> nodes) { island_ = std::move(nodes); }
    // The one does not receive what the other one sends.
    void silence(Node from, Node to) { silent_.insert({from, to}); }
    void heal();

    void run_for(Duration duration);

    bool holds(Node node) const;
    std::vector<Node> holders() const;
    std::vector<Node> active() const;
    std::vector<Node> holders_on(std::size_t wire) const;

    // The router with the last announcement.
    std::optional<Node> announcer() const { return announcer_; }

    // Since start_measuring(): the time without a holder of the addresses, the
    // time with two holders, and the longest time for which clients used
    // another router than the only holder.
    void start_measuring() {
        unheld_ = shared_ = longest_stale_ = longest_apart_ = Duration{0};
        stale_since_ = now_;
    }
    // The longest time for which one member of a group was active, and another
    // one was not.
    Duration longest_apart() const { return longest_apart_; }
    Duration unheld() const { return unheld_; }
    Duration shared() const { return shared_; }
    Duration longest_stale() const { return longest_stale_; }

private:
    static constexpr std::size_t kNoGroup = static_cast<std::size_t>(-1);

    struct Group {
        vrrp::SyncGroup rules;
        std::vector<Node> members;
        Instant together_until{};
    };

    struct Machine {
        explicit Machine(vrrp::Config config) : instance(std::move(config)) {}

        vrrp::Instance instance;
        std::optional<Instant> wake_at;
        std::optional<Instant> lease_until;  // holds the addresses
        bool frozen = false;
        std::size_t wire = 0;
        std::size_t group = kNoGroup;
        std::string fault;         // of this router
        std::string others_fault;  // of its group
    };

    struct Packet {
        Node to;
        vrrp::Input input;
    };

    void handle(Node node, const vrrp::Input &input);
    void settle(Group &group);
    bool share_faults(Group &group);
    std::vector<const vrrp::Instance *> instances_of(const Group &group) const;
    std::vector<Node> companions(Node node) const;
    bool is_apart(const Group &group) const;
    void perform(Node node, const vrrp::Action &action);
    void transmit(Node from, Priority priority);
    void announce(Node from);
    bool reaches(Node from, Node to) const;
    void plan_wake(Node node);
    std::optional<Node> next_to_wake() const;
    std::optional<Instant> next_lease_end() const;
    bool step(Instant end);
    void advance(Instant to);
    void deliver();

    Dice dice_;
    Instant now_ = instant_from_ns(1'000'000'000'000);
    std::vector<Machine> nodes_;
    std::vector<Group> groups_;
    std::multimap<Instant, Packet> in_flight_;
    std::set<Node> island_;
    std::set<std::pair<Node, Node>> silent_;  // from, to
    unsigned loss_percent_ = 0;
    Duration longest_delay_ = std::chrono::microseconds{200};
    Duration longest_jitter_ = std::chrono::microseconds{300};
    std::optional<Node> announcer_;
    Duration unheld_{};
    Duration shared_{};
    Instant stale_since_{};
    Duration longest_stale_{};
    Duration longest_apart_{};
};

}  // namespace ngx_vrrp::test
