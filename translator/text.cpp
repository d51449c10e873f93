#include "translator/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ngx_vrrp::translator {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

bool is_instance_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

// Levenshtein; the words are short.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[b.size()];
}

}  // namespace

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kBlank);
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    while (!(text = trim(text)).empty()) {
        const std::size_t end =
            std::min(text.find_first_of(kBlank), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

bool is_one_of(std::string_view word,
               std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

std::optional<std::int64_t> parse_number(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
    }
    std::int64_t value = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::int64_t> parse_decimal(std::string_view text) {
    constexpr std::int64_t kMost = 1'000'000'000;  // s
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point);
    std::string_view part = text.substr(std::min(point + 1, text.size()));
    if (whole.empty() && part.empty()) {
        return std::nullopt;
    }

    std::int64_t value = 0;
    if (!whole.empty()) {
        const auto seconds = parse_number(whole);
        if (!seconds || *seconds < 0 || *seconds > kMost) {
            return std::nullopt;
        }
        value = *seconds * 1'000'000;
    }
    std::int64_t unit = 100'000;
    for (const char c : part) {
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        value += (c - '0') * unit;
        unit /= 10;
    }
    return value;
}

std::optional<bool> parse_bool(std::string_view text) {
    for (const std::string_view yes : {"on", "true", "yes"}) {
        if (text == yes) {
            return true;
        }
    }
    for (const std::string_view no : {"off", "false", "no"}) {
        if (text == no) {
            return false;
        }
    }
    return std::nullopt;
}

int address_family(const std::string &text) {
    std::array<unsigned char, 16> octets{};
    if (text.find('\0') != std::string::npos) {
        return 0;
    }
    if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) {
        return 4;
    }
    return inet_pton(AF_INET6, text.c_str(), octets.data()) == 1 ? 6 : 0;
}

bool is_multicast(const std::string &address) {
    std::array<unsigned char, 16> octets{};
    if (inet_pton(AF_INET, address.c_str(), octets.data()) == 1) {
        return (octets[0] & 0xf0) == 0xe0;
    }
    return inet_pton(AF_INET6, address.c_str(), octets.data()) == 1 &&
           octets[0] == 0xff;
}

Octets octets_of(const std::string &address, int family) {
    Octets octets{};
    inet_pton(family == 6 ? AF_INET6 : AF_INET, address.c_str(), octets.data());
    return octets;
}

std::string next_address(const std::string &address, int family) {
    Octets octets = octets_of(address, family);
    for (std::size_t i = family == 6 ? 16 : 4; i-- != 0 && ++octets[i] == 0;) {
    }
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(family == 6 ? AF_INET6 : AF_INET, octets.data(), text,
              sizeof(text));
    return text;
}

std::string nginx_time(std::int64_t microseconds) {
    const std::int64_t ms = (microseconds + 999) / 1000;
    if (ms % 1000 == 0) {
        return std::to_string(ms / 1000) + "s";
    }
    return std::to_string(ms) + "ms";
}

std::string nginx_word(std::string_view text) {
    if (!text.empty() &&
        text.find_first_of(" \t\r\n;{}\"'\\#") == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted + '"';
}

std::string nginx_name(std::string_view text) {
    constexpr std::size_t kLongest = 63;
    std::string name;
    for (const char c : text.substr(0, kLongest)) {
        name += is_instance_char(c) ? c : '_';
    }
    return name.empty() ? "_" : name;
}

std::string_view nearest(std::string_view word,
                         const std::vector<std::string_view> &names) {
    constexpr std::size_t kLongest = 64;
    std::string_view best;
    std::size_t least = word.size() / 3 + 1;
    if (word.size() > kLongest) {
        return best;
    }
    for (const std::string_view name : names) {
        // as many changes as the lengths differ, or more
        const auto [less, more] = std::minmax({word.size(), name.size()});
        if (more - less >= least) {
            continue;
        }
        const std::size_t changes = distance(word, name);
        if (changes < least) {
            best = name;
            least = changes;
        }
    }
    return best;
}

std::string printable(std::string_view text) {
    constexpr std::size_t kLongest = 200;
    std::string result;
    for (const char c : text.substr(0, kLongest)) {
        result += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c;
    }
    return text.size() > kLongest ? result + "..." : result;
}

}  // namespace ngx_vrrp::translator
