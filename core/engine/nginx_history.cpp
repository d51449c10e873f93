#include "core/engine/nginx_history.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/base/sealed_text.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr std::string_view kHistoryKind = "nginx 1";

long long wall_seconds(Instant at, const NginxHistory::Clock &clock) {
    return to_unix_seconds(clock.wall + (at - clock.now));
}

}  // namespace

void NginxHistory::read(std::string_view text, const Clock &clock) {
    *this = {};
    auto lines = unsealed(kHistoryKind, text);
    while (lines && !lines->empty()) {
        if (!read_line(take_part(*lines, '\n'), clock)) {
            *this = {};
            return;
        }
    }
}

// A line of another version is skipped. The clock may have been set meanwhile:
// no crash is later than now, and no wait longer than one that begins now.
bool NginxHistory::read_line(std::string_view line, const Clock &clock) {
    const std::string_view kind = take_part(line, ' ');
    if (kind == "running") {
        running_ = true;
    } else if (kind == "crashes") {
        const auto number = parse_number<std::uint64_t>(line);
        crashes_.crashes = number.value_or(0);
        return number.has_value();
    } else if (kind == "crash") {
        const auto at = parse_wall_time(line, clock.wall);
        if (at && clock.wall - *at < kNginx.window) {
            crashes_.last.add(
                std::max(clock.now - (clock.wall - *at), Instant{Duration{1}}));
        }
        return at.has_value();
    } else if (kind == "wait") {
        const auto length = parse_number<std::int64_t>(take_part(line, ' '));
        const auto ends_at =
            parse_wall_time(line, clock.wall + kLongestBackoff);
        if (!length || *length < 0 || !ends_at) {
            return false;
        }
        Backoff &out = crashes_.out;
        out.length = Seconds{std::min(*length, to_ms(kLongestBackoff) / 1000)};
        out.ends_at = std::min(clock.now + (*ends_at - clock.wall),
                               clock.now + out.length);
    }
    return true;
}

std::string NginxHistory::text(const Clock &clock) const {
    std::string lines = running_ ? "running\n" : "";
    lines += format("crashes %llu\n",
                    static_cast<unsigned long long>(crashes_.crashes));
    for (const Instant at : crashes_.last.at) {
        if (at != Instant{}) {
            lines += format("crash %lld\n", wall_seconds(at, clock));
        }
    }
    if (crashes_.out.length != Duration::zero()) {
        lines +=
            format("wait %lld %lld\n",
                   static_cast<long long>(to_ms(crashes_.out.length)) / 1000,
                   wall_seconds(crashes_.out.ends_at, clock));
    }
    return sealed(kHistoryKind, lines);
}

bool NginxHistory::start(Instant now) {
    const bool crashed = running_;
    if (crashed) {
        crashes_.add_crash(now, kNginx);
    } else {
        crashes_ = {};
    }
    running_ = true;
    return crashed;
}

void NginxHistory::stop() {
    running_ = false;
}

void NginxHistory::go_on() {
    running_ = true;
}

std::optional<Instant> NginxHistory::waits_until(Instant now) const {
    return crashes_.out.is_out(now) ? std::optional{crashes_.out.ends_at}
                                    : std::nullopt;
}

std::string NginxHistory::reason() const {
    const std::string how_often =
        crashes_.last.are_within(kNginx.window)
            ? format("%zu times within %lld s", crashes_.last.at.size(),
                     static_cast<long long>(to_ms(kNginx.window) / 1000))
            : "again";
    return "nginx was killed or crashed " + how_often +
           format(", not preempting for %lld s",
                  static_cast<long long>(to_ms(crashes_.out.length) / 1000));
}

}  // namespace ngx_vrrp::engine
