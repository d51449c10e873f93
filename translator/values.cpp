#include "translator/values.hpp"

#include <algorithm>
#include <limits>

namespace ngx_vrrp::translator {
namespace {

std::string range(std::int64_t least, std::int64_t most) {
    return most == std::numeric_limits<std::int32_t>::max()
               ? "of at least " + std::to_string(least)
               : "from " + std::to_string(least) + " to " +
                     std::to_string(most);
}

void not_valid(Reading &reading, const Entry &entry,
               const std::string &expected) {
    reading.decide(entry.head.place, entry.word(0),
                   "\"" + printable(entry.word(1)) + "\" is not " + expected +
                       ": keepalived ignores it");
}

}  // namespace

std::optional<std::int64_t> read_number(Reading &reading, const Entry &entry,
                                        std::int64_t least, std::int64_t most) {
    const auto value = parse_number(entry.word(1));
    if (!value || *value < least || *value > most) {
        not_valid(reading, entry, "a number " + range(least, most));
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> read_time(Reading &reading, const Entry &entry,
                                      std::int64_t least, std::int64_t most) {
    const auto value = parse_decimal(entry.word(1));
    if (!value || *value < least || *value > most) {
        not_valid(reading, entry,
                  "a number of seconds from " + nginx_time(least) + " to " +
                      nginx_time(most));
        return std::nullopt;
    }
    return value;
}

bool read_flag(Reading &reading, const Entry &entry) {
    if (entry.word(1).empty()) {
        return true;
    }
    const auto value = parse_bool(entry.word(1));
    if (!value) {
        not_valid(reading, entry, "on, off, true, false, yes or no");
    }
    return value.value_or(true);
}

std::optional<Weight> read_weight(Reading &reading, const Entry &entry,
                                  std::int64_t most) {
    const auto value = read_number(reading, entry, -most, most);
    if (!value) {
        return std::nullopt;
    }
    return Weight{*value, entry.word(2) == "reverse"};
}

void read_tracks(Reading &reading, const Entry &entry,
                 std::vector<Track> &tracks) {
    for (const Piece &item : entry.items) {
        Track track{item.place, item.words[0], {}, false};
        for (std::size_t i = 1; i < item.words.size(); ++i) {
            const std::string &word = item.words[i];
            if (word == "weight" && i + 1 < item.words.size()) {
                track.weight = parse_number(item.words[++i]);
                if (!track.weight) {
                    reading.decide(item.place, item.words[i],
                                   "is not a weight");
                }
            } else if (word == "reverse") {
                track.reverse = true;
            } else if (word != "noreverse" && word != "no_reverse") {
                reading.decide(item.place, word,
                               "is not a parameter of " + entry.word(0) +
                                   ": keepalived ignores it; write one name "
                                   "on a line");
            }
        }
        tracks.push_back(std::move(track));
    }
}

std::string script_user(const Reading &reading,
                        const std::vector<std::string> &words,
                        std::size_t first) {
    if (first < words.size()) {
        return first + 1 < words.size() ? words[first] + ":" + words[first + 1]
                                        : words[first];
    }
    if (!reading.model.globals.script_user.empty()) {
        return reading.model.globals.script_user;
    }
    return reading.files.has_user("keepalived_script") ? "keepalived_script"
                                                       : "root";
}

std::optional<std::string> program_argument(Reading &reading,
                                            const Place &place,
                                            const std::string &word,
                                            const Command &command) {
    if (command.arguments.empty() || !command.complete) {
        reading.decide(place, word,
                       "has no program, or a quote is not "
                       "closed: keepalived ignores it");
        return std::nullopt;
    }
    std::string text = command.arguments[0];
    if (!text.starts_with('/')) {
        const auto path = reading.files.program(text);
        if (!path) {
            reading.decide(place, word,
                           "\"" + printable(text) +
                               "\" has no absolute path, and is not in PATH");
            return std::nullopt;
        }
        text = *path;
    }
    for (std::size_t i = 0; i < command.arguments.size(); ++i) {
        const std::string &argument = command.arguments[i];
        if (argument.empty() ||
            argument.find_first_of(" \t\r\n\"'") != std::string::npos) {
            reading.decide(place, word,
                           "nginx separates arguments at spaces, so \"" +
                               printable(argument) +
                               "\" cannot be an argument: write a script "
                               "that contains this command");
            return std::nullopt;
        }
        if (i != 0) {
            text += " " + argument;
        }
    }
    return text;
}

void read_notify(Reading &reading, const Entry &entry,
                 std::vector<Notify> &notify) {
    const Command command = parse_command(entry.head.text);
    const std::string keyword = entry.word(0);
    const auto text =
        program_argument(reading, entry.head.place, keyword, command);
    Notify result{entry.head.place, keyword, {}, {}, false};
    if (!text) {
        return;
    }
    const std::string path = text->substr(0, text->find(' '));
    result.command = *text;
    result.user = script_user(reading, command.behind, 0);
    result.missing = !reading.files.exists(path);
    if (result.missing) {
        reading.decide(entry.head.place, keyword,
                       printable(path) +
                           " does not exist on this machine: "
                           "the directive is a comment");
    }
    std::erase_if(notify, [&](const Notify &other) {
        return other.directive == keyword;
    });
    notify.push_back(std::move(result));
}

void set_garp_delay(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 3600)) {
        reading.settings->set("garp_master_delay",
                              std::to_string(*value) + "s");
    }
}

void set_garp_repeat(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 100)) {
        reading.settings->set(
            "garp_master_repeat",
            std::to_string(std::max<std::int64_t>(1, *value)));
    }
}

void set_garp_refresh(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 86400)) {
        reading.settings->set("garp_master_refresh",
                              std::to_string(*value) + "s");
    }
}

void set_garp_refresh_repeat(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 100)) {
        reading.settings->set(
            "garp_master_refresh_repeat",
            std::to_string(std::max<std::int64_t>(1, *value)));
    }
}

void set_extra_if(Reading &reading, const Entry &entry) {
    const auto value = parse_number(entry.word(entry.word(1) == "all" ? 2 : 1));
    if (!value || *value < 0 || *value > 86400) {
        reading.decide(entry.head.place, entry.word(0),
                       "needs a number of seconds up to 86400");
    } else if (*value != 0) {
        reading.settings->set("garp_master_refresh",
                              std::to_string(*value) + "s");
        reading.note(entry.head.place, entry.word(0),
                     "becomes garp_master_refresh, for all addresses");
    }
}

void set_down_timer(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 1, 100)) {
        reading.settings->set("down_timer_adverts", std::to_string(*value));
    }
}

void set_v3_checksum(Reading &reading, const Entry &entry) {
    if (read_flag(reading, entry)) {
        reading.settings->set("v3_checksum", "rfc9568");
    }
}

}  // namespace ngx_vrrp::translator
