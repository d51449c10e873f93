// Engines of several vrrp processes of one node, on one kernel and one memory:
// old, new, started again and upgraded ones, of which any may be stopped or
// killed at any time. Invariants, as long as one of two runs: the address
// stays, a peer notices nothing, and only the owner acts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/engine/shared_ownership.hpp"
#include "tests/engine/engine_fixture.hpp"
#include "tests/support/dice.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr Duration kStep = Milliseconds{1};
constexpr Duration kLease = Seconds{2};

// A peer of priority 90 takes over 3.65 intervals after the last advert.
constexpr Duration kLongestGap = Milliseconds{360};

class PropertyTest;

struct Master {
    Instant configured_at;
    bool quitting = false;
};

class Node final : public Processes {
public:
    Node(PropertyTest &test, Master &master, int pid);

    bool is_alive(int pid, Instant now) override;
    void wake() override;

    PropertyTest &test;
    Master &master;
    int pid;
    Instant stopped_until{};
    bool woken = false;
    FakeMachine machine;
    RememberingLog log;
    SharedOwnership ownership;
    std::optional<Engine> engine;
    std::uint64_t configured = 0;
};

class PropertyTest : public ::testing::TestWithParam<unsigned> {
protected:
    PropertyTest()
        : memory(std::calloc(1, OwnershipMemory::kSize), std::free) {}

public:
    Instant now = instant_from_ns(1'000'000'000'000);
    std::unique_ptr<void, decltype(&std::free)> memory;
    std::vector<std::unique_ptr<Node>> nodes;

protected:
    Node &start(Master &master) {
        nodes.push_back(std::make_unique<Node>(*this, master, ++last_pid_));
        Node &node = *nodes.back();
        node.machine.beats = {{.pid = 1, .beat = now}};
        node.engine->start(interfaces(true, vip_), now);
        take(node);
        return node;
    }

    void kill(Node &node) {
        Master &master = node.master;
        std::erase_if(nodes, [&](const auto &n) { return n.get() == &node; });
        respawn_.push_back({&master, now + Milliseconds{5}});
    }

    bool is_stopped(const Node &node) const { return now < node.stopped_until; }

    // Its actions on kernel and LAN.
    void take(Node &node) {
        bool changed = false;
        for (const std::string &line : node.machine.take()) {
            if (line.starts_with("advert ")) {
                EXPECT_EQ(line.find("advert 0 "), line.npos) << "good-bye";
                EXPECT_TRUE(node.engine->owns_any());
                hear();
            } else if (line.starts_with("add ")) {
                changed = changed || !vip_;
                vip_ = true;
                lease_ends_ = now + kLease;
            } else if (line.starts_with("remove ") && vip_) {
                ADD_FAILURE() << "pid " << node.pid << " removed the address";
                for (const auto &entry : node.log.lines) {
                    std::cerr << entry.text << "\n";
                }
                vip_ = false;
                changed = true;
            }
        }
        if (changed) {
            report_all();
        }
    }

    void hear() {
        if (watched_ && heard_at_ != Instant{}) {
            longest_ = std::max(longest_, now - heard_at_);
        }
        heard_at_ = now;
    }

    void report_all() {
        for (const auto &node : nodes) {
            node->engine->handle_interfaces(interfaces(true, vip_), now);
        }
    }

    void step() {
        now += kStep;
        if (vip_ && now >= lease_ends_) {
            ADD_FAILURE() << "the lease ended";
            vip_ = false;
        }
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            Node &node = *nodes[i];
            if (is_stopped(node)) {
                continue;
            }
            node.machine.beats = {{.pid = 1, .beat = now}};
            if (std::exchange(node.woken, false)) {
                node.engine->handle_ownership(now);
            }
            const auto due = node.engine->deadline();
            if (due && *due <= now) {
                node.engine->handle_time(now);
            }
            take(node);
        }
        std::erase_if(nodes, [](const auto &n) {
            return n->master.quitting && n->engine->finished();
        });
        for (const auto &[master, at] : std::exchange(respawn_, {})) {
            if (now < at) {
                respawn_.push_back({master, at});
            } else if (!master->quitting) {
                start(*master);
            }
        }
    }

    void run(Duration duration) {
        for (const Instant end = now + duration; now < end;) {
            step();
        }
    }

    void quit(Master &master) {
        master.quitting = true;
        for (const auto &node : nodes) {
            if (&node->master == &master) {
                quits_.push_back(node.get());
            }
        }
        serve_quits();
    }

    // A stopped process gets its signal when it runs again.
    void serve_quits() {
        for (Node *node : std::exchange(quits_, {})) {
            if (is_stopped(*node)) {
                quits_.push_back(node);
            } else {
                node->engine->stop("nginx is shutting down", true, now);
                take(*node);
            }
        }
    }

    Node *node_of(Master &master) {
        for (const auto &node : nodes) {
            if (&node->master == &master) {
                return node.get();
            }
        }
        return nullptr;
    }

    // One of two is stopped, or killed; or nothing happens.
    void disturb(Master &a, Master &b) {
        Node *victim = node_of(dice_.one_in(2) ? a : b);
        if (victim == nullptr) {
            return;
        }
        switch (dice_.below(4)) {
            case 0:
                victim->stopped_until =
                    now + Milliseconds{100 + dice_.below(2900)};
                break;
            case 1:
                kill(*victim);
                break;
            default:
                break;
        }
    }

    // The one that remains dies while the other one is about to end.
    void disturb_successor(Master &master) {
        if (dice_.one_in(2)) {
            run(Milliseconds{dice_.below(6)});
            Node *successor = node_of(master);
            if (successor != nullptr && !is_any_stopped()) {
                kill(*successor);
            }
        }
    }

    bool is_any_stopped() const {
        return std::ranges::any_of(
            nodes, [&](const auto &node) { return is_stopped(*node); });
    }

    void settle() {
        for (int i = 0; i < 10'000; ++i) {
            step();
            serve_quits();
            bool quiet = quits_.empty() && respawn_.empty();
            for (const auto &node : nodes) {
                quiet = quiet && !is_stopped(*node) && !node->master.quitting;
            }
            if (quiet) {
                break;
            }
        }
        run(Seconds{1});
    }

    test::Dice dice_{GetParam()};
    int last_pid_ = 100;
    bool vip_ = false;
    bool watched_ = false;
    Instant lease_ends_{};
    Instant heard_at_{};
    Duration longest_{};
    std::vector<std::pair<Master *, Instant>> respawn_;
    std::vector<Node *> quits_;
};

Node::Node(PropertyTest &t, Master &m, int p)
    : test(t),
      master(m),
      pid(p),
      ownership(t.memory.get(), {m.configured_at, p}, *this, log) {
    std::vector<RouterConfig> routers{{config(), {}}};
    engine.emplace(
        std::move(routers),
        Ports{machine, machine, machine, machine, machine, ownership, machine,
              machine, machine, machine, machine, machine, machine},
        log);
}

bool Node::is_alive(int other, Instant) {
    return std::ranges::any_of(test.nodes,
                               [&](const auto &n) { return n->pid == other; });
}

void Node::wake() {
    for (const auto &node : test.nodes) {
        node->woken = node->woken || node->engine->owns_any();
    }
}

// A second master beside the first; then one of them ends.
TEST_P(PropertyTest, UpgradesAreNotNoticed) {
    std::vector<std::unique_ptr<Master>> masters;
    masters.push_back(std::make_unique<Master>(Master{now}));
    start(*masters.back());
    run(Seconds{1});
    watched_ = true;

    for (int round = 0; round < 10; ++round) {
        Master &old = *masters.back();
        masters.push_back(std::make_unique<Master>(Master{now}));
        Master &upgraded = *masters.back();
        start(upgraded);
        run(Milliseconds{dice_.below(400)});
        disturb(old, upgraded);

        // As soon as a second process is there again.
        run(Milliseconds{20 + dice_.below(400)});
        const bool back = dice_.one_in(2);
        quit(back ? upgraded : old);
        disturb_successor(back ? old : upgraded);
        settle();
        if (back) {
            std::swap(masters[masters.size() - 1], masters[masters.size() - 2]);
        }
        ASSERT_EQ(nodes.size(), 1u);
        EXPECT_EQ(nodes[0]->engine->routers()[0].instance().state(),
                  vrrp::StateName::active);
        ASSERT_FALSE(HasFailure()) << "round " << round;
    }
    EXPECT_LE(longest_, kLongestGap);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, ::testing::Range(1u, 41u));

}  // namespace
}  // namespace ngx_vrrp::engine
