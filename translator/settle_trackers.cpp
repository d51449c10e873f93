#include <algorithm>

#include "translator/scripts.hpp"
#include "translator/settle.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::int64_t kMostWeight = 253;

std::string parameter(const char *name, std::int64_t value) {
    return " " + std::string(name) + "=" + std::to_string(value);
}

// The trackers of one instance; a tracker of its group is one of its own.
class Trackers {
public:
    Trackers(Reading &reading, Instance &instance)
        : reading_(reading), model_(reading.model), instance_(instance) {}

    void add(const Tracks &tracks, bool of_group, bool weights_allowed) {
        of_group_ = of_group;
        weights_allowed_ = weights_allowed;
        for (const Track &track : tracks.interfaces) {
            add_interface(track);
        }
        for (const Track &track : tracks.scripts) {
            if (auto *script = find(model_.scripts, track, "track_script")) {
                add_script(track, *script);
            }
        }
        for (const Track &track : tracks.processes) {
            if (auto *process =
                    find(model_.processes, track, "track_process")) {
                add_process(track, *process);
            }
        }
        for (const Track &track : tracks.files) {
            if (auto *file = find(model_.files, track, "track_file")) {
                add_file(track, *file);
            }
        }
        for (const Track &track : tracks.bfds) {
            if (auto *bfd = find(model_.bfds, track, "track_bfd")) {
                add_bfd(track, *bfd);
            }
        }
    }

private:
    template <class List>
    typename List::value_type *find(List &list, const Track &track,
                                    const char *word) {
        for (auto &element : list) {
            if (element.name == track.name) {
                element.used = true;
                return &element;
            }
        }
        reading_.decide(track.place, word,
                        "\"" + printable(track.name) +
                            "\" does not exist: keepalived ignores it");
        return nullptr;
    }

    // Returns " weight=N", or nothing for a tracker that causes a fault; false
    // if keepalived ignores the tracker, or it cannot be written.
    bool weigh(const Track &track, const char *word, std::int64_t weight,
               bool reverse, std::string &text) {
        if (weight != 0 && !weights_allowed_ && !of_group_) {
            reading_.decide(track.place, word,
                            "\"" + printable(track.name) +
                                "\" has a weight: keepalived ignores it, "
                                "because the instance is in a sync group");
            return false;
        }
        if (weight != 0 && instance_.priority == kOwner) {
            reading_.note(track.place, word,
                          "\"" + printable(track.name) +
                              "\" has a weight: it has no effect with "
                              "priority 255");
            return false;
        }
        if (reverse) {
            reading_.decide(track.place, word,
                            "\"" + printable(track.name) +
                                "\": reverse prefers the node whose check "
                                "fails, and has no counterpart");
            return false;
        }
        if (weight > kMostWeight || weight < -kMostWeight) {
            weight = weight > 0 ? kMostWeight : -kMostWeight;
            reading_.note(
                track.place, word,
                "the weight is -253 to 253 here: " + std::to_string(weight));
        }
        text = weight == 0 ? "" : parameter("weight", weight);
        if (weight != 0 && instance_.nopreempt) {
            reading_.decide(track.place, word,
                            "\"" + printable(track.name) +
                                "\" has a weight, which never moves the "
                                "addresses with nopreempt. Without weight, a "
                                "failure moves them");
        }
        return true;
    }

    void emit(const Place &place, std::string line, bool comment = false) {
        line += ";";
        for (const Extra &other : instance_.trackers) {
            if (other.line == line) {
                return;
            }
        }
        instance_.trackers.push_back({place, std::move(line), comment});
    }

    void add_interface(const Track &track) {
        if (track.name == instance_.interface) {
            reading_.note(track.place, "track_interface",
                          "not needed: \"" + printable(track.name) +
                              "\" is the interface of the instance");
            return;
        }
        std::string weight;
        if (weigh(track, "track_interface", track.weight.value_or(0),
                  track.reverse, weight)) {
            emit(track.place,
                 "track_interface " + nginx_word(track.name) + weight);
        }
    }

    void add_script(const Track &track, const Script &script) {
        const std::int64_t wanted = track.weight.value_or(script.weight);
        const bool reverse = track.weight ? track.reverse : script.reverse;
        const Verdict verdict = judge_script(script.command, reading_.files);
        judge_side_effects(script, verdict);
        if (verdict.kind == Verdict::Kind::nginx_runs && !reverse) {
            reading_.note(track.place, "track_script",
                          "\"" + printable(script.name) +
                              "\" is not needed: track_nginx is on by "
                              "default. While no worker runs, the node is in "
                              "FAULT, with or without a weight");
            return;
        }
        std::string weight;
        if (weigh(track, "track_script", wanted, reverse, weight)) {
            write_script(track, script, verdict, weight);
        }
    }

    void judge_side_effects(const Script &script, const Verdict &verdict) {
        const Severity severity = verdict.kind == Verdict::Kind::other
                                      ? Severity::decide
                                      : Severity::note;
        if (verdict.restarts_nginx) {
            reading_.remark(severity, script.place, "vrrp_script",
                            "\"" + printable(script.name) +
                                "\" starts nginx again: use the drop-in of "
                                "conf-examples/systemd for this");
        }
        if (verdict.stops_keepalived) {
            reading_.remark(severity, script.place, "vrrp_script",
                            "\"" + printable(script.name) +
                                "\" stops keepalived: not needed, a failure "
                                "moves the addresses");
        }
    }

    static std::string timing(const Script &script) {
        const std::int64_t timeout =
            script.timeout == 0 ? script.interval : script.timeout;
        return " interval=" + std::to_string(script.interval) +
               "s timeout=" + std::to_string(timeout) + "s" +
               parameter("fall", script.fall) + parameter("rise", script.rise);
    }

    void write_script(const Track &track, const Script &script,
                      const Verdict &verdict, const std::string &weight) {
        if (verdict.kind == Verdict::Kind::http ||
            verdict.kind == Verdict::Kind::tcp) {
            const char *const directive = verdict.kind == Verdict::Kind::http
                                              ? "track_http "
                                              : "track_tcp ";
            emit(track.place, directive + nginx_word(verdict.target) +
                                  verdict.parameters + timing(script) + weight);
            return;
        }
        const auto text =
            program_argument(reading_, script.place, "script",
                             Command{script.command, {}, script.complete});
        if (!text) {
            return;
        }
        const std::string path = text->substr(0, text->find(' '));
        const bool missing = !reading_.files.exists(path);
        reading_.remark(
            missing ? Severity::decide : Severity::note, script.place,
            "vrrp_script",
            missing ? printable(path) +
                          " does not exist on this machine: "
                          "track_script is a comment"
                    : "\"" + printable(script.name) +
                          "\" is run as a script. track_http, track_tcp and "
                          "track_ping need less CPU time");
        const std::string user =
            script.user.empty() ? script_user(reading_, {}, 0) : script.user;
        emit(track.place,
             "track_script " + nginx_word(*text) + " user=" + nginx_word(user) +
                 timing(script) + weight,
             missing);
    }

    void add_process(const Track &track, const Process &process) {
        const std::string name =
            process.command.empty()
                ? ""
                : process.command[0].substr(process.command[0].rfind('/') + 1);
        const bool reverse = track.weight ? track.reverse : process.reverse;
        if (name == "nginx" && !reverse && process.quorum_max.value_or(1) > 0) {
            watch_nginx(track, process);
            return;
        }
        std::string weight;
        if (!weigh(track, "track_process",
                   track.weight.value_or(process.weight), reverse, weight)) {
            return;
        }
        const auto pgrep = reading_.files.program("pgrep");
        constexpr std::size_t kLongestName = 15;
        if (process.quorum > 1 || process.quorum_max || process.full_command ||
            process.command.size() != 1 || !pgrep || name.empty() ||
            name.find_first_of(" \t\"'") != std::string::npos) {
            reading_.decide(track.place, "track_process",
                            "\"" + printable(track.name) +
                                "\" has no counterpart: check the port of "
                                "the program with track_tcp, or write a "
                                "track_script");
            return;
        }
        reading_.note(track.place, "track_process",
                      "\"" + printable(track.name) +
                          "\" starts pgrep each second. track_tcp on the port "
                          "of the program needs less CPU time");
        emit(track.place,
             "track_script " +
                 nginx_word(*pgrep + " -x " + name.substr(0, kLongestName)) +
                 " fall=1 rise=1" + weight);
    }

    void watch_nginx(const Track &track, const Process &process) {
        reading_.note(track.place, "track_process",
                      "\"" + printable(track.name) +
                          "\" is not needed: track_nginx is on by default. "
                          "While no worker runs, the node is in FAULT, with "
                          "or without a weight");
        if (process.quorum > 2) {
            reading_.decide(track.place, "track_process",
                            "quorum " + std::to_string(process.quorum) +
                                ": write \"track_nginx workers=" +
                                std::to_string(process.quorum - 1) +
                                "\", at most worker_processes");
        }
    }

    void add_file(const Track &track, const TrackFile &file) {
        if (!file.path.starts_with('/')) {
            reading_.decide(file.place, "track_file", "needs an absolute path");
            return;
        }
        std::int64_t number = track.weight.value_or(file.weight);
        const bool reverse = track.weight ? track.reverse : file.reverse;
        std::string weight;
        if (number == 0 && reverse) {
            weigh(track, "track_file", 0, true, weight);
            return;
        }
        number = reverse ? -number : number;
        if (weigh(track, "track_file", number, false, weight)) {
            emit(track.place, "track_file " + nginx_word(file.path) + weight);
        }
    }

    void add_bfd(const Track &track, const Bfd &bfd) {
        if (bfd.neighbor.empty()) {
            reading_.decide(bfd.place, "bfd_instance", "has no neighbor_ip");
            return;
        }
        std::string weight;
        if (!weigh(track, "track_bfd", track.weight.value_or(bfd.weight),
                   track.weight ? track.reverse : bfd.reverse, weight)) {
            return;
        }
        emit(track.place,
             "track_bfd " + bfd.neighbor +
                 (bfd.source.empty() ? "" : " local=" + bfd.source) +
                 " min_tx=" + nginx_time(bfd.min_tx) +
                 " min_rx=" + nginx_time(bfd.min_rx) +
                 parameter("multiplier", bfd.multiplier) +
                 (bfd.multihop ? " multihop" : "") +
                 (bfd.passive ? " passive" : "") + weight);
    }

    Reading &reading_;
    Model &model_;
    Instance &instance_;
    bool of_group_ = false;
    bool weights_allowed_ = true;
};

template <class List>
void report_unused(Reading &reading, const List &list, const char *word) {
    for (const auto &element : list) {
        if (!element.used) {
            reading.note(element.place, word,
                         "\"" + printable(element.name) +
                             "\" is not used by any instance");
        }
    }
}

}  // namespace

void settle_trackers(Reading &reading) {
    for (Instance &instance : reading.model.instances) {
        reading.scope = instance.name;
        const Group *mine = nullptr;
        for (const Group &group : reading.model.groups) {
            if (group.written_name == instance.group) {
                mine = &group;
            }
        }
        Trackers trackers(reading, instance);
        trackers.add(instance.tracks, false, mine == nullptr || mine->weights);
        if (mine != nullptr) {
            trackers.add(mine->tracks, true, true);
        }
    }
    reading.scope.clear();
    report_unused(reading, reading.model.scripts, "vrrp_script");
    report_unused(reading, reading.model.processes, "vrrp_track_process");
    report_unused(reading, reading.model.files, "track_file");
    report_unused(reading, reading.model.bfds, "bfd_instance");
}

}  // namespace ngx_vrrp::translator
