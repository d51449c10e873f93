// Nodes that finish connections which this node forwards, or the other way
// round: does the kernel answer? If it does not, the node is dead, and no
// process of it reports. If it does, only its vrrp process is silent, and the
// next one continues.
//
// ARP and neighbour discovery are answered by a kernel under load, too. A node
// that has never answered is not judged: a filter may drop the questions.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/base/find.hpp"
#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/neighbour_question.hpp"
#include "core/engine/ports.hpp"
#include "core/wire/neighbour.hpp"

namespace ngx_vrrp::engine {

class NodeWatch {
public:
    // After the last sign of life. A client sends a lost segment again after
    // 0.2, 0.6 and 1.4 s: the last one meets a node that is known to be dead.
    static constexpr Duration kCalm = Milliseconds{400};
    static constexpr Duration kAnswerTime = Milliseconds{100};
    static constexpr unsigned kMostUnanswered = 8;

    explicit NodeWatch(Instant now) : due_at_(now) {}

    // A report of its process.
    void hear(Instant now) {
        unanswered_ = 0;
        due_at_ = now + kCalm;
    }
    void answer(Instant now) {
        has_answered_ = true;
        hear(now);
    }

    Instant due_at() const { return due_at_; }

    // When it is due: the node is dead. Otherwise it is to be asked. If this
    // process did not run when it was due, answers may wait to be read.
    bool is_dead(Instant now) {
        if (now >= due_at_ + kAnswerTime) {
            unanswered_ = 0;
        }
        return has_answered_ && unanswered_ >= kMostUnanswered;
    }
    void ask(bool is_sent, Instant now) {
        unanswered_ = is_sent ? unanswered_ + 1 : 0;
        due_at_ = now + (is_sent && has_answered_ ? kAnswerTime : kCalm);
    }

private:
    Instant due_at_;
    unsigned unanswered_ = 0;
    bool has_answered_ = false;
};

class NodeWatches {
public:
    struct Node {
        std::string interface;  // of this node
        IpAddress address;      // of the peer link
        MacAddress mac{};

        friend bool operator==(const Node &, const Node &) = default;
    };

    // A report. True: the node is a new one, its answers are to be received. An
    // earlier address of it may be gone.
    bool hear(const Node &node, Instant now) {
        for (Watched &watched : list_) {
            if (is_same_host(watched.node, node)) {
                watched.watch.hear(now);
            }
        }
        if (find(node)) {
            return false;
        }
        list_.push_back({node, NodeWatch{now}});
        return true;
    }

    // It proves that the kernel lives, whichever address was asked for.
    void answer(const std::string &interface, const wire::Neighbour &from,
                Instant now) {
        const Node node{interface, from.address, from.mac};
        if (Watched *asked = find(node)) {
            for (Watched &watched : list_) {
                if (is_same_host(watched.node, node)) {
                    watched.watch.hear(now);
                }
            }
            asked->watch.answer(now);
        }
    }

    // The others are forgotten. True: there were some.
    template <class Needed>
    bool keep(const Needed &is_needed) {
        return std::erase_if(list_, [&](const Watched &watched) {
                   return !is_needed(watched.node);
               }) != 0;
    }

    // Asks those that are due. Returns the dead ones.
    std::vector<Node> handle_time(const Interfaces &interfaces,
                                  Transmit &transmit, Instant now) {
        std::vector<Node> dead;
        for (auto &[node, watch] : list_) {
            if (now < watch.due_at()) {
                continue;
            }
            const Interface *interface = interfaces.find(node.interface);
            if (watch.is_dead(now) && interface && interface->up) {
                dead.push_back(node);
                watch.hear(now);
            } else {
                watch.ask(ask(interface, node, transmit), now);
            }
        }
        return dead;
    }

    std::optional<Instant> deadline() const {
        std::optional<Instant> earliest;
        for (const Watched &watched : list_) {
            take_earlier(earliest, {watched.watch.due_at()});
        }
        return earliest;
    }

    std::vector<IpAddress> addresses() const {
        std::vector<IpAddress> list;
        for (const Watched &watched : list_) {
            list.push_back(watched.node.address);
        }
        return list;
    }

private:
    struct Watched {
        Node node;
        NodeWatch watch;
    };

    static bool is_same_host(const Node &a, const Node &b) {
        return a.interface == b.interface && a.mac == b.mac;
    }

    Watched *find(const Node &node) {
        return find_first(list_, node, &Watched::node);
    }

    static bool ask(const Interface *interface, const Node &node,
                    Transmit &transmit) {
        const Buffer frame =
            interface && interface->up
                ? neighbour_question(*interface, node.address, node.mac)
                : Buffer{};
        return !frame.empty() && transmit.send_frame(*interface, frame);
    }

    std::vector<Watched> list_;
};

}  // namespace ngx_vrrp::engine
