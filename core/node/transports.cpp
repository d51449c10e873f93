#include "core/node/transports.hpp"

#include <variant>

namespace ngx_vrrp::node {

Transports::Transports(const NotifyPorts &ports, notify::DeliverySink &sink)
    : scripts_(ports.watcher, sink, ports.log),
      fifos_(sink),
      curl_(ports.watcher, ports.signer, sink, ports.log) {}

notify::Transport &Transports::find(const notify::ChannelConfig &config) {
    if (std::holds_alternative<notify::ScriptChannel>(config.how)) {
        return scripts_;
    }
    if (std::holds_alternative<notify::FifoChannel>(config.how)) {
        return fifos_;
    }
    return curl_;
}

bool Transports::on_readable(int fd) {
    return scripts_.on_readable(fd) || curl_.on_readable(fd);
}

}  // namespace ngx_vrrp::node
