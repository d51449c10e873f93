// The blocks of a keepalived.conf.

#include "translator/grammar.hpp"
#include "translator/servers.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

void begin_globals(Reading &reading, const Entry &entry) {
    reading.scope.clear();
    reading.model.globals.place = entry.head.place;
    reading.settings = &reading.model.globals.instance_settings;
}

void begin_garp_group(Reading &reading, const Entry &entry) {
    reading.scope.clear();
    reading.model.garp_groups.push_back({entry.head.place, 0, 0, {}});
}

void begin_instance(Reading &reading, const Entry &entry) {
    Instance instance;
    instance.place = entry.head.place;
    instance.name = entry.word(1);
    reading.scope = instance.name;
    if (instance.name.empty() ||
        !reading.instance_names.insert(instance.name).second) {
        reading.decide(entry.head.place, "vrrp_instance",
                       instance.name.empty()
                           ? std::string("has no name: keepalived ignores it")
                           : "\"" + printable(instance.name) +
                                 "\" is already defined: keepalived ignores "
                                 "this block");
        reading.spare_instance = std::move(instance);
        reading.spare = true;
    } else {
        reading.model.instances.push_back(std::move(instance));
    }
    reading.settings = &reading.instance().settings;
}

void end_instance(Reading &reading, const Entry &) {
    reading.spare = false;
    reading.scope.clear();
}

// A new element of a list of the model, which the rows of its block fill.
template <auto Model::*list>
void begin(Reading &reading, const Entry &entry) {
    auto &all = reading.model.*list;
    all.emplace_back();
    all.back().place = entry.head.place;
    all.back().name = entry.word(1);
    reading.scope = entry.word(1);
}

void end_block(Reading &reading, const Entry &) {
    reading.scope.clear();
}

void link_delays(Reading &reading, const Entry &entry) {
    for (const Piece &item : entry.items) {
        LinkDelay delay{item.place, item.words[0], 0, 0};
        const auto down = parse_decimal(
            item.words.size() > 1 ? item.words[1] : std::string_view());
        const auto up =
            item.words.size() > 2 ? parse_decimal(item.words[2]) : down;
        if (!down || !up) {
            reading.decide(item.place, item.words[0],
                           "needs a delay in seconds");
            continue;
        }
        delay.down = *down;
        delay.up = *up;
        reading.model.link_delays.push_back(std::move(delay));
    }
}

// keepalived adds them when it starts, and removes them when it stops.
void static_object(Reading &reading, const Entry &entry) {
    const std::string kind = entry.word(0).substr(7);
    for (const Piece &item : entry.items) {
        reading.decide(item.place, entry.word(0),
                       "belongs to the network configuration of the machine; "
                       "keepalived removes it when it stops: " +
                           printable(item.text));
    }
}

constinit const Row kTopRows[] = {
    block_row("global_defs", begin_globals, &kGlobals, end_block),
    block_row("vrrp_instance", begin_instance, &kInstance, end_instance),
    block_row("vrrp_sync_group", begin<&Model::groups>, &kSyncGroup, end_block),
    block_row("vrrp_script", begin<&Model::scripts>, &kScript, end_block),
    block_row("vrrp_track_process", begin<&Model::processes>, &kProcess,
              end_block),
    block_row("vrrp_track_file", begin<&Model::files>, &kTrackFile, end_block),
    block_row("track_file", begin<&Model::files>, &kTrackFile, end_block),
    block_row("bfd_instance", begin<&Model::bfds>, &kBfd, end_block),
    block_row("garp_group", begin_garp_group, &kGarpGroup, end_block),
    block_row("virtual_server", begin_virtual_server, &kVirtualServer,
              end_virtual_server),
    list_row("virtual_server_group", read_server_group),
    block_row("SSL", begin_check_tls, &kCheckTls),
    list_row("interface_up_down_delays", link_delays),
    list_row("linkbeat_interfaces", nullptr,
             "not needed: the kernel reports the state of the link"),
    list_row("static_ipaddress", static_object),
    list_row("static_routes", static_object),
    list_row("static_rules", static_object),
    {"track_group", Shape::block, nullptr, Severity::decide,
     "has no counterpart: static addresses belong to the network "
     "configuration of the machine",
     &kTrackGroup, end_block},
    decide_row("net_namespace",
               "has no counterpart: start nginx in this network namespace"),
    decide_row("net_namespace_ipvs",
               "is for LVS: nginx forwards requests itself"),
    note_row("namespace_with_ipsets",
             "not needed: the module needs no packet filter"),
    note_row("instance", "not needed: nginx has its own settings"),
    note_row("use_pid_dir", "not needed: nginx has its own settings"),
    note_row("linkbeat_use_polling",
             "not needed: the kernel reports the state of the link"),
    note_row("child_wait_time",
             "not needed: release_timeout and worker_shutdown_timeout"),
};

}  // namespace

constinit const Grammar kTop{"keepalived.conf", kTopRows};

}  // namespace ngx_vrrp::translator
