// The witness of a virtual router: see witness.hpp.
#include <utility>

#include "core/base/find.hpp"
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

namespace {

// A BACKUP that waits for it for a shorter time does not report it: with short
// intervals, an answer may come after the end of the down timer.
constexpr Duration kLeastCutOff = Seconds{1};

}  // namespace

std::optional<Witness> VirtualRouter::find_witness() const {
    const Tracker *tracker = find_first(
        trackers_.list(), [](const Tracker &t) { return t.config().witness; });
    return tracker ? std::optional<Witness>{tracker->config().first_check}
                   : std::nullopt;
}

void VirtualRouter::set_linked_peers(LinkedPeers links, Instant now) {
    if (witness_) {
        witness_->set_links(links, is_master());
        judge_witness(now);
    }
}

void VirtualRouter::act(const vrrp::AskWitness &, Instant now) {
    if (witness_) {
        ports_.results.demand(witness_->check());
        lacks_checker_ = !witness_->on_question(now);
    }
}

void VirtualRouter::check_checker(Instant now) {
    if (std::exchange(lacks_checker_, false)) {
        log_(LogLevel::warn,
             "the checker process has not asked the witness of "
             "\"takeover_check\" for %lld ms: it is not known whether this "
             "node is cut off, so the witness is ignored",
             static_cast<long long>(to_ms(kNoResult)));
        input(vrrp::WitnessAnswered{now, false}, now);
    }
}

bool VirtualRouter::is_master() const {
    return instance_.state() == vrrp::StateName::active &&
           !instance_.is_leaving() && is_ours();
}

[[gnu::hot]] bool VirtualRouter::needs_witness() const {
    return witness_ && witness_->has_lost_links() &&
           (is_master() || (is_ours() && faults_.has(FaultCause::witness)));
}

std::optional<Instant> VirtualRouter::witness_deadline() const {
    return needs_witness() ? std::optional{witness_->question_at()}
                           : std::nullopt;
}

void VirtualRouter::see_witness(Instant now) {
    if (!witness_) {
        return;
    }
    const auto result = ports_.results.result(witness_->check());
    if (!result || !witness_->is_news(result->checked_at)) {
        return;
    }
    witness_->see(result->checked_at);
    witness_->on_result(result->passed);
    judge_witness(now);
    if (result->passed) {
        input(vrrp::WitnessAnswered{result->checked_at}, now);
    }
}

// A node that never had a link has no other one, as far as it knows.
void VirtualRouter::judge_witness(Instant now) {
    if (!needs_witness()) {
        witness_->rest();
    }
    const bool has_failed = witness_->has_failed();
    if (has_failed != faults_.has(FaultCause::witness)) {
        set_fault(FaultCause::witness,
                  has_failed ? "cut off: the peer links have ended, and the "
                               "witness of \"takeover_check\" does not answer"
                             : "",
                  now);
    }
    ask_witness(now);
}

void VirtualRouter::ask_witness(Instant now) {
    if (const auto at = witness_deadline(); at && now >= *at) {
        witness_->ask(now);
        ports_.results.demand(witness_->check());
    }
}

void VirtualRouter::check_cut_off(Instant now) {
    const auto since = instance_.cut_off_since(now);
    if (since && now - *since >= kLeastCutOff && cut_off_limit_.allow(now)) {
        log_(LogLevel::warn,
             "no advertisement for %lld ms, but the witness of "
             "\"takeover_check\" does not answer: this node may be cut off, "
             "and stays BACKUP until the witness answers",
             static_cast<long long>(to_ms(now - *since)));
    }
}

void VirtualRouter::report_witness(const Tracker &tracker) {
    if (tracker.state() == check::Verdict::down) {
        log_(LogLevel::warn,
             "the witness of \"takeover_check\" (%s) does not answer: %s; "
             "until it does, this node does not take over from a MASTER that "
             "becomes silent",
             tracker.config().name.c_str(), tracker.reason().c_str());
    } else {
        log_(LogLevel::notice,
             "the witness of \"takeover_check\" (%s) answers again",
             tracker.config().name.c_str());
    }
}

}  // namespace ngx_vrrp::engine
