// The couriers of this process.
#pragma once

#include <optional>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/courier/curl_courier.hpp"
#include "core/courier/fifo_courier.hpp"
#include "core/courier/script_courier.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/signer.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::node {

// The parts that a notifier process needs besides core/courier; all of them
// outlive it.
struct NotifyPorts {
    os::Watcher &watcher;
    notify::Signer &signer;
    LogSink &log;
};

class Couriers {
public:
    // outcomes outlives the couriers.
    Couriers(const NotifyPorts &ports, notify::Outcomes &outcomes);

    notify::Courier &find(const notify::ChannelConfig &config);

    // False: not one of theirs.
    bool on_readable(int fd);

    void on_timer(Instant now) { curl_.on_timer(now); }
    std::optional<Instant> deadline() const { return curl_.deadline(); }

private:
    courier::ScriptCourier scripts_;
    courier::FifoCourier fifos_;
    courier::CurlCourier curl_;
};

}  // namespace ngx_vrrp::node
