#include <array>
#include <vector>

#include "core/status/metrics_parts.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

struct Instance {
    const InstanceRecord &record;
    Labels labels;
};

using Instances = std::vector<Instance>;

Instances label_instances(const Snapshot &snapshot) {
    Instances list;
    for (const InstanceRecord &record : snapshot.instances) {
        list.push_back({record, labels_of(record)});
    }
    return list;
}

void write_info(MetricsWriter &out, const Instances &list) {
    out.gauge("nginx_vrrp_instance_info", "Configuration of a virtual router.");
    for (const auto &[record, labels] : list) {
        out.sample(labels.with("mode", record.unicast ? "unicast" : "multicast")
                       .with("version", unsigned{record.version}),
                   1);
    }
}

// One sample for each state, so that sums and averages are meaningful.
void write_state(MetricsWriter &out, const Instances &list) {
    using enum vrrp::StateName;
    out.gauge("nginx_vrrp_instance_state",
              "1 for the current state of a virtual router.");
    for (const auto &[record, labels] : list) {
        for (const auto state : {initialize, backup, active, fault}) {
            const std::string_view name = vrrp::public_name(state);
            out.sample(labels.with("state", to_lower(name)),
                       record.state.view() == name ? 1 : 0);
        }
    }
}

void write_priorities(MetricsWriter &out, const Instances &list) {
    out.gauge("nginx_vrrp_instance_base_priority", "Configured priority.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, unsigned{record.base_priority});
    }
    out.gauge("nginx_vrrp_instance_effective_priority",
              "Effective priority, with the weights of all trackers.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, unsigned{record.effective_priority});
    }
}

Instances hearing(const Instances &list) {
    Instances those;
    for (const Instance &instance : list) {
        if (!instance.record.master_address.view().empty()) {
            those.push_back(instance);
        }
    }
    return those;
}

void write_split_brain(MetricsWriter &out, const Instances &list) {
    out.gauge("nginx_vrrp_split_brain_suspected",
              "1 while a split brain is suspected, by sign.");
    for (const auto &[record, labels] : list) {
        for (const engine::SplitBrainSign sign : engine::kSplitBrainSigns) {
            const bool suspected =
                record.signs[static_cast<std::size_t>(sign)].since_ns != 0;
            out.sample(labels.with("sign", to_string(sign)), suspected ? 1 : 0);
        }
    }
}

// Of the master that is heard, if another one is.
void write_master(MetricsWriter &out, const Instances &list,
                  const Moment &moment) {
    out.gauge("nginx_vrrp_instance_master_info",
              "Address of the MASTER whose advertisements are received.");
    for (const auto &[record, labels] : list) {
        out.sample(labels.with("address", record.master_address.view()), 1);
    }
    out.gauge("nginx_vrrp_instance_master_priority",
              "Priority of the MASTER whose advertisements are received.");
    for (const auto &[record, labels] : list) {
        out.sample(labels, unsigned{record.master_priority});
    }
    out.gauge("nginx_vrrp_instance_last_advert_timestamp_seconds",
              "Time of its last advertisement, Unix time.");
    for (const auto &[record, labels] : list) {
        out.seconds(labels, unix_time_ns(moment, record.master_heard_ns));
    }
}

void write_times(MetricsWriter &out, const Instances &list,
                 const Moment &moment) {
    out.gauge("nginx_vrrp_instance_last_transition_timestamp_seconds",
              "Time of the last state change, Unix time.");
    for (const auto &[record, labels] : list) {
        if (record.since_ns != 0) {
            out.seconds(labels, unix_time_ns(moment, record.since_ns));
        }
    }
    out.gauge("nginx_vrrp_instance_advert_interval_seconds",
              "Advertisement interval.");
    for (const auto &[record, labels] : list) {
        out.seconds(labels, record.advert_int_ns);
    }
}

void write_addresses(MetricsWriter &out, const Snapshot &snapshot,
                     std::uint8_t AddressRecord::*value) {
    for (const InstanceRecord &record : snapshot.instances) {
        const Labels labels =
            Labels()
                .with("vrrp_instance", record.name.view())
                .with("vrid", unsigned{record.vrid})
                .with("family", record.family == 4 ? "ipv4" : "ipv6");
        for (std::uint32_t i = 0; i < record.addresses; ++i) {
            const AddressRecord &address =
                snapshot.addresses[record.first_address + i];
            out.sample(labels.with("interface", address.interface.view())
                           .with("address", address.address.view()),
                       unsigned{address.*value});
        }
    }
}

void write_addresses(MetricsWriter &out, const Snapshot &snapshot) {
    out.gauge("nginx_vrrp_address_assigned",
              "1 while a virtual address is on the interface.");
    write_addresses(out, snapshot, &AddressRecord::present);
    out.gauge("nginx_vrrp_address_foreign",
              "1 while another program added the virtual address to the "
              "interface.");
    write_addresses(out, snapshot, &AddressRecord::foreign);
}

struct CounterFamily {
    std::string_view name;
    std::string_view help;
    std::uint64_t engine::Counters::*counter;
};

constexpr std::array kCounters{
    CounterFamily{"nginx_vrrp_adverts_sent", "Advertisements sent.",
                  &engine::Counters::adverts_sent},
    CounterFamily{"nginx_vrrp_adverts_received",
                  "Advertisements received and accepted.",
                  &engine::Counters::adverts_received},
    CounterFamily{"nginx_vrrp_priority_zero_sent",
                  "Advertisements with priority 0 sent.",
                  &engine::Counters::priority_zero_sent},
    CounterFamily{"nginx_vrrp_priority_zero_received",
                  "Advertisements with priority 0 received.",
                  &engine::Counters::priority_zero_received},
    CounterFamily{"nginx_vrrp_master_releases",
                  "Changes from MASTER to another state.",
                  &engine::Counters::released_master},
    CounterFamily{"nginx_vrrp_send_errors", "Packets that could not be sent.",
                  &engine::Counters::send_errors},
    CounterFamily{"nginx_vrrp_address_errors",
                  "Addresses that could not be added or removed.",
                  &engine::Counters::address_errors},
    CounterFamily{"nginx_vrrp_addresses_restored",
                  "Virtual addresses that another program removed and that "
                  "were added again.",
                  &engine::Counters::addresses_restored},
    CounterFamily{"nginx_vrrp_stays_out",
                  "Times that repeated failures kept the virtual router in "
                  "FAULT.",
                  &engine::Counters::stayed_out}};

constexpr std::array kEntered{
    CounterFamily{"init", "", &engine::Counters::became_init},
    CounterFamily{"backup", "", &engine::Counters::became_backup},
    CounterFamily{"master", "", &engine::Counters::became_master},
    CounterFamily{"fault", "", &engine::Counters::became_fault}};

void write_counters(MetricsWriter &out, const Instances &list) {
    for (const CounterFamily &family : kCounters) {
        out.counter(family.name, family.help);
        for (const auto &[record, labels] : list) {
            out.sample(labels, record.counters.*family.counter);
        }
    }
    out.counter("nginx_vrrp_transitions", "State changes by new state.");
    for (const auto &[record, labels] : list) {
        for (const CounterFamily &state : kEntered) {
            out.sample(labels.with("to", state.name),
                       record.counters.*state.counter);
        }
    }
}

void write_drops(MetricsWriter &out, const Instances &list) {
    out.counter("nginx_vrrp_receive_errors", "VRRP packets dropped by reason.");
    for (const auto &[record, labels] : list) {
        for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
            out.sample(labels.with("reason",
                                   to_string(static_cast<wire::DropReason>(i))),
                       record.counters.dropped[i]);
        }
    }
}

void write_announcements(MetricsWriter &out, const Instances &list) {
    const auto write = [&](std::uint8_t family) {
        for (const auto &[record, labels] : list) {
            if (record.family == family) {
                out.sample(labels, record.counters.announcements_sent);
            }
        }
    };
    out.counter("nginx_vrrp_gratuitous_arps_sent", "Gratuitous ARP sent.");
    write(4);
    out.counter("nginx_vrrp_neighbor_advertisements_sent",
                "Unsolicited neighbor advertisements sent.");
    write(6);
}

}  // namespace

void write_instance_metrics(MetricsWriter &out, const View &view) {
    const Instances list = label_instances(view.snapshot);
    write_info(out, list);
    write_state(out, list);
    write_split_brain(out, list);
    write_priorities(out, list);
    write_master(out, hearing(list), view.moment);
    write_times(out, list, view.moment);
    write_addresses(out, view.snapshot);
    write_counters(out, list);
    write_drops(out, list);
    write_announcements(out, list);
}

}  // namespace ngx_vrrp::status
