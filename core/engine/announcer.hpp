// The order and the pace of announcements: each address is announced once
// before any announcement is repeated, and with garp_interval or gna_interval
// there is a pause between two frames on an interface.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "core/base/time.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::engine {

class VirtualRouter;

class Announcer {
public:
    // ARP and neighbour advertisements of an interface.
    using Line = std::pair<IfIndex, Family>;

    // An address of a router, by its index.
    struct Turn {
        VirtualRouter *router;
        std::size_t address;
    };

    // A frame may be sent now, before all that wait.
    bool is_free(const Line &line, Instant now) const {
        const auto it = queues_.find(line);
        return it == queues_.end() || it->second.free_at <= now;
    }

    void sent(const Line &line, Duration pause, Instant now) {
        if (pause != Duration::zero()) {
            queues_[line].free_at = now + pause;
        }
    }

    // again: it has been announced once, and the others come first.
    void wait(const Line &line, const Turn &turn, bool again) {
        Queue &queue = queues_[line];
        (again ? queue.again : queue.first).push_back(turn);
        ++waiting_;
    }

    // take(turn) sends one frame; true: it wants another turn.
    template <class Take>
    void drain(Instant now, const Take &take) {
        if (waiting_ == 0) {
            return;
        }
        for (auto &[line, queue] : queues_) {
            while (!queue.is_empty() && queue.free_at <= now) {
                const Turn turn = queue.pop();
                if (take(turn)) {
                    queue.again.push_back(turn);
                } else {
                    --waiting_;
                }
            }
        }
    }

    // When drain() has more to do.
    std::optional<Instant> deadline() const {
        std::optional<Instant> earliest;
        if (waiting_ == 0) {
            return earliest;
        }
        for (const auto &[line, queue] : queues_) {
            if (!queue.is_empty()) {
                take_earlier(earliest, {queue.free_at});
            }
        }
        return earliest;
    }

private:
    struct Queue {
        Instant free_at{};
        std::deque<Turn> first;
        std::deque<Turn> again;

        bool is_empty() const { return first.empty() && again.empty(); }

        Turn pop() {
            std::deque<Turn> &turns = first.empty() ? again : first;
            const Turn turn = turns.front();
            turns.pop_front();
            return turn;
        }
    };

    std::map<Line, Queue> queues_;
    std::size_t waiting_ = 0;  // turns in all of them
};

}  // namespace ngx_vrrp::engine
