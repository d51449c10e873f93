#include "core/status/fields.hpp"

#include "core/base/moment_text.hpp"

namespace ngx_vrrp::status {

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

std::int64_t Fields::to_us(std::int64_t ns) {
    return std::chrono::duration_cast<std::chrono::microseconds>(Duration{ns})
        .count();
}

std::int64_t Fields::age_ns(std::int64_t at_ns) const {
    return (moment_.now - instant_from_ns(at_ns)).count();
}

std::string Fields::time_of_day(std::int64_t at_ns) const {
    return to_rfc3339(moment_.wall - Duration{age_ns(at_ns)});
}

// To milliseconds, as the two clocks are not read at once.
std::int64_t Fields::unix_time_ns(std::int64_t at_ns) const {
    const auto at = moment_.wall - Duration{age_ns(at_ns)};
    return Duration{std::chrono::round<Milliseconds>(at).time_since_epoch()}
        .count();
}

}  // namespace ngx_vrrp::status
