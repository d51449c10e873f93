// A planned move cuts no connection. The node that leaves keeps the address
// at "lo" and finishes the connections that it has (Drain). Its successor sends
// it what arrives for them (Forwarding). Both are agreed on the peer link. Pure
// state: the router performs it (virtual_router_drain.cpp).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::engine {

// What is repeated each second. New processes of both nodes, on busy machines,
// continue before the other one gives up.
inline constexpr Duration kDrainReport = Seconds{1};
inline constexpr Duration kDrainSilence = Seconds{8};

// Of the addresses at "lo", and of what the kernel does with packets.
inline constexpr Seconds kDrainLease{10};

// Of the peer, to a request or a report.
struct ForwardsReport {
    bool is_in_place = false;
    std::string why_not;  // empty: not known
    std::uint64_t segments = 0;
    MacAddress mac{};
    IpAddress at{};  // its address on the peer link
};

class Drain {
public:
    // For the answer to the request. The kernel may need hundreds of
    // milliseconds to attach the program, for example while it removes
    // containers. But workers that have got QUIT wait for release_timeout only.
    static constexpr Duration kAnswerTime = Seconds{1};
    // For the request of a node that is to be preempted: a round trip.
    static constexpr Duration kRequestTime = Milliseconds{150};
    // Segments of the successor of which none has arrived: networks drop frames
    // with the source address of another host.
    static constexpr std::uint64_t kMostLost = 3;
    // For a successor that was so late that this node is MASTER again. Much
    // later another node may take over, which has not agreed.
    static constexpr Duration kLateTime = Seconds{1};
    static constexpr Duration kMissed = Milliseconds{2500};
    // For the end of the last connections.
    static constexpr Duration kCloseTime = Milliseconds{300};

    enum class Step : std::uint8_t {
        none,
        asks,    // still MASTER
        agreed,  // the same, or leaving, or MASTER again since a moment
        drains,
        closes  // the connections that are left
    };

    Step step() const { return step_; }
    bool is_asking() const { return step_ == Step::asks; }
    bool has_addresses() const { return step_ >= Step::drains; }

    void ask(unsigned connections, Instant now) {
        *this = {};
        step_ = Step::asks;
        connections_ = connections;
        since_ = now;
        due_at_ = now + kAnswerTime;
        has_news_ = true;
    }

    void agree(const ForwardsReport &report, Instant now) {
        step_ = Step::agreed;
        due_at_.reset();
        hear(report, now);
    }

    // The other node has agreed, but did not take over while this one waited.
    void expect_late_successor(Instant now) {
        due_at_ = due_at_.value_or(now + kLateTime);
    }

    // most: the time after which it ends. is_taken: the successor has the
    // addresses; otherwise it is to confirm that. What it forwarded before has
    // arrived before this node counted.
    void begin(unsigned connections, bool is_taken, Duration most,
               Instant now) {
        is_taken_ = is_taken;
        step_ = Step::drains;
        connections_ = connections;
        since_ = now;
        ends_at_ = now + most;
        heard_at_ = now;
        first_segments_ = UINT64_MAX;
        answered_at_ = now;
        due_at_ = now + kDrainReport;
        has_news_ = true;
    }

    void hear(const ForwardsReport &report, Instant now) {
        heard_at_ = now;
        answered_at_ = now;
        is_lost_ = false;
        is_taken_ = true;
        segments_ = report.segments;
        if (mac_ != report.mac) {
            first_segments_ = UINT64_MAX;
        }
        first_segments_ = std::min(first_segments_, segments_);
        mac_ = report.mac;
        refusal_.clear();
    }

    // Two reports without an answer, and part of a third one: its process may
    // only have been started again.
    bool misses_successor(Instant now) const {
        return step_ == Step::drains &&
               (is_lost_ || now >= answered_at_ + kMissed);
    }
    // Its node is dead: another MASTER is to be asked.
    void lose_successor(Instant now) {
        is_lost_ = true;
        due_at_ = now;
    }
    bool has_lost_successor() const { return is_lost_; }
    // An election takes as long as a silence, at most.
    void wait_for_election(Instant now) { heard_at_ = now; }

    // Its process may have been started again, and be ready in a moment.
    void refuse(std::string why, Instant now) {
        answered_at_ = now;
        refusal_ = std::move(why);
    }

    bool is_due(Instant now) const { return due_at_ && now >= *due_at_; }

    // While it drains: the reason to end it, or empty.
    std::string end_reason(Instant now) const {
        if (connections_ == 0) {
            return "no connection is left";
        }
        if (now >= ends_at_) {
            return "drain_timeout has passed";
        }
        if (now >= heard_at_ + kDrainSilence) {
            return refusal_.empty()
                       ? "the successor does not answer on the peer link"
                       : "the successor does not forward: " + refusal_;
        }
        if (received_ == 0 && segments_ >= first_segments_ &&
            segments_ - first_segments_ >= kMostLost) {
            return "nothing of what the successor forwards arrives here";
        }
        return {};
    }

    // received: of what the successor forwards, since the drain began or this
    // process was started.
    void report(unsigned connections, std::uint64_t received, Instant now) {
        connections_ = connections;
        received_ = received;
        due_at_ = std::min(now + kDrainReport, std::max(ends_at_, now));
        has_news_ = true;
    }

    void end_by(Instant at) { ends_at_ = std::min(ends_at_, at); }

    void close(std::string why, Instant now) {
        step_ = Step::closes;
        why_ = std::move(why);
        close_until_ = now + kCloseTime;
        close_again(now);
    }
    void close_again(Instant now) { due_at_ = now + Milliseconds{2}; }
    bool has_closed_long_enough(Instant now) const {
        return now >= close_until_;
    }
    const std::string &why() const { return why_; }

    void end() {
        *this = {};
        has_news_ = true;
    }

    // The successor is to be informed.
    bool take_news() { return std::exchange(has_news_, false); }

    unsigned connections() const { return connections_; }
    std::uint64_t segments() const { return segments_; }
    bool is_taken() const { return is_taken_; }
    const MacAddress &successor() const { return mac_; }
    Instant since() const { return since_; }
    Instant ends_at() const { return ends_at_; }
    std::optional<Instant> deadline() const { return due_at_; }

private:
    Step step_ = Step::none;
    bool has_news_ = false;
    bool is_taken_ = false;
    bool is_lost_ = false;
    unsigned connections_ = 0;
    std::uint64_t segments_ = 0;  // forwarded by the successor
    std::uint64_t first_segments_ = UINT64_MAX;
    std::uint64_t received_ = 0;
    std::string refusal_;
    MacAddress mac_{};
    Instant since_{};
    Instant heard_at_{};     // the successor, which forwards
    Instant answered_at_{};  // or refuses
    Instant ends_at_ = Instant::max();
    Instant close_until_{};
    std::string why_;
    std::optional<Instant> due_at_;
};

// What the node that leaves asks for, or reports.
struct DrainRequest {
    enum class Step : std::uint8_t { asks, drains, ended };

    Step step{};
    unsigned connections = 0;
    Duration most{0};  // until it ends at the latest
    MacAddress mac{};
    std::string from;  // its name and address
    IpAddress at{};    // its address on the peer link
};

class Forwarding {
public:
    bool is_on() const { return on_; }

    void renew(const DrainRequest &request, Instant now) {
        if (!on_) {
            since_ = now;
        }
        on_ = true;
        mac_ = request.mac;
        from_ = request.from;
        connections_ = request.connections;
        until_ = now + std::min(kDrainSilence, request.most);
    }
    void end() { *this = {}; }

    bool has_ended(Instant now) const { return on_ && now >= until_; }
    bool is_for(const MacAddress &mac) const { return on_ && mac_ == mac; }
    const MacAddress &mac() const { return mac_; }
    const std::string &from() const { return from_; }
    unsigned connections() const { return connections_; }
    Instant since() const { return since_; }
    std::optional<Instant> deadline() const {
        return on_ ? std::optional{until_} : std::nullopt;
    }

private:
    bool on_ = false;
    MacAddress mac_{};
    std::string from_;
    unsigned connections_ = 0;
    Instant since_{};
    Instant until_{};
};

}  // namespace ngx_vrrp::engine
