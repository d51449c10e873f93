// The probers of this process, by the type of check.
#pragma once

#include <array>
#include <memory>
#include <variant>

#include "core/base/log.hpp"
#include "core/check/config.hpp"
#include "core/check/connection_prober.hpp"
#include "core/check/ports.hpp"
#include "core/check/role.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::node {

// The parts that a checker process needs besides core/probe; all of them
// outlive it.
struct CheckPorts {
    check::Transport &transport;
    check::RegexEngine &regexes;
    check::VerdictSink &verdicts;  // after the table has them
    os::Watcher &watcher;
    LogSink &log;
};

// Each may be -1.
struct CheckFds {
    int wake;    // of the vrrp process; remains the caller's
    int demand;  // wakes this one: Table::demanded_at(); remains the caller's
    int events;  // to the notifier process; remains the caller's
    int icmp4;   // raw sockets, which are the prober's from now on
    int icmp6;
};

class Probers {
public:
    // outcomes outlives the probers.
    Probers(check::Role role, const CheckPorts &ports, const CheckFds &fds,
            check::Outcomes &outcomes);

    // Nothing: the process of the other role makes it.
    check::Prober *find(const check::Probe &probe);

    check::ConnectionProber &connections() { return connections_; }

    // False: not one of theirs.
    bool on_readable(int fd);

private:
    template <class Check>
    void add(std::unique_ptr<check::Prober> prober);

    check::Role role_;
    check::ConnectionProber connections_;
    // By the index of check::Probe; nothing: one with a connection.
    std::array<std::unique_ptr<check::Prober>,
               std::variant_size_v<check::Probe>>
        others_;
};

}  // namespace ngx_vrrp::node
