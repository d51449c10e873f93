// The virtual routers, and why each is what it is.

#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

bool is_master(const InstanceRecord &instance) {
    return instance.state.view() == "MASTER";
}

// "VRID 51 on eth0, IPv4, VRRPv3, multicast"
std::string router_of(const InstanceRecord &instance) {
    std::string text = "VRID " + std::to_string(instance.vrid) + " on ";
    return text.append(instance.interface.view())
        .append(instance.family == 4 ? ", IPv4" : ", IPv6")
        .append(instance.version == 2 ? ", VRRPv2" : ", VRRPv3")
        .append(instance.unicast != 0 ? ", unicast" : ", multicast");
}

// "10.0.0.2, priority 100, heard 312 ms ago"
std::string master_of(const InstanceRecord &instance, const Moment &moment) {
    if (is_master(instance)) {
        return "this node";
    }
    if (instance.master_address.view().empty()) {
        return "none heard";
    }
    std::string text(instance.master_address.view());
    return text.append(", priority ")
        .append(std::to_string(instance.master_priority))
        .append(", heard ")
        .append(ago(moment, instance.master_heard_ns));
}

std::string preemption_of(const InstanceRecord &instance) {
    if (instance.preempt == 0) {
        return "off";
    }
    const std::string times{instance.preempt_windows.view()};
    if (times.empty()) {
        return "on";
    }
    return times + (instance.window_open != 0 ? ", open" : ", closed");
}

void write_trouble(HtmlWriter &html, const InstanceRecord &instance,
                   const Moment &moment) {
    if (!instance.fault.view().empty()) {
        write_fact(html, "Fault", instance.fault.view());
    }
    if (instance.retry_at_ns != 0) {
        const Duration left =
            instant_from_ns(instance.retry_at_ns) - moment.now;
        write_fact(html, "Retry", "in " + to_human(left));
    }
}

void write_sign(HtmlWriter &html, engine::SplitBrainSign sign,
                const SignRecord &record, const Moment &moment) {
    html.open("p", {{"class", "alarm"}});
    html.element("strong", "✗ Split brain suspected: ");
    html.element("strong", to_words(sign));
    html.text(", since ").text(since(moment, record.since_ns));
    html.text(". ").text(record.detail.view());
    html.close();
}

// It always exists, so that the elements after it keep their position.
void write_split_brain(HtmlWriter &html, const InstanceRecord &instance,
                       const Moment &moment) {
    html.open("div", {{"role", "alert"}});
    for (const engine::SplitBrainSign sign : engine::kSplitBrainSigns) {
        const SignRecord &record =
            instance.signs[static_cast<std::size_t>(sign)];
        if (record.since_ns != 0) {
            write_sign(html, sign, record, moment);
        }
    }
    html.close();
}

void write_facts(HtmlWriter &html, const InstanceRecord &instance,
                 const Moment &moment) {
    html.open("dl");
    write_fact(html, "Since", since(moment, instance.since_ns));
    if (!instance.reason.view().empty()) {
        write_fact(html, "Reason", instance.reason.view());
    }
    write_trouble(html, instance, moment);
    write_fact(html, "Master", master_of(instance, moment));
    write_fact(html, "Router", router_of(instance));
    write_fact(html, "Adverts",
               "every " + to_human(Duration{instance.advert_int_ns}));
    write_fact(html, "Preemption", preemption_of(instance));
    if (!instance.source.view().empty()) {
        write_fact(html, "Sends from", instance.source.view());
    }
    html.close();
}

// Only a master has its addresses, and it has all of them. It cannot release an
// address that another program has added.
void write_presence(HtmlWriter &html, bool master,
                    const AddressRecord &address) {
    const bool present = address.present != 0;
    if (master && address.foreign != 0) {
        write_marked(html, kBad,
                     "present, but added by another program: it stays here");
    } else if (master) {
        write_marked(html, present ? kGood : kBad,
                     present ? "present" : "missing");
    } else {
        write_marked(html, present ? kBad : kIdle,
                     present ? "present, but not master" : "not present");
    }
}

void write_addresses(HtmlWriter &html, const Snapshot &snapshot,
                     const InstanceRecord &instance) {
    if (instance.addresses == 0) {
        return;
    }
    begin_table(html, "Virtual addresses",
                {"Address", "Interface", "Label", "On the interface"});
    for (std::uint32_t i = 0; i < instance.addresses; ++i) {
        const AddressRecord &address =
            snapshot.addresses[instance.first_address + i];
        html.open("tr");
        html.element("th", address.address.view(), {{"scope", "row"}});
        html.element("td", address.interface.view());
        html.element("td", address.label.view());
        write_presence(html, is_master(instance), address);
        html.close();
    }
    end_table(html);
}

void write_counters(HtmlWriter &html, const engine::Counters &counters) {
    html.open("details").element("summary", "Counters").open("dl");
    for (const engine::CounterName &entry : engine::kCounterNames) {
        write_fact(html, entry.name, std::to_string(counters.*entry.counter));
    }
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        if (counters.dropped[i] == 0) {
            continue;
        }
        std::string name = "dropped: ";
        name += to_string(static_cast<wire::DropReason>(i));
        write_fact(html, name, std::to_string(counters.dropped[i]));
    }
    html.close().close();
}

void write_instance(HtmlWriter &html, const View &view,
                    const InstanceRecord &instance) {
    html.open("article").open("h3");
    html.element("bdi", instance.name.view()).text(" ");
    html.element("strong", instance.state.view(),
                 {{"class", instance.state.view()}});
    html.close();
    write_split_brain(html, instance, view.moment);
    write_facts(html, instance, view.moment);
    write_priority(html, view.snapshot, instance);
    write_addresses(html, view.snapshot, instance);
    write_counters(html, instance.counters);
    html.close();
}

}  // namespace

void write_instances(HtmlWriter &html, const View &view) {
    html.open("section").element("h2", "Instances");
    for (const InstanceRecord &instance : view.snapshot.instances) {
        write_instance(html, view, instance);
    }
    html.close();
}

}  // namespace ngx_vrrp::status
