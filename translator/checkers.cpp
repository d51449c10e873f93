// The checkers of a real_server.

#include <algorithm>

#include "translator/servers.hpp"

namespace ngx_vrrp::translator {
namespace {

CheckTiming &checker_timing(Reading &reading) {
    return checker(reading).timing;
}

CheckUrl &url(Reading &reading) {
    return checker(reading).urls.back();
}

void connect_address(Reading &reading, const Entry &entry) {
    if (address_family(entry.word(1)) == 0) {
        reading.decide(entry.head.place, "connect_ip",
                       "\"" + printable(entry.word(1)) +
                           "\" is not an address: keepalived ignores it");
        return;
    }
    checker(reading).address = entry.word(1);
}

void connect_port(Reading &reading, const Entry &entry) {
    if (const auto port = read_port(reading, entry.head.place, "connect_port",
                                    entry.word(1))) {
        checker(reading).port = *port;
    }
}

void begin_url(Reading &reading, const Entry &entry) {
    checker(reading).urls.emplace_back();
    url(reading).place = entry.head.place;
}

void end_url(Reading &reading, const Entry &entry) {
    if (url(reading).path.empty()) {
        reading.decide(entry.head.place, "url",
                       "has no path: keepalived ignores it");
        checker(reading).urls.pop_back();
    }
}

void url_path(Reading &reading, const Entry &entry) {
    const std::string path = entry.word(1);
    if (!path.starts_with('/') ||
        std::ranges::any_of(path, [](char c) { return c <= ' ' || c > '~'; })) {
        reading.decide(entry.head.place, "path",
                       "\"" + printable(path) +
                           "\" must begin with \"/\" and have no spaces: "
                           "\"/\" is written");
        url(reading).path = "/";
        return;
    }
    url(reading).path = path;
}

// "200", "200-299"
bool is_status(const std::string &word) {
    const std::size_t dash = std::min(word.find('-'), word.size());
    const auto is_code = [](const std::string &code) {
        const auto value = parse_number(code);
        return code.size() == 3 && value && *value >= 100 && *value <= 599;
    };
    const std::string first = word.substr(0, dash);
    return is_code(first) &&
           (dash == word.size() ||
            (is_code(word.substr(dash + 1)) && first <= word.substr(dash + 1)));
}

void url_status(Reading &reading, const Entry &entry) {
    for (std::size_t i = 1; i < entry.head.words.size(); ++i) {
        const std::string word = entry.word(i);
        if (is_status(word)) {
            url(reading).status +=
                (url(reading).status.empty() ? "" : " ") + word;
        } else {
            reading.decide(entry.head.place, "status_code",
                           "\"" + printable(word) +
                               "\" is not a code from 100 to 599, or a range");
        }
    }
}

void url_regex(Reading &reading, const Entry &entry) {
    url(reading).regex = entry.word(1);
}

void url_no_match(Reading &reading, const Entry &) {
    url(reading).no_match = true;
}

void url_regex_options(Reading &reading, const Entry &entry) {
    for (std::size_t i = 1; i < entry.head.words.size(); ++i) {
        const std::string word = entry.word(i);
        const std::string_view flag = word == "caseless"    ? "i"
                                      : word == "dotall"    ? "s"
                                      : word == "multiline" ? "m"
                                      : word == "extended"  ? "x"
                                                            : "";
        url(reading).regex_flags += flag;
        if (flag.empty()) {
            reading.decide(entry.head.place, "regex_options",
                           "\"" + printable(word) +
                               "\" has no counterpart: write it into the "
                               "expression, as in (*UTF)");
        }
    }
}

constexpr std::string_view kDigest =
    "has no counterpart: write the line of the page that must be there as "
    "\"body ~\" in vrrp_match";
constexpr std::string_view kSource =
    "has no counterpart: the kernel chooses the source of a check";
constexpr std::string_view kOffset =
    "not needed: the first 256 KiB of the response are checked";

// Only words that all checkers with a connection have.
#define NGX_VRRP_CONNECTION_ROWS                                               \
    line_row("connect_ip", connect_address),                                   \
        line_row("connect_port", connect_port), decide_row("bindto", kSource), \
        decide_row("bind_port", kSource), decide_row("bind_if", kSource),      \
        decide_row("fwmark", kSource),                                         \
        timing_row<checker_timing>("connect_timeout")

#define NGX_VRRP_CHECK_ROWS                                                   \
    timing_row<checker_timing>("alpha"), timing_row<checker_timing>("retry"), \
        timing_row<checker_timing>("delay_before_retry"),                     \
        timing_row<checker_timing>("delay_loop"),                             \
        note_row("warmup",                                                    \
                 "not needed: the first checks are spread over the "          \
                 "interval"),                                                 \
        note_row("log_all_failures",                                          \
                 "not needed: error_log with the level info")

constinit const Row kHttpRows[] = {
    NGX_VRRP_CONNECTION_ROWS,
    NGX_VRRP_CHECK_ROWS,
    timing_row<checker_timing>("nb_get_retry"),
    line_row("virtualhost",
             [](Reading &reading, const Entry &entry) {
                 checker(reading).host = entry.word(1);
             }),
    note_row("http_protocol", "not needed: a check is an HTTP/1.1 request"),
    note_row("enable_sni",
             "not needed: the name in host= is sent, if there is one"),
    note_row("fast_recovery", "not needed: fastinter= of vrrp_check"),
    block_row("url", begin_url, &kUrl, end_url),
};

constinit const Row kUrlRows[] = {
    line_row("path", url_path),
    decide_row("digest", kDigest),
    line_row("status_code", url_status),
    line_row("virtualhost",
             [](Reading &reading, const Entry &entry) {
                 url(reading).host = entry.word(1);
             }),
    line_row("regex", url_regex),
    line_row("regex_no_match", url_no_match),
    line_row("regex_options", url_regex_options),
    note_row("regex_min_offset", kOffset),
    note_row("regex_max_offset", kOffset),
    note_row("regex_stack", "not needed: nginx has its own limits"),
};

constinit const Row kTcpRows[] = {
    NGX_VRRP_CONNECTION_ROWS,
    NGX_VRRP_CHECK_ROWS,
};

constinit const Row kSmtpRows[] = {
    NGX_VRRP_CONNECTION_ROWS,
    NGX_VRRP_CHECK_ROWS,
    note_row("helo_name",
             "not needed: the check waits for the greeting and sends nothing"),
    block_row("host", nullptr, &kSmtpHost),
};

constinit const Row kSmtpHostRows[] = {
    NGX_VRRP_CONNECTION_ROWS,
};

constinit const Row kDnsRows[] = {
    NGX_VRRP_CONNECTION_ROWS,
    NGX_VRRP_CHECK_ROWS,
    note_row("type", "see DNS_CHECK: no question is sent"),
    note_row("name", "see DNS_CHECK: no question is sent"),
};

constinit const Row kMiscRows[] = {
    NGX_VRRP_CHECK_ROWS,
    note_row("misc_path", "see MISC_CHECK: no program is run"),
    note_row("misc_timeout", "see MISC_CHECK: no program is run"),
    decide_row("misc_dynamic",
               "has no counterpart: a check does not change the weight"),
    note_row("user", "see MISC_CHECK: no program is run"),
};

constinit const Row kBfdCheckRows[] = {
    note_row("name", "see BFD_CHECK: vrrp_check has no BFD"),
    timing_row<checker_timing>("alpha"),
};

constexpr std::string_view kNoPacket = "see UDP_CHECK: no packet is sent";

constinit const Row kUdpRows[] = {
    note_row("connect_ip", kNoPacket),
    note_row("connect_port", kNoPacket),
    note_row("bindto", kNoPacket),
    note_row("bind_port", kNoPacket),
    note_row("bind_if", kNoPacket),
    note_row("fwmark", kNoPacket),
    note_row("connect_timeout", kNoPacket),
    note_row("alpha", kNoPacket),
    note_row("retry", kNoPacket),
    note_row("delay_before_retry", kNoPacket),
    note_row("delay_loop", kNoPacket),
    note_row("warmup", kNoPacket),
    note_row("log_all_failures", kNoPacket),
    note_row("payload", kNoPacket),
    note_row("require_reply", kNoPacket),
    note_row("min_reply_length", kNoPacket),
    note_row("max_reply_length", kNoPacket),
};

constinit const Row kFileCheckRows[] = {
    note_row("track_file", "see FILE_CHECK: no file is read"),
    decide_row("dynamic",
               "has no counterpart: a check does not change the weight"),
    decide_row("weight",
               "has no counterpart: a check does not change the weight"),
};

#undef NGX_VRRP_CONNECTION_ROWS
#undef NGX_VRRP_CHECK_ROWS

}  // namespace

Checker &checker(Reading &reading) {
    return real_server(reading).checkers.back();
}

void begin_checker(Reading &reading, const Entry &entry) {
    Checker result;
    result.place = entry.head.place;
    result.kind = entry.word(0);
    real_server(reading).checkers.push_back(std::move(result));
}

constinit const Grammar kHttpCheck{"HTTP_GET", kHttpRows};
constinit const Grammar kUrl{"url", kUrlRows};
constinit const Grammar kTcpCheck{"TCP_CHECK", kTcpRows};
constinit const Grammar kSmtpCheck{"SMTP_CHECK", kSmtpRows};
constinit const Grammar kSmtpHost{"host", kSmtpHostRows};
constinit const Grammar kDnsCheck{"DNS_CHECK", kDnsRows};
constinit const Grammar kMiscCheck{"MISC_CHECK", kMiscRows};
constinit const Grammar kBfdCheck{"BFD_CHECK", kBfdCheckRows};
constinit const Grammar kUdpCheck{"UDP_CHECK", kUdpRows};
constinit const Grammar kFileCheck{"FILE_CHECK", kFileCheckRows};

}  // namespace ngx_vrrp::translator
