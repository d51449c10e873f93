#include "core/node/probers.hpp"

#include <algorithm>
#include <utility>

#include "core/probe/file_prober.hpp"
#include "core/probe/listen_prober.hpp"
#include "core/probe/ping_prober.hpp"
#include "core/probe/script_prober.hpp"

namespace ngx_vrrp::node {

Probers::Probers(check::Role role, const CheckPorts &ports, const CheckFds &fds,
                 check::Outcomes &outcomes)
    : role_(role), connections_(ports.transport, ports.regexes, outcomes) {
    os::Watcher &watcher = ports.watcher;
    add<check::PingCheck>(std::make_unique<probe::PingProber>(
        watcher, outcomes, fds.icmp4, fds.icmp6));
    add<check::ListenCheck>(
        std::make_unique<probe::ListenProber>(watcher, outcomes));
    add<check::FileCheck>(
        std::make_unique<probe::FileProber>(watcher, outcomes, ports.log));
    add<check::ScriptCheck>(
        std::make_unique<probe::ScriptProber>(watcher, outcomes));
}

template <class Check>
void Probers::add(std::unique_ptr<check::Prober> prober) {
    others_[check::Probe(Check{}).index()] = std::move(prober);
}

check::Prober *Probers::find(const check::Probe &probe) {
    if (check::role_of(probe) != role_) {
        return nullptr;
    }
    check::Prober *const other = others_[probe.index()].get();
    return other != nullptr ? other : &connections_;
}

bool Probers::on_readable(int fd) {
    return std::any_of(others_.begin(), others_.end(), [&](const auto &other) {
        return other && other->on_readable(fd);
    });
}

}  // namespace ngx_vrrp::node
