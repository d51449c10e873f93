// What instances track: scripts, processes, files, BFD sessions; groups.

#include <limits>

#include "translator/grammar.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::int64_t kMostOfFile = std::numeric_limits<std::int32_t>::max();

Script &script(Reading &reading) {
    return reading.model.scripts.back();
}
Process &process(Reading &reading) {
    return reading.model.processes.back();
}
TrackFile &file(Reading &reading) {
    return reading.model.files.back();
}
Bfd &bfd(Reading &reading) {
    return reading.model.bfds.back();
}
Group &group(Reading &reading) {
    return reading.model.groups.back();
}

void script_command(Reading &reading, const Entry &entry) {
    Command command = parse_command(entry.head.text);
    // Without quotes, the words that follow are arguments here.
    command.arguments.insert(command.arguments.end(), command.behind.begin(),
                             command.behind.end());
    script(reading).command = std::move(command.arguments);
    script(reading).complete = command.complete;
}

void script_interval(Reading &reading, const Entry &entry) {
    script(reading).interval = read_number(reading, entry, 1, 3600).value_or(1);
}

void script_timeout(Reading &reading, const Entry &entry) {
    script(reading).timeout = read_number(reading, entry, 1, 3600).value_or(0);
}

void script_weight(Reading &reading, const Entry &entry) {
    if (const auto value = read_weight(reading, entry, 253)) {
        script(reading).weight = value->weight;
        script(reading).reverse = value->reverse;
    }
}

void script_rise(Reading &reading, const Entry &entry) {
    script(reading).rise = read_number(reading, entry, 1, 1000).value_or(1);
}

void script_fall(Reading &reading, const Entry &entry) {
    script(reading).fall = read_number(reading, entry, 1, 1000).value_or(1);
}

void script_user_of(Reading &reading, const Entry &entry) {
    script(reading).user = script_user(reading, entry.head.words, 1);
}

constinit const Row kScriptRows[] = {
    line_row("script", script_command),
    line_row("interval", script_interval),
    line_row("timeout", script_timeout),
    line_row("weight", script_weight),
    line_row("rise", script_rise),
    line_row("fall", script_fall),
    line_row("user", script_user_of),
    note_row(
        "init_fail",
        "not needed: without a first result, the router waits, and then has "
        "a fault"),
};

void process_command(Reading &reading, const Entry &entry) {
    const auto &words = entry.head.words;
    process(reading).command.assign(words.begin() + 1, words.end());
}

void process_weight(Reading &reading, const Entry &entry) {
    if (const auto value = read_weight(reading, entry, 254)) {
        process(reading).weight = value->weight;
        process(reading).reverse = value->reverse;
    }
}

void process_quorum(Reading &reading, const Entry &entry) {
    process(reading).quorum = read_number(reading, entry, 1, 65535).value_or(1);
}

void process_quorum_max(Reading &reading, const Entry &entry) {
    process(reading).quorum_max = read_number(reading, entry, 0, 65535);
}

void process_full(Reading &reading, const Entry &) {
    process(reading).full_command = true;
}

constexpr std::string_view kDebounce =
    "not needed for nginx: timeout= of track_nginx; else fall= and rise= of "
    "the tracker";

constinit const Row kProcessRows[] = {
    line_row("process", process_command),
    line_row("weight", process_weight),
    line_row("quorum", process_quorum),
    line_row("quorum_max", process_quorum_max),
    line_row("full_command", process_full),
    decide_row(
        "param_match",
        "has no counterpart: the parameters of the process are not compared"),
    note_row("delay", kDebounce),
    note_row("fork_delay", kDebounce),
    note_row("terminate_delay", kDebounce),
};

void file_path(Reading &reading, const Entry &entry) {
    file(reading).path = entry.word(1);
}

void file_weight(Reading &reading, const Entry &entry) {
    if (const auto value = read_weight(reading, entry, kMostOfFile)) {
        file(reading).weight = value->weight;
        file(reading).reverse = value->reverse;
    }
}

void file_init(Reading &reading, const Entry &entry) {
    const std::string value = entry.word(1).empty() ? "0" : entry.word(1);
    if (value != "0" || entry.word(2) == "overwrite") {
        reading.decide(entry.head.place, "init_file",
                       "has no counterpart: write " + printable(value) +
                           " to the file before nginx starts");
    } else {
        reading.note(entry.head.place, "init_file",
                     "not needed: a missing file counts as 0");
    }
}

constinit const Row kFileRows[] = {
    line_row("file", file_path),
    line_row("weight", file_weight),
    line_row("init_file", file_init),
};

void bfd_address(Reading &reading, const Entry &entry) {
    if (address_family(entry.word(1)) == 0) {
        reading.decide(
            entry.head.place, entry.word(0),
            "\"" + printable(entry.word(1)) + "\" is not an address");
        return;
    }
    (entry.word(0) == "source_ip" ? bfd(reading).source
                                  : bfd(reading).neighbor) = entry.word(1);
}

// Milliseconds with a fraction; parse_decimal() makes millionths of them.
void bfd_interval(Reading &reading, const Entry &entry) {
    const auto value = parse_decimal(entry.word(1));
    if (!value || *value <= 0) {
        reading.decide(entry.head.place, entry.word(0),
                       "is not a number of milliseconds");
        return;
    }
    std::int64_t us = *value / 1000;
    constexpr std::int64_t kLeast = 10'000;
    constexpr std::int64_t kLongest = 60 * kSecond;
    if (us < kLeast || us > kLongest) {
        us = us < kLeast ? kLeast : kLongest;
        reading.note(entry.head.place, entry.word(0),
                     "is 10ms to 60s here: " + nginx_time(us));
    }
    (entry.word(0) == "min_rx" ? bfd(reading).min_rx : bfd(reading).min_tx) =
        us;
}

void bfd_multiplier(Reading &reading, const Entry &entry) {
    bfd(reading).multiplier = read_number(reading, entry, 1, 255).value_or(5);
}

void bfd_weight(Reading &reading, const Entry &entry) {
    if (const auto value = read_weight(reading, entry, 253)) {
        bfd(reading).weight = value->weight;
        bfd(reading).reverse = value->reverse;
    }
}

void bfd_passive(Reading &reading, const Entry &) {
    bfd(reading).passive = true;
}

void bfd_multihop(Reading &reading, const Entry &) {
    bfd(reading).multihop = true;
}

void bfd_max_hops(Reading &reading, const Entry &entry) {
    const auto value = read_number(reading, entry, 0, 255);
    if (value && *value != 0) {
        bfd(reading).multihop = true;
        reading.note(entry.head.place, "max_hops",
                     "becomes multihop: any number of hops, UDP port 4784 on "
                     "both sides");
    }
}

constinit const Row kBfdRows[] = {
    line_row("neighbor_ip", bfd_address),
    line_row("neighbour_ip", bfd_address),
    line_row("source_ip", bfd_address),
    line_row("min_rx", bfd_interval),
    line_row("min_tx", bfd_interval),
    line_row("multiplier", bfd_multiplier),
    line_row("weight", bfd_weight),
    line_row("passive", bfd_passive),
    line_row("multihop", bfd_multihop),
    line_row("max_hops", bfd_max_hops),
    note_row("idle_tx",
             "not needed: one packet a second while the session is down"),
    note_row("ttl", "not needed: packets are sent with 255"),
    note_row("hoplimit", "not needed: packets are sent with 255"),
    note_row("vrrp", "not needed: the session belongs to its track_bfd"),
    decide_row("checker",
               "has no counterpart: servers of an upstream are checked by "
               "vrrp_check"),
};

void group_members(Reading &reading, const Entry &entry) {
    for (const Piece &item : entry.items) {
        for (const std::string &name : item.words) {
            group(reading).members.emplace_back(item.place, name);
        }
    }
}

void group_notify(Reading &reading, const Entry &entry) {
    if (entry.word(0) == "notify_deleted") {
        reading.note(entry.head.place, "notify_deleted",
                     "has no counterpart in a group: write it in the members");
        return;
    }
    read_notify(reading, entry, group(reading).notify);
}

void group_mail(Reading &reading, const Entry &entry) {
    group(reading).mail = read_flag(reading, entry);
}

void group_weights(Reading &reading, const Entry &) {
    group(reading).weights = true;
}

constinit const Row kGroupRows[] = {
    list_row("group", group_members),
    list_row("track_interface",
             [](Reading &reading, const Entry &entry) {
                 read_tracks(reading, entry, group(reading).tracks.interfaces);
             }),
    list_row("track_script",
             [](Reading &reading, const Entry &entry) {
                 read_tracks(reading, entry, group(reading).tracks.scripts);
             }),
    list_row("track_process",
             [](Reading &reading, const Entry &entry) {
                 read_tracks(reading, entry, group(reading).tracks.processes);
             }),
    list_row("track_file",
             [](Reading &reading, const Entry &entry) {
                 read_tracks(reading, entry, group(reading).tracks.files);
             }),
    list_row("track_bfd",
             [](Reading &reading, const Entry &entry) {
                 read_tracks(reading, entry, group(reading).tracks.bfds);
             }),
    line_row("notify_master", group_notify),
    line_row("notify_backup", group_notify),
    line_row("notify_fault", group_notify),
    line_row("notify_stop", group_notify),
    line_row("notify_deleted", group_notify),
    line_row("notify", group_notify),
    line_row("smtp_alert", group_mail),
    {"sync_group_tracking_weight", Shape::line, group_weights, Severity::note,
     "all members need the same trackers with the same weights", nullptr,
     nullptr},
    note_row("notify_priority_changes",
             "not needed: write events=priority in notify_fifo"),
    note_row("global_tracking",
             "not needed: a tracker of one member is a tracker of all"),
};

}  // namespace

constinit const Grammar kScript{"vrrp_script", kScriptRows};
constinit const Grammar kProcess{"vrrp_track_process", kProcessRows};
constinit const Grammar kTrackFile{"track_file", kFileRows};
constinit const Grammar kBfd{"bfd_instance", kBfdRows};
constinit const Grammar kSyncGroup{"vrrp_sync_group", kGroupRows};

}  // namespace ngx_vrrp::translator
