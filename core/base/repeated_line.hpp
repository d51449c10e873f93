// A log line that may be repeated often: it is written at a limited rate, with
// the number of suppressed lines.
#pragma once

#include <string>

#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp {

// ", 12 more since the last such line", or nothing.
inline std::string suppressed_note(unsigned suppressed) {
    return suppressed == 0
               ? std::string{}
               : format(", %u more since the last such line", suppressed);
}

class RepeatedLine {
public:
    explicit constexpr RepeatedLine(Duration period = Seconds{10})
        : limit_(period) {}

    [[gnu::cold]] void write(const Log &log, LogLevel level,
                             const std::string &text, Instant now) {
        if (limit_.allow(now)) {
            log(level, "%s%s", text.c_str(),
                suppressed_note(limit_.take_suppressed()).c_str());
        }
    }

private:
    RateLimit limit_;
};

}  // namespace ngx_vrrp
