#include "core/status/json.hpp"

#include <algorithm>

#include "core/base/moment_text.hpp"
#include "core/base/version.hpp"
#include "core/status/json_parts.hpp"

namespace ngx_vrrp::status {

namespace {

std::int64_t left_ms(const Moment &moment, std::int64_t until_ns) {
    return std::max<std::int64_t>(0, -age_ms(moment, until_ns));
}

void write_age(JsonWriter &json, const Moment &moment, std::int64_t at_ns,
               std::string_view age_name, std::string_view time_name) {
    if (at_ns == 0) {
        json.key(age_name).null().key(time_name).null();
        return;
    }
    const Duration age = moment.now - instant_from_ns(at_ns);
    json.member(age_name, to_ms(age));
    json.member(time_name, to_rfc3339(moment.wall - age));
}

std::int64_t to_us(std::int64_t ns) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Duration{ns})
        .count();
}

// Counts up to each bound, as in Prometheus; null is no bound.
void write_timer_lag(JsonWriter &json, const engine::TimerLag &lag) {
    json.key("timer_lag").begin_object();
    json.member("last_us", to_us(lag.last_ns));
    json.member("max_us", to_us(lag.max_ns));
    json.member("sum_us", to_us(lag.sum_ns));

    json.key("buckets").begin_array();
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < lag.buckets.size(); ++i) {
        count += lag.buckets[i];
        json.begin_object().key("le_us");
        if (i < engine::kTimerLagBounds.size()) {
            json.value(to_us(engine::kTimerLagBounds[i].count()));
        } else {
            json.null();
        }
        json.member("count", count).end_object();
    }
    json.end_array();
    json.end_object();
}

void write_node(JsonWriter &json, const View &view) {
    const NodeRecord &node = view.snapshot.node;
    const Moment &moment = view.moment;
    json.key("node").begin_object();
    json.member("router_id", node.router_id.view());
    json.member_or_null("nginx_version", node.nginx_version.view());
    json.member("pid", node.pid);
    write_age(json, moment, node.started_at_ns, "uptime_ms", "started");
    json.member("generation", node.generation);
    write_age(json, moment, node.configured_at_ns, "configured_ms",
              "configured");
    json.member("age_ms", age_ms(moment, node.published_at_ns));
    json.member("stale", !is_fresh(view.snapshot, moment.now));
    json.member("fresh_workers", node.fresh_workers);
    json.member("unknown_vrid_packets", node.unknown_vrid_packets);
    json.member("lost_packets", node.lost_packets);
    json.member("lost_other_packets", node.lost_other_packets);
    json.member("crashes", node.crashes);
    json.member("startup_delay_left_ms", left_ms(moment, node.not_before_ns));
    json.member("realtime_priority", node.realtime_priority);
    json.member("mlock", node.mlock != 0);
    write_timer_lag(json, node.timer_lag);
    json.end_object();
}

// Only nginx's workers that track_nginx watches beat.
void write_workers(JsonWriter &json, const View &view) {
    json.key("workers").begin_array();
    for (const engine::Heartbeat &worker : view.workers) {
        json.begin_object();
        json.member("pid", worker.pid);
        json.member("heard_ms", age_ms(view.moment, to_ns(worker.beat)));
        json.member("state", is_stalled(view, worker) ? "stalled" : "alive");
        json.end_object();
    }
    json.end_array();
}

void write_addresses(JsonWriter &json, const Snapshot &snapshot,
                     const InstanceRecord &instance) {
    json.key("addresses").begin_array();
    for (std::uint32_t i = 0; i < instance.addresses; ++i) {
        const AddressRecord &address =
            snapshot.addresses[instance.first_address + i];
        json.begin_object();
        json.member("address", address.address.view());
        json.member("interface", address.interface.view());
        json.member_or_null("label", address.label.view());
        json.member("present", address.present != 0);
        json.member("foreign", address.foreign != 0);
        json.end_object();
    }
    json.end_array();
}

void write_master(JsonWriter &json, const InstanceRecord &instance,
                  const Moment &moment) {
    if (instance.master_address.view().empty()) {
        json.key("master").null();
        return;
    }
    json.key("master").begin_object();
    json.member("address", instance.master_address.view());
    json.member("priority", unsigned{instance.master_priority});
    json.member("advert_int_ms", to_ms(Duration{instance.master_interval_ns}));
    json.member("heard_ms", age_ms(moment, instance.master_heard_ns));
    json.end_object();
}

void write_split_brain(JsonWriter &json, const InstanceRecord &instance,
                       const Moment &moment) {
    json.key("split_brain").begin_array();
    for (const engine::SplitBrainSign sign : engine::kSplitBrainSigns) {
        const SignRecord &record =
            instance.signs[static_cast<std::size_t>(sign)];
        if (record.since_ns == 0) {
            continue;
        }
        json.begin_object();
        json.member("sign", to_string(sign));
        write_age(json, moment, record.since_ns, "since_ms", "since");
        json.member("detail", record.detail.view());
        json.end_object();
    }
    json.end_array();
}

void write_counters(JsonWriter &json, const engine::Counters &counters) {
    json.key("counters").begin_object();
    for (const engine::CounterName &entry : engine::kCounterNames) {
        json.member(entry.name, counters.*entry.counter);
    }
    json.key("dropped").begin_object();
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        json.member(to_string(static_cast<wire::DropReason>(i)),
                    counters.dropped[i]);
    }
    json.end_object();
    json.end_object();
}

void write_pool(JsonWriter &json, const TrackerRecord &tracker) {
    json.key("pool");
    if (tracker.is_pool == 0) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("servers", tracker.servers);
    json.member("up", tracker.servers_up);
    json.member("needed", tracker.servers_needed);
    json.end_object();
}

void write_trackers(JsonWriter &json, const Snapshot &snapshot,
                    const InstanceRecord &instance) {
    json.key("trackers").begin_array();
    for (std::uint32_t i = 0; i < instance.trackers; ++i) {
        const TrackerRecord &tracker =
            snapshot.trackers[instance.first_tracker + i];
        json.begin_object();
        json.member("type", tracker.type.view());
        json.member("name", tracker.name.view());
        json.member("state", to_string(tracker.state));
        json.key("weight");
        if (tracker.weighted != 0) {
            json.value(tracker.weight);
        } else {
            json.null();
        }
        json.member("adds", tracker.adds);
        write_pool(json, tracker);
        json.member_or_null("reason", tracker.reason.view());
        json.end_object();
    }
    json.end_array();
}

// When a fault ends that only another attempt can end.
void write_retry(JsonWriter &json, const InstanceRecord &instance,
                 const Moment &moment) {
    json.key("retry_ms");
    if (instance.retry_at_ns == 0) {
        json.null();
    } else {
        json.value(left_ms(moment, instance.retry_at_ns));
    }
}

void write_window(JsonWriter &json, const InstanceRecord &instance) {
    json.key("preempt_window");
    if (instance.preempt_windows.view().empty()) {
        json.null();
        return;
    }
    json.begin_object();
    json.member("times", instance.preempt_windows.view());
    json.member("open", instance.window_open != 0);
    json.end_object();
}

void write_instance(JsonWriter &json, const Snapshot &snapshot,
                    const InstanceRecord &instance, const Moment &moment) {
    json.begin_object();
    json.member("name", instance.name.view());
    json.member("state", instance.state.view());
    write_age(json, moment, instance.since_ns, "since_ms", "since");
    json.member_or_null("reason", instance.reason.view());
    json.member_or_null("fault", instance.fault.view());
    write_retry(json, instance, moment);
    json.member("virtual_router_id", unsigned{instance.vrid});
    json.member("interface", instance.interface.view());
    json.member("family", instance.family == 4 ? "ipv4" : "ipv6");
    json.member("version", unsigned{instance.version});
    json.member("mode", instance.unicast ? "unicast" : "multicast");
    json.member("advert_int_ms", to_ms(Duration{instance.advert_int_ns}));
    json.member("preempt", instance.preempt != 0);
    write_window(json, instance);
    json.member("released", instance.released != 0);

    json.key("priority").begin_object();
    json.member("base", unsigned{instance.base_priority});
    json.member("effective", unsigned{instance.effective_priority});
    json.end_object();

    json.member_or_null("source", instance.source.view());
    write_addresses(json, snapshot, instance);
    write_trackers(json, snapshot, instance);
    write_master(json, instance, moment);
    write_split_brain(json, instance, moment);
    write_counters(json, instance.counters);
    json.end_object();
}

void write_transitions(JsonWriter &json, const View &view) {
    json.key("transitions").begin_array();
    for (const TransitionRecord &record : view.transitions) {
        json.begin_object();
        json.member("time", to_rfc3339(wall_clock_of(record)));
        json.member("ago_ms", age_ms(view.moment, record.at_ns));
        json.member("instance", record.instance.view());
        json.member("from", record.from.view());
        json.member("to", record.to.view());
        json.member("reason", record.reason.view());
        json.member("pid", record.pid);
        json.end_object();
    }
    json.end_array();
}

void write_ms(JsonWriter &json, std::string_view name, std::int64_t ns) {
    json.key(name).thousandths(to_us(ns));
}

void write_fails(JsonWriter &json, const check::Record &check) {
    json.key("fails").begin_object();
    for (std::size_t i = 0; i < check.fails.size(); ++i) {
        if (check.fails[i] != 0) {
            json.member(to_string(static_cast<check::Reason>(i)),
                        check.fails[i]);
        }
    }
    json.end_object();
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

void write_check(JsonWriter &json, const check::Record &check,
                 const Moment &moment) {
    json.begin_object();
    json.member("context", check.context.view());
    json.member("group", check.group.view());
    json.member("name", check.name.view());
    json.member("address", check.address.view());
    json.member("backup", check.backup != 0);

    json.member("verdict", to_string(check.verdict));
    write_age_ms(json, moment, "changed_ago_ms", check.changed_at_ns);
    write_age_ms(json, moment, "checked_ago_ms", check.checked_at_ns);
    write_ms(json, "duration_ms", check.duration_ns);
    json.member("value", check.value);
    json.member("history", history_of(check));

    // of the last failure
    json.member_or_null("reason", to_string(check.reason));
    json.member_or_null("text", check.text.view());
    write_age_ms(json, moment, "failed_ago_ms", check.failed_at_ns);
    write_ms(json, "failed_duration_ms", check.failed_duration_ns);

    json.member("passes", check.passes);
    write_fails(json, check);
    json.member("changes", check.changes);
    json.member("downtime_ms", to_ms(Duration{check.downtime_ns} +
                                     check::down_for(check, moment.now)));
    json.end_object();
}

void write_beat(JsonWriter &json, const check::Beat &beat,
                const Moment &moment) {
    json.begin_object();
    write_age_ms(json, moment, "last_beat_ago_ms", to_ns(beat.at));
    json.member("late_wakes", beat.late_wakes);
    write_ms(json, "worst_lag_ms", beat.worst_lag.count());
    json.end_object();
}

void write_checks(JsonWriter &json, const Checks &checks,
                  const Moment &moment) {
    for (const check::Role role : check::kRoles) {
        json.key(to_string(role));
        write_beat(json, checks.beats[index_of(role)], moment);
    }

    json.key("checks").begin_array();
    for (const check::Record &check : checks.records) {
        write_check(json, check, moment);
    }
    json.end_array();
}

}  // namespace

std::string to_json(const View &view) {
    const Snapshot &snapshot = view.snapshot;
    const Moment &moment = view.moment;
    JsonWriter json;
    json.begin_object();
    json.member("version", kVersion);
    json.member("time", to_rfc3339(moment.wall));
    write_node(json, view);
    write_workers(json, view);

    json.key("instances").begin_array();
    for (const InstanceRecord &instance : snapshot.instances) {
        write_instance(json, snapshot, instance, moment);
    }
    json.end_array();

    write_transitions(json, view);
    write_checks(json, view.checks, moment);
    write_notifier(json, view);
    json.end_object();
    return json.text() + "\n";
}

}  // namespace ngx_vrrp::status
