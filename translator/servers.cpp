// virtual_server, virtual_server_group, real_server and SSL.

#include "translator/servers.hpp"

#include <algorithm>

namespace ngx_vrrp::translator {
namespace {

constexpr std::int64_t kMostServerWeight = 65535;
constexpr std::int64_t kMostAddresses = 256;  // of a range

// keepalived reads the address before "-" or "/".
std::string without_range(const std::string &text) {
    return text.substr(0, text.find_first_of("-/"));
}

// "address [port]" from word "first" on. A port of zeros is none.
bool read_endpoint(Reading &reading, const Piece &piece, std::size_t first,
                   std::string &address, std::int64_t &port) {
    const auto word = [&](std::size_t i) {
        return i < piece.words.size() ? piece.words[i] : std::string();
    };
    address = without_range(word(first));
    if (address_family(address) == 0) {
        reading.decide(piece.place, piece.words[0],
                       "\"" + printable(word(first)) +
                           "\" is not an address: keepalived ignores it");
        return false;
    }
    const std::string text = word(first + 1);
    if (text.find_first_not_of('0') == std::string::npos) {
        return true;
    }
    const auto number = read_port(reading, piece.place, piece.words[0], text);
    port = number.value_or(0);
    return number.has_value();
}

void begin_real_server(Reading &reading, const Entry &entry) {
    RealServer server;
    server.place = entry.head.place;
    if (!read_endpoint(reading, entry.head, 1, server.address, server.port)) {
        server.address.clear();
    }
    virtual_server(reading).servers.push_back(std::move(server));
}

void end_real_server(Reading &reading, const Entry &) {
    auto &servers = virtual_server(reading).servers;
    if (servers.back().address.empty()) {
        servers.pop_back();
    }
}

void sorry_server(Reading &reading, const Entry &entry) {
    RealServer server;
    server.place = entry.head.place;
    if (read_endpoint(reading, entry.head, 1, server.address, server.port)) {
        virtual_server(reading).sorry = std::move(server);
    }
}

CheckTiming &virtual_timing(Reading &reading) {
    return virtual_server(reading).timing;
}

CheckTiming &real_timing(Reading &reading) {
    return real_server(reading).timing;
}

void scheduler(Reading &reading, const Entry &entry) {
    static constexpr std::string_view kSchedulers[] = {
        "rr", "wrr", "lc",  "wlc", "lblc", "sh",    "mh",
        "dh", "fo",  "ovf", "sed", "nq",   "lblcr", "twos"};
    const std::string name = entry.word(1);
    if (std::ranges::find(kSchedulers, name) == std::end(kSchedulers)) {
        reading.decide(entry.head.place, entry.word(0),
                       "\"" + printable(name) +
                           "\" is not a scheduler: keepalived ignores it");
        return;
    }
    virtual_server(reading).scheduler = name;
    virtual_server(reading).scheduler_place = entry.head.place;
}

void forwarding(Reading &reading, const Entry &entry) {
    const std::string method = entry.word(1);
    if (method != "NAT" && method != "DR" && method != "TUN") {
        reading.decide(entry.head.place, entry.word(0),
                       "\"" + printable(method) + "\" is not NAT, DR or TUN");
        return;
    }
    virtual_server(reading).keeps_port = method != "NAT";
    reading.note(entry.head.place, entry.word(0),
                 method == "NAT"
                     ? "nginx proxies instead: the servers need no route "
                       "back through this node"
                     : method +
                           ": nginx proxies instead, and answers go "
                           "through this node: remove the virtual "
                           "address from the servers");
}

void real_forwarding(Reading &reading, const Entry &entry) {
    reading.note(entry.head.place, entry.word(0),
                 "not needed: nginx proxies to all servers");
}

void protocol(Reading &reading, const Entry &entry) {
    std::string name = entry.word(1);
    for (char &c : name) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    }
    if (name == "SCTP") {
        reading.decide(entry.head.place, "protocol",
                       "nginx has no SCTP: this block is not translated");
        virtual_server(reading).valid = false;
    } else if (name != "TCP" && name != "UDP") {
        reading.decide(entry.head.place, "protocol",
                       "\"" + printable(entry.word(1)) +
                           "\" is not TCP, UDP or SCTP: keepalived ignores it");
    }
    virtual_server(reading).has_protocol = name == "TCP" || name == "UDP";
    virtual_server(reading).udp = name == "UDP";
}

void persistence(Reading &reading, const Entry &entry) {
    if (!entry.word(1).empty() && !read_number(reading, entry, 1, 31 * 86400)) {
        return;
    }
    virtual_server(reading).persistent = true;
    virtual_server(reading).persistent_place = entry.head.place;
}

void granularity(Reading &reading, const Entry &entry) {
    virtual_server(reading).granularity = entry.word(1);
    virtual_server(reading).persistent = true;
    virtual_server(reading).persistent_place = entry.head.place;
}

void hash_port(Reading &reading, const Entry &) {
    virtual_server(reading).hash_port = true;
}

void one_packet(Reading &reading, const Entry &entry) {
    virtual_server(reading).one_packet = true;
    reading.note(entry.head.place, "ops",
                 "becomes proxy_requests 1; without effect with TCP");
}

void virtual_weight(Reading &reading, const Entry &entry) {
    virtual_server(reading).weight =
        read_number(reading, entry, 0, kMostServerWeight).value_or(1);
}

void quorum(Reading &reading, const Entry &entry) {
    virtual_server(reading).quorum =
        read_number(reading, entry, 1, 1'000'000'000).value_or(1);
    virtual_server(reading).quorum_place = entry.head.place;
}

void quorum_script(Reading &reading, const Entry &entry) {
    reading.decide(entry.head.place, entry.word(0),
                   "has no counterpart: no script runs for an upstream. "
                   "notify_webhook, notify_email or notify_fifo with "
                   "events=upstream report each server, and track_upstream "
                   "the whole upstream");
}

void server_script(Reading &reading, const Entry &entry) {
    reading.decide(entry.head.place, entry.word(0),
                   "has no counterpart: no script runs for a server. "
                   "notify_webhook, notify_email or notify_fifo with "
                   "events=upstream report its changes");
}

void real_weight(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, kMostServerWeight)) {
        real_server(reading).weight = *value;
    }
}

void most_connections(Reading &reading, const Entry &entry) {
    real_server(reading).most_connections =
        read_number(reading, entry, 0, 1'000'000'000).value_or(0);
}

constexpr std::string_view kInhibit =
    "not needed: connections to a server that goes down are not cut";
constexpr std::string_view kWarmup =
    "not needed: the first checks are spread over the interval";
constexpr std::string_view kSnmpName =
    "not needed: vrrp_status has the name of the upstream";
constexpr std::string_view kFlag =
    "has no counterpart: write hash with the variables that you need";
constexpr std::string_view kFallback =
    "not needed: nginx takes the next server if one is down";

constinit const Row kVirtualRows[] = {
    timing_row<virtual_timing>("alpha"),
    timing_row<virtual_timing>("retry"),
    timing_row<virtual_timing>("delay_before_retry"),
    timing_row<virtual_timing>("connect_timeout"),
    timing_row<virtual_timing>("delay_loop"),
    line_row("lb_algo", scheduler),
    line_row("lvs_sched", scheduler),
    line_row("lb_kind", forwarding),
    line_row("lvs_method", forwarding),
    line_row("protocol", protocol),
    line_row("persistence_timeout", persistence),
    line_row("persistence_granularity", granularity),
    decide_row("persistence_engine",
               "has no counterpart: stream can read the first bytes of a "
               "connection with ssl_preread or njs, and hash them"),
    line_row("sh-port", hash_port),
    line_row("mh-port", hash_port),
    note_row("sh-fallback", kFallback),
    note_row("mh-fallback", kFallback),
    decide_row("flag-1", kFlag),
    decide_row("flag-2", kFlag),
    decide_row("flag-3", kFlag),
    note_row("hashed", "without effect in keepalived"),
    line_row("ops", one_packet),
    line_row("weight", virtual_weight),
    line_row("quorum", quorum),
    note_row("hysteresis",
             "has no counterpart: rise= and fall= of vrrp_check damp the "
             "state of each server"),
    line_row("quorum_up", quorum_script),
    line_row("quorum_down", quorum_script),
    note_row("omega",
             "has no counterpart: nginx reports no servers when it ends"),
    note_row("ha_suspend",
             "has no counterpart: each node always checks the servers, so "
             "the results are there when it becomes MASTER"),
    line_row("virtualhost",
             [](Reading &reading, const Entry &entry) {
                 virtual_server(reading).host = entry.word(1);
             }),
    note_row("smtp_alert",
             "not needed: notify_email with events=upstream reports each "
             "server"),
    note_row("inhibit_on_failure", kInhibit),
    note_row("warmup", kWarmup),
    note_row("snmp_name", kSnmpName),
    note_row("ip_family", "not needed: the addresses have their family"),
    line_row("sorry_server", sorry_server),
    note_row("sorry_server_inhibit", kInhibit),
    line_row("sorry_server_lvs_method", real_forwarding),
    block_row("real_server", begin_real_server, &kRealServer, end_real_server),
};

constinit const Row kRealRows[] = {
    line_row("weight", real_weight),
    line_row("lvs_method", real_forwarding),
    line_row("uthreshold", most_connections),
    decide_row("lthreshold",
               "has no counterpart: max_conns alone limits the connections"),
    note_row("inhibit_on_failure", kInhibit),
    line_row("notify_up", server_script),
    line_row("notify_down", server_script),
    timing_row<real_timing>("alpha"),
    timing_row<real_timing>("retry"),
    timing_row<real_timing>("delay_before_retry"),
    timing_row<real_timing>("connect_timeout"),
    timing_row<real_timing>("delay_loop"),
    note_row("warmup", kWarmup),
    note_row("snmp_name", kSnmpName),
    line_row("smtp_alert",
             [](Reading &reading, const Entry &entry) {
                 real_server(reading).mail = read_flag(reading, entry);
             }),
    line_row("virtualhost",
             [](Reading &reading, const Entry &entry) {
                 real_server(reading).host = entry.word(1);
             }),
    block_row("HTTP_GET", begin_checker, &kHttpCheck),
    block_row("SSL_GET", begin_checker, &kHttpCheck),
    block_row("TCP_CHECK", begin_checker, &kTcpCheck),
    block_row("SMTP_CHECK", begin_checker, &kSmtpCheck),
    block_row("DNS_CHECK", begin_checker, &kDnsCheck),
    block_row("MISC_CHECK", begin_checker, &kMiscCheck),
    block_row("BFD_CHECK", begin_checker, &kBfdCheck),
    block_row("UDP_CHECK", begin_checker, &kUdpCheck),
    block_row("PING_CHECK", begin_checker, &kTcpCheck),
    block_row("FILE_CHECK", begin_checker, &kFileCheck),
};

constinit const Row kTlsRows[] = {
    line_row("ca",
             [](Reading &reading, const Entry &entry) {
                 reading.model.check_tls.ca = entry.word(1);
             }),
    line_row("certificate",
             [](Reading &reading, const Entry &entry) {
                 reading.model.check_tls.certificate = entry.word(1);
             }),
    line_row("key",
             [](Reading &reading, const Entry &entry) {
                 reading.model.check_tls.key = entry.word(1);
             }),
    decide_row("password",
               "has no counterpart: the key of a check needs no password"),
};

// "10.0.0.1-10", "10.0.0.250-10.0.1.10" or "10.0.0.8/29": the last address, or
// nothing for a single one.
std::string range_end(const std::string &text, int family) {
    const std::size_t mark = text.find_first_of("-/");
    if (mark == std::string::npos) {
        return {};
    }
    const std::string begin = text.substr(0, mark);
    const std::string end = text.substr(mark + 1);
    if (text[mark] == '-') {
        return address_family(end) != 0
                   ? end
                   : begin.substr(0, begin.find_last_of(".:") + 1) + end;
    }
    const std::int64_t bits = family == 6 ? 128 : 32;
    const auto prefix = parse_number(end);
    if (!prefix || *prefix < bits - 16 || *prefix > bits) {
        return "?";
    }
    std::string last = begin;
    for (std::int64_t i = 1; i < std::int64_t{1} << (bits - *prefix); ++i) {
        last = next_address(last, family);
    }
    return last;
}

void add_range(Reading &reading, const Piece &item, const Listen &first,
               std::vector<Listen> &listens) {
    const int family = address_family(first.address);
    const std::string last = range_end(item.words[0], family);
    listens.push_back(first);
    if (last.empty()) {
        return;
    }
    const Octets end = octets_of(last, family);
    const Octets begin = octets_of(first.address, family);
    std::vector<Listen> more;
    if (address_family(last) == family && begin <= end) {
        Listen next = first;
        for (std::int64_t i = 1;
             i < kMostAddresses && octets_of(next.address, family) != end;
             ++i) {
            next.address = next_address(next.address, family);
            more.push_back(next);
        }
        if (octets_of(next.address, family) == end) {
            listens.insert(listens.end(), more.begin(), more.end());
            return;
        }
    }
    reading.decide(item.place, item.words[0],
                   "is not a range of at most 256 addresses: only the first "
                   "address is written");
}

}  // namespace

VirtualServer &virtual_server(Reading &reading) {
    return reading.model.virtual_servers.back();
}

RealServer &real_server(Reading &reading) {
    return virtual_server(reading).servers.back();
}

std::optional<std::int64_t> read_port(Reading &reading, const Place &place,
                                      const std::string &word,
                                      const std::string &text) {
    const auto value = parse_number(text);
    if (!value || *value < 1 || *value > 65535) {
        reading.decide(place, word,
                       "\"" + printable(text) + "\" is not a port");
        return std::nullopt;
    }
    return value;
}

void begin_virtual_server(Reading &reading, const Entry &entry) {
    VirtualServer server;
    server.place = entry.head.place;
    server.scope = std::string(kVirtualServerScope) +
                   std::to_string(reading.model.virtual_servers.size());
    reading.scope = server.scope;
    Listen listen{server.place, {}, 0};
    const std::string kind = entry.word(1);
    if (kind == "group") {
        server.group = entry.word(2);
    } else if (kind == "fwmark") {
        reading.decide(server.place, "fwmark",
                       "has no counterpart: nginx listens on addresses and "
                       "ports. Write listen for the packets that have this "
                       "mark");
    } else if (read_endpoint(reading, entry.head, 1, listen.address,
                             listen.port)) {
        server.listens.push_back(std::move(listen));
    } else {
        server.valid = false;
    }
    reading.model.virtual_servers.push_back(std::move(server));
}

void end_virtual_server(Reading &reading, const Entry &) {
    reading.scope.clear();
}

void begin_check_tls(Reading &reading, const Entry &entry) {
    reading.model.check_tls.place = entry.head.place;
}

void read_server_group(Reading &reading, const Entry &entry) {
    ServerGroup group{entry.head.place, entry.word(1), {}};
    for (const Piece &item : entry.items) {
        Listen listen{item.place, {}, 0};
        if (item.words[0] == "fwmark") {
            reading.decide(item.place, "fwmark",
                           "has no counterpart: nginx listens on addresses "
                           "and ports");
        } else if (read_endpoint(reading, item, 0, listen.address,
                                 listen.port)) {
            add_range(reading, item, listen, group.listens);
        }
    }
    reading.model.server_groups.push_back(std::move(group));
}

constinit const Grammar kVirtualServer{"virtual_server", kVirtualRows};
constinit const Grammar kRealServer{"real_server", kRealRows};
constinit const Grammar kCheckTls{"SSL", kTlsRows};

}  // namespace ngx_vrrp::translator
