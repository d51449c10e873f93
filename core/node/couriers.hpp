// Who delivers by which means in this process.
#pragma once

#include "core/base/log.hpp"
#include "core/net/fifo_courier.hpp"
#include "core/net/script_courier.hpp"
#include "core/net/watcher.hpp"
#include "core/notify/ports.hpp"

namespace ngx_vrrp::node {

class Couriers {
public:
    // All of them outlive the couriers.
    Couriers(net::Watcher &watcher, notify::Outcomes &outcomes, LogSink &sink);

    // Nothing: nobody can.
    notify::Courier *find(const notify::ChannelConfig &config);

    // False: not one of theirs.
    bool on_readable(int fd);

private:
    net::ScriptCourier scripts_;
    net::FifoCourier fifos_;
};

}  // namespace ngx_vrrp::node
