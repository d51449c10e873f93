// The probers of this process, by the type of check.
#pragma once

#include "core/base/log.hpp"
#include "core/check/config.hpp"
#include "core/check/connection_prober.hpp"
#include "core/check/ports.hpp"
#include "core/check/role.hpp"
#include "core/os/watcher.hpp"
#include "core/probe/file_prober.hpp"
#include "core/probe/listen_prober.hpp"
#include "core/probe/ping_prober.hpp"
#include "core/probe/script_prober.hpp"

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
    check::Role role_;
    check::ConnectionProber connections_;
    probe::PingProber pings_;
    probe::ListenProber listens_;
    probe::FileProber files_;
    probe::ScriptProber scripts_;
};

}  // namespace ngx_vrrp::node
