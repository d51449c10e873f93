// notify_fifo: lines in keepalived's format for a FIFO, which stays open as
// long as it has a reader. Without a reader, or when the FIFO is full, a
// delivery fails; it never waits.
#pragma once

#include <map>
#include <string>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/notify/ports.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::transport {

class FifoTransport final : public notify::Transport {
public:
    // sink outlives the transport. SIGPIPE is ignored from now on.
    explicit FifoTransport(notify::DeliverySink &sink);

    // Of a FifoChannel; finishes before it returns.
    void deliver(const notify::Delivery &delivery,
                 const notify::ChannelConfig &config, Instant now) override;

    // There is never anything to wait for.
    notify::Outcome cancel(notify::DeliveryId id) override;

private:
    Status write(const std::string &path, const std::string &lines);
    Status open(const std::string &path);

    notify::DeliverySink &sink_;
    std::map<std::string, os::Fd> pipes_;  // by path
};

}  // namespace ngx_vrrp::transport
