#include "core/node/probers.hpp"

#include <variant>

namespace ngx_vrrp::node {

Probers::Probers(check::Role role, const CheckPorts &ports, const CheckFds &fds,
                 check::Outcomes &outcomes)
    : role_(role),
      connections_(ports.transport, ports.regexes, outcomes),
      pings_(ports.watcher, outcomes, fds.icmp4, fds.icmp6),
      listens_(ports.watcher, outcomes),
      files_(ports.watcher, outcomes, ports.log),
      scripts_(ports.watcher, outcomes) {}

check::Prober *Probers::find(const check::Probe &probe) {
    const bool is_script = std::holds_alternative<check::ScriptCheck>(probe);
    if (is_script != (role_ == check::Role::scripts)) {
        return nullptr;
    }
    if (is_script) {
        return &scripts_;
    }
    if (std::holds_alternative<check::PingCheck>(probe)) {
        return &pings_;
    }
    if (std::holds_alternative<check::ListenCheck>(probe)) {
        return &listens_;
    }
    if (std::holds_alternative<check::FileCheck>(probe)) {
        return &files_;
    }
    return &connections_;
}

bool Probers::on_readable(int fd) {
    return pings_.on_readable(fd) || listens_.on_readable(fd) ||
           files_.on_readable(fd) || scripts_.on_readable(fd);
}

}  // namespace ngx_vrrp::node
