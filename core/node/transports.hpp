// The transports of this process.
#pragma once

#include "core/base/log.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/signer.hpp"
#include "core/os/watcher.hpp"
#include "core/transport/curl_transport.hpp"
#include "core/transport/fifo_transport.hpp"
#include "core/transport/script_transport.hpp"

namespace ngx_vrrp::node {

// The parts that a notifier process needs besides core/transport; all of them
// outlive it.
struct NotifyPorts {
    os::Watcher &watcher;
    notify::Signer &signer;
    LogSink &log;
};

class Transports {
public:
    // sink outlives the transports.
    Transports(const NotifyPorts &ports, notify::DeliverySink &sink);

    notify::Transport &find(const notify::ChannelConfig &config);

    // False: not one of theirs.
    bool on_readable(int fd);

private:
    transport::ScriptTransport scripts_;
    transport::FifoTransport fifos_;
    transport::CurlTransport curl_;
};

}  // namespace ngx_vrrp::node
