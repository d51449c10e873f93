// Each keyword of keepalived.conf(5) changes the translation, or is named in a
// remark: nothing is lost silently.

#include <gtest/gtest.h>

#include <string>

#include "tests/translator/memory_files.hpp"
#include "translator/grammar.hpp"
#include "translator/translate.hpp"

namespace ngx_vrrp::translator {
namespace {

// "%" is the line with the keyword.
constexpr const char *kInGlobals = "global_defs {\n%\n}\n";
constexpr const char *kInInstance = "";
constexpr const char *kInGroup =
    "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\n%\n}\n";
constexpr const char *kInScript =
    "vrrp_script s {\nscript \"/bin/true\"\n%\n}\n";
constexpr const char *kInProcess =
    "vrrp_track_process p {\nprocess haproxy\n%\n}\n";
constexpr const char *kInFile = "track_file f {\nfile /run/f\n%\n}\n";
constexpr const char *kInBfd = "bfd_instance b {\nneighbor_ip 10.0.0.9\n%\n}\n";
constexpr const char *kInGarpGroup =
    "garp_group {\ninterface eth0\ngarp_interval 0.5\n%\n}\n";
// Mails, and a server whose check is HTTP_GET.
#define NGX_VRRP_TEST_SERVER(in_virtual, in_real, checker)                \
    "global_defs {\nnotification_email {\na@b\n}\n"                       \
    "smtp_server 127.0.0.1\n}\n"                                          \
    "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlb_algo sh\n" in_virtual \
    "\nreal_server 10.0.0.2 80 {\n" in_real "\n" checker "\n}\n}\n"
#define NGX_VRRP_TEST_CHECKER(kind) \
    NGX_VRRP_TEST_SERVER("retry 5", "", kind " {\n%\n}")
constexpr const char *kInVirtualServer =
    NGX_VRRP_TEST_SERVER("%", "", "HTTP_GET {\nurl {\npath /\n}\n}");
constexpr const char *kInRealServer =
    NGX_VRRP_TEST_SERVER("", "%", "HTTP_GET {\nurl {\npath /\n}\n}");
constexpr const char *kInHttp =
    NGX_VRRP_TEST_SERVER("retry 5", "", "HTTP_GET {\nurl {\npath /\n}\n%\n}");
constexpr const char *kInUrl =
    NGX_VRRP_TEST_SERVER("", "", "HTTP_GET {\nurl {\npath /\nregex a\n%\n}\n}");
constexpr const char *kInTcp = NGX_VRRP_TEST_CHECKER("TCP_CHECK");
constexpr const char *kInSmtp = NGX_VRRP_TEST_CHECKER("SMTP_CHECK");
constexpr const char *kInSmtpHost =
    NGX_VRRP_TEST_SERVER("", "", "SMTP_CHECK {\nhost {\n%\n}\n}");
constexpr const char *kInDns = NGX_VRRP_TEST_CHECKER("DNS_CHECK");
constexpr const char *kInMisc = NGX_VRRP_TEST_CHECKER("MISC_CHECK");
constexpr const char *kInBfdCheck = NGX_VRRP_TEST_CHECKER("BFD_CHECK");
constexpr const char *kInUdp = NGX_VRRP_TEST_CHECKER("UDP_CHECK");
constexpr const char *kInFileCheck = NGX_VRRP_TEST_CHECKER("FILE_CHECK");
constexpr const char *kInTls =
    "SSL {\ncertificate /bin/true\nkey /bin/true\n%\n}\n" NGX_VRRP_TEST_SERVER(
        "", "", "SSL_GET {\nurl {\npath /\n}\n}");
#undef NGX_VRRP_TEST_CHECKER
#undef NGX_VRRP_TEST_SERVER
constexpr const char *kAtTop = "%\n";

struct Keywords {
    const char *name;
    const Grammar *grammar;
    const char *block;
    std::vector<const char *> lines;
};

std::vector<const char *> with_connection(std::vector<const char *> lines) {
    for (const char *line :
         {"connect_ip 10.0.0.9", "connect_port 81", "bindto 10.0.0.9",
          "bind_port 9", "bind_if eth0", "fwmark 1", "connect_timeout 3",
          "alpha", "retry 3", "delay_before_retry 2", "delay_loop 7",
          "warmup 1", "log_all_failures"}) {
        lines.push_back(line);
    }
    return lines;
}

const std::vector<Keywords> &all_keywords() {
    static const std::vector<Keywords> all = {
        {"vrrp_instance",
         &kInstance,
         kInInstance,
         {"state MASTER",
          "interface eth1",
          "virtual_router_id 7",
          "priority 90",
          "advert_int 3",
          "version 3",
          "nopreempt",
          "preempt_delay 5",
          "down_timer_adverts 4",
          "v3_checksum_as_v2",
          "strict_mode on",
          "authentication {\nauth_type PASS\nauth_pass a\n}",
          "auth_hmac {\nkey 1 ascii:x\nmode enforce\n}",
          "virtual_ipaddress {\n10.0.0.5\n}",
          "virtual_ipaddress_excluded {\n10.0.0.6\n}",
          "virtual_routes {\ndefault via 10.0.0.1\n}",
          "virtual_rules {\nfrom 10.0.0.1 table 9\n}",
          "mcast_src_ip 10.0.0.7",
          "unicast_src_ip 10.0.0.8",
          "mcast_dst_ip 224.0.0.19",
          "unicast_peer {\n10.0.0.9\n}",
          "use_vmac",
          "garp_master_delay 1",
          "garp_master_repeat 2",
          "garp_master_refresh 3",
          "garp_master_refresh_repeat 4",
          "garp_extra_if all 100",
          "track_interface {\neth9\n}",
          "track_script {\ns\n}",
          "track_process {\np\n}",
          "track_file {\nf\n}",
          "track_bfd {\nb\n}",
          "notify_master /bin/true",
          "notify_backup /bin/true",
          "notify_fault /bin/true",
          "notify_stop /bin/true",
          "notify_deleted /bin/true",
          "notify /bin/true",
          "notify_master_rx_lower_pri /bin/true",
          "garp_lower_prio_delay 1",
          "garp_lower_prio_repeat 1",
          "lower_prio_no_advert on",
          "higher_prio_send_advert on",
          "owner_ignore_adverts on",
          "timer_expired_backup",
          "skip_check_adv_addr on",
          "check_unicast_src",
          "unicast_fault_no_peer",
          "old_unicast_checksum never",
          "track_src_ip",
          "promote_secondaries",
          "dont_track_primary",
          "native_ipv6",
          "linkbeat_use_polling",
          "accept",
          "no_accept",
          "use_vmac_addr",
          "use_ipvlan",
          "vrf x",
          "kernel_rx_buf_size 9",
          "debug 1",
          "smtp_alert on",
          "notify_priority_changes on",
          "unicast_ttl 9",
          "no_virtual_ipaddress",
          "vmac_xmit_base",
          "preempt"}},
        {"vrrp_sync_group",
         &kSyncGroup,
         kInGroup,
         {"track_interface {\neth9\n}", "track_script {\ns\n}",
          "track_process {\np\n}", "track_file {\nf\n}", "track_bfd {\nb\n}",
          "notify_master /bin/true", "notify_backup /bin/true",
          "notify_fault /bin/true", "notify_stop /bin/true",
          "notify_deleted /bin/true", "notify /bin/true",
          "notify_priority_changes on", "global_tracking", "smtp_alert on",
          "sync_group_tracking_weight", "group {\nVI_9\n}"}},
        {"vrrp_script",
         &kScript,
         kInScript,
         {"script \"/bin/true x\"", "interval 2", "timeout 9", "weight 5",
          "rise 7", "fall 8", "user daemon", "init_fail"}},
        {"vrrp_track_process",
         &kProcess,
         kInProcess,
         {"process nginx", "weight 5", "quorum 2", "quorum_max 3",
          "full_command", "param_match initial", "delay 1", "fork_delay 1",
          "terminate_delay 1"}},
        {"track_file",
         &kTrackFile,
         kInFile,
         {"file /run/g", "weight 5", "init_file 1"}},
        {"bfd_instance",
         &kBfd,
         kInBfd,
         {"neighbor_ip 10.0.0.8", "neighbour_ip 10.0.0.8", "source_ip 10.0.0.7",
          "min_rx 20", "min_tx 20", "idle_tx 2000", "multiplier 3", "passive",
          "ttl 9", "hoplimit 9", "max_hops 9", "multihop", "weight 5", "vrrp",
          "checker"}},
        {"garp_group",
         &kGarpGroup,
         kInGarpGroup,
         {"garp_interval 0.1", "gna_interval 0.1", "interface eth1",
          "interfaces {\neth0\n}"}},
        {"virtual_server",
         &kVirtualServer,
         kInVirtualServer,
         {"alpha",
          "retry 3",
          "delay_before_retry 2",
          "connect_timeout 3",
          "delay_loop 7",
          "lb_algo rr",
          "lvs_sched rr",
          "lb_kind DR",
          "lvs_method DR",
          "protocol UDP",
          "persistence_timeout 5",
          "persistence_granularity 255.255.255.0",
          "persistence_engine sip",
          "sh-port",
          "mh-port",
          "sh-fallback",
          "mh-fallback",
          "flag-1",
          "flag-2",
          "flag-3",
          "hashed",
          "ops",
          "weight 3",
          "quorum 2",
          "hysteresis 1",
          "quorum_up /bin/true",
          "quorum_down /bin/true",
          "omega",
          "ha_suspend",
          "virtualhost x",
          "smtp_alert",
          "inhibit_on_failure",
          "warmup 1",
          "snmp_name x",
          "ip_family inet",
          "sorry_server 10.0.0.9 80",
          "sorry_server_inhibit",
          "sorry_server_lvs_method DR",
          "real_server 10.0.0.9 80 {\n}"}},
        {"real_server",
         &kRealServer,
         kInRealServer,
         {"weight 3",
          "lvs_method DR",
          "uthreshold 9",
          "lthreshold 9",
          "inhibit_on_failure",
          "notify_up /bin/true",
          "notify_down /bin/true",
          "alpha",
          "retry 3",
          "delay_before_retry 2",
          "connect_timeout 3",
          "delay_loop 7",
          "warmup 1",
          "snmp_name x",
          "smtp_alert off",
          "virtualhost x",
          "HTTP_GET {\n}",
          "SSL_GET {\n}",
          "TCP_CHECK {\n}",
          "SMTP_CHECK {\n}",
          "DNS_CHECK {\n}",
          "MISC_CHECK {\n}",
          "BFD_CHECK {\n}",
          "UDP_CHECK {\n}",
          "PING_CHECK {\n}",
          "FILE_CHECK {\n}"}},
        {"HTTP_GET", &kHttpCheck, kInHttp,
         with_connection({"nb_get_retry 3", "virtualhost x",
                          "http_protocol 1.1", "enable_sni", "fast_recovery",
                          "url {\npath /b\n}"})},
        {"url",
         &kUrl,
         kInUrl,
         {"path /b", "digest 0", "status_code 204", "virtualhost x", "regex b",
          "regex_no_match", "regex_options caseless", "regex_min_offset 1",
          "regex_max_offset 1", "regex_stack 1 2"}},
        {"TCP_CHECK", &kTcpCheck, kInTcp, with_connection({})},
        {"SMTP_CHECK", &kSmtpCheck, kInSmtp,
         with_connection({"helo_name x", "host {\nconnect_port 26\n}"})},
        {"host",
         &kSmtpHost,
         kInSmtpHost,
         {"connect_ip 10.0.0.9", "connect_port 81", "bindto 10.0.0.9",
          "bind_port 9", "bind_if eth0", "fwmark 1", "connect_timeout 3"}},
        {"DNS_CHECK", &kDnsCheck, kInDns,
         with_connection({"type A", "name x"})},
        {"MISC_CHECK",
         &kMiscCheck,
         kInMisc,
         {"misc_path /bin/true", "misc_timeout 1", "misc_dynamic", "user x",
          "alpha", "retry 3", "delay_before_retry 2", "delay_loop 7",
          "warmup 1", "log_all_failures"}},
        {"BFD_CHECK", &kBfdCheck, kInBfdCheck, {"name x", "alpha"}},
        {"UDP_CHECK", &kUdpCheck, kInUdp,
         with_connection({"payload 1", "require_reply 1", "min_reply_length 1",
                          "max_reply_length 1"})},
        {"FILE_CHECK",
         &kFileCheck,
         kInFileCheck,
         {"track_file x", "dynamic", "weight 1"}},
        {"SSL",
         &kCheckTls,
         kInTls,
         {"ca x", "certificate x", "key x", "password x"}},
        {"keepalived.conf",
         &kTop,
         kAtTop,
         {"static_ipaddress {\n10.0.0.9/24 dev eth0\n}",
          "static_routes {\ndefault via 10.0.0.1\n}",
          "static_rules {\nfrom 10.0.0.1 table 1\n}",
          "track_group G {\ngroup {\nVI_1\n}\n}",
          "linkbeat_interfaces {\neth0\n}",
          "interface_up_down_delays {\neth0 0 1\n}",
          "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\n}\n}",
          "virtual_server_group G {\n10.0.0.1 80\n}",
          "SSL {\npassword x\n}",
          "vrrp_instance X {\n}",
          "vrrp_sync_group X {\n}",
          "vrrp_script X {\n}",
          "vrrp_track_process X {\n}",
          "track_file X {\n}",
          "vrrp_track_file X {\n}",
          "bfd_instance X {\n}",
          "garp_group {\ngarp_interval 0.1\ninterface eth0\n}",
          "net_namespace x",
          "net_namespace_ipvs x",
          "namespace_with_ipsets",
          "instance x",
          "use_pid_dir",
          "linkbeat_use_polling",
          "child_wait_time 5",
          "global_defs {\nrouter_id x\n}"}},
    };
    return all;
}

std::string with(std::string text, const std::string &line) {
    const std::size_t at = text.find('%');
    return at == std::string::npos ? text : text.replace(at, 1, line);
}

bool is_of_servers(const char *block) {
    return std::string(block).find("virtual_server 10") != std::string::npos;
}

// Everything that a keyword needs, and the line in its block.
std::string keepalived_conf(const char *block, const std::string &line) {
    std::string text;
    for (const char *other : {kInScript, kInProcess, kInFile, kInBfd}) {
        text += with(other, other == block ? line : "");
    }
    if (is_of_servers(block) || block == kInGroup || block == kInGarpGroup ||
        block == kInGlobals || block == kAtTop) {
        text += with(block, line);
    }
    for (const char *name : {"VI_1", "VI_2"}) {
        const bool here = block == kInInstance && name[3] == '1';
        text += std::string("vrrp_instance ") + name +
                " {\ninterface eth0\nvirtual_router_id 1" + name[3] +
                "\npriority 100\n";
        text += here && line == "preempt" ? "nopreempt\n" : "";
        text += here ? line + "\n" : "";
        text += block == kInScript    ? "track_script {\ns\n}\n"
                : block == kInProcess ? "track_process {\np\n}\n"
                : block == kInFile    ? "track_file {\nf\n}\n"
                : block == kInBfd     ? "track_bfd {\nb\n}\n"
                                      : "";
        text +=
            std::string("virtual_ipaddress {\n10.0.1.") + name[3] + "\n}\n}\n";
    }
    return text;
}

// The configuration without comments, and the texts of all remarks.
std::string meaning(const std::string &text) {
    MemoryFiles files;
    files.files["k"] = text;
    files.files["/bin/true"] = "";
    files.files["/bin/pgrep"] = "";
    const Translation result = translate(files, "k", {"lb1"});
    std::string all;
    bool comment = false;
    for (const char c : as_one(result.output)) {
        comment = c == '#' || (comment && c != '\n');
        if (!comment) {
            all += c;
        }
    }
    for (const Remark &remark : result.remarks) {
        all += "\n" + remark.word + " " + remark.text;
    }
    return all;
}

void expect_a_trace(const char *block, const std::string &line) {
    const std::string without =
        meaning(keepalived_conf(block, line == "preempt" ? "nopreempt" : ""));
    const std::string result = meaning(keepalived_conf(block, line));
    EXPECT_TRUE(result != without) << line;
    EXPECT_EQ(result.find("is not a word of"), std::string::npos) << line;
}

TEST(TranslatorKeywords, LeaveATrace) {
    for (const Keywords &keywords : all_keywords()) {
        for (const char *line : keywords.lines) {
            SCOPED_TRACE(keywords.name);
            expect_a_trace(keywords.block, line);
        }
    }
}

// The lists above have each row of the grammar.
TEST(TranslatorKeywords, AreAllTested) {
    for (const Keywords &keywords : all_keywords()) {
        for (const Row &row : keywords.grammar->rows) {
            bool found = false;
            for (const std::string line : keywords.lines) {
                found = found ||
                        line.substr(0, line.find_first_of(" \n")) == row.name;
            }
            EXPECT_TRUE(found) << keywords.name << ": " << row.name;
        }
    }
}

// A word of global_defs is a remark with its name, or has a function.
TEST(TranslatorKeywords, OfGlobalDefsLeaveATrace) {
    for (const Row &row : kGlobals.rows) {
        if (row.read == nullptr) {
            EXPECT_FALSE(row.text.empty()) << row.name;
            expect_a_trace(kInGlobals, std::string(row.name) + " 1");
        }
    }
    for (const char *line : {"router_id x",
                             "vrrp_version 3",
                             "vrrp_strict",
                             "vrrp_mcast_group4 224.0.0.20",
                             "vrrp_mcast_group6 ff02::20",
                             "vrrp_garp_master_delay 1",
                             "vrrp_garp_master_repeat 1",
                             "vrrp_garp_master_refresh 1",
                             "vrrp_garp_master_refresh_repeat 2",
                             "vrrp_garp_interval 0.5",
                             "vrrp_gna_interval 0.5",
                             "vrrp_min_garp",
                             "vrrp_garp_extra_if 100",
                             "vrrp_down_timer_adverts 4",
                             "v3_checksum_as_v2",
                             "vrrp_startup_delay 1",
                             "vrrp_delay_after_boot 1",
                             "vrrp_rt_priority 1",
                             "vrrp_no_swap",
                             "notify_fifo /run/x",
                             "vrrp_notify_fifo /run/x",
                             "notification_email {\na@b\n}",
                             "vrrp_cpu_affinity 1"}) {
        expect_a_trace(kInGlobals, line);
    }
}

}  // namespace
}  // namespace ngx_vrrp::translator
