// Servers of upstreams and what else is checked, in HAProxy's manner.

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <vector>

#include "core/base/log.hpp"
#include "core/status/page_parts.hpp"

namespace ngx_vrrp::status {

namespace {

using Group = std::vector<const check::Record *>;

// In the order in which they are configured.
std::vector<Group> groups_of(const Checks &checks) {
    std::vector<Group> groups;
    std::map<std::string, std::size_t> known;
    for (const check::Record &record : checks.records) {
        std::string key(record.context.view());
        key.append(" ").append(record.group.view());
        const auto [it, is_new] = known.try_emplace(key, groups.size());
        if (is_new) {
            groups.emplace_back();
        }
        groups[it->second].push_back(&record);
    }
    return groups;
}

// "http upstream web: 1 of 2 up"
std::string caption_of(const Group &group) {
    const auto up =
        std::ranges::count(group, check::Verdict::up, &check::Record::verdict);
    std::string text(group.front()->context.view());
    text += text == "vrrp" ? ": trackers of " : " upstream ";
    return text.append(group.front()->group.view())
        .append(format(": %lld of %zu up", static_cast<long long>(up),
                       group.size()));
}

unsigned length_of_history(const check::Record &check) {
    return std::min<unsigned>(check.history_length, check::kHistoryBits);
}

bool failed_at(const check::Record &check, unsigned i) {
    return (check.history >> i & 1U) != 0;
}

std::string in_ms(std::int64_t ns) {
    return format(" in %.1f ms", static_cast<double>(ns) / 1e6);
}

// "L4CON in 0.2 ms: connection refused"
std::string failure_of(const check::Record &check) {
    std::string text(to_string(check.reason));
    text += in_ms(check.failed_duration_ns);
    if (!check.text.view().empty()) {
        text.append(": ").append(check.text.view());
    }
    return text;
}

bool fails_now(const check::Record &check) {
    return length_of_history(check) != 0 && failed_at(check, 0);
}

std::string last_check_of(const check::Record &check) {
    if (check.checked_at_ns == 0) {
        return "not checked yet";
    }
    if (fails_now(check)) {
        return failure_of(check);
    }
    return "OK" + in_ms(check.duration_ns);
}

std::string last_failure_of(const check::Record &check, const Moment &moment) {
    if (check.failed_at_ns == 0) {
        return "never";
    }
    const std::string when = ago(moment, check.failed_at_ns);
    return fails_now(check) ? when : when + ", " + failure_of(check);
}

// "last 30 checks: 2 failed"
std::string label_of(const check::Record &check) {
    const unsigned length = length_of_history(check);
    const std::uint64_t kept =
        length == 0 ? 0 : check.history << (64 - length) >> (64 - length);
    return format("last %u checks: %d failed", length, std::popcount(kept));
}

// The newest at the end: low is passed, high and bold is failed.
void write_history(HtmlWriter &html, const check::Record &check) {
    const std::string label = label_of(check);
    html.open("td").open("span", {{"class", "history"},
                                  {"role", "img"},
                                  {"title", label},
                                  {"aria-label", label}});
    for (unsigned i = length_of_history(check); i-- > 0;) {
        if (failed_at(check, i)) {
            html.element("b", "▇");
        } else {
            html.text("▁");
        }
    }
    html.close().close();
}

std::uint64_t fails_of(const check::Record &check) {
    return std::accumulate(check.fails.begin(), check.fails.end(),
                           std::uint64_t{0});
}

void write_server(HtmlWriter &html, const check::Record &check) {
    html.open("th", {{"scope", "row"}}).element("bdi", check.name.view());
    if (check.address.view() != check.name.view() &&
        !check.address.view().empty()) {
        html.text(" ").element("small", check.address.view());
    }
    if (check.backup != 0) {
        html.text(" ").element("small", "backup");
    }
    html.close();
}

void write_verdict(HtmlWriter &html, const check::Record &check,
                   const Moment &moment) {
    std::string text(to_string(check.verdict));
    if (check.changed_at_ns != 0) {
        text += " for " +
                to_human(moment.now - instant_from_ns(check.changed_at_ns));
    }
    write_marked(html, mark_of(check.verdict), text);
}

void write_check(HtmlWriter &html, const check::Record &check,
                 const Moment &moment) {
    const Duration downtime =
        Duration{check.downtime_ns} + check::down_for(check, moment.now);
    html.open("tr");
    write_server(html, check);
    write_verdict(html, check, moment);
    html.element("td", last_check_of(check), {{"class", "long"}});
    write_history(html, check);
    html.element("td", last_failure_of(check, moment), {{"class", "long"}});
    for (const std::uint64_t number :
         {check.passes, fails_of(check), check.changes}) {
        html.element("td", number, {{"class", "number"}});
    }
    html.element("td", to_human(downtime), {{"class", "number"}});
    html.close();
}

}  // namespace

void write_checks(HtmlWriter &html, const View &view) {
    if (view.checks.records.empty()) {
        return;
    }
    html.open("section").element("h2", "Checks");
    for (const Group &group : groups_of(view.checks)) {
        begin_table(
            html, caption_of(group),
            {"Server", "Status", "Last check", "History", "Last failure",
             "Passed", "Failed", "Changes", "Downtime"});
        for (const check::Record *check : group) {
            write_check(html, *check, view.moment);
        }
        end_table(html);
    }
    html.close();
}

}  // namespace ngx_vrrp::status
