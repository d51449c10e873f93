// track_ping: one start() is one echo request, to an address or to the gateway
// of the present default route. An outcome is about the last
// results: as many as the check's window has, fewer after a start. It fails if
// the lost part reaches the check's threshold. So a check can pass although its
// ping is lost, and fail although it is answered. Opening a raw socket needs
// CAP_NET_RAW, using it does not: the process opens them before it drops its
// privileges.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/check/loss_window.hpp"
#include "core/check/ports.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"
#include "core/probe/gateways.hpp"

namespace ngx_vrrp::probe {

class PingProber final : public check::Prober {
public:
    // watcher and outcomes outlive the prober. icmp4, icmp6: raw sockets,
    // which are the prober's from now on, or -1.
    PingProber(os::Watcher &watcher, check::Outcomes &outcomes, int icmp4,
               int icmp6);
    PingProber(const PingProber &) = delete;
    PingProber &operator=(const PingProber &) = delete;
    ~PingProber() override;

    // The value is the loss in percent. Without it, the first lost ping after a
    // reload would be a loss of 100 %.
    void resume(check::CheckId id, const check::Config &config,
                std::int64_t value) override;
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    bool on_readable(int fd) override;

private:
    struct Target {
        check::PingCheck check;
        IpAddress address;     // of the last ping
        IfIndex interface {};  // of a gateway
        check::LossWindow window;
        std::uint16_t sequence = 0;
        std::uint64_t cookie = 0;  // contained in a real answer only
        bool waiting = false;
    };

    struct Reply {
        IpAddress source;
        std::uint16_t sequence;
        std::uint64_t cookie;
    };

    void watch(os::Fd &socket);
    bool resolve(Target &target, Instant now);
    int send(Target &target);
    void read(Family family, int fd);
    std::optional<Reply> parse(Family family, Bytes bytes,
                               const IpAddress &source) const;
    void take(const Reply &reply);

    os::Watcher &watcher_;
    check::Outcomes &outcomes_;
    os::Fd icmp4_;
    os::Fd icmp6_;
    std::uint16_t identifier_;
    Gateways gateways_;
    std::map<check::CheckId, Target> targets_;
};

}  // namespace ngx_vrrp::probe
