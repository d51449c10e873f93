// Delivers mails and webhooks with libcurl, which is loaded for the first of
// them. Only for the notifier process: libcurl starts threads, to look up
// names, and its SMTP blocks at the end of a session. SIGPIPE must be ignored,
// as in all processes of nginx.
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

    void on_timer(Instant now);

    // May be over as soon as it is asked for.
    std::optional<Instant> deadline() const;

    // Empty: libcurl can be loaded; otherwise the reason, and the package to
    // install.
    static std::string unavailable();

private:
    class Session;

    std::optional<notify::Outcome> begin(const notify::Delivery &delivery,
                                         const notify::ChannelConfig &config);
    void report_ends(Instant now);

    os::Watcher &watcher_;
    notify::Signer &signer_;
    notify::DeliverySink &sink_;
    Log log_;
    std::unique_ptr<Session> session_;
};

}  // namespace ngx_vrrp::transport
