// global_defs, and what stands beside it.

#include <algorithm>

#include "translator/grammar.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

void router_id(Reading &reading, const Entry &entry) {
    const std::string name = nginx_name(entry.word(1));
    if (name != entry.word(1)) {
        reading.note(
            entry.head.place, "router_id",
            "the name contains letters, digits, \"_.-\" here: " + name);
    }
    reading.model.globals.settings.set("router_id", name);
}

void global_version(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 2, 3)) {
        reading.model.globals.version = *value;
    }
}

void global_strict(Reading &reading, const Entry &entry) {
    reading.model.globals.strict = read_flag(reading, entry);
}

void mcast_group4(Reading &reading, const Entry &entry) {
    if (entry.word(1).starts_with("224.0.0.") &&
        address_family(entry.word(1)) == 4) {
        reading.settings->set("mcast_group4", entry.word(1));
    } else {
        reading.decide(entry.head.place, entry.word(0),
                       "must be one of 224.0.0.0/24 here");
    }
}

void mcast_group6(Reading &reading, const Entry &entry) {
    if (address_family(entry.word(1)) == 6 && is_multicast(entry.word(1))) {
        reading.settings->set("mcast_group6", entry.word(1));
    } else {
        reading.decide(entry.head.place, entry.word(0),
                       "is not an IPv6 multicast address");
    }
}

void global_garp_interval(Reading &reading, const Entry &entry) {
    if (const auto value = read_time(reading, entry, 1, kSecond)) {
        reading.settings->set("garp_interval", nginx_time(*value));
    }
}

void global_gna_interval(Reading &reading, const Entry &entry) {
    if (const auto value = read_time(reading, entry, 1, kSecond)) {
        reading.settings->set("gna_interval", nginx_time(*value));
    }
}

void min_garp(Reading &reading, const Entry &entry) {
    if (read_flag(reading, entry)) {
        reading.settings->set("garp_master_repeat", "1");
        reading.settings->set("garp_master_delay", "0");
    }
}

void startup_delay(Reading &reading, const Entry &entry) {
    if (const auto value = read_time(reading, entry, 0, 3600 * kSecond)) {
        reading.model.globals.settings.set("startup_delay", nginx_time(*value));
    }
}

void delay_after_boot(Reading &reading, const Entry &entry) {
    if (const auto value = read_time(reading, entry, 0, 3600 * kSecond)) {
        reading.model.globals.settings.set("delay_after_boot",
                                           nginx_time(*value));
    }
}

void rt_priority(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 1, 99)) {
        reading.model.globals.settings.set("realtime_priority",
                                           std::to_string(*value));
    }
}

void no_swap(Reading &reading, const Entry &) {
    reading.model.globals.settings.set("mlock", "on");
}

void global_user(Reading &reading, const Entry &entry) {
    reading.model.globals.script_user =
        script_user(reading, entry.head.words, 1);
}

void global_fifo(Reading &reading, const Entry &entry) {
    std::string path = entry.word(1);
    if (!path.starts_with('/')) {
        reading.decide(entry.head.place, entry.word(0),
                       "needs an absolute path");
        return;
    }
    if (!entry.word(2).empty()) {
        reading.note(entry.head.place, entry.word(0),
                     "nginx makes the FIFO for root and its own user; make "
                     "it before nginx starts if another user reads it");
    }
    reading.model.globals.fifos.push_back({"notify_fifo", std::move(path)});
}

void mail_to(Reading &reading, const Entry &entry) {
    reading.model.globals.mail_place = entry.head.place;
    for (const Piece &item : entry.items) {
        reading.model.globals.mail_to.push_back(item.words[0]);
        if (item.words.size() > 1) {
            reading.decide(item.place, item.words[1],
                           "keepalived uses only the first address of a line");
        }
    }
}

void mail_from(Reading &reading, const Entry &entry) {
    reading.model.globals.mail_from = entry.word(1);
}

void smtp_server(Reading &reading, const Entry &entry) {
    std::string server = entry.word(1);
    if (address_family(server) == 6) {
        server = "[" + server + "]";
    }
    reading.model.globals.smtp_server =
        server + (entry.word(2).empty() ? "" : ":" + entry.word(2));
}

void smtp_helo(Reading &reading, const Entry &entry) {
    reading.model.globals.smtp_helo = entry.word(1);
}

void global_smtp_alert(Reading &reading, const Entry &entry) {
    reading.model.globals.mail = read_flag(reading, entry);
}

void global_priority_changes(Reading &reading, const Entry &entry) {
    reading.model.globals.notify_priority = read_flag(reading, entry);
}

void cpu_affinity(Reading &reading, const Entry &entry) {
    std::string list;
    for (std::size_t i = 1; i < entry.head.words.size(); ++i) {
        list += (i == 1 ? "" : " ") + printable(entry.head.words[i]);
    }
    reading.note(entry.head.place, entry.word(0),
                 "use CPUAffinity=" + list + " in nginx's systemd unit");
}

constexpr std::string_view kLvs = "is for LVS: nginx forwards requests itself";
constexpr std::string_view kFirewall =
    "not needed: the module needs no packet filter";
constexpr std::string_view kBuffers =
    "not needed: the kernel is asked again if its messages are lost";
constexpr std::string_view kSnmp =
    "there is no SNMP: use vrrp_status with format=prometheus, or "
    "notify_webhook";
constexpr std::string_view kDbus =
    "there is no D-Bus: use vrrp_status and vrrp_control";
constexpr std::string_view kHouse = "not needed: nginx has its own settings";
constexpr std::string_view kScheduling =
    "not needed: set realtime_priority if the machine is very busy";
constexpr std::string_view kFifoScript =
    "start the program that reads the FIFO as a service of systemd";
constexpr std::string_view kAlways = "not needed: always on";
constexpr std::string_view kReload =
    "not needed: a reload with an error keeps the old configuration, and "
    "nodes can be reloaded at different times";

constinit const Row kGlobalRows[] = {
    line_row("router_id", router_id),
    line_row("vrrp_version", global_version),
    line_row("vrrp_strict", global_strict),
    line_row("vrrp_mcast_group4", mcast_group4),
    line_row("vrrp_mcast_group6", mcast_group6),
    note_row("default_interface",
             "not needed: each instance has its interface"),
    line_row("vrrp_garp_master_delay", set_garp_delay),
    line_row("vrrp_garp_master_repeat", set_garp_repeat),
    line_row("vrrp_garp_master_refresh", set_garp_refresh),
    line_row("vrrp_garp_master_refresh_repeat", set_garp_refresh_repeat),
    note_row("vrrp_garp_lower_prio_delay",
             "not needed: the answer to a router that loses the election is "
             "followed by one announcement"),
    note_row("vrrp_garp_lower_prio_repeat",
             "not needed: the answer to a router that loses the election is "
             "followed by one announcement"),
    line_row("vrrp_garp_interval", global_garp_interval),
    line_row("vrrp_gna_interval", global_gna_interval),
    line_row("vrrp_min_garp", min_garp),
    line_row("vrrp_garp_extra_if", set_extra_if),
    line_row("vrrp_down_timer_adverts", set_down_timer),
    line_row("v3_checksum_as_v2", set_v3_checksum),
    line_row("vrrp_startup_delay", startup_delay),
    line_row("vrrp_delay_after_boot", delay_after_boot),
    line_row("vrrp_rt_priority", rt_priority),
    line_row("vrrp_no_swap", no_swap),
    line_row("script_user", global_user),
    line_row("notify_fifo", global_fifo),
    line_row("vrrp_notify_fifo", global_fifo),
    list_row("notification_email", mail_to),
    line_row("notification_email_from", mail_from),
    line_row("smtp_server", smtp_server),
    line_row("smtp_helo_name", smtp_helo),
    line_row("smtp_alert", global_smtp_alert),
    line_row("smtp_alert_vrrp", global_smtp_alert),
    line_row("vrrp_notify_priority_changes", global_priority_changes),
    line_row("vrrp_cpu_affinity", cpu_affinity),

    note_row("vrrp_lower_prio_no_advert",
             "has no counterpart: a MASTER always answers a router that loses "
             "the election, as RFC 9568 requires"),
    note_row("vrrp_higher_prio_send_advert",
             "not needed: the winner announces its addresses anyway"),
    note_row("vrrp_owner_ignore_adverts",
             "not needed: another address owner is reported"),
    note_row("vrrp_check_unicast_src", kAlways),
    note_row("vrrp_skip_check_adv_addr",
             "not needed: a different list of addresses is logged, and the "
             "advertisement is accepted"),
    note_row(
        "enable_script_security",
        "not needed: always on. nginx -t refuses a script that other users "
        "can change"),
    note_row("dynamic_interfaces", kAlways),
    note_row("log_unknown_vrids", kAlways),
    note_row("linkbeat_use_polling",
             "not needed: the kernel reports the state of the link"),
    decide_row("notify_fifo_script", kFifoScript),
    decide_row("vrrp_notify_fifo_script", kFifoScript),
    decide_row(
        "lvs_notify_fifo",
        "write notify_fifo with events=upstream for servers of an upstream"),
    decide_row("lvs_notify_fifo_script", kFifoScript),
    note_row("fifo_write_vrrp_states_on_reload",
             "not needed: a reload changes no state; vrrp_status has them"),
    decide_row("startup_script",
               "has no counterpart: use ExecStartPre= of nginx's systemd unit"),
    note_row("startup_script_timeout", "see startup_script"),
    decide_row("shutdown_script",
               "has no counterpart: use ExecStopPost= of nginx's systemd unit"),
    note_row("shutdown_script_timeout", "see shutdown_script"),
    decide_row("vmac_prefix",
               "has no counterpart: write name= of use_vmac in each instance"),
    decide_row("vmac_addr_prefix",
               "has no counterpart: write an instance with use_vmac for each "
               "interface"),
    decide_row("net_namespace",
               "has no counterpart: start nginx in this network namespace"),
    note_row("smtp_connect_timeout", "not needed: timeout= of notify_email"),
    note_row("no_email_faults",
             "has no counterpart: notify_email reports all changes of state"),
    note_row("disable_local_igmp", kFirewall),
    note_row("nftables", kFirewall),
    note_row("nftables_priority", kFirewall),
    note_row("nftables_counters", kFirewall),
    note_row("nftables_ifindex", kFirewall),
    note_row("vrrp_iptables", kFirewall),
    note_row("vrrp_ipsets", kFirewall),
    note_row("max_auto_priority", kScheduling),
    note_row("min_auto_priority_delay", kScheduling),
    note_row("vrrp_priority", kScheduling),
    note_row("vrrp_rlimit_rttime", kScheduling),
    note_row("vrrp_netlink_cmd_rcv_bufs", kBuffers),
    note_row("vrrp_netlink_cmd_rcv_bufs_force", kBuffers),
    note_row("vrrp_netlink_monitor_rcv_bufs", kBuffers),
    note_row("vrrp_netlink_monitor_rcv_bufs_force", kBuffers),
    note_row("process_monitor_rcv_bufs", kBuffers),
    note_row("process_monitor_rcv_bufs_force", kBuffers),
    note_row("lvs_netlink_cmd_rcv_bufs", kBuffers),
    note_row("lvs_netlink_cmd_rcv_bufs_force", kBuffers),
    note_row("lvs_netlink_monitor_rcv_bufs", kBuffers),
    note_row("lvs_netlink_monitor_rcv_bufs_force", kBuffers),
    note_row("vrrp_rx_bufs_policy", kBuffers),
    note_row("vrrp_rx_bufs_multiplier", kBuffers),
    note_row("snmp_socket", kSnmp),
    note_row("enable_snmp_vrrp", kSnmp),
    note_row("enable_snmp_keepalived", kSnmp),
    note_row("enable_snmp_checker", kSnmp),
    note_row("enable_snmp_rfc", kSnmp),
    note_row("enable_snmp_rfcv2", kSnmp),
    note_row("enable_snmp_rfcv3", kSnmp),
    note_row("enable_traps", kSnmp),
    note_row("enable_dbus", kDbus),
    note_row("dbus_service_name", kDbus),
    note_row("reload_check_config", kReload),
    note_row("reload_time_file", kReload),
    note_row("reload_repeat", kReload),
    note_row("reload_file", kReload),
    note_row("include_check", "not needed: nginx reports a missing file"),
    note_row("data_use_instance", "not needed: vrrp_status has the state"),
    note_row("state_dump_file", "not needed: vrrp_status has the state"),
    note_row("stats_dump_file", "not needed: vrrp_status has the counters"),
    note_row("json_dump_file", "not needed: vrrp_status has the state as JSON"),
    note_row("json_version", "not needed: vrrp_status has the state as JSON"),
    note_row("instance", kHouse),
    note_row("use_pid_dir", kHouse),
    note_row("child_wait_time",
             "not needed: release_timeout and worker_shutdown_timeout"),
    note_row("process_names", kHouse),
    note_row("process_name", kHouse),
    note_row("vrrp_process_name", kHouse),
    note_row("checker_process_name", kHouse),
    note_row("bfd_process_name", kHouse),
    note_row("umask", kHouse),
    note_row("tmp_config_directory", kHouse),
    note_row("config_save_dir", kHouse),
    note_row("random_seed", kHouse),
    note_row("iproute_usr_dir", kHouse),
    note_row("iproute_etc_dir", kHouse),
    note_row("use_symlink_paths", kHouse),
    note_row("set_supplementary_groups", kHouse),
    line_row("smtp_alert_checker",
             [](Reading &reading, const Entry &entry) {
                 reading.model.globals.server_mail = read_flag(reading, entry);
             }),
    note_row("checker_log_all_failures", kLvs),
    note_row("rs_init_notifies", kLvs),
    note_row("no_checker_emails", kLvs),
    note_row("checker_priority", kScheduling),
    note_row("checker_no_swap", kScheduling),
    note_row("checker_cpu_affinity", kScheduling),
    note_row("checker_rt_priority", kScheduling),
    note_row("checker_rlimit_rttime", kScheduling),
    note_row("bfd_priority", kScheduling),
    note_row("bfd_no_swap", kScheduling),
    note_row("bfd_cpu_affinity", kScheduling),
    note_row("bfd_rt_priority", kScheduling),
    note_row("bfd_rlimit_rttime", kScheduling),
    decide_row("net_namespace_ipvs", kLvs),
    note_row("namespace_with_ipsets", kFirewall),
    note_row("lvs_sync_daemon", kLvs),
    note_row("lvs_timeouts", kLvs),
    note_row("lvs_flush", kLvs),
    note_row("lvs_flush_on_stop", kLvs),
    note_row("nftables_ipvs", kLvs),
    note_row("nftables_ipvs_priority", kLvs),
    note_row("nftables_ipvs_start_fwmark", kLvs),
};

constinit const Row kGarpRows[] = {
    line_row("garp_interval",
             [](Reading &reading, const Entry &entry) {
                 if (const auto value = read_time(reading, entry, 1, kSecond)) {
                     reading.model.garp_groups.back().garp_interval = *value;
                 }
             }),
    line_row("gna_interval",
             [](Reading &reading, const Entry &entry) {
                 if (const auto value = read_time(reading, entry, 1, kSecond)) {
                     reading.model.garp_groups.back().gna_interval = *value;
                 }
             }),
    line_row("interface",
             [](Reading &reading, const Entry &entry) {
                 reading.model.garp_groups.back().interfaces.push_back(
                     entry.word(1));
             }),
    {"interfaces",
     Shape::list,
     [](Reading &reading, const Entry &entry) {
         for (const Piece &item : entry.items) {
             auto &names = reading.model.garp_groups.back().interfaces;
             names.insert(names.end(), item.words.begin(), item.words.end());
         }
         reading.note(entry.head.place, "interfaces",
                      "the pause is between two packets on the same "
                      "interface, not on all of them");
     },
     Severity::note,
     {},
     nullptr,
     nullptr},
};

constinit const Row kTrackGroupRows[] = {
    {"group", Shape::list, nullptr, Severity::note, "see track_group", nullptr,
     nullptr},
};

}  // namespace

constinit const Grammar kGlobals{"global_defs", kGlobalRows};
constinit const Grammar kGarpGroup{"garp_group", kGarpRows};
constinit const Grammar kTrackGroup{"track_group", kTrackGroupRows};

}  // namespace ngx_vrrp::translator
