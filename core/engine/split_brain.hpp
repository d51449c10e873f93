// Does another node hold our addresses while we do? VRRP alone cannot prevent
// that when adverts get lost; but there are signs of it (event.hpp):
//
//   two_masters    a router that must yield to us keeps advertising, so it
//                  does not receive our adverts
//   foreign_owner  another link-layer address announces a virtual address, or
//                  answers a probe for it
//   adverts_lost   the same, soon after we took over from a router that became
//                  silent: either only its adverts are lost, or it left the
//                  address behind
//
// These are signs of an active router: received packets go in, probes for the
// LAN and reports for the operator come out. While the address moves from one
// router to another, both may announce it for a moment: this is not a sign.
//
//   address_on_backup  the same fault, seen from the other side: this node has
//                      a virtual address although the router is not active
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/engine/event.hpp"
#include "core/engine/probe_schedule.hpp"
#include "core/engine/suspicion.hpp"
#include "core/vrrp/config.hpp"
#include "core/wire/advertisement.hpp"
#include "core/wire/drop_reason.hpp"
#include "core/wire/neighbour.hpp"

namespace ngx_vrrp::engine {

// The signs that are suspected now.
struct SuspectedSign {
    SplitBrainSign sign{};
    Instant since{};
    std::string detail;  // the observation, and what to check

    friend bool operator==(const SuspectedSign &,
                           const SuspectedSign &) = default;
};

struct SignNews {
    SplitBrainChanged change;
    std::string text;
    bool again = false;  // no change, it is only reported again
};

class SplitBrain {
public:
    explicit SplitBrain(const vrrp::Config &config);

    // Active, and not about to leave. May be called repeatedly.
    void set_active(bool active, Instant now);

    // In place of set_active(true): another process of this node was active,
    // and suspected these signs.
    void resume(const std::vector<SuspectedSign> &signs, Instant now);

    // In place of set_active(false): another process continues.
    void retire();

    // An advert with this interval was accepted, before it takes effect.
    void on_advert(Duration interval, Instant now);

    // An advertisement that did not end our active state.
    void on_rival(const wire::Advertisement &advert, const IpAddress &source,
                  Priority ours, Instant now);

    // An advert for this router that was not accepted.
    void on_drop(wire::DropReason reason, const IpAddress &source, Instant now);

    // Another host announces a virtual address, given by its index.
    void on_claim(std::size_t index, const wire::Neighbour &claim, Instant now);

    // The address that this router has on this node although it is not active,
    // as text; empty: none. May be called repeatedly.
    void see_stray(const std::string &detail, Instant now);
    // What to check if adverts are missing.
    std::string advice(Instant now) const;
    bool has_stray() const { return stray_since_.has_value(); }

    void handle_time(Instant now);

    // The index of a virtual address to probe now.
    std::optional<std::size_t> take_question(Instant now) {
        return probes_.take(now);
    }

    // The changes since the last call.
    bool has_news() const { return !news_.empty(); }
    std::vector<SignNews> take_news();

    const std::vector<SuspectedSign> &signs() const { return signs_; }
    std::optional<Instant> deadline() const;

private:
    struct Drop {
        wire::DropReason reason{};
        IpAddress source;
        Instant at{};
    };

    void begin(Instant now);
    void end(const std::string &why);
    Patience rival_patience() const;
    Patience owner_patience() const;
    void suspect(SplitBrainSign sign, std::string detail, Instant now);
    void end_sign(SplitBrainSign sign, std::string why);
    SuspectedSign *find(SplitBrainSign sign);
    std::string describe_owner(const wire::Neighbour &claim, Instant now) const;
    std::string advise(Instant now) const;

    Duration grace_;  // the previous MASTER may have the addresses
    Instant grace_until_{};
    std::optional<Drop> drop_;
    Instant report_stray_at_{};  // not before
    std::vector<SuspectedSign> signs_;
    ProbeSchedule probes_;
    bool in_silence_ = false;      // why we became active
    SplitBrainSign owner_sign_{};  // foreign_owner or adverts_lost
    std::vector<SignNews> news_;
    std::optional<Instant> stray_since_;
    Suspicion rival_;
    Suspicion owner_;

    // Each advertisement needs this.
    bool active_ = false;
    unsigned down_adverts_;
    Duration patience_;  // with a silent router: so many of its intervals
    std::optional<Instant> heard_at_;
};

}  // namespace ngx_vrrp::engine
