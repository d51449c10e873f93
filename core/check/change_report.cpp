#include "core/check/change_report.hpp"

#include "core/base/log.hpp"

namespace ngx_vrrp::check {

namespace {

std::string to_text(Duration d) {
    if (d < Seconds{1}) {
        return std::to_string(to_ms(d)) + " ms";
    }
    return format("%.1f s", std::chrono::duration<double>(d).count());
}

std::string in_a_row(unsigned n, const char *one, const char *many) {
    return n == 1 ? format("1 %s", one) : format("%u %s in a row", n, many);
}

std::string report_down(const Change &change) {
    std::string text = " is down: ";
    text += to_string(change.reason.reason);
    if (!change.reason.text.empty()) {
        text += ' ' + change.reason.text;
    }
    return text + " (" + in_a_row(change.streak, "failure", "failures") + ", " +
           to_text(change.duration) + ")";
}

std::string report_up(const Change &change) {
    std::string text = " is up";
    if (change.downtime != Duration{0}) {
        text += " after " + to_text(change.downtime) + " down";
    }
    return text + " (" + in_a_row(change.streak, "pass", "passes") + ", " +
           to_text(change.duration) + ")";
}

}  // namespace

std::string label_of(const Identity &identity) {
    std::string label =
        identity.context + ' ' + identity.group + ' ' + identity.name;
    if (!identity.address.empty() && identity.address != identity.name) {
        label += ' ' + identity.address;
    }
    return label;
}

std::string report(const Identity &identity, const Change &change) {
    return "check \"" + label_of(identity) + '"' +
           (change.verdict == Verdict::down ? report_down(change)
                                            : report_up(change));
}

}  // namespace ngx_vrrp::check
