// One virtual router's part in the election (RFC 9568, 6.4; RFC 3768, 6.4;
// with keepalived's interoperable choices). Inputs and time go in, actions
// come out; no socket, no clock, no other instance.
//
// Each state carries its own deadlines, so a timer of another state cannot
// fire. After every handle() ask deadline() again.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "core/base/time.hpp"
#include "core/vrrp/action.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/input.hpp"

namespace ngx_vrrp::vrrp {

struct Initialize {};

struct Fault {};

struct Backup {
    // The Active_Down_Timer started then; it runs for the down interval, or
    // for the skew only after a priority 0 ("leaving"), or not at all when
    // nobody else can race us ("immediate").
    enum class Timer : std::uint8_t { down, leaving, immediate };

    Instant timer_started{};
    Timer timer = Timer::down;
    Duration active_interval{};  // learned from the active router (v3)
    std::optional<Instant> preempt_at;  // preempt_delay runs until then
};

struct Active {
    Instant advertise_at{};                // Adver_Timer
    Instant renew_at{};                    // leases
    std::optional<Instant> announce_at;    // the second burst
    std::optional<Instant> refresh_at;     // garp_master_refresh
};

// Make before break: priority 0 is out, the addresses stay until the heir's
// first advert or until drop_at, so that no request is lost.
struct Leaving {
    Instant drop_at{};
    std::string reason;
};

using State = std::variant<Initialize, Fault, Backup, Active, Leaving>;

// The router that we believe is active, when it is not us.
struct ActiveRouter {
    IpAddress address;
    Priority priority;
    Duration interval{};
    Instant heard_at{};
};

class Instance {
public:
    explicit Instance(Config config);

    Actions handle(const Input &input, Instant now);

    // When TimeReached is due; nothing when no timer runs.
    std::optional<Instant> deadline() const;

    StateName state() const;
    const Config &config() const { return config_; }
    Priority effective_priority() const { return priority_; }
    const std::optional<ActiveRouter> &active_router() const {
        return active_router_;
    }

private:
    Config config_;
    Priority priority_;
    State state_;
    std::optional<ActiveRouter> active_router_;
};

}  // namespace ngx_vrrp::vrrp
