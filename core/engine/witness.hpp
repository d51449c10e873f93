// The witness of takeover_check: a check that passes only if the network of
// this node works. A BACKUP asks it before it takes over after silence
// (vrrp::Instance). A MASTER that loses its peer links asks it, too: without an
// answer it gives the addresses up, because another node that reaches the
// witness may have them by now. One answer is enough until links are lost
// again: then the network works, and it is the other node that has gone.
//
// No result, not even a failure, is none of the witness: the checker process
// does not run. Then nothing is known about the network, and the router does
// what it would do without a witness.
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/time.hpp"
#include "core/check/config.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

// The peer links on the interface of a router.
enum class LinkedPeers : std::uint8_t {
    none,  // there was none, or the other nodes have ended
    some,
    lost  // there was one
};

// How often a MASTER asks, and the number of failures in a row: before the
// first answer, and after it.
inline constexpr Duration kWitnessPeriod = Seconds{1};
inline constexpr unsigned kWitnessFailures = 3;
inline constexpr unsigned kLaterFailures = 30;

// Of a checker process that runs, a result comes within a second, or two if a
// check was under way. nginx replaces one that died in milliseconds.
inline constexpr Duration kNoResult = Milliseconds{2500};

class Witness {
public:
    explicit Witness(check::CheckId check) : check_(check) {}

    check::CheckId check() const { return check_; }

    // Not one that has been seen before.
    bool is_news(Instant checked_at) const { return checked_at > seen_at_; }
    void see(Instant checked_at) {
        seen_at_ = checked_at;
        without_result_since_.reset();
    }

    // A BACKUP asks, and does so again until it has an answer. False: the
    // checker process has had time for a result. After a longer pause, this
    // process did not run, or it is another silence.
    bool on_question(Instant now) {
        if (!without_result_since_ ||
            now - asked_at_ > vrrp::kLongestWitnessPause * 3 / 2) {
            without_result_since_ = now;
        }
        asked_at_ = now;
        return now - *without_result_since_ < kNoResult;
    }

    // What a BACKUP asks for, it has before it takes over.
    void set_links(LinkedPeers links, bool is_master) {
        has_lost_links_ = links == LinkedPeers::lost && is_master;
        has_answered_ = false;
    }
    // This router needs an answer: it is MASTER, or has given up.
    bool has_lost_links() const { return has_lost_links_; }

    void ask(Instant now) {
        question_at_ = now + kWitnessPeriod;
        asks_ = true;
    }
    Instant question_at() const { return question_at_; }
    // Another router may ask the same one: only results of our own questions
    // count as failures.
    void on_result(bool passed) {
        if (passed) {
            failures_ = 0;
        } else if (asks_) {
            ++failures_;
        }
        asks_ = false;
        has_answered_ = has_answered_ || passed;
    }
    bool has_failed() const {
        return failures_ >= (has_answered_ ? kLaterFailures : kWitnessFailures);
    }
    // No answer is needed any more.
    void rest() {
        question_at_ = {};
        failures_ = 0;
        asks_ = false;
    }

private:
    check::CheckId check_;
    Instant seen_at_{};
    Instant asked_at_{};  // as a BACKUP
    std::optional<Instant> without_result_since_;
    bool has_lost_links_ = false;  // as MASTER
    bool has_answered_ = false;    // since then
    Instant question_at_{};
    bool asks_ = false;  // and has no result yet
    unsigned failures_ = 0;
};

}  // namespace ngx_vrrp::engine
