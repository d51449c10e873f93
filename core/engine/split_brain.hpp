// Does another node hold our addresses while we do? VRRP alone cannot prevent
// that when adverts get lost; but there are signs of it (event.hpp):
//
//   two_masters    a router that must give way to us goes on advertising, so
//                  it does not hear us
//   foreign_owner  a link-layer address that is not ours says that it has a
//                  virtual address, or answers when we ask for it
//   adverts_lost   the same, soon after we took over from a router that fell
//                  silent: either only its adverts are gone, or it left the
//                  address behind
//
// These are signs of an active router: what it hears goes in, what to ask the
// LAN and what to tell the operator comes out. What is ours to say when the
// address passes from one to the other lasts for a moment, and is no sign.
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

// What is suspected now.
struct SuspectedSign {
    SplitBrainSign sign{};
    Instant since{};
    std::string detail;  // what is seen, and what to look at

    friend bool operator==(const SuspectedSign &,
                           const SuspectedSign &) = default;
};

struct SignNews {
    SplitBrainChanged change;
    std::string text;
    bool again = false;  // nothing has changed, it is only repeated
};

class SplitBrain {
public:
    explicit SplitBrain(const vrrp::Config &config);

    // Active, and not leaving. Repeated calls are harmless.
    void set_active(bool active, Instant now);

    // Instead of set_active(true): another process of this node was active, and
    // had this suspicion.
    void resume(const std::vector<SuspectedSign> &signs, Instant now);

    // Instead of set_active(false): another process continues.
    void retire();

    // An advert that was accepted, before it takes effect.
    void hear(const wire::Advertisement &advert, Instant now);

    // One that did not end our being active.
    void hear_rival(const wire::Advertisement &advert, const IpAddress &source,
                    Priority ours, Instant now);

    // An advert for this router that was not accepted.
    void hear_dropped(wire::DropReason reason, const IpAddress &source,
                      Instant now);

    // Another machine has announced this virtual address, by its index.
    void hear_claim(std::size_t index, const wire::Neighbour &claim,
                    Instant now);

    // A virtual address that is on this node although this router is not
    // active; empty: none. Repeated calls are harmless.
    void see_stray(const std::string &detail, Instant now);
    bool has_stray() const { return stray_since_.has_value(); }

    void handle_time(Instant now);

    // The index of a virtual address to ask the LAN for now.
    std::optional<std::size_t> take_question(Instant now) {
        return probes_.take(now);
    }

    // What has changed since the last call.
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
    bool is_silent(Instant now) const;
    Patience rival_patience() const;
    Patience owner_patience() const;
    void suspect(SplitBrainSign sign, std::string detail, Instant now);
    void absolve(SplitBrainSign sign, std::string why);
    SuspectedSign *find(SplitBrainSign sign);
    std::string describe_owner(const wire::Neighbour &claim, Instant now) const;
    std::string advise(Instant now) const;

    Duration settles_;   // the one before us may have the addresses so long
    Duration patience_;  // with a silent router: three of its intervals

    bool active_ = false;
    bool in_silence_ = false;  // why we became active
    Instant settled_at_{};
    std::optional<Instant> heard_at_;
    std::optional<Drop> drop_;

    Suspicion rival_;
    Suspicion owner_;
    SplitBrainSign owner_sign_{};  // foreign_owner or adverts_lost
    ProbeSchedule probes_;
    std::optional<Instant> stray_since_;
    Instant tell_stray_at_{};  // not before
    std::vector<SuspectedSign> signs_;
    std::vector<SignNews> news_;
};

}  // namespace ngx_vrrp::engine
