// The ends of this node's nginx, kept for the next one: an nginx that is killed
// or crashes repeatedly, and is started again each time, would move the
// addresses back and forth. After the third such end within ten minutes a node
// does not take them back from a healthy router for 60 s, then 120 s ... up to
// 10 min. It still takes over if there is no other router. A stop by the
// operator is no crash, and ends all of this.
//
// It is a small text:
//
//     ngx_vrrp nginx 1 0123456789abcdef
//     running
//     crashes 3
//     crash 1764480000
//     crash 1764480060
//     crash 1764480120
//     wait 60 1764480180
//
// with times of day in seconds. The last line has the length and the end of the
// wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/time.hpp"
#include "core/engine/crash_history.hpp"

namespace ngx_vrrp::engine {

// A crash loop that systemd slows down (RestartSec=) is one, too; and waiting
// costs nothing while another router serves.
// A word in the memory of the vrrp processes.
enum class NginxRuns : std::uint64_t { unknown, runs, ends };

inline constexpr CrashPolicy kNginx{.window = Seconds{600},
                                    .first = Seconds{60}};

class NginxHistory {
public:
    struct Clock {
        Instant now{};
        WallTime wall{};
    };

    // A text that is not whole is that of a first start.
    void read(std::string_view text, const Clock &clock);
    std::string text(const Clock &clock) const;

    // The first vrrp process of an nginx, and of the binaries that follow it.
    // After a stop of the previous nginx, nothing is remembered. True: it has
    // ended without a stop.
    bool start(Instant now);

    // nginx ends as it should, as far as this vrrp process can see: a user who
    // can send it signals cannot make it forget what the next nginx needs.
    void stop();

    // A later vrrp process of the same nginx, which has not ended.
    void go_on();

    std::uint64_t crashes() const { return crashes_.crashes; }

    // The end of the wait; nothing: there is none, or it is over.
    std::optional<Instant> waits_until(Instant now) const;

    // "nginx was killed or crashed 3 times within 600 s, not preempting for 60
    // s"
    std::string reason() const;

private:
    bool read_line(std::string_view line, const Clock &clock);

    bool running_ = false;
    CrashHistory crashes_;
};

}  // namespace ngx_vrrp::engine
