// Lines with a first line that names their kind and has the fingerprint of the
// others: a text that is not whole is recognised.
//
//     ngx_vrrp peers 1 0123456789abcdef
//     peer eth0 192.168.64.12 1764480000
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/fingerprint.hpp"
#include "core/base/log.hpp"
#include "core/base/parse_number.hpp"
#include "core/base/store.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp {

// kind: "peers 1", with the version.
inline std::string sealed(std::string_view kind, std::string_view lines) {
    return "ngx_vrrp " + std::string(kind) +
           format(" %016llx\n",
                  static_cast<unsigned long long>(fingerprint(lines))) +
           std::string(lines);
}

// The lines; nothing: the text is of another kind, too long or not whole.
inline std::optional<std::string_view> unsealed(std::string_view kind,
                                                std::string_view text) {
    const std::size_t first = text.find('\n');
    if (text.size() > kLargestStore || first == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view lines = text.substr(first + 1);
    return text == sealed(kind, lines) ? std::optional{lines} : std::nullopt;
}

// The part before `end`, or all of it; the text is what follows.
inline std::string_view take_part(std::string_view &text, char end) {
    const std::size_t n = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, n);
    text.remove_prefix(std::min(n + 1, text.size()));
    return part;
}

inline std::int64_t to_unix_seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time)
        .time_since_epoch()
        .count();
}

// Not later than this: the clock may have been wrong before.
inline std::optional<WallTime> parse_wall_time(std::string_view text,
                                               WallTime latest) {
    const auto seconds = parse_number<std::int64_t>(text);
    if (!seconds || *seconds < 0) {
        return std::nullopt;
    }
    return WallTime{Seconds{std::min(*seconds, to_unix_seconds(latest))}};
}

}  // namespace ngx_vrrp
