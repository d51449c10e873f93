// track_nginx listen=on: does nginx accept connections to its listening socket?
// The kernel completes connections by itself, so an established connection
// proves nothing; but a connection that no process has accepted has no owner,
// and sock_diag(7) reports this. Nothing is sent, and the connection is reset:
// it leaves no TIME_WAIT behind.
//
// Accepting does not make any descriptor readable here: a timer checks every
// few milliseconds, as long as a check runs.
#pragma once

#include <map>
#include <optional>

#include "core/base/system_error.hpp"
#include "core/check/ports.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"
#include "core/probe/kernel_view.hpp"

namespace ngx_vrrp::probe {

class ListenProber final : public check::Prober {
public:
    // Both outlive the prober. It opens nothing before the first start().
    ListenProber(os::Watcher &watcher, check::Outcomes &outcomes);
    ListenProber(const ListenProber &) = delete;
    ListenProber &operator=(const ListenProber &) = delete;
    ~ListenProber() override;

    // Also passes when the address is not on this node: the virtual address of
    // a backup, to which no client can connect.
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    bool on_readable(int fd) override;

private:
    struct Connection {
        os::Fd socket;
        TcpEndpoint listening;  // as configured
        TcpEndpoint server;     // where we connect to
        TcpEndpoint client;
    };

    Status open();
    std::optional<check::Outcome> connect(Connection &connection);
    std::optional<check::Outcome> look(const Connection &connection);
    check::Outcome give_up(const Connection &connection);
    void look_at_all();
    void set_timer(Duration interval);

    os::Watcher &watcher_;
    check::Outcomes &outcomes_;
    os::Fd timer_;
    KernelView kernel_;
    std::map<check::CheckId, Connection> connections_;
};

}  // namespace ngx_vrrp::probe
