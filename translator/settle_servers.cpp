// From virtual servers to upstreams: what keepalived makes of them when it has
// read all of the configuration, as far as nginx can do it.

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "translator/checks.hpp"
#include "translator/settle.hpp"
#include "translator/text.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

std::string endpoint(const std::string &address, std::int64_t port) {
    return (address_family(address) == 6 ? "[" + address + "]" : address) +
           ":" + std::to_string(port);
}

// Texts of one IPv6 address can differ.
using AddressKey = std::pair<int, Octets>;

AddressKey address_key(const std::string &address) {
    const int family = address_family(address);
    return {family, octets_of(address, family)};
}

class Servers {
public:
    explicit Servers(Reading &reading)
        : reading_(reading), model_(reading.model), checks_(reading) {
        for (const Instance &instance : model_.instances) {
            for (const auto *list : {&instance.addresses, &instance.excluded}) {
                for (const Address &address : *list) {
                    virtual_addresses_.insert(address_key(address.address));
                }
            }
        }
        for (const ServerGroup &group : model_.server_groups) {
            groups_.emplace(group.name, &group);
        }
    }

    void settle(VirtualServer &server) {
        reading_.scope = server.scope;
        find_group(server);
        choose_name(server);
        settle_protocol(server);
        settle_ports(server);
        if (server.servers.empty()) {
            reading_.decide(server.place, "virtual_server",
                            "has no real_server: keepalived ignores it");
            return;
        }
        Upstream result;
        result.place = server.place;
        result.scope = server.scope;
        result.name = server.name;
        result.http = is_http_service(server);
        balance(server, result);
        add_servers(server, result);
        add_check(server, result);
        add_server(server, result);
        settle_quorum(server);
        model_.server_mail = model_.server_mail || mails(server);
        model_.upstreams.push_back(std::move(result));
    }

    void report_unused() {
        reading_.scope.clear();
        for (const ServerGroup &group : model_.server_groups) {
            if (!used_groups_.contains(group.name)) {
                reading_.note(group.place, "virtual_server_group",
                              "\"" + printable(group.name) +
                                  "\" is not used by any virtual_server");
            }
        }
    }

private:
    void find_group(VirtualServer &server) {
        if (server.group.empty()) {
            return;
        }
        const auto found = groups_.find(server.group);
        if (found == groups_.end()) {
            reading_.decide(server.place, "group",
                            "there is no virtual_server_group \"" +
                                printable(server.group) + "\"");
            return;
        }
        used_groups_.insert(server.group);
        server.listens = found->second->listens;
    }

    // Also the name of its vrrp_match.
    void choose_name(VirtualServer &server) {
        std::string text = server.group;
        if (text.empty() && !server.listens.empty()) {
            text = server.listens[0].address + "_" +
                   std::to_string(server.listens[0].port);
        }
        constexpr std::size_t kLongest = 48;
        const std::string first = nginx_name("vs_" + text.substr(0, kLongest));
        server.name = first;
        for (unsigned i = 2; !names_.insert(server.name).second; ++i) {
            server.name = first + "_" + std::to_string(i);
        }
    }

    void settle_protocol(VirtualServer &server) {
        if (!server.has_protocol && !server.listens.empty()) {
            server.udp = true;
            reading_.decide(server.place, "protocol",
                            "is missing: keepalived takes UDP. For TCP, "
                            "write \"protocol TCP\" and translate again");
        }
        server.persistent =
            server.persistent ||
            std::ranges::any_of(server.listens, [](const Listen &listen) {
                return listen.port == 0;
            });
    }

    static std::int64_t port_of(const VirtualServer &server) {
        for (const Listen &listen : server.listens) {
            if (listen.port != 0) {
                return listen.port;
            }
        }
        return 0;
    }

    // DR and TUN do not change the port of a packet.
    bool settle_port(const VirtualServer &server, std::string_view word,
                     RealServer &real) {
        const std::int64_t port = port_of(server);
        if (real.port != 0 && port != 0 && real.port != port &&
            server.keeps_port && server.group.empty()) {
            reading_.decide(real.place, word,
                            "port " + std::to_string(real.port) +
                                " is not that of the virtual server: "
                                "keepalived uses " +
                                std::to_string(port) +
                                ", except with lb_kind NAT");
            real.port = port;
        }
        real.port = real.port == 0 ? port : real.port;
        if (real.port == 0) {
            reading_.decide(
                real.place, word,
                printable(real.address) + " is left out: nginx needs a port");
        }
        return real.port != 0;
    }

    void settle_ports(VirtualServer &server) {
        std::set<std::pair<AddressKey, std::int64_t>> seen;
        std::erase_if(server.servers, [&](RealServer &real) {
            if (!settle_port(server, "real_server", real)) {
                return true;
            }
            if (seen.insert({address_key(real.address), real.port}).second) {
                return false;
            }
            reading_.note(real.place, "real_server",
                          endpoint(real.address, real.port) +
                              " is already in this virtual_server");
            return true;
        });
        if (server.sorry &&
            !settle_port(server, "sorry_server", *server.sorry)) {
            server.sorry.reset();
        }
    }

    // A check on the port of the service: the service is HTTP, too.
    static bool is_http_service(const VirtualServer &server) {
        if (server.udp) {
            return false;
        }
        for (const RealServer &real : server.servers) {
            for (const Checker &checker : real.checkers) {
                if (checker.kind == "HTTP_GET" &&
                    checker.port.value_or(real.port) == real.port) {
                    return true;
                }
            }
        }
        return false;
    }

    static bool has_weights(const VirtualServer &server) {
        return !is_one_of(server.scheduler, {"rr", "lc"});
    }

    void balance(const VirtualServer &server, Upstream &result) {
        const std::string line = method(server, result.http);
        hashed_ = line.starts_with("hash") || line.starts_with("ip_hash") ||
                  line.starts_with("random");
        if (!line.empty()) {
            result.upstream.push_back(line);
        }
        const std::size_t pages = (server.servers.size() / 32 + 1) * 64;
        result.upstream.push_back("zone " + server.name + " " +
                                  std::to_string(pages) + "k;");
    }

    std::string method(const VirtualServer &server, bool http) {
        const std::string &name = server.scheduler;
        if (server.persistent) {
            return persistent_method(server, http);
        }
        if (is_one_of(name, {"lc", "wlc", "", "sed", "nq"})) {
            return "least_conn;";
        }
        if (name == "sh" || name == "mh") {
            return std::string("hash $remote_addr") +
                   (server.hash_port ? "$remote_port" : "") +
                   (name == "mh" ? " consistent;" : ";");
        }
        if (name == "twos") {
            return "random two least_conn;";
        }
        if (is_one_of(name, {"lblc", "lblcr", "dh"})) {
            reading_.decide(server.scheduler_place, "lb_algo",
                            name +
                                " chooses by the address that the client "
                                "connects to, for caches: \"hash "
                                "$request_uri consistent\" in http. Now "
                                "all servers get requests in turn");
        } else if (name == "ovf") {
            reading_.decide(server.scheduler_place, "lb_algo",
                            "ovf has no counterpart: max_conns limits a "
                            "server. Now all servers get requests in turn");
        } else if (name == "fo") {
            reading_.note(server.scheduler_place, "lb_algo",
                          "fo: the servers with less than the highest weight "
                          "become backup");
        }
        return {};
    }

    std::string persistent_method(const VirtualServer &server, bool http) {
        const std::string &mask = server.granularity;
        const bool whole =
            is_one_of(mask, {"", "255.255.255.255", "32", "128"});
        if (mask == "255.255.255.0" && http) {
            reading_.note(server.persistent_place, "persistence_granularity",
                          "becomes ip_hash: the first three octets of an "
                          "IPv4 address");
            return "ip_hash;";
        }
        if (!whole) {
            reading_.decide(server.persistent_place, "persistence_granularity",
                            "has no counterpart: the whole address of the "
                            "client chooses the server");
        } else {
            reading_.note(server.persistent_place, "persistence_timeout",
                          "becomes a hash of the client's address, which has "
                          "no timeout; the scheduler has no effect");
        }
        return "hash $remote_addr consistent;";
    }

    void add_servers(VirtualServer &server, Upstream &result) {
        std::int64_t highest = 0;
        for (const RealServer &real : server.servers) {
            highest = std::max(highest, real.weight.value_or(server.weight));
        }
        for (const RealServer &real : server.servers) {
            const std::int64_t weight = real.weight.value_or(server.weight);
            std::string line = "server " + endpoint(real.address, real.port);
            if (weight == 0) {
                reading_.note(real.place, "weight",
                              "0: the server gets no connections, and is "
                              "marked down");
            } else if (weight != 1 && has_weights(server) &&
                       server.scheduler != "fo") {
                line += " weight=" + std::to_string(weight);
            }
            if (real.most_connections != 0) {
                line += " max_conns=" + std::to_string(real.most_connections);
            }
            line += weight == 0 ? " down" : "";
            if (server.scheduler == "fo" && weight < highest && !hashed_) {
                line += " backup";
            }
            result.upstream.push_back(line + ";");
        }
        if (server.sorry) {
            add_sorry(server, result);
        }
    }

    void add_sorry(const VirtualServer &server, Upstream &result) {
        const RealServer &sorry = *server.sorry;
        const std::string line =
            "server " + endpoint(sorry.address, sorry.port);
        if (hashed_) {
            reading_.decide(sorry.place, "sorry_server",
                            "is a comment: nginx has no backup server with "
                            "hash, ip_hash and random. Choose another "
                            "method, or write error_page 502 in http");
            result.upstream.push_back("# " + line + " backup;");
        } else {
            result.upstream.push_back(line + " backup;");
        }
    }

    void add_check(const VirtualServer &server, Upstream &result) {
        const Check check = checks_.choose(server);
        if (check.line.empty()) {
            return;
        }
        if (model_.instances.empty()) {
            reading_.decide(server.place, "virtual_server",
                            "its check is a comment: vrrp_check needs a "
                            "vrrp_instance");
            result.upstream.push_back("# " + check.line + ";");
        } else {
            result.upstream.push_back(check.line + ";");
            result.match = check.match;
        }
        if (server.sorry && !hashed_) {
            reading_.note(server.sorry->place, "sorry_server",
                          "the check is for this server, too");
        }
    }

    // An address that this machine does not have makes nginx -t fail.
    bool can_listen(const VirtualServer &server, const Listen &listen) {
        if (listen.port == 0) {
            reading_.decide(listen.place, "virtual_server",
                            printable(listen.address) +
                                " has no port: nginx needs one for each "
                                "listen");
            return false;
        }
        if (!virtual_addresses_.contains(address_key(listen.address)) &&
            !reading_.files.has_address(listen.address)) {
            // Once for a range.
            if (unknown_.insert(to_string(listen.place)).second) {
                reading_.decide(listen.place, "virtual_server",
                                listen.address +
                                    " is not in a virtual_ipaddress, and not "
                                    "an address of this machine: its listen "
                                    "is a comment");
            }
            return false;
        }
        if (!listens_
                 .insert({address_key(listen.address), listen.port, server.udp})
                 .second) {
            reading_.decide(listen.place, "virtual_server",
                            endpoint(listen.address, listen.port) +
                                " is already in use: its listen is a comment");
            return false;
        }
        return true;
    }

    void add_server(const VirtualServer &server, Upstream &result) {
        result.comment = true;
        for (const Listen &listen : server.listens) {
            const bool possible = can_listen(server, listen);
            result.comment = result.comment && !possible;
            result.listens.push_back((possible ? "" : "# ") +
                                     std::string("listen ") +
                                     endpoint(listen.address, listen.port) +
                                     (server.udp ? " udp;" : ";"));
        }
        if (result.http) {
            reading_.note(server.place, "virtual_server",
                          "the servers see the address of this node; the "
                          "header X-Forwarded-For has that of the client");
            result.server = {"client_max_body_size 0;",
                             "location / {",
                             "    proxy_pass http://" + server.name + ";",
                             "    proxy_http_version 1.1;",
                             "    proxy_set_header Host $http_host;",
                             "    proxy_set_header X-Forwarded-For "
                             "$proxy_add_x_forwarded_for;",
                             "}"};
            return;
        }
        reading_.decide(server.place, "virtual_server",
                        "the servers see the address of this node instead of "
                        "that of the client: \"proxy_protocol on\" sends it "
                        "to servers that support it");
        result.server = {"proxy_pass " + server.name + ";"};
        if (server.one_packet && server.udp) {
            result.server.emplace_back("proxy_requests 1;");
        }
    }

    void settle_quorum(const VirtualServer &server) {
        if (server.quorum > 1) {
            reading_.decide(
                server.quorum_place, "quorum",
                "below it, keepalived uses none of the servers. Here the "
                "others get all requests; \"track_upstream " +
                    server.name + " min_up=" + std::to_string(server.quorum) +
                    "\" in a vrrp_instance releases the addresses");
        }
    }

    // Servers report by default, as in old versions of keepalived.
    bool mails(const VirtualServer &server) const {
        const Globals &globals = model_.globals;
        const bool otherwise =
            globals.server_mail.value_or(globals.mail.value_or(true));
        return std::ranges::any_of(server.servers, [&](const RealServer &real) {
            return real.mail.value_or(otherwise);
        });
    }

    Reading &reading_;
    Model &model_;
    Checks checks_;
    std::map<std::string, const ServerGroup *> groups_;
    std::set<std::string> used_groups_;
    std::set<AddressKey> virtual_addresses_;
    std::set<std::string> names_;
    std::set<std::tuple<AddressKey, std::int64_t, bool>> listens_;  // bool: UDP
    std::set<std::string> unknown_;                                 // lines
    bool hashed_ = false;
};

// Where a virtual server is not written, its remarks are those of the file. A
// note that each server of an upstream has is written once.
void settle_remarks(Reading &reading) {
    std::set<std::string> written;
    for (const Upstream &upstream : reading.model.upstreams) {
        written.insert(upstream.scope);
    }
    std::set<std::tuple<std::string, std::string, std::string>> seen;
    std::erase_if(reading.remarks, [&](Remark &remark) {
        if (!remark.scope.starts_with(kVirtualServerScope)) {
            return false;
        }
        const bool repeated =
            remark.severity == Severity::note &&
            !seen.emplace(remark.scope, remark.word, remark.text).second;
        if (!written.contains(remark.scope)) {
            remark.scope.clear();
        }
        return repeated;
    });
}

}  // namespace

void settle_servers(Reading &reading) {
    Servers servers(reading);
    for (VirtualServer &server : reading.model.virtual_servers) {
        if (server.valid) {
            servers.settle(server);
        }
    }
    servers.report_unused();
    settle_remarks(reading);
}

}  // namespace ngx_vrrp::translator
