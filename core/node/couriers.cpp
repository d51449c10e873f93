#include "core/node/couriers.hpp"

#include <variant>

namespace ngx_vrrp::node {

Couriers::Couriers(const NotifyPorts &ports, notify::Outcomes &outcomes)
    : scripts_(ports.watcher, outcomes, ports.log),
      fifos_(outcomes),
      curl_(ports.watcher, ports.signer, outcomes, ports.log) {}

notify::Courier &Couriers::find(const notify::ChannelConfig &config) {
    if (std::holds_alternative<notify::ScriptChannel>(config.how)) {
        return scripts_;
    }
    if (std::holds_alternative<notify::FifoChannel>(config.how)) {
        return fifos_;
    }
    return curl_;
}

bool Couriers::on_readable(int fd) {
    return scripts_.on_readable(fd) || curl_.on_readable(fd);
}

}  // namespace ngx_vrrp::node
