// core/transport delivers notifications. Each transport implements
// notify::Transport for some kinds of receivers: scripts, FIFOs, and mails and
// webhooks by libcurl. The Dispatcher (core/notify) gives it one Delivery per
// receiver at a time; the transport reports the outcome to a DeliverySink, or
// returns it from cancel(). It does not retry, and chooses no text or time.
// event_socket.hpp carries events between processes.
//
// Delivers mails and webhooks with libcurl, which is loaded for the first of
// them. Only for the notifier process: threads wait for libcurl. Webhooks share
// one, each channel of mails has its own, because libcurl's SMTP blocks while
// it waits for the reply to a whole mail and to QUIT: a server that scans mails
// for a long time would delay all other messages. SIGPIPE must be ignored, as
// in all processes of nginx.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/log.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/signer.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::transport {

class CurlTransport final : public notify::Transport {
public:
    // All of them outlive the transport, whose end cancels every delivery.
    CurlTransport(os::Watcher &watcher, notify::Signer &signer,
                  notify::DeliverySink &sink, LogSink &log);
    CurlTransport(const CurlTransport &) = delete;
    CurlTransport &operator=(const CurlTransport &) = delete;
    ~CurlTransport() override;

    // Of channels that are an e-mail or a webhook.
    void deliver(const notify::Delivery &delivery,
                 const notify::ChannelConfig &config, Instant now) override;
    notify::Outcome cancel(notify::DeliveryId id) override;

    // False: not one of ours.
    bool on_readable(int fd);

    // Empty: libcurl can be loaded; otherwise the reason, and the package to
    // install.
    static std::string unavailable();

private:
    struct Session;

    std::optional<notify::Outcome> open();
    std::optional<notify::Outcome> begin(const notify::Delivery &delivery,
                                         const notify::ChannelConfig &config);

    os::Watcher &watcher_;
    notify::Signer &signer_;
    notify::DeliverySink &sink_;
    Log log_;
    std::unique_ptr<Session> session_;
};

}  // namespace ngx_vrrp::transport
