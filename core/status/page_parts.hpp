// The sections of the page, and what they share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/status/html_writer.hpp"
#include "core/status/view.hpp"

namespace ngx_vrrp::status {

void write_instances(HtmlWriter &html, const View &view);
void write_priority(HtmlWriter &html, const Snapshot &snapshot,
                    const InstanceRecord &instance);
void write_transitions(HtmlWriter &html, const View &view);
void write_checks(HtmlWriter &html, const View &view);
void write_channels(HtmlWriter &html, const View &view);
void write_processes(HtmlWriter &html, const View &view);

// The worst state of all instances, as in $vrrp_state.
std::string_view state_of(const Snapshot &snapshot);

// "350 ms", "12 s", "3 min 5 s", "2 h 14 min", "5 d 3 h"; never negative.
std::string to_human(Duration duration);

// "2024-02-29 23:59:56 UTC"
std::string to_time_of_day(std::chrono::sys_time<Duration> t);

// "12 s ago", "never".
std::string ago(const Moment &moment, std::int64_t at_ns);

// "2024-02-29 23:59:56 UTC (2 s)", "never".
std::string since(const Moment &moment, std::int64_t at_ns);

// "good" and "bad" are classes; the sign says the same without colour.
struct Mark {
    std::string_view css;
    std::string_view sign;
};

inline constexpr Mark kGood{"good", "✓"};
inline constexpr Mark kBad{"bad", "✗"};
inline constexpr Mark kIdle{"idle", "–"};

Mark mark_of(check::Verdict verdict);

// <td class="good">✓ up</td>
void write_marked(HtmlWriter &html, Mark mark, std::string_view text);

// <dt>name</dt><dd>value</dd>
void write_fact(HtmlWriter &html, std::string_view name,
                std::string_view value);

// A table that scrolls by itself where the screen is narrow, until end_table().
void begin_table(HtmlWriter &html, std::string_view caption,
                 std::initializer_list<std::string_view> columns);
void end_table(HtmlWriter &html);

}  // namespace ngx_vrrp::status
