#include "core/status/page_parts.hpp"

#include <algorithm>
#include <array>

#include "core/base/moment_text.hpp"

namespace ngx_vrrp::status {

namespace {

using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;

// Two neighbouring units: smaller ones are of no interest.
template <class Large, class Small>
std::string in_units(Duration duration, const char *large, const char *small) {
    using std::chrono::floor;
    const auto whole = floor<Large>(duration);
    const auto rest = floor<Small>(duration - whole);
    return format("%lld %s %lld %s", static_cast<long long>(whole.count()),
                  large, static_cast<long long>(rest.count()), small);
}

}  // namespace

std::string_view state_of(const Snapshot &snapshot) {
    for (const std::string_view state : {"FAULT", "INIT", "BACKUP"}) {
        const auto is_so = [&](const InstanceRecord &instance) {
            return instance.state.view() == state;
        };
        if (std::ranges::any_of(snapshot.instances, is_so)) {
            return state;
        }
    }
    return "MASTER";
}

std::string to_human(Duration duration) {
    using std::chrono::hours;
    using std::chrono::minutes;
    const Duration d = std::max(duration, Duration{0});
    if (d < Seconds{1}) {
        return format("%lld ms", static_cast<long long>(to_ms(d)));
    }
    if (d < minutes{1}) {
        return format("%lld s", static_cast<long long>(to_ms(d) / 1000));
    }
    if (d < hours{1}) {
        return in_units<minutes, Seconds>(d, "min", "s");
    }
    if (d < Days{1}) {
        return in_units<hours, minutes>(d, "h", "min");
    }
    return in_units<Days, hours>(d, "d", "h");
}

std::string to_time_of_day(std::chrono::sys_time<Duration> t) {
    const std::string text = to_rfc3339(t);
    return text.substr(0, 10) + " " + text.substr(11, 8) + " UTC";
}

std::string ago(const Moment &moment, std::int64_t at_ns) {
    if (at_ns == 0) {
        return "never";
    }
    return to_human(moment.now - instant_from_ns(at_ns)) + " ago";
}

std::string since(const Moment &moment, std::int64_t at_ns) {
    if (at_ns == 0) {
        return "never";
    }
    const Duration age = moment.now - instant_from_ns(at_ns);
    return to_time_of_day(moment.wall - age) + " (" + to_human(age) + ")";
}

Mark mark_of(check::Verdict verdict) {
    constexpr std::array<Mark, 4> marks{kIdle, Mark{"idle", "…"}, kGood, kBad};
    return check::is_known(verdict) ? marks[static_cast<std::size_t>(verdict)]
                                    : kIdle;
}

void write_marked(HtmlWriter &html, Mark mark, std::string_view text) {
    html.open("td", {{"class", mark.css}});
    html.text(mark.sign).text(" ").text(text).close();
}

void write_fact(HtmlWriter &html, std::string_view name,
                std::string_view value) {
    html.open("div").element("dt", name).element("dd", value).close();
}

void begin_table(HtmlWriter &html, std::string_view caption,
                 std::initializer_list<std::string_view> columns) {
    // scrolling areas can be reached by the keyboard
    html.open("div", {{"class", "wide"},
                      {"role", "region"},
                      {"tabindex", "0"},
                      {"aria-label", caption}});
    html.open("table").element("caption", caption).open("thead").open("tr");
    for (const std::string_view column : columns) {
        html.element("th", column, {{"scope", "col"}});
    }
    html.close().close().open("tbody");
}

void end_table(HtmlWriter &html) {
    html.close().close().close();
}

}  // namespace ngx_vrrp::status
