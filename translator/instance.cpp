// vrrp_instance.

#include <algorithm>

#include "translator/addresses.hpp"
#include "translator/grammar.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

void instance_state(Reading &reading, const Entry &entry) {
    const std::string &value = entry.word(1);
    reading.instance().master = value == "MASTER";
    if (value != "MASTER" && value != "BACKUP") {
        reading.decide(entry.head.place, "state",
                       "\"" + printable(value) + "\" is not MASTER or BACKUP");
    }
}

void instance_interface(Reading &reading, const Entry &entry) {
    reading.instance().interface = entry.word(1);
}

void virtual_router_id(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 1, 255)) {
        reading.instance().virtual_router_id = *value;
    }
}

void instance_priority(Reading &reading, const Entry &entry) {
    const auto value = read_number(reading, entry, 1, 255);
    reading.instance().priority = value.value_or(100);
}

void advert_int(Reading &reading, const Entry &entry) {
    if (const auto value =
            read_time(reading, entry, kSecond / 100, 255 * kSecond)) {
        reading.instance().advert_int = *value;
        reading.instance().advert_int_place = entry.head.place;
    }
}

void instance_version(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 2, 3)) {
        reading.instance().version = *value;
    }
}

void nopreempt(Reading &reading, const Entry &entry) {
    reading.instance().nopreempt = true;
    reading.instance().nopreempt_place = entry.head.place;
}

void preempt(Reading &reading, const Entry &) {
    reading.instance().nopreempt = false;
}

void preempt_delay(Reading &reading, const Entry &entry) {
    if (const auto value = read_time(reading, entry, 0, 1000 * kSecond)) {
        reading.instance().preempt_delay = *value;
        reading.instance().preempt_delay_place = entry.head.place;
    }
}

void strict_mode(Reading &reading, const Entry &entry) {
    reading.instance().strict = read_flag(reading, entry);
}

void instance_source(Reading &reading, const Entry &entry) {
    const bool unicast = entry.word(0) == "unicast_src_ip";
    if (address_family(entry.word(1)) == 0) {
        reading.decide(entry.head.place, entry.word(0),
                       "\"" + printable(entry.word(1)) +
                           "\" is not an address: keepalived ignores it");
        return;
    }
    (unicast ? reading.instance().unicast_source
             : reading.instance().multicast_source) = entry.word(1);
}

void mcast_dst(Reading &reading, const Entry &entry) {
    const std::string &group = entry.word(1);
    if (address_family(group) == 4 && group.starts_with("224.0.0.")) {
        reading.settings->set("mcast_group4", group);
    } else if (address_family(group) == 6 && is_multicast(group)) {
        reading.settings->set("mcast_group6", group);
    } else {
        reading.decide(entry.head.place, "mcast_dst_ip",
                       "must be one of 224.0.0.0/24, or an IPv6 multicast "
                       "address of the link");
    }
}

void unicast_ttl(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 255)) {
        reading.settings->set(
            "unicast_ttl", std::to_string(std::max<std::int64_t>(1, *value)));
    }
}

void unicast_peer(Reading &reading, const Entry &entry) {
    for (const Piece &item : entry.items) {
        Peer peer{item.place, item.words[0], {}, {}};
        if (address_family(peer.address) == 0) {
            reading.decide(item.place, "unicast_peer",
                           "\"" + printable(peer.address) +
                               "\" is not an address: keepalived ignores it");
            continue;
        }
        for (std::size_t i = 1; i < item.words.size(); i += 2) {
            const std::string &word = item.words[i];
            const auto value = i + 1 < item.words.size()
                                   ? parse_number(item.words[i + 1])
                                   : std::nullopt;
            if ((word != "min_ttl" && word != "max_ttl") || !value ||
                *value < 0 || *value > 255) {
                reading.decide(item.place, "unicast_peer",
                               "\"" + printable(word) +
                                   "\" is not a parameter with a valid "
                                   "value; write one address on a line");
                break;
            }
            auto &ttl = word == "min_ttl" ? peer.min_ttl : peer.max_ttl;
            ttl = static_cast<unsigned>(std::max<std::int64_t>(1, *value));
        }
        reading.instance().peers.push_back(std::move(peer));
    }
}

void instance_vmac(Reading &reading, const Entry &entry) {
    Instance &instance = reading.instance();
    instance.vmac = true;
    for (std::size_t i = 1; i < entry.head.words.size(); ++i) {
        const std::string &word = entry.head.words[i];
        if (std::ranges::count(word, ':') >= 4) {
            reading.decide(entry.head.place, "use_vmac",
                           "the MAC address is always that of RFC 9568 here, "
                           "not " +
                               printable(word));
        } else if (word != "netlink_notify_msg") {
            instance.vmac_name = word;
        }
    }
}

void vmac_base(Reading &reading, const Entry &) {
    reading.instance().vmac_base = true;
}

void auth_begin(Reading &reading, const Entry &entry) {
    reading.instance().auth_place = entry.head.place;
}

void auth_type(Reading &reading, const Entry &entry) {
    reading.instance().auth_type = entry.word(1);
}

void auth_pass(Reading &reading, const Entry &entry) {
    std::string password = entry.word(1);
    if (password.size() > 8) {
        reading.note(entry.head.place, "auth_pass",
                     "only the first 8 characters are used");
        password.resize(8);
    }
    reading.instance().auth_pass = std::move(password);
}

constinit const Row kAuthRows[] = {
    line_row("auth_type", auth_type),
    line_row("auth_pass", auth_pass),
};
constinit const Grammar kAuth{"authentication", kAuthRows};

void instance_hmac(Reading &reading, const Entry &entry) {
    std::string &text = reading.instance().hmac;
    const std::string &name = entry.word(0);
    if (name == "key") {
        text += " key=" + entry.word(1) + ":" + entry.word(2);
    } else if (name == "time_window") {
        text += " time_window=" + entry.word(1) + "s";
    } else {
        text += " " + name + "=" + entry.word(1);
    }
}

constinit const Row kHmacRows[] = {
    line_row("key", instance_hmac),
    line_row("active_key", instance_hmac),
    line_row("anti_replay", instance_hmac),
    line_row("time_window", instance_hmac),
    line_row("mode", instance_hmac),
};
constinit const Grammar kHmac{"auth_hmac", kHmacRows};

void instance_addresses(Reading &reading, const Entry &entry) {
    read_addresses(reading, entry, reading.instance().addresses);
}

void instance_excluded(Reading &reading, const Entry &entry) {
    read_addresses(reading, entry, reading.instance().excluded);
}

void no_address(Reading &reading, const Entry &) {
    reading.instance().no_address = true;
}

void instance_routes(Reading &reading, const Entry &entry) {
    for (const Piece &item : entry.items) {
        reading.instance().routes.push_back(read_route(reading, item));
    }
}

void instance_rules(Reading &reading, const Entry &entry) {
    for (const Piece &item : entry.items) {
        reading.instance().rules.push_back(read_rule(reading, item));
    }
}

void track_interface(Reading &reading, const Entry &entry) {
    read_tracks(reading, entry, reading.instance().tracks.interfaces);
}

void track_script(Reading &reading, const Entry &entry) {
    read_tracks(reading, entry, reading.instance().tracks.scripts);
}

void track_process(Reading &reading, const Entry &entry) {
    read_tracks(reading, entry, reading.instance().tracks.processes);
}

void instance_track_file(Reading &reading, const Entry &entry) {
    read_tracks(reading, entry, reading.instance().tracks.files);
}

void track_bfd(Reading &reading, const Entry &entry) {
    read_tracks(reading, entry, reading.instance().tracks.bfds);
}

void instance_notify(Reading &reading, const Entry &entry) {
    // keepalived sends DELETED to the other scripts even without a script.
    if (entry.head.words.size() > 1 || entry.word(0) != "notify_deleted") {
        read_notify(reading, entry, reading.instance().notify);
    } else {
        reading.note(entry.head.place, "notify_deleted",
                     "not needed: \"notify\" always reports DELETED");
    }
}

void instance_smtp_alert(Reading &reading, const Entry &entry) {
    reading.instance().mail = read_flag(reading, entry);
}

void instance_priority_changes(Reading &reading, const Entry &entry) {
    reading.instance().notify_priority = read_flag(reading, entry);
}

constexpr std::string_view kLowerPrio =
    "not needed: the answer to a router that loses the election is followed "
    "by one announcement";

constinit const Row kInstanceRows[] = {
    line_row("state", instance_state),
    line_row("interface", instance_interface),
    line_row("virtual_router_id", virtual_router_id),
    line_row("priority", instance_priority),
    line_row("advert_int", advert_int),
    line_row("version", instance_version),
    line_row("nopreempt", nopreempt),
    line_row("preempt", preempt),
    line_row("preempt_delay", preempt_delay),
    line_row("down_timer_adverts", set_down_timer),
    line_row("v3_checksum_as_v2", set_v3_checksum),
    line_row("strict_mode", strict_mode),
    block_row("authentication", auth_begin, &kAuth),
    block_row("auth_hmac", nullptr, &kHmac),
    list_row("virtual_ipaddress", instance_addresses),
    list_row("virtual_ipaddress_excluded", instance_excluded),
    line_row("no_virtual_ipaddress", no_address),
    list_row("virtual_routes", instance_routes),
    list_row("virtual_rules", instance_rules),
    line_row("mcast_src_ip", instance_source),
    line_row("unicast_src_ip", instance_source),
    line_row("mcast_dst_ip", mcast_dst),
    line_row("unicast_ttl", unicast_ttl),
    list_row("unicast_peer", unicast_peer),
    line_row("use_vmac", instance_vmac),
    line_row("vmac_xmit_base", vmac_base),
    line_row("garp_master_delay", set_garp_delay),
    line_row("garp_master_repeat", set_garp_repeat),
    line_row("garp_master_refresh", set_garp_refresh),
    line_row("garp_master_refresh_repeat", set_garp_refresh_repeat),
    line_row("garp_extra_if", set_extra_if),
    list_row("track_interface", track_interface),
    list_row("track_script", track_script),
    list_row("track_process", track_process),
    list_row("track_file", instance_track_file),
    list_row("track_bfd", track_bfd),
    line_row("notify_master", instance_notify),
    line_row("notify_backup", instance_notify),
    line_row("notify_fault", instance_notify),
    line_row("notify_stop", instance_notify),
    line_row("notify_deleted", instance_notify),
    line_row("notify", instance_notify),
    line_row("notify_master_rx_lower_pri", instance_notify),
    line_row("notify_priority_changes", instance_priority_changes),
    line_row("smtp_alert", instance_smtp_alert),

    note_row("garp_lower_prio_delay", kLowerPrio),
    note_row("garp_lower_prio_repeat", kLowerPrio),
    note_row("lower_prio_no_advert",
             "has no counterpart: a MASTER always answers a router that loses "
             "the election, as RFC 9568 requires"),
    note_row("higher_prio_send_advert",
             "not needed: the winner announces its addresses anyway"),
    note_row("owner_ignore_adverts",
             "not needed: another address owner is reported"),
    note_row("timer_expired_backup",
             "not needed: always on. A vrrp process that ran too late first "
             "removes the address"),
    note_row("skip_check_adv_addr",
             "not needed: a different list of addresses is logged, and the "
             "advertisement is accepted"),
    note_row("check_unicast_src", "not needed: always on"),
    note_row("unicast_fault_no_peer",
             "not needed: nginx -t reports unicast_src_ip without a peer"),
    decide_row(
        "old_unicast_checksum",
        "has no counterpart: it was wrong. Remove it from the other nodes"),
    note_row("track_src_ip",
             "not needed: always on. A missing source address is a fault"),
    note_row("promote_secondaries", "not needed: always on"),
    decide_row("dont_track_primary",
               "has no counterpart: a router without its interface cannot "
               "advertise, so it is in FAULT"),
    note_row("native_ipv6", "not needed: the addresses decide"),
    note_row("linkbeat_use_polling",
             "not needed: the kernel reports the state of the link"),
    note_row("accept",
             "not needed: packets to the addresses are always accepted"),
    decide_row(
        "no_accept",
        "has no counterpart: packets to the addresses are accepted. Use a "
        "packet filter if they must be dropped"),
    decide_row(
        "use_vmac_addr",
        "has no counterpart: addresses with dev are on that interface "
        "itself. Write an instance with use_vmac for that interface, in the "
        "same sync_group"),
    note_row("use_ipvlan",
             "has no counterpart: the addresses are on the interface itself, "
             "with its MAC address"),
    decide_row("vrf", "has no counterpart: an interface is required"),
    note_row(
        "kernel_rx_buf_size",
        "not needed: the buffers are large enough for 255 virtual routers"),
    note_row("debug", "has no effect in keepalived"),
};

}  // namespace

constinit const Grammar kInstance{"vrrp_instance", kInstanceRows};

}  // namespace ngx_vrrp::translator
