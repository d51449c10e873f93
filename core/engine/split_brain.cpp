#include "core/engine/split_brain.hpp"

#include <algorithm>
#include <utility>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::engine {

namespace {

// For a router that must yield: it receives our answer within milliseconds, and
// the contest ends within an interval or two.
constexpr Duration kLeastRivalry = Seconds{1};
constexpr Duration kLeastQuiet = Seconds{3};

// A node that died keeps its addresses until the lease in the kernel ends; its
// last packets arrive after that.
constexpr Duration kSettleMargin = Seconds{1};

// One claim may be a mistake; two claims, this far apart, are not.
constexpr Duration kConfirm = Seconds{1};

// Within this time after taking over, a foreign owner is the previous MASTER.
constexpr Duration kPredecessorTime = Seconds{30};

// A dropped advertisement explains a sign for this time.
constexpr Duration kRecentDrop = Seconds{10};

constexpr const char *kWayOfAdverts =
    "check packet filters (IP protocol 112), IGMP snooping and unicast_peer";

// The addresses of a node whose VRRP process died are removed when their lease
// ends.
constexpr Duration kStrayPatience = Seconds{3};

// How often an address that stays is reported again.
constexpr Duration kStrayPeriod = Seconds{60};

// This node cannot distinguish the two causes.
constexpr const char *kLostOrLeft =
    "if it is still MASTER, its advertisements do not arrive here (check "
    "packet filters for IP protocol 112, IGMP snooping and unicast_peer); if "
    "not, its VRRP process ended and did not remove the address";

constexpr const char *kFindTheHost =
    "find that host and remove the address from it (static configuration, "
    "keepalived that was killed?); if it is MASTER, its advertisements do not "
    "arrive here (check packet filters for IP protocol 112, IGMP snooping and "
    "unicast_peer)";

std::uint64_t seed_of(const vrrp::Config &config) {
    std::uint64_t seed = to_number(config.vrid) + 256u * config.priority.value;
    for (const char c : config.name) {
        seed = seed * 31 + static_cast<unsigned char>(c);
    }
    return seed;
}

std::string to_string(const MacAddress &mac) {
    return format("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                  mac[3], mac[4], mac[5]);
}

}  // namespace

SplitBrain::SplitBrain(const vrrp::Config &config)
    : grace_(vrrp::lease(config.version, config.advert_interval,
                         config.down_adverts) +
             kSettleMargin),
      probes_(config.addresses.size(), seed_of(config)),
      down_adverts_(config.down_adverts),
      patience_(down_adverts_ * config.advert_interval) {}

[[gnu::hot]] void SplitBrain::set_active(bool active, Instant now) {
    if (active && !active_) {
        // only a router that was heard can become silent
        in_silence_ = heard_at_ && now - *heard_at_ >= patience_;
        begin(now);
    } else if (!active && active_) {
        end("no longer MASTER");
    }
}

void SplitBrain::resume(const std::vector<SuspectedSign> &signs, Instant now) {
    begin(now);
    in_silence_ = false;
    signs_ = signs;
    for (const SuspectedSign &s : signs) {
        if (s.sign == SplitBrainSign::two_masters) {
            rival_.resume(s.since, now, rival_patience().quiet);
        } else if (s.sign == SplitBrainSign::address_on_backup) {
            stray_since_ = s.since;
            report_stray_at_ = now + kStrayPeriod;
        } else {
            owner_sign_ = s.sign;
            owner_.resume(s.since, now, grace_ + owner_patience().quiet);
        }
    }
}

void SplitBrain::retire() {
    end({});
    see_stray({}, {});
    news_.clear();
}

void SplitBrain::begin(Instant now) {
    active_ = true;
    grace_until_ = now + grace_;
    probes_.begin(grace_until_);
}

void SplitBrain::end(const std::string &why) {
    active_ = false;
    probes_.end();
    rival_.end();
    owner_.end();
    for (const SplitBrainSign sign : kSplitBrainSigns) {
        if (sign != SplitBrainSign::address_on_backup && find(sign)) {
            end_sign(sign, why);
        }
    }
}

Patience SplitBrain::rival_patience() const {
    return {std::max(patience_, kLeastRivalry),
            std::max(patience_, kLeastQuiet)};
}

// It ends after a round of probes, and a few more for the address in doubt,
// without an answer.
Patience SplitBrain::owner_patience() const {
    return {kConfirm, probes_.longest_round() * 3 / 2};
}

[[gnu::hot]] void SplitBrain::on_advert(Duration interval, Instant now) {
    heard_at_ = now;
    patience_ = down_adverts_ * interval;
}

[[gnu::hot]] void SplitBrain::on_rival(const wire::Advertisement &advert,
                                       const IpAddress &source, Priority ours,
                                       Instant now) {
    if (active_ && advert.priority != kPriorityZero &&
        rival_.see(now, rival_patience())) {
        suspect(
            SplitBrainSign::two_masters,
            format("%s, priority %u, keeps advertising although our priority "
                   "%u wins: it does not receive our advertisements or drops "
                   "them; %s",
                   source.to_string().c_str(), unsigned{advert.priority.value},
                   unsigned{ours.value}, kWayOfAdverts),
            now);
    }
}

void SplitBrain::on_drop(wire::DropReason reason, const IpAddress &source,
                         Instant now) {
    if (reason != wire::DropReason::loop) {
        drop_ = Drop{reason, source, now};
    }
}

void SplitBrain::on_claim(std::size_t index, const wire::Neighbour &claim,
                          Instant now) {
    if (!active_ || now < grace_until_) {
        return;
    }
    if (!owner_.is_doubt()) {
        probes_.doubt(index, now + kConfirm);
    }
    if (owner_.see(now, owner_patience())) {
        const bool is_predecessor =
            in_silence_ && now < grace_until_ + kPredecessorTime;
        owner_sign_ = is_predecessor ? SplitBrainSign::adverts_lost
                                     : SplitBrainSign::foreign_owner;
        suspect(owner_sign_, describe_owner(claim, now), now);
    }
}

std::string SplitBrain::describe_owner(const wire::Neighbour &claim,
                                       Instant now) const {
    const std::string address = claim.address.to_string();
    const std::string mac = to_string(claim.mac);
    const std::string advice = advise(now);
    if (owner_sign_ == SplitBrainSign::adverts_lost) {
        return format(
            "%s still has %s, which we took over when its "
            "advertisements stopped: %s",
            mac.c_str(), address.c_str(),
            advice.empty() ? kLostOrLeft : advice.c_str());
    }
    return format("%s also has %s: %s", mac.c_str(), address.c_str(),
                  advice.empty() ? kFindTheHost : advice.c_str());
}

// A router that claims to be MASTER, but whose advertisements we drop, is the
// first suspect.
std::string SplitBrain::advise(Instant now) const {
    if (!drop_ || now - drop_->at > kRecentDrop) {
        return {};
    }
    return format(
        "advertisements from %s arrive, but are dropped (%s), see the warning "
        "about them",
        drop_->source.to_string().c_str(), to_string(drop_->reason).data());
}

std::string SplitBrain::advice(Instant now) const {
    const std::string dropped = advise(now);
    return dropped.empty() ? kWayOfAdverts : dropped;
}

void SplitBrain::see_stray(const std::string &detail, Instant now) {
    constexpr SplitBrainSign kSign = SplitBrainSign::address_on_backup;
    SuspectedSign *told = find(kSign);
    if (detail.empty()) {
        stray_since_.reset();
        if (told) {
            end_sign(kSign, "this node no longer has a virtual address");
        }
        return;
    }
    stray_since_ = stray_since_.value_or(now);
    if (told) {
        told->detail = detail;
    }
    if (now < std::max(*stray_since_ + kStrayPatience, report_stray_at_)) {
        return;
    }
    report_stray_at_ = now + kStrayPeriod;
    if (told) {
        news_.push_back({{kSign, true}, detail, true});
    } else {
        suspect(kSign, detail, now);
    }
}

[[gnu::hot]] void SplitBrain::handle_time(Instant now) {
    if (rival_.end_if_quiet(now)) {
        end_sign(SplitBrainSign::two_masters,
                 "its advertisements have "
                 "stopped");
    }
    if (owner_.end_if_quiet(now)) {
        end_sign(owner_sign_, "no other host has it any more");
    }
    if (!owner_.is_doubt()) {
        probes_.forget_doubt();
    }
}

void SplitBrain::suspect(SplitBrainSign sign, std::string detail, Instant now) {
    signs_.push_back({sign, now, detail});
    news_.push_back({{sign, true}, std::move(detail)});
}

void SplitBrain::end_sign(SplitBrainSign sign, std::string why) {
    std::erase_if(signs_,
                  [&](const SuspectedSign &s) { return s.sign == sign; });
    news_.push_back({{sign, false}, std::move(why)});
}

SuspectedSign *SplitBrain::find(SplitBrainSign sign) {
    return find_first(signs_, sign, &SuspectedSign::sign);
}

[[gnu::hot]] std::vector<SignNews> SplitBrain::take_news() {
    return std::exchange(news_, {});
}

[[gnu::hot]] std::optional<Instant> SplitBrain::deadline() const {
    std::optional<Instant> earliest = probes_.deadline();
    take_earlier(earliest, rival_.deadline());
    take_earlier(earliest, owner_.deadline());
    if (stray_since_) {
        take_earlier(earliest, {std::max(*stray_since_ + kStrayPatience,
                                         report_stray_at_)});
    }
    return earliest;
}

}  // namespace ngx_vrrp::engine
