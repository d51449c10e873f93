// All probers of one process (core/probe), and which of them makes which check.
//
// A prober makes one kind of check: start() begins it, Outcomes::finished() is
// called once with the result. It never waits. Its descriptors are registered
// in the Watcher, and on_readable() finds the prober of a descriptor.
// Connections (http, https, tcp, send-expect) are nginx's:
// check::ConnectionProber uses them by the port Transport. Scripts are made by
// the runner process, everything else by the checker process (check::Role). A
// reload passes nothing on: the new process opens its own sockets, and the old
// probers end with their process.
#pragma once

#include "core/base/log.hpp"
#include "core/check/config.hpp"
#include "core/check/connection_prober.hpp"
#include "core/check/ports.hpp"
#include "core/check/role.hpp"
#include "core/net/watcher.hpp"
#include "core/probe/file_prober.hpp"
#include "core/probe/listen_prober.hpp"
#include "core/probe/ping_prober.hpp"
#include "core/probe/script_prober.hpp"

namespace ngx_vrrp::node {

// The other objects that a checking process needs; all of them outlive it.
struct CheckPorts {
    check::Transport &transport;
    check::RegexEngine &regexes;
    check::VerdictSink &verdicts;  // after the table has them
    net::Watcher &watcher;
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
