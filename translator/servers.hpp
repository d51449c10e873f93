// virtual_server, its servers and their checkers.
#pragma once

#include "translator/grammar.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {

void begin_virtual_server(Reading &reading, const Entry &entry);
void end_virtual_server(Reading &reading, const Entry &entry);
void read_server_group(Reading &reading, const Entry &entry);
void begin_check_tls(Reading &reading, const Entry &entry);
void begin_checker(Reading &reading, const Entry &entry);

VirtualServer &virtual_server(Reading &reading);
RealServer &real_server(Reading &reading);
Checker &checker(Reading &reading);

// Words that a virtual_server, a real_server and a checker have.
using TimingOf = CheckTiming &(*)(Reading &);

template <TimingOf timing>
void set_alpha(Reading &reading, const Entry &entry) {
    timing(reading).alpha = read_flag(reading, entry);
}

template <TimingOf timing>
void set_retry(Reading &reading, const Entry &entry) {
    if (const auto value = read_number(reading, entry, 0, 1'000'000)) {
        timing(reading).retry = *value;
    }
}

template <TimingOf timing, auto CheckTiming::*time>
void set_time(Reading &reading, const Entry &entry) {
    constexpr std::int64_t kLongest = 3600 * kSecond;
    const auto value = read_time(reading, entry, 1, 1'000'000 * kSecond);
    if (value && *value > kLongest) {
        reading.note(entry.head.place, entry.word(0), "is at most 1h here");
    }
    if (value) {
        (timing(reading).*time) = *value < kLongest ? *value : kLongest;
    }
}

template <TimingOf timing>
constexpr Row timing_row(std::string_view name) {
    return line_row(
        name, name == "alpha"                             ? &set_alpha<timing>
              : name == "retry" || name == "nb_get_retry" ? &set_retry<timing>
              : name == "delay_loop"
                  ? &set_time<timing, &CheckTiming::delay_loop>
              : name == "connect_timeout"
                  ? &set_time<timing, &CheckTiming::connect_timeout>
                  : &set_time<timing, &CheckTiming::delay_before_retry>);
}

// A port, also as a number of seven digits with zeros in front.
std::optional<std::int64_t> read_port(Reading &reading, const Place &place,
                                      const std::string &word,
                                      const std::string &text);

}  // namespace ngx_vrrp::translator
