#include "core/engine/tracker.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/base/enum_name.hpp"
#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

namespace {

using check::Verdict;

// A number in a file that is further from zero has no further effect.
constexpr std::int64_t kMostNumber = 255;

constexpr const char *kLatched = ", latched until \"resume\"";

check::Monitor monitor(const TrackerConfig &config) {
    const bool counts = config.kind != TrackKind::check;
    return {counts ? config.fall : 1, counts ? config.rise : 1,
            Verdict::unknown};
}

// A pool without servers serves no client.
unsigned needed(const TrackerConfig &config, unsigned used) {
    const unsigned wanted = config.min_up_percent
                                ? (used * config.min_up + 99) / 100
                                : config.min_up;
    return std::max(wanted, 1u);
}

std::string servers_up(unsigned up, unsigned used, unsigned needed) {
    std::string text = format("%u of %u servers up", up, used);
    if (up != 0 && up < needed) {
        text += format(", %u needed", needed);
    }
    return text;
}

}  // namespace

Tracker::Tracker(TrackerConfig config)
    : config_(std::move(config)), monitor_(monitor(config_)) {}

void Tracker::begin(Instant checks_started_by) {
    known_by_ = checks_started_by + config_.first_result;
}

void Tracker::trust(Instant now) {
    trusted_ = true;
    was_up_ = was_up_ || monitor_.verdict() != Verdict::down;
    if (!config_.weight && config_.kind != TrackKind::check &&
        config_.fall > 1 && monitor_.verdict() == Verdict::down) {
        monitor_ = {config_.fall, config_.rise, Verdict::up, 1};
        next_check_ = now + config_.interval;
    }
}

void Tracker::evaluate(const Interfaces &interfaces, const Results &results,
                       Instant now) {
    overdue_ = now >= known_by_;
    if (const auto finding = find(interfaces, results)) {
        pool_ = finding->pool;
        bfd_ = finding->bfd;
        judge(*finding, now);
    }
}

// A change between two checks may interrupt a row, but does not count.
void Tracker::judge(const Finding &finding, Instant now) {
    if (finding.verdict != Verdict::up && finding.verdict != Verdict::down) {
        return;
    }
    if (finding.verdict == monitor_.verdict()) {
        monitor_.add(finding.verdict == Verdict::up);
    } else if (monitor_.streak() == 0 || now >= next_check_) {
        monitor_.add(finding.verdict == Verdict::up);
        next_check_ = now + config_.interval;
    }
    was_up_ = was_up_ || monitor_.verdict() == Verdict::up;
    if (finding.verdict == monitor_.verdict()) {
        finding_reason_ = finding.reason;
        if (!latched_ || finding.verdict == Verdict::down) {
            reason_ = finding.reason + (latched_ ? kLatched : "");
        }
        number_ = finding.number;
    }
}

// The reason of the failure stays with it.
void Tracker::set_latched(bool latched) {
    if (latched == latched_) {
        return;
    }
    latched_ = latched;
    was_up_ = monitor_.verdict() == Verdict::up;
    if (!latched) {
        reason_ = finding_reason_;
    } else if (monitor_.verdict() == Verdict::down) {
        reason_ = finding_reason_ + kLatched;
    } else {
        reason_ = std::string{"it failed before"} + kLatched;
    }
}

std::optional<Instant> Tracker::deadline() const {
    if (is_awaited()) {
        return known_by_;
    }
    return monitor_.streak() != 0 ? std::optional{next_check_} : std::nullopt;
}

bool Tracker::is_awaited() const {
    return state() == Verdict::unknown && !overdue_ && !config_.witness;
}

bool Tracker::is_fault() const {
    return !config_.weight && state() != Verdict::up && !is_awaited();
}

int Tracker::priority_delta() const {
    const int weight = config_.weight.value_or(0);
    if (state() == Verdict::unknown) {
        return trusted_ && !overdue_ ? std::max(weight, 0) : 0;
    }
    if (config_.kind == TrackKind::file) {
        return weight *
               static_cast<int>(std::clamp(number_, -kMostNumber, kMostNumber));
    }
    return state() == Verdict::up ? std::max(weight, 0) : std::min(weight, 0);
}

std::string Tracker::describe() const {
    constexpr std::array<std::string_view, 4> words{"", " has no result yet",
                                                    " is up", " failed"};
    std::string text = label();
    text += name_of(state(), words);
    if (!reason_.empty()) {
        text += ", " + reason_;
    }
    return text + format(" (weight %d)", config_.weight.value_or(0));
}

// Sources of findings

std::optional<Tracker::Finding> Tracker::find(const Interfaces &interfaces,
                                              const Results &results) const {
    switch (config_.kind) {
        case TrackKind::check:
            return find_check(results);
        case TrackKind::pool:
            return find_pool(results);
        case TrackKind::file:
            return find_file(results);
        case TrackKind::bfd:
            return find_bfd(results);
        case TrackKind::interface:
            break;
    }
    return find_interface(interfaces);
}

std::optional<Tracker::Finding> Tracker::find_check(
    const Results &results) const {
    const auto verdict = results.verdict(config_.first_check);
    if (!verdict) {
        return std::nullopt;
    }
    Finding finding{
        .verdict = *verdict, .reason = "", .number = 0, .pool = {}, .bfd = {}};
    if (*verdict == Verdict::down) {
        const auto result = results.result(config_.first_check);
        finding.reason = result ? result->text : "it failed";
    }
    return finding;
}

// The finding must not depend on servers without a result. Names that nginx
// resolves at run time have no servers at first.
std::optional<Tracker::Finding> Tracker::find_pool(
    const Results &results) const {
    unsigned used = 0;
    unsigned up = 0;
    unsigned unknown = 0;
    for (std::size_t i = 0; i < config_.checks; ++i) {
        const auto verdict = results.verdict(config_.first_check + i);
        if (!verdict) {
            return std::nullopt;
        }
        used += *verdict != Verdict::unused;
        up += *verdict == Verdict::up;
        unknown += *verdict == Verdict::unknown;
    }

    const unsigned wanted = needed(config_, used);
    Finding finding{.verdict = Verdict::down,
                    .reason = servers_up(up, used, wanted),
                    .number = 0,
                    .pool = {used, up, wanted},
                    .bfd = {}};
    if (up >= wanted) {
        finding.verdict = Verdict::up;
    } else if (up + unknown >= wanted || (used == 0 && is_awaited())) {
        finding.verdict = Verdict::unknown;
    }
    return finding;
}

// A number that cannot be read is a failure, but adds nothing.
std::optional<Tracker::Finding> Tracker::find_file(
    const Results &results) const {
    const auto result = results.result(config_.first_check);
    if (!result) {
        return std::nullopt;
    }
    Finding finding{.verdict = result->verdict,
                    .reason = "",
                    .number = 0,
                    .pool = {},
                    .bfd = {}};
    if (result->value != 0) {
        finding.verdict = Verdict::down;
        finding.reason = "the file contains " + std::to_string(result->value);
        finding.number = result->value;
    } else if (result->verdict == Verdict::down) {
        finding.reason = result->text;
    }
    return finding;
}

Tracker::Finding Tracker::find_interface(const Interfaces &interfaces) const {
    std::string fault = link_fault(interfaces, config_.interface);
    const Verdict verdict = fault.empty() ? Verdict::up : Verdict::down;
    return {.verdict = verdict, .reason = std::move(fault), .number = 0};
}

// A session that has never been Up needs some seconds: both sides begin with
// one packet a second. A session that this node ends, because nginx ends, is no
// failure of the path: the addresses may wait for the successor.
std::optional<Tracker::Finding> Tracker::find_bfd(
    const Results &results) const {
    const auto status = results.bfd(config_.session_id);
    if (!status || status->state == bfd::State::admin_down) {
        return std::nullopt;
    }
    Finding finding;
    finding.bfd = *status;
    if (status->state == bfd::State::up) {
        finding.verdict = Verdict::up;
    } else if (status->was_up || !is_awaited()) {
        finding.verdict = Verdict::down;
        finding.reason = bfd::reason_of(*status);
    }
    return finding;
}

}  // namespace ngx_vrrp::engine
