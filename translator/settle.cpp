#include "translator/settle.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "translator/text.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

bool is_strict(const Reading &reading, const Instance &instance) {
    return instance.strict.value_or(reading.model.globals.strict);
}

// "eth0:1": the interface of the address, and a suffix.
void settle_labels(Reading &reading, Instance &instance) {
    constexpr std::size_t kLongest = 15;
    for (auto *list : {&instance.addresses, &instance.excluded}) {
        for (Address &address : *list) {
            const std::string &device =
                address.device.empty() ? instance.interface : address.device;
            if (!address.label.empty() &&
                (!address.label.starts_with(device + ":") ||
                 address.label.size() > kLongest ||
                 address.label.size() == device.size() + 1)) {
                reading.decide(address.place, "label",
                               "\"" + printable(address.label) +
                                   "\" is left out: it must be the interface "
                                   "and a suffix, at most 15 characters");
                address.label.clear();
            }
        }
    }
}

void drop_duplicates(Reading &reading, Instance &instance) {
    std::set<std::string> seen;
    for (auto *list : {&instance.addresses, &instance.excluded}) {
        std::erase_if(*list, [&](const Address &address) {
            if (seen.insert(address.address).second) {
                return false;
            }
            reading.note(address.place, "virtual_ipaddress",
                         address.address + " is already in the list");
            return true;
        });
    }
}

// The first address decides; the others must have its family.
void settle_addresses(Reading &reading, Instance &instance) {
    if (instance.addresses.empty()) {
        if (!instance.no_address) {
            reading.decide(instance.place, "virtual_ipaddress",
                           "is missing: keepalived does not start");
        }
        return;
    }
    if (instance.no_address) {
        reading.note(instance.place, "no_virtual_ipaddress",
                     "has no effect with virtual_ipaddress");
    }
    const int family = instance.addresses[0].family;
    std::erase_if(instance.addresses, [&](const Address &address) {
        if (address.family == family) {
            return false;
        }
        reading.decide(address.place, "virtual_ipaddress",
                       address.address +
                           " has another family than the first address: "
                           "keepalived ignores it. Write it as "
                           "virtual_ipaddress_excluded");
        return true;
    });
    settle_labels(reading, instance);
    drop_duplicates(reading, instance);
    constexpr std::size_t kMost = 255;
    while (instance.addresses.size() > kMost) {
        reading.note(instance.addresses.back().place, "virtual_ipaddress",
                     "more than 255 addresses: is excluded");
        instance.excluded.push_back(instance.addresses.back());
        instance.addresses.pop_back();
    }
}

void settle_version(Reading &reading, Instance &instance) {
    instance.version = instance.version.value_or(reading.model.globals.version);
    const bool ipv6 =
        !instance.addresses.empty() && instance.addresses[0].family == 6;
    if (ipv6 && *instance.version == 2) {
        instance.version = 3;
        reading.note(instance.place, "version",
                     "an instance with IPv6 addresses always has version 3");
    }
}

// Without a priority, "state MASTER" means the address owner.
void settle_priority(Reading &reading, Instance &instance) {
    if (!instance.priority) {
        instance.priority = instance.master ? kOwner : 100;
        if (instance.master) {
            reading.decide(instance.place, "priority",
                           "is missing: with state MASTER, keepalived uses "
                           "255, the address owner");
        }
    } else if (instance.master && *instance.priority != kOwner) {
        reading.note(instance.place, "state",
                     "MASTER has no effect below priority 255: the priority "
                     "decides");
    }
}

void settle_advert_int(Reading &reading, Instance &instance) {
    std::int64_t &interval =
        instance.advert_int.emplace(instance.advert_int.value_or(kSecond));
    if (*instance.version == 2) {
        const std::int64_t seconds =
            std::max<std::int64_t>(1, (interval + kSecond / 2) / kSecond);
        if (interval % kSecond != 0) {
            reading.note(instance.advert_int_place, "advert_int",
                         "version 2 has whole seconds: keepalived uses " +
                             nginx_time(seconds * kSecond));
        }
        interval = seconds * kSecond;
        return;
    }
    constexpr std::int64_t kUnit = kSecond / 100;
    constexpr std::int64_t kLongest = 4095 * kUnit;
    if (interval > kLongest || interval % kUnit != 0) {
        interval = std::min(kLongest, interval / kUnit * kUnit);
        reading.note(instance.advert_int_place, "advert_int",
                     "version 3 has hundredths of a second, at most 40.95: "
                     "this is " +
                         nginx_time(interval));
    }
}

void settle_preemption(Reading &reading, Instance &instance) {
    if (instance.nopreempt && instance.master) {
        instance.nopreempt = false;
        reading.decide(instance.nopreempt_place, "nopreempt",
                       "has no effect with state MASTER: keepalived clears "
                       "it, and this node preempts. Write \"nopreempt;\" if "
                       "it must not");
    }
    if (instance.nopreempt && *instance.priority == kOwner) {
        instance.nopreempt = false;
        reading.note(instance.nopreempt_place, "nopreempt",
                     "has no effect with priority 255");
    }
    if (instance.preempt_delay == 0) {
        return;
    }
    const char *reason = instance.nopreempt             ? "nopreempt"
                         : is_strict(reading, instance) ? "vrrp_strict"
                         : instance.master              ? "state MASTER"
                         : *instance.priority == kOwner ? "priority 255"
                                                        : nullptr;
    if (reason != nullptr) {
        instance.preempt_delay = 0;
        reading.note(instance.preempt_delay_place, "preempt_delay",
                     std::string("has no effect with ") + reason +
                         ": keepalived clears it");
    }
}

void settle_authentication(Reading &reading, Instance &instance) {
    const Place &place = instance.auth_place;
    if (place.line == 0) {
        return;
    }
    const auto drop = [&](const std::string &text, bool decide) {
        reading.remark(decide ? Severity::decide : Severity::note, place,
                       "authentication", text);
        instance.auth_pass.reset();
    };
    if (*instance.version == 3) {
        drop(
            "version 3 has none: keepalived ignores it. See "
            "\"authentication HMAC\"",
            false);
    } else if (is_strict(reading, instance)) {
        drop("vrrp_strict allows none: keepalived ignores it", false);
    } else if (instance.auth_type == "AH") {
        drop(
            "AH is not supported: both nodes need \"auth_type PASS\", or "
            "version 3 with \"authentication HMAC\"",
            true);
    } else if (!instance.auth_pass || instance.auth_pass->empty()) {
        drop(
            "has no auth_pass: keepalived ignores it. Write one word and its "
            "value on a line",
            true);
    } else if (instance.auth_type != "PASS") {
        drop("auth_type \"" + printable(instance.auth_type) +
                 "\" is not PASS or AH",
             true);
    }
}

void settle_strict(Reading &reading, Instance &instance) {
    if (!is_strict(reading, instance)) {
        return;
    }
    reading.decide(
        instance.strict ? instance.place : reading.model.globals.place,
        "vrrp_strict",
        "has no counterpart: keepalived drops packets to the "
        "addresses unless the priority is 255, and sends each "
        "announcement once; here, packets are accepted");
    if (!instance.peers.empty()) {
        reading.note(instance.peers[0].place, "unicast_peer",
                     "vrrp_strict does not allow unicast; here, it is used");
    }
}

void settle_unicast(Reading &reading, Instance &instance) {
    const bool ipv6 =
        !instance.addresses.empty() && instance.addresses[0].family == 6;
    const int family = ipv6 ? 6 : 4;
    std::erase_if(instance.peers, [&](const Peer &peer) {
        if (address_family(peer.address) == family) {
            return false;
        }
        reading.decide(peer.place, "unicast_peer",
                       peer.address +
                           " has another family than the virtual "
                           "addresses: keepalived ignores it");
        return true;
    });
    for (std::string *source :
         {&instance.unicast_source, &instance.multicast_source}) {
        if (!source->empty() && address_family(*source) != family) {
            reading.decide(instance.place, "mcast_src_ip, unicast_src_ip",
                           *source +
                               " has another family than the virtual "
                               "addresses: keepalived ignores it");
            source->clear();
        }
    }
    if (family == 6 && !instance.multicast_source.empty() &&
        !instance.multicast_source.starts_with("fe80:")) {
        reading.decide(instance.place, "mcast_src_ip",
                       "must be a link-local address in IPv6: it is left out");
        instance.multicast_source.clear();
    }
    if (instance.peers.empty() && !instance.unicast_source.empty()) {
        reading.decide(instance.place, "unicast_src_ip",
                       "needs unicast_peer: keepalived uses multicast");
        instance.unicast_source.clear();
    }
    if (!instance.peers.empty() && !instance.multicast_source.empty()) {
        reading.note(instance.place, "mcast_src_ip",
                     "has no effect with unicast_peer");
        instance.multicast_source.clear();
    }
    if (instance.peers.empty() &&
        instance.settings.find("unicast_ttl") != nullptr) {
        reading.note(instance.place, "unicast_ttl",
                     "has no effect without unicast_peer");
        instance.settings.erase("unicast_ttl");
    }
    if (instance.vmac_base && !instance.vmac) {
        reading.note(instance.place, "vmac_xmit_base",
                     "has no effect without use_vmac");
    }
    if (instance.vmac && !instance.peers.empty() && !instance.vmac_base) {
        instance.vmac_base = true;
        reading.note(instance.place, "use_vmac",
                     "unicast needs vmac_xmit_base: keepalived sets it");
    }
    if (instance.vmac && *instance.priority == kOwner) {
        instance.vmac = false;
        reading.decide(instance.place, "use_vmac",
                       "cannot be used with priority 255 here");
    }
}

// A peer would take over while this node still has the addresses.
bool down_delay_fits(Reading &reading, const Instance &instance,
                     const LinkDelay &delay) {
    const std::string *adverts = instance.settings.find("down_timer_adverts");
    if (adverts == nullptr) {
        adverts =
            reading.model.globals.instance_settings.find("down_timer_adverts");
    }
    const std::int64_t count =
        adverts == nullptr ? 3 : parse_number(*adverts).value_or(3);
    if (delay.down < *instance.advert_int * (count - 1)) {
        return true;
    }
    reading.decide(delay.place, "interface_up_down_delays",
                   "the delay of " + nginx_time(delay.down) +
                       " is left out: it must be less than advert_int * "
                       "(down_timer_adverts - 1)");
    return false;
}

void settle_interface(Reading &reading, Instance &instance) {
    if (instance.interface.empty()) {
        reading.decide(instance.place, "interface",
                       "is missing: write the interface of the "
                       "advertisements");
    }
    if (!instance.virtual_router_id) {
        reading.decide(instance.place, "virtual_router_id",
                       "is missing or not valid: keepalived does not start");
    }
    for (const LinkDelay &delay : reading.model.link_delays) {
        if (delay.interface != instance.interface) {
            continue;
        }
        if (delay.down != 0 && down_delay_fits(reading, instance, delay)) {
            instance.settings.set("link_down_delay", nginx_time(delay.down));
        }
        if (delay.up != 0) {
            instance.settings.set("link_up_delay", nginx_time(delay.up));
        }
    }
    for (const GarpGroup &group : reading.model.garp_groups) {
        if (std::ranges::find(group.interfaces, instance.interface) ==
            group.interfaces.end()) {
            continue;
        }
        if (group.garp_interval != 0) {
            instance.settings.set("garp_interval",
                                  nginx_time(group.garp_interval));
        }
        if (group.gna_interval != 0) {
            instance.settings.set("gna_interval",
                                  nginx_time(group.gna_interval));
        }
    }
}

// Letters, digits, "_.-", and not the name of another instance or group.
std::string unused_name(Reading &reading, const std::string &wanted) {
    constexpr std::size_t kLongest = 55;
    const std::string base = nginx_name(wanted);
    std::string name = base;
    while (!reading.written_names.insert(name).second) {
        const std::string begin = base.substr(0, kLongest);
        unsigned &count = reading.written_counts[begin];
        count = count == 0 ? 2 : count + 1;
        name = begin + "_" + std::to_string(count);
    }
    return name;
}

template <class Element>
void settle_name(Reading &reading, Element &element, const char *word) {
    element.written_name = unused_name(reading, element.name);
    if (element.written_name != element.name) {
        reading.note(element.place, word,
                     "has another name here: " + element.written_name);
    }
}

// Members that differ would not move for the same reason.
void settle_member(Reading &reading, const Instance &first,
                   Instance &instance) {
    if (instance.priority != first.priority) {
        reading.decide(instance.place, "priority",
                       "of the members of a sync group must be the same "
                       "here: " +
                           std::to_string(*first.priority) +
                           " is written instead of " +
                           std::to_string(*instance.priority));
        instance.priority = first.priority;
    }
    if (instance.nopreempt != first.nopreempt ||
        instance.preempt_delay != first.preempt_delay) {
        reading.decide(instance.place, "nopreempt, preempt_delay",
                       "of the members of a sync group must be the same "
                       "here: those of " +
                           printable(first.name) + " are written");
        instance.nopreempt = first.nopreempt;
        instance.preempt_delay = first.preempt_delay;
    }
}

void settle_members(Reading &reading, Group &group) {
    std::size_t found = 0;
    const Instance *first = nullptr;
    for (const auto &[place, name] : group.members) {
        const auto instance =
            std::ranges::find(reading.model.instances, name, &Instance::name);
        if (instance == reading.model.instances.end()) {
            reading.decide(
                place, "group",
                "there is no vrrp_instance \"" + printable(name) + "\"");
        } else if (!instance->group.empty()) {
            reading.decide(
                place, "group",
                "\"" + printable(name) + "\" is already a member of a group");
        } else {
            instance->group = group.written_name;
            if (first == nullptr) {
                first = &*instance;
            }
            settle_member(reading, *first, *instance);
            ++found;
        }
    }
    if (found == 0) {
        reading.decide(group.place, "vrrp_sync_group", "has no members");
    }
    if (found == 1) {
        reading.note(group.place, "vrrp_sync_group",
                     "has only one member here");
    }
}

// Settings for an interface on which there is no instance.
void report_unused_interfaces(Reading &reading) {
    const auto check = [&](const Place &place, const char *word,
                           const std::string &interface) {
        if (std::ranges::find(reading.model.instances, interface,
                              &Instance::interface) ==
            reading.model.instances.end()) {
            reading.note(place, word,
                         "no vrrp_instance has the interface \"" +
                             printable(interface) + "\"");
        }
    };
    for (const LinkDelay &delay : reading.model.link_delays) {
        check(delay.place, "interface_up_down_delays", delay.interface);
    }
    for (const GarpGroup &group : reading.model.garp_groups) {
        for (const std::string &interface : group.interfaces) {
            check(group.place, "garp_group", interface);
        }
    }
}

// nginx -t refuses these.
void report_conflicts(Reading &reading) {
    std::map<std::string, const Instance *> seen;
    const auto check = [&](const Instance &instance, const Place &place,
                           const char *word, const std::string &key) {
        const auto [found, is_new] = seen.emplace(key, &instance);
        if (!is_new && found->second != &instance) {
            reading.scope = instance.name;
            reading.decide(place, word,
                           "is also that of \"" +
                               printable(found->second->name) +
                               "\": " + printable(key));
        }
    };
    for (const Instance &instance : reading.model.instances) {
        const bool ipv6 =
            !instance.addresses.empty() && instance.addresses[0].family == 6;
        check(instance, instance.place, "virtual_router_id",
              std::to_string(instance.virtual_router_id.value_or(0)) +
                  (ipv6 ? " for IPv6 on " : " for IPv4 on ") +
                  instance.interface);
        for (const auto *list : {&instance.addresses, &instance.excluded}) {
            for (const Address &address : *list) {
                check(instance, address.place, "virtual_ipaddress",
                      address.address);
            }
        }
    }
}

}  // namespace

void settle(Reading &reading) {
    for (Instance &instance : reading.model.instances) {
        reading.scope = instance.name;
        settle_name(reading, instance, "vrrp_instance");
        settle_addresses(reading, instance);
        settle_version(reading, instance);
        settle_priority(reading, instance);
        settle_advert_int(reading, instance);
        settle_strict(reading, instance);
        settle_preemption(reading, instance);
        settle_authentication(reading, instance);
        settle_unicast(reading, instance);
        settle_interface(reading, instance);
    }
    for (Group &group : reading.model.groups) {
        reading.scope = group.name;
        settle_name(reading, group, "vrrp_sync_group");
        settle_members(reading, group);
    }
    settle_trackers(reading);
    report_conflicts(reading);
    reading.scope.clear();
    report_unused_interfaces(reading);
    settle_servers(reading);
}

}  // namespace ngx_vrrp::translator
