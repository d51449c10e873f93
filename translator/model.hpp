// What a keepalived.conf makes keepalived do, as far as it matters here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "translator/place.hpp"
#include "translator/server_model.hpp"

namespace ngx_vrrp::translator {

// A directive of ours with its value; the last one of a name counts.
struct Setting {
    std::string name;
    std::string value;
};

class Settings {
public:
    void set(std::string_view name, std::string value) {
        for (Setting &setting : all_) {
            if (setting.name == name) {
                setting.value = std::move(value);
                return;
            }
        }
        all_.push_back({std::string(name), std::move(value)});
    }
    const std::string *find(std::string_view name) const {
        for (const Setting &setting : all_) {
            if (setting.name == name) {
                return &setting.value;
            }
        }
        return nullptr;
    }
    void erase(std::string_view name) {
        std::erase_if(
            all_, [&](const Setting &setting) { return setting.name == name; });
    }
    const std::vector<Setting> &all() const { return all_; }

private:
    std::vector<Setting> all_;
};

struct Address {
    Place place;
    std::string address;
    std::optional<unsigned> prefix;
    std::string parameters;  // of our directive, each after a space
    std::string device;
    std::string label;
    bool has_lifetime = false;
    int family = 4;
};

struct Peer {
    Place place;
    std::string address;
    std::optional<unsigned> min_ttl;
    std::optional<unsigned> max_ttl;
};

// A line of track_interface { } and its siblings.
struct Track {
    Place place;
    std::string name;
    std::optional<std::int64_t> weight;
    bool reverse = false;
};

struct Tracks {
    std::vector<Track> interfaces;
    std::vector<Track> scripts;
    std::vector<Track> processes;
    std::vector<Track> files;
    std::vector<Track> bfds;
};

struct Notify {
    Place place;
    std::string directive;
    std::string command;
    std::string user;
    bool missing = false;  // the program does not exist here
};

// A line that is written into a block as it is, or as a comment.
struct Extra {
    Place place;
    std::string line;
    bool comment = false;
};

struct Instance {
    Place place;
    std::string name;
    bool master = false;
    std::string interface;
    std::optional<std::int64_t> virtual_router_id;
    std::optional<std::int64_t> priority;
    std::optional<std::int64_t> advert_int;  // us
    Place advert_int_place;
    std::optional<std::int64_t> version;
    bool nopreempt = false;
    Place nopreempt_place;
    std::int64_t preempt_delay = 0;  // us
    Place preempt_delay_place;
    std::string auth_type;
    std::optional<std::string> auth_pass;
    Place auth_place;
    std::string hmac;  // the parameters of "authentication HMAC"
    std::vector<Address> addresses;
    std::vector<Address> excluded;
    bool no_address = false;
    std::vector<Extra> routes;
    std::vector<Extra> rules;
    std::vector<Peer> peers;
    std::string unicast_source;
    std::string multicast_source;
    bool vmac = false;
    std::string vmac_name;
    bool vmac_base = false;
    std::optional<bool> strict;
    Settings settings;
    Tracks tracks;
    std::vector<Notify> notify;
    std::optional<bool> mail;
    bool notify_priority = false;

    std::string written_name;     // after settle()
    std::string group;            // after settle()
    std::vector<Extra> trackers;  // after settle()
};

struct Group {
    Place place;
    std::string name;
    std::string written_name;  // after settle()
    std::vector<std::pair<Place, std::string>> members;
    Tracks tracks;
    bool weights = false;
    std::vector<Notify> notify;
    std::optional<bool> mail;
};

struct Script {
    Place place;
    std::string name;
    std::vector<std::string> command;
    bool complete = true;
    std::string user;
    std::int64_t interval = 1;
    std::int64_t timeout = 0;  // 0: the interval
    std::int64_t weight = 0;
    bool reverse = false;
    std::int64_t rise = 1;
    std::int64_t fall = 1;
    bool used = false;
};

struct Process {
    Place place;
    std::string name;
    std::vector<std::string> command;
    std::int64_t weight = 1;
    bool reverse = false;
    std::int64_t quorum = 1;
    std::optional<std::int64_t> quorum_max;
    bool full_command = false;
    bool used = false;
};

struct TrackFile {
    Place place;
    std::string name;
    std::string path;
    std::int64_t weight = 1;
    bool reverse = false;
    bool used = false;
};

struct Bfd {
    Place place;
    std::string name;
    std::string neighbor;
    std::string source;
    std::int64_t min_rx = 10'000;  // us
    std::int64_t min_tx = 10'000;
    std::int64_t multiplier = 5;
    std::int64_t weight = 0;
    bool reverse = false;
    bool passive = false;
    bool multihop = false;
    bool used = false;
};

struct LinkDelay {
    Place place;
    std::string interface;
    std::int64_t down = 0;  // us
    std::int64_t up = 0;
};

struct GarpGroup {
    Place place;
    std::int64_t garp_interval = 0;  // us
    std::int64_t gna_interval = 0;
    std::vector<std::string> interfaces;
};

struct Globals {
    Place place;
    std::int64_t version = 2;
    bool strict = false;
    std::optional<std::int64_t> startup_delay;
    std::string script_user;
    std::optional<bool> mail;
    std::optional<bool> server_mail;
    std::vector<std::string> mail_to;
    std::string mail_from;
    std::string smtp_server;
    std::string smtp_helo;
    Place mail_place;
    bool notify_priority = false;
    Settings settings;           // in the vrrp block
    Settings instance_settings;  // inherited by instances
    std::vector<Setting> fifos;
};

struct Model {
    Globals globals;
    std::vector<Instance> instances;
    std::vector<Group> groups;
    std::vector<Script> scripts;
    std::vector<Process> processes;
    std::vector<TrackFile> files;
    std::vector<Bfd> bfds;
    std::vector<LinkDelay> link_delays;
    std::vector<GarpGroup> garp_groups;
    std::vector<VirtualServer> virtual_servers;
    std::vector<ServerGroup> server_groups;
    CheckTls check_tls;
    std::vector<Upstream> upstreams;  // after settle()
    bool server_mail = false;         // after settle()
    std::int64_t next_rule_priority = 16384;
};

}  // namespace ngx_vrrp::translator
