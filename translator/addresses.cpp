#include "translator/addresses.hpp"

#include <algorithm>
#include <string_view>

#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::string_view kAddress = "virtual_ipaddress";

// "10.0.0.1/255.255.255.0" is /32 for keepalived.
bool split_prefix(Reading &reading, const Piece &item, Address &address) {
    const std::string &word = item.words[0];
    const std::size_t slash = std::min(word.find('/'), word.size());
    address.address = word.substr(0, slash);
    address.family = address_family(address.address);
    if (address.family == 0) {
        reading.decide(item.place, kAddress,
                       "\"" + printable(word) +
                           "\" is not an address: keepalived ignores it");
        return false;
    }
    if (slash != word.size()) {
        const unsigned most = address.family == 4 ? 32 : 128;
        const auto length = parse_number(word.substr(slash + 1));
        if (!length || *length < 0 || *length > most) {
            reading.decide(item.place, kAddress,
                           "\"" + printable(word.substr(slash)) +
                               "\" is not a prefix length: keepalived uses /" +
                               std::to_string(most));
            address.prefix = most;
        } else {
            address.prefix = static_cast<unsigned>(*length);
        }
    }
    return true;
}

// Parameters with a value.
void read_pair(Reading &reading, const Piece &item, const std::string &word,
               const std::string &value, Address &address) {
    const bool is_v4 = address.family == 4;
    if (word == "dev") {
        address.device = value;
    } else if (word == "label" && is_v4) {
        address.label = value;
    } else if ((word == "brd" || word == "broadcast") && is_v4) {
        if (value != "-") {
            address.parameters += " brd=" + value;
        }
    } else if (word == "scope" && is_v4) {
        if (is_one_of(value, {"global", "site", "link", "host"}) ||
            parse_number(value)) {
            address.parameters += value == "global" ? "" : " scope=" + value;
        } else {
            reading.decide(
                item.place, kAddress,
                "scope \"" + printable(value) + "\" has no counterpart");
        }
    } else if (word == "preferred_lft") {
        address.has_lifetime = true;
        const bool number = parse_number(value).has_value();
        address.parameters +=
            " preferred_lft=" + value + (number && value != "0" ? "s" : "");
    } else if (word == "peer") {
        reading.decide(item.place, "peer",
                       "has no counterpart: a virtual address is on a LAN. "
                       "keepalived ignores the prefix before it");
        address.prefix.reset();
    } else if (word == "track_group") {
        reading.decide(item.place, "track_group", "is for static addresses");
    } else {
        reading.note(item.place, word, "has no effect on an IPv6 address");
    }
}

// Returns false if keepalived ignores the address.
bool read_parameters(Reading &reading, const Piece &item, Address &address) {
    const auto &words = item.words;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string &word = words[i];
        if (is_one_of(word, {"dev", "label", "brd", "broadcast", "scope",
                             "preferred_lft", "peer", "track_group"})) {
            if (i + 1 < words.size()) {
                read_pair(reading, item, word, words[i + 1], address);
                ++i;
            } else {
                reading.decide(item.place, word,
                               "has no value: keepalived ignores the address");
                return false;
            }
        } else if (is_one_of(word, {"no_track", "noprefixroute"})) {
            address.parameters += " " + word;
        } else if (is_one_of(word, {"home", "-nodad"})) {
            if (address.family == 6) {
                address.parameters += word == "home" ? " home" : " nodad=off";
            } else {
                reading.note(item.place, word,
                             "has no effect on an IPv4 address");
            }
        } else if (is_one_of(word, {"mngtmpaddr", "autojoin"})) {
            reading.note(item.place, word, "not needed for such an address");
        } else if (word == "use_vmac") {
            reading.decide(item.place, "use_vmac",
                           "has no counterpart for one address: write an "
                           "instance with use_vmac for that interface, in "
                           "the same sync_group");
        } else {
            reading.decide(item.place, word,
                           "is not a parameter of an address: keepalived "
                           "ignores it. Write one address on a line");
        }
    }
    return true;
}

struct Parameter {
    std::string_view theirs;
    std::string_view ours;
    bool has_value;
};

// Returns the words for our directive; empty if one has no counterpart.
std::string translate_words(Reading &reading, const Piece &item,
                            std::span<const Parameter> table,
                            std::string_view directive, std::string &prefix) {
    std::string result;
    const auto &words = item.words;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto found =
            std::ranges::find(table, words[i], &Parameter::theirs);
        if (found == table.end()) {
            const std::string network = words[i].substr(
                0, std::min(words[i].find('/'), words[i].size()));
            if (words[i] == "default" || address_family(network) != 0) {
                prefix = nginx_word(words[i]);
                continue;
            }
            reading.decide(item.place, directive,
                           "\"" + printable(words[i]) +
                               "\" has no counterpart: the line is a comment");
            return {};
        }
        if (!found->has_value) {
            result += found->ours.empty() ? "" : " ";
            result += found->ours;
            continue;
        }
        if (++i == words.size()) {
            reading.decide(item.place, directive,
                           "\"" + words[i - 1] + "\" has no value");
            return {};
        }
        if (!found->ours.empty()) {
            result +=
                " " + std::string(found->ours) + " " + nginx_word(words[i]);
        }
    }
    return result;
}

constexpr Parameter kRouteWords[] = {
    {"via", "via", true},
    {"gw", "via", true},
    {"dev", "dev", true},
    {"oif", "dev", true},
    {"src", "src", true},
    {"metric", "metric", true},
    {"priority", "metric", true},
    {"preference", "metric", true},
    {"table", "table", true},
    {"scope", "scope", true},
    {"mtu", "mtu", true},
    {"onlink", "onlink", false},
    {"no_track", "no_track", false},
    {"to", "", false},
    {"proto", "", true},
    {"protocol", "", true},
    {"inet", "", false},
    {"inet6", "", false},
};

constexpr Parameter kRuleWords[] = {
    {"from", "from", true},
    {"to", "to", true},
    {"iif", "iif", true},
    {"dev", "iif", true},
    {"oif", "oif", true},
    {"fwmark", "fwmark", true},
    {"table", "table", true},
    {"lookup", "table", true},
    {"priority", "priority", true},
    {"pref", "priority", true},
    {"preference", "priority", true},
    {"order", "priority", true},
    {"no_track", "no_track", false},
    {"proto", "", true},
    {"protocol", "", true},
    {"inet", "", false},
    {"inet6", "", false},
};

std::string_view take_type(Piece &item) {
    for (const std::string_view type :
         {"blackhole", "unreachable", "prohibit", "unicast"}) {
        if (!item.words.empty() && item.words[0] == type) {
            item.words.erase(item.words.begin());
            return type;
        }
    }
    return {};
}

// "unicast" is the default here.
std::string with_type(std::string_view directive, std::string_view type) {
    std::string line(directive);
    line += type.empty() || type == "unicast" ? "" : " " + std::string(type);
    return line;
}

// "table" takes "main" or a number here.
bool name_tables(Reading &reading, Piece &item, std::string_view directive) {
    auto &words = item.words;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] != "table" && words[i] != "lookup") {
            continue;
        }
        std::string &table = words[i + 1];
        if (table == "local" || table == "default") {
            table = table == "local" ? "255" : "253";
        } else if (table != "main" && !parse_number(table)) {
            reading.decide(item.place, directive,
                           "table \"" + printable(table) +
                               "\": write its number; the line is a comment");
            return false;
        }
    }
    return true;
}

Extra as_comment(const Piece &item, std::string_view directive) {
    return {item.place,
            std::string(directive) + " " + printable(item.text) + ";", true};
}

}  // namespace

void read_addresses(Reading &reading, const Entry &entry,
                    std::vector<Address> &addresses) {
    for (const Piece &item : entry.items) {
        Address address;
        address.place = item.place;
        if (split_prefix(reading, item, address) &&
            read_parameters(reading, item, address)) {
            addresses.push_back(std::move(address));
        }
    }
}

Extra read_route(Reading &reading, const Piece &item) {
    constexpr std::string_view kDirective = "virtual_routes";
    Piece rest = item;
    const std::string_view type = take_type(rest);
    std::string network;
    if (!name_tables(reading, rest, kDirective)) {
        return as_comment(item, kDirective);
    }
    std::string words =
        translate_words(reading, rest, kRouteWords, kDirective, network);
    if (network.empty()) {
        if (!words.empty()) {
            reading.decide(item.place, kDirective, "has no network");
        }
        return as_comment(item, kDirective);
    }
    if (words.empty() && rest.words.size() > 1) {
        return as_comment(item, kDirective);
    }
    if (network == "0.0.0.0/0" || network == "::/0") {
        network = "default";
    }
    return {item.place,
            with_type(kDirective, type) + " " + network + words + ";", false};
}

Extra read_rule(Reading &reading, const Piece &item) {
    constexpr std::string_view kDirective = "virtual_rules";
    Piece rest = item;
    const std::string_view type = take_type(rest);
    std::string network;
    if (!name_tables(reading, rest, kDirective)) {
        return as_comment(item, kDirective);
    }
    std::string words =
        translate_words(reading, rest, kRuleWords, kDirective, network);
    if (words.empty() || !network.empty()) {
        return as_comment(item, kDirective);
    }
    if (words.find(" priority ") == std::string::npos) {
        const std::int64_t priority = reading.model.next_rule_priority--;
        words += " priority " + std::to_string(priority);
        reading.note(item.place, kDirective,
                     "has no preference: keepalived chooses " +
                         std::to_string(priority) + ", and so does this line");
    }
    return {item.place, with_type(kDirective, type) + words + ";", false};
}

}  // namespace ngx_vrrp::translator
