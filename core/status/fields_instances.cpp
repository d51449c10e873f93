// The virtual routers, and their changes of state.

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "core/base/moment_text.hpp"
#include "core/status/fields.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

std::string_view family_of(const InstanceRecord &instance) {
    return name_of_family(instance.family);
}

// One sample for each state, so that sums and averages are meaningful.
void write_state(Fields &out, std::string_view current) {
    using enum vrrp::StateName;
    out.json.member("state", current);
    for (const auto state : {initialize, backup, active, fault}) {
        const std::string_view name = vrrp::public_name(state);
        out.sample(current == name ? 1 : 0, gauge, "nginx_vrrp_instance_state",
                   "1 for the current state of a virtual router.",
                   Label{"state", to_lower(name)});
    }
}

void write_release(Fields &out, const InstanceRecord &instance) {
    const bool released = instance.released != 0;
    const std::int64_t until_ns = instance.released_until_ns;
    out.json.member("released", released);
    out.object_or_null("release", released, [&] {
        out.until("until_ms", "until", until_ns);
        out.json.member("rescue", instance.rescue != 0);
    });
    out.sample(released ? 1 : 0, gauge, "nginx_vrrp_instance_released",
               "1 while an operator has released the instance.");
    if (until_ns != 0) {
        out.seconds(
            out.unix_time_ns(until_ns), gauge,
            "nginx_vrrp_instance_release_end_timestamp_seconds",
            "Time at which the release of an operator ends, Unix time.");
    }
}

void write_configuration(Fields &out, const InstanceRecord &instance) {
    const std::string_view mode = instance.no_election ? "none"
                                  : instance.unicast   ? "unicast"
                                                       : "multicast";
    out.number("virtual_router_id", instance.vrid != 0
                                        ? std::optional(instance.vrid)
                                        : std::nullopt);
    out.json.member("interface", instance.interface.view());
    out.json.member_or_null("vmac", instance.vmac.view());
    out.json.member("family", family_of(instance));
    out.number("version", instance.version);
    out.json.member("mode", mode);
    out.sample(1, gauge, "nginx_vrrp_instance_info",
               "Configuration of a virtual router.", Label{"mode", mode},
               Label{"version", std::to_string(instance.version)});
    out.ms("advert_int_ms", instance.advert_int_ns, gauge,
           "nginx_vrrp_instance_advert_interval_seconds",
           "Advertisement interval.");
    out.json.member("preempt", instance.preempt != 0);

    const std::string_view windows = instance.preempt_windows.view();
    out.object_or_null("preempt_window", !windows.empty(), [&] {
        out.json.member("times", windows);
        out.json.member("open", instance.window_open != 0);
    });
    write_release(out, instance);

    const std::string_view mode_of_hmac = instance.authentication_mode.view();
    out.object("authentication", [&] {
        out.json.member("type", instance.authentication.view());
        out.json.member_or_null("mode", mode_of_hmac);
        out.number("active_key", mode_of_hmac.empty()
                                     ? std::nullopt
                                     : std::optional(instance.active_key));
    });
    out.json.member_or_null("sync_group", instance.sync_group.view());
}

void write_priority(Fields &out, const InstanceRecord &instance) {
    out.number("base", instance.base_priority, gauge,
               "nginx_vrrp_instance_base_priority", "Configured priority.");
    out.number("effective", instance.effective_priority, gauge,
               "nginx_vrrp_instance_effective_priority",
               "Effective priority, with the weights of all trackers.");
}

void write_address(Fields &out, const AddressRecord &address) {
    const auto scope = out.labels({{"interface", address.interface.view()},
                                   {"address", address.address.view()}});
    out.json.member("address", address.address.view());
    out.json.member("interface", address.interface.view());
    out.json.member_or_null("label", address.label.view());
    out.number("present", address.present != 0, gauge,
               "nginx_vrrp_address_assigned",
               "1 while a virtual address is on the interface.");
    out.number(
        "foreign", address.foreign != 0, gauge, "nginx_vrrp_address_foreign",
        "1 while another program added the virtual address to the interface.");
    out.json.member("excluded", address.excluded != 0);
}

// more: of the other family, which has the metrics of them.
void write_addresses(Fields &out, std::span<const AddressRecord> addresses,
                     std::span<const AddressRecord> more) {
    out.json.key("addresses").begin_array();
    const auto write = [](Fields &fields, const AddressRecord &address) {
        fields.json.begin_object();
        write_address(fields, address);
        fields.json.end_object();
    };
    for (const AddressRecord &address : addresses) {
        write(out, address);
    }
    Fields json = out.json_only();
    for (const AddressRecord &address : more) {
        write(json, address);
    }
    out.json.end_array();
}

void write_routes(Fields &out, std::string_view name,
                  std::span<const RouteRecord> routes) {
    out.list(name, routes, [&](const RouteRecord &route) {
        out.json.member("text", route.text.view());
        out.json.member("present", route.present != 0);
        out.json.member("missing", route.missing != 0);
        out.json.member_or_null("error", route.error.view());
    });
}

// The rules come last.
void write_routes(Fields &out, std::span<const RouteRecord> all) {
    const auto missing = std::ranges::count_if(all, &RouteRecord::missing);
    const auto first_rule = std::ranges::find_if(all, &RouteRecord::is_rule);
    const auto routes = static_cast<std::size_t>(first_rule - all.begin());
    write_routes(out, "routes", all.first(routes));
    write_routes(out, "rules", all.subspan(routes));
    out.sample(missing, gauge, "nginx_vrrp_routes_missing",
               "Routes and rules that a MASTER should have, but does not.");
}

// "track_upstream" is the directive; the label is about what comes after it.
std::string_view type_of(const TrackerRecord &tracker) {
    constexpr std::string_view prefix = "track_";
    const std::string_view type = tracker.type.view();
    return type.starts_with(prefix) ? type.substr(prefix.size()) : type;
}

void write_pool(Fields &out, const TrackerRecord &tracker) {
    out.number("servers", tracker.servers);
    out.number("up", tracker.servers_up);
    out.number("needed", tracker.servers_needed, gauge,
               "nginx_vrrp_upstream_quorum",
               "Number of servers of an upstream that must be up.");
}

void write_bfd_state(Fields &out, bfd::State current) {
    out.json.member("state", bfd::to_string(current));
    for (std::size_t i = 0; i < bfd::kStates.size(); ++i) {
        out.sample(static_cast<bfd::State>(i) == current ? 1 : 0, gauge,
                   "nginx_vrrp_bfd_session_state",
                   "1 for the current state of a BFD session.",
                   Label{"state", to_lower(bfd::kStates[i])});
    }
}

void write_bfd(Fields &out, const BfdRecord &session) {
    write_bfd_state(out, session.state);
    out.json.member("remote_state", bfd::to_string(session.remote_state));
    out.json.member("diagnostic", bfd::to_string(session.diagnostic));
    out.json.member("remote_diagnostic",
                    bfd::to_string(session.remote_diagnostic));
    out.number("local_discriminator", session.local_discriminator);
    out.number("remote_discriminator", session.remote_discriminator);
    out.exact_ms("transmit_interval_ms", session.transmit_interval_ns);
    out.exact_ms("receive_interval_ms", session.receive_interval_ns);
    out.number("remote_multiplier", session.remote_multiplier);
    out.exact_ms("detection_time_ms", session.detection_time_ns);
    out.seconds(session.detection_time_ns, gauge,
                "nginx_vrrp_bfd_detection_time_seconds",
                "Negotiated time after which a BFD session without packets "
                "fails; 0: no peer.");
    out.ago("changed_ago_ms", session.changed_at_ns, gauge,
            "nginx_vrrp_bfd_last_change_timestamp_seconds",
            "Time of the last state change of a BFD session, Unix time.");
    out.number("downs", session.downs, counter, "nginx_vrrp_bfd_session_downs",
               "How often a BFD session that was Up has failed.");
}

void write_tracker(Fields &out, const TrackerRecord &tracker) {
    const auto scope =
        out.labels({{"type", type_of(tracker)}, {"name", tracker.name.view()}});
    out.json.member("type", tracker.type.view());
    out.json.member("name", tracker.name.view());
    out.json.member("state", to_string(tracker.state));
    out.sample(tracker.state == check::Verdict::up ? 1 : 0, gauge,
               "nginx_vrrp_track_status", "1 while the tracked object is up.");
    out.number(
        "weight",
        tracker.weighted != 0 ? std::optional(tracker.weight) : std::nullopt,
        gauge, "nginx_vrrp_track_weight",
        "Weight of a tracker; without a weight, a failure is a fault.");
    out.number("adds", tracker.adds, gauge, "nginx_vrrp_track_priority_change",
               "Current contribution of the tracker to the priority.");
    out.object_or_null("pool", tracker.is_pool != 0,
                       [&] { write_pool(out, tracker); });
    out.json.member("latched", tracker.latched != 0);
    out.object_or_null("bfd", tracker.is_bfd != 0,
                       [&] { write_bfd(out, tracker.bfd); });
    out.json.member_or_null("reason", tracker.reason.view());
}

// Of the master that is heard, if another one is.
void write_master(Fields &out, const InstanceRecord &instance) {
    const std::string_view address = instance.master_address.view();
    out.json.member("address", address);
    out.sample(1, gauge, "nginx_vrrp_instance_master_info",
               "Address of the MASTER whose advertisements are received.",
               Label{"address", address});
    out.number("priority", instance.master_priority, gauge,
               "nginx_vrrp_instance_master_priority",
               "Priority of the MASTER whose advertisements are received.");
    out.ms("advert_int_ms", instance.master_interval_ns);
    out.ago("heard_ms", instance.master_heard_ns, gauge,
            "nginx_vrrp_instance_last_advert_timestamp_seconds",
            "Time of its last advertisement, Unix time.");
}

// The JSON has only those that are suspected.
void write_split_brain(Fields &out, const InstanceRecord &instance) {
    std::vector<engine::SplitBrainSign> suspected;
    for (const engine::SplitBrainSign sign : engine::kSplitBrainSigns) {
        const bool is_so =
            instance.signs[static_cast<std::size_t>(sign)].since_ns != 0;
        if (is_so) {
            suspected.push_back(sign);
        }
        out.sample(is_so ? 1 : 0, gauge, "nginx_vrrp_split_brain_suspected",
                   "1 while a split brain is suspected, by sign.",
                   Label{"sign", to_string(sign)});
    }
    out.list("split_brain", suspected, [&](engine::SplitBrainSign sign) {
        const SignRecord &record =
            instance.signs[static_cast<std::size_t>(sign)];
        out.json.member("sign", to_string(sign));
        out.since("since_ms", "since", record.since_ns);
        out.json.member("detail", record.detail.view());
    });
}

void write_lost_adverts(Fields &out, const SignRecord &lost) {
    const bool is_so = lost.since_ns != 0;
    out.sample(is_so ? 1 : 0, gauge, "nginx_vrrp_adverts_lost",
               "1 while a MASTER answers on the peer link, but its "
               "advertisements do not arrive.");
    out.object_or_null("adverts_lost", is_so, [&] {
        out.since("since_ms", "since", lost.since_ns);
        out.json.member("detail", lost.detail.view());
    });
}

// The node that finishes connections after a planned move, and the one that
// forwards to it.
void write_drain(Fields &out, const DrainRecord &drain) {
    out.json.member_or_null("unavailable", drain.unavailable.view());
    out.object_or_null("finishing", drain.since_ns != 0, [&] {
        out.since("since_ms", "since", drain.since_ns);
        out.number("ends_ms", out.ms_until(drain.ends_ns));
        out.number("connections", drain.connections);
        out.number("segments", drain.segments);
    });
    out.object_or_null("forwarding", drain.forwards_since_ns != 0, [&] {
        out.since("since_ms", "since", drain.forwards_since_ns);
        out.json.member("to", drain.forwards_to.view());
        out.number("connections", drain.forwarded_connections);
        out.number("segments", drain.forwarded_segments);
    });
    out.sample(drain.connections, gauge, "nginx_vrrp_drain_connections",
               "Connections that this node finishes after a planned move.");
    out.sample(drain.forwarded_segments, gauge,
               "nginx_vrrp_drain_forwarded_segments",
               "Segments forwarded to the node that finishes its "
               "connections, since its move.");
}

using engine::Counters;

struct CounterMetric {
    std::uint64_t Counters::*member;
    Metric metric;
};

constexpr Metric kTransitions{counter, "nginx_vrrp_transitions",
                              "State changes by new state."};

// Their keys are the names in engine::kCounterNames.
constexpr std::array kCounterMetrics{
    CounterMetric{&Counters::adverts_sent,
                  {counter, "nginx_vrrp_adverts_sent", "Advertisements sent."}},
    CounterMetric{&Counters::adverts_received,
                  {counter, "nginx_vrrp_adverts_received",
                   "Advertisements received and accepted."}},
    CounterMetric{&Counters::priority_zero_sent,
                  {counter, "nginx_vrrp_priority_zero_sent",
                   "Advertisements with priority 0 sent."}},
    CounterMetric{&Counters::priority_zero_received,
                  {counter, "nginx_vrrp_priority_zero_received",
                   "Advertisements with priority 0 received."}},
    CounterMetric{&Counters::released_master,
                  {counter, "nginx_vrrp_master_releases",
                   "Changes from MASTER to another state."}},
    CounterMetric{
        &Counters::send_errors,
        {counter, "nginx_vrrp_send_errors", "Packets that could not be sent."}},
    CounterMetric{&Counters::address_errors,
                  {counter, "nginx_vrrp_address_errors",
                   "Addresses that could not be added or removed."}},
    CounterMetric{&Counters::addresses_restored,
                  {counter, "nginx_vrrp_addresses_restored",
                   "Virtual addresses that another program removed and that "
                   "were added again."}},
    CounterMetric{
        &Counters::stayed_out,
        {counter, "nginx_vrrp_stays_out",
         "Times that repeated failures kept the virtual router in FAULT."}},
    CounterMetric{
        &Counters::false_proofs,
        {counter, "nginx_vrrp_false_proofs",
         "Nodes that seemed to have ended on a peer link, but advertised."}}};

void write_counters(Fields &out, const engine::Counters &counters) {
    for (const auto &[name, member] : engine::kCounterNames) {
        out.number(name, counters.*member);
    }
    for (const auto &[member, metric] : kCounterMetrics) {
        out.sample(counters.*member, metric);
    }
    out.sample(counters.became_init, kTransitions, Label{"to", "init"});
    out.sample(counters.became_backup, kTransitions, Label{"to", "backup"});
    out.sample(counters.became_master, kTransitions, Label{"to", "master"});
    out.sample(counters.became_fault, kTransitions, Label{"to", "fault"});
    out.object("dropped", [&] {
        for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
            const auto reason = to_string(static_cast<wire::DropReason>(i));
            out.number(reason, counters.dropped[i], counter,
                       "nginx_vrrp_receive_errors",
                       "VRRP packets dropped by reason.",
                       Label{"reason", reason});
        }
    });
}

void write_announcements(Fields &out, const InstanceRecord &instance) {
    const std::uint64_t sent = instance.counters.announcements_sent;
    if (instance.family == 4) {
        out.sample(sent, counter, "nginx_vrrp_gratuitous_arps_sent",
                   "Gratuitous ARP sent.");
    } else {
        out.sample(sent, counter, "nginx_vrrp_neighbor_advertisements_sent",
                   "Unsolicited neighbor advertisements sent.");
    }
}

void write_own_state(Fields &out, const InstanceRecord &instance) {
    const auto scope = out.labels({{"interface", instance.interface.view()}});
    const auto retry_ms =
        instance.retry_at_ns == 0
            ? std::nullopt
            : std::optional(out.ms_until(instance.retry_at_ns));
    out.json.member("name", instance.name.view());
    write_state(out, instance.state.view());
    out.since("since_ms", "since", instance.since_ns, gauge,
              "nginx_vrrp_instance_last_transition_timestamp_seconds",
              "Time of the last state change, Unix time.");
    out.json.member_or_null("reason", instance.reason.view());
    out.json.member_or_null("fault", instance.fault.view());
    out.number("retry_ms", retry_ms);
    write_configuration(out, instance);
    out.object("priority", [&] { write_priority(out, instance); });
    out.json.member_or_null("source", instance.source.view());
}

void write_observations(Fields &out, const InstanceRecord &instance,
                        std::span<const TrackerRecord> trackers,
                        std::span<const RouteRecord> routes) {
    const auto scope = out.labels({{"interface", instance.interface.view()}});
    write_routes(out, routes);
    out.list("trackers", trackers,
             [&](const TrackerRecord &t) { write_tracker(out, t); });
    out.object_or_null("master", !instance.master_address.view().empty(),
                       [&] { write_master(out, instance); });
    write_split_brain(out, instance);
    write_lost_adverts(out, instance.lost_adverts);
    out.object_or_null("drain", instance.drain.has_link != 0,
                       [&] { write_drain(out, instance.drain); });
    out.object("counters", [&] { write_counters(out, instance.counters); });
    write_announcements(out, instance);
}

}  // namespace

// The label "interface" of an address is that of the address.
void write_instances(Fields &out, const Snapshot &snapshot) {
    const std::span addresses(snapshot.addresses);
    const std::span trackers(snapshot.trackers);
    const std::span routes(snapshot.routes);
    const std::span all(snapshot.instances);
    const auto write = [&](const InstanceRecord &i,
                           std::span<const AddressRecord> more) {
        const auto scope =
            out.labels({{"vrrp_instance", i.name.view()},
                        {"vrid", i.vrid == 0 ? "" : std::to_string(i.vrid)},
                        {"family", family_of(i)}});
        write_own_state(out, i);
        write_addresses(out, addresses.subspan(i.first_address, i.addresses),
                        more);
        write_observations(out, i,
                           trackers.subspan(i.first_tracker, i.trackers),
                           routes.subspan(i.first_route, i.routes));
    };

    // An instance of both families has the second one in it.
    out.json.key("instances").begin_array();
    for (std::size_t n = 0; n < all.size(); ++n) {
        out.json.begin_object();
        const bool dual = n + 1 < all.size() && all[n + 1].second != 0;
        write(all[n], dual ? addresses.subspan(all[n + 1].first_address,
                                               all[n + 1].addresses)
                           : std::span<const AddressRecord>{});
        out.object_or_null("other_family", dual,
                           [&] { write(all[n + 1], {}); });
        out.json.end_object();
        n += dual;
    }
    out.json.end_array();
}

void write_transitions(Fields &out, const View &view) {
    out.list("transitions", view.transitions, [&](const TransitionRecord &t) {
        out.json.member("time", to_rfc3339(wall_clock_of(t)));
        out.age("ago_ms", t.at_ns);
        out.json.member("instance", t.instance.view());
        out.json.member("from", t.from.view());
        out.json.member("to", t.to.view());
        out.json.member("reason", t.reason.view());
        out.number("pid", t.pid);
    });
}

}  // namespace ngx_vrrp::status
