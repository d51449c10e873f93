// Checks of servers and of trackers, and the processes that make them.

#include <array>
#include <map>
#include <utility>

#include "core/status/fields.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr std::array kStates{check::Verdict::up, check::Verdict::down,
                             check::Verdict::unknown};

constexpr Metric kResults{counter, "nginx_vrrp_upstream_peer_checks",
                          "Health checks by result."};

// Other checks are those of trackers, whose metrics are those of the tracker.
bool is_peer(const check::Record &check) {
    const std::string_view context = check.context.view();
    return context == "http" || context == "stream";
}

// The last results, the newest at the end; 1: passed.
std::string history_of(const check::Record &check) {
    std::string text;
    const unsigned length =
        std::min<unsigned>(check.history_length, check::kHistoryBits);
    for (unsigned i = length; i-- > 0;) {
        text += (check.history >> i & 1U) != 0 ? '0' : '1';
    }
    return text;
}

void write_verdict(Fields &out, check::Verdict verdict) {
    out.json.member("verdict", to_string(verdict));
    for (const check::Verdict state : kStates) {
        out.sample(verdict == state ? 1 : 0, gauge,
                   "nginx_vrrp_upstream_peer_state",
                   "1 for the current state of an upstream server.",
                   Label{"state", to_string(state)});
    }
}

void write_last_check(Fields &out, const check::Record &check) {
    out.ago("changed_ago_ms", check.changed_at_ns, gauge,
            "nginx_vrrp_upstream_peer_last_change_timestamp_seconds",
            "Time of the last state change, Unix time.");
    out.ago("checked_ago_ms", check.checked_at_ns);
    out.exact_ms("duration_ms", check.duration_ns);
    if (check.checked_at_ns != 0) {
        out.seconds(check.duration_ns, gauge,
                    "nginx_vrrp_upstream_peer_check_duration_seconds",
                    "Duration of the last health check.");
    }
    out.number("value", check.value);
    out.json.member("history", history_of(check));
}

void write_last_failure(Fields &out, const check::Record &check) {
    out.json.member_or_null("reason", to_string(check.reason));
    out.json.member_or_null("text", check.text.view());
    out.ago("failed_ago_ms", check.failed_at_ns);
    out.exact_ms("failed_duration_ms", check.failed_duration_ns);
}

void write_fails(Fields &out, const check::Record &check) {
    std::uint64_t all = 0;
    out.object("fails", [&] {
        for (std::size_t i = 0; i < check.fails.size(); ++i) {
            const auto reason = to_string(static_cast<check::Reason>(i));
            all += check.fails[i];
            if (check.fails[i] != 0) {
                out.number(reason, check.fails[i], counter,
                           "nginx_vrrp_upstream_peer_check_failures",
                           "Failed health checks by reason.",
                           Label{"reason", to_lower(reason)});
            }
        }
    });
    out.sample(all, kResults, Label{"result", "fail"});
}

void write_check(Fields &out, const check::Record &check, Instant now) {
    const auto scope = out.labels({{"context", check.context.view()},
                                   {"upstream", check.group.view()},
                                   {"peer", check.address.view()},
                                   {"server", check.name.view()},
                                   {"backup", check.backup ? "1" : "0"}});
    out.json.member("context", check.context.view());
    out.json.member("group", check.group.view());
    out.json.member("name", check.name.view());
    out.json.member("address", check.address.view());
    out.json.member("backup", check.backup != 0);
    write_verdict(out, check.verdict);
    write_last_check(out, check);
    write_last_failure(out, check);
    out.number("passes", check.passes, kResults, Label{"result", "pass"});
    write_fails(out, check);
    out.number("changes", check.changes, counter,
               "nginx_vrrp_upstream_peer_transitions",
               "State changes of an upstream server.");
    out.ms("downtime_ms",
           check.downtime_ns + check::down_for(check, now).count(), counter,
           "nginx_vrrp_upstream_peer_downtime_seconds",
           "Total downtime of an upstream server.");
}

void write_beat(Fields &out, std::string_view process,
                const check::Beat &beat) {
    out.age("last_beat_ago_ms", to_ns(beat.at), gauge,
            "nginx_vrrp_checker_heartbeat_age_seconds",
            "Time since the last report of a process that runs checks.",
            Label{"process", process});
    out.number("late_wakes", beat.late_wakes);
    out.exact_ms("worst_lag_ms", beat.worst_lag.count());
}

// The servers of each upstream.
void write_totals(Fields &out, const Checks &checks) {
    using Upstream = std::pair<std::string_view, std::string_view>;
    std::map<Upstream, std::array<unsigned, kStates.size()>> upstreams;
    for (const check::Record &check : checks.records) {
        if (is_peer(check)) {
            auto &peers = upstreams[{check.context.view(), check.group.view()}];
            for (std::size_t i = 0; i < kStates.size(); ++i) {
                peers[i] += check.verdict == kStates[i];
            }
        }
    }
    for (const auto &[upstream, peers] : upstreams) {
        const auto scope = out.labels(
            {{"context", upstream.first}, {"upstream", upstream.second}});
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            out.sample(peers[i], gauge, "nginx_vrrp_upstream_peers",
                       "Checked servers of an upstream by state.",
                       Label{"state", to_string(kStates[i])});
        }
    }
}

}  // namespace

void write_checks(Fields &out, const View &view) {
    for (const check::Role role : check::kRoles) {
        out.object(to_string(role), [&] {
            write_beat(out, to_string(role), view.checks.beats[index_of(role)]);
        });
    }
    Fields json_only = out.json_only();
    out.list("checks", view.checks.records, [&](const check::Record &check) {
        write_check(is_peer(check) ? out : json_only, check, view.moment.now);
    });
    write_totals(out, view.checks);
}

}  // namespace ngx_vrrp::status
