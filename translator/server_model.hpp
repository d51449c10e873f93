// The virtual servers of LVS, and the upstreams that they become.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "translator/place.hpp"

namespace ngx_vrrp::translator {

// The scope of a remark begins with it; no instance has such a name.
constexpr std::string_view kVirtualServerScope = "virtual_server#";

// What is not set is that of the surrounding block.
struct CheckTiming {
    std::optional<std::int64_t> delay_loop;          // us
    std::optional<std::int64_t> connect_timeout;     // us
    std::optional<std::int64_t> delay_before_retry;  // us
    std::optional<std::int64_t> retry;
    std::optional<bool> alpha;
};

struct CheckUrl {
    Place place;
    std::string path;
    std::string status;  // codes and ranges, separated by spaces
    std::string host;
    std::string regex;
    std::string regex_flags;  // of PCRE, for "(?...)"
    bool no_match = false;
};

struct Checker {
    Place place;
    std::string kind;  // HTTP_GET, TCP_CHECK ...
    CheckTiming timing;
    std::string address;  // connect_ip
    std::optional<std::int64_t> port;
    std::string host;
    std::vector<CheckUrl> urls;
};

struct RealServer {
    Place place;
    std::string address;
    std::int64_t port = 0;  // 0: that of the virtual server
    std::optional<std::int64_t> weight;
    std::int64_t most_connections = 0;
    CheckTiming timing;
    std::string host;
    std::optional<bool> mail;
    std::vector<Checker> checkers;
};

struct Listen {
    Place place;
    std::string address;
    std::int64_t port = 0;
};

struct VirtualServer {
    Place place;
    std::string scope;  // of its remarks
    std::string name;   // of the upstream
    std::string group;  // of virtual_server_group
    std::vector<Listen> listens;
    bool valid = true;
    bool has_protocol = false;
    bool udp = false;
    bool keeps_port = false;  // DR and TUN
    std::string scheduler;
    Place scheduler_place;
    bool hash_port = false;
    bool persistent = false;
    Place persistent_place;
    std::string granularity;
    bool one_packet = false;
    std::int64_t weight = 1;
    std::int64_t quorum = 1;
    Place quorum_place;
    std::optional<RealServer> sorry;
    CheckTiming timing;
    std::string host;
    std::vector<RealServer> servers;
};

struct ServerGroup {
    Place place;
    std::string name;
    std::vector<Listen> listens;
};

// The files of SSL { }.
struct CheckTls {
    Place place;
    std::string ca;
    std::string certificate;
    std::string key;
};

// An upstream with its server, as it is written.
struct Upstream {
    Place place;
    std::string scope;
    bool http = false;
    std::vector<std::string> match;     // lines of vrrp_match { }
    std::vector<std::string> upstream;  // lines of upstream { }
    std::vector<std::string> listens;
    bool comment = false;             // there is nothing to listen on
    std::vector<std::string> server;  // lines behind "listen"
    std::string name;
};

}  // namespace ngx_vrrp::translator
