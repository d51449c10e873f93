#include <array>
#include <map>
#include <vector>

#include "core/status/metrics_parts.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr std::array kStates{check::Verdict::up, check::Verdict::down,
                             check::Verdict::unknown};

struct Peer {
    const check::Record &record;
    Labels labels;
};

using Peers = std::vector<Peer>;

Labels upstream_of(const check::Record &check) {
    return Labels()
        .with("context", check.context.view())
        .with("upstream", check.group.view());
}

// Other checks are those of trackers.
bool is_peer(const check::Record &check) {
    const std::string_view context = check.context.view();
    return context == "http" || context == "stream";
}

Peers label_peers(const Checks &checks) {
    Peers list;
    for (const check::Record &check : checks.records) {
        if (is_peer(check)) {
            list.push_back({check, upstream_of(check)
                                       .with("peer", check.address.view())
                                       .with("server", check.name.view())
                                       .with("backup", check.backup ? 1 : 0)});
        }
    }
    return list;
}

void write_states(MetricsWriter &out, const Peers &list) {
    out.gauge("nginx_vrrp_upstream_peer_state",
              "1 for the current state of an upstream server.");
    for (const auto &[record, labels] : list) {
        for (const check::Verdict state : kStates) {
            out.sample(labels.with("state", to_string(state)),
                       record.verdict == state ? 1 : 0);
        }
    }
}

void write_checks(MetricsWriter &out, const Peers &list) {
    out.counter("nginx_vrrp_upstream_peer_checks", "Health checks by result.");
    for (const auto &[record, labels] : list) {
        std::uint64_t failed = 0;
        for (const std::uint64_t fails : record.fails) {
            failed += fails;
        }
        out.sample(labels.with("result", "pass"), record.passes);
        out.sample(labels.with("result", "fail"), failed);
    }
    out.counter("nginx_vrrp_upstream_peer_check_failures",
                "Failed health checks by reason.");
    for (const auto &[record, labels] : list) {
        for (std::size_t i = 0; i < record.fails.size(); ++i) {
            if (record.fails[i] != 0) {
                const auto reason = static_cast<check::Reason>(i);
                out.sample(labels.with("reason", to_lower(to_string(reason))),
                           record.fails[i]);
            }
        }
    }
    out.gauge("nginx_vrrp_upstream_peer_check_duration_seconds",
              "Duration of the last health check.");
    for (const auto &[record, labels] : list) {
        if (record.checked_at_ns != 0) {
            out.seconds(labels, record.duration_ns);
        }
    }
}

void write_changes(MetricsWriter &out, const Peers &list,
                   const Moment &moment) {
    out.counter("nginx_vrrp_upstream_peer_transitions",
                "State changes of an upstream server.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, record.changes);
    }
    out.gauge("nginx_vrrp_upstream_peer_last_change_timestamp_seconds",
              "Time of the last state change, Unix time.");
    for (const auto &[record, labels] : list) {
        if (record.changed_at_ns != 0) {
            out.seconds(labels, unix_time_ns(moment, record.changed_at_ns));
        }
    }
    out.counter("nginx_vrrp_upstream_peer_downtime_seconds",
                "Total downtime of an upstream server.");
    for (const auto &[record, labels] : list) {
        out.seconds(labels, record.downtime_ns +
                                check::down_for(record, moment.now).count());
    }
}

void write_totals(MetricsWriter &out, const Peers &list) {
    struct Upstream {
        Labels labels;
        std::array<unsigned, kStates.size()> peers{};
    };
    std::map<std::string, Upstream> upstreams;
    for (const Peer &peer : list) {
        const Labels labels = upstream_of(peer.record);
        Upstream &upstream = upstreams[labels.text()];
        upstream.labels = labels;
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            upstream.peers[i] += peer.record.verdict == kStates[i];
        }
    }
    out.gauge("nginx_vrrp_upstream_peers",
              "Checked servers of an upstream by state.");
    for (const auto &[text, upstream] : upstreams) {
        for (std::size_t i = 0; i < kStates.size(); ++i) {
            out.sample(upstream.labels.with("state", to_string(kStates[i])),
                       upstream.peers[i]);
        }
    }
}

// Of the processes that check, those that there are.
void write_beats(MetricsWriter &out, const View &view) {
    out.gauge("nginx_vrrp_checker_heartbeat_age_seconds",
              "Time since the last report of a process that runs checks.");
    for (const check::Role role : check::kRoles) {
        const check::Beat &beat = view.checks.beats[index_of(role)];
        if (beat.at != Instant{}) {
            out.seconds(Labels().with("process", to_string(role)),
                        (view.moment.now - beat.at).count());
        }
    }
}

}  // namespace

void write_upstream_metrics(MetricsWriter &out, const View &view) {
    const Peers list = label_peers(view.checks);
    write_states(out, list);
    write_checks(out, list);
    write_changes(out, list, view.moment);
    write_totals(out, list);
    write_beats(out, view);
}

}  // namespace ngx_vrrp::status
