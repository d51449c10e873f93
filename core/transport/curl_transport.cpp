#include "core/transport/curl_transport.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/os/clock.hpp"
#include "core/transport/curl_library.hpp"
#include "core/transport/curl_multi.hpp"
#include "core/transport/curl_thread.hpp"
#include "core/transport/curl_transfer.hpp"

namespace ngx_vrrp::transport {

using notify::DeliveryId;

// Exists once libcurl has been loaded: webhooks share one event loop, mails
// have threads.
class CurlTransport::Session {
public:
    struct Ended {
        std::unique_ptr<CurlTransfer> transfer;
        CURLcode code;
    };

    Session(const CurlLibrary &curl, os::Watcher &watcher,
            notify::Signer &signer)
        : curl_(curl),
          watcher_(watcher),
          signer_(signer),
          multi_(curl_, watcher) {}
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session();

    // Once, before all others.
    Status open();

    // Empty: it has begun.
    std::string begin(const notify::Delivery &delivery,
                      const notify::ChannelConfig &config);

    // The operation that it was waiting for; it no longer matters.
    std::string cancel(DeliveryId id);

    bool on_readable(int fd);
    void on_timer(Instant now) { multi_.on_timer(now); }
    std::optional<Instant> deadline() const { return multi_.deadline(); }

    // A thread that has ended and was not cancelled.
    std::optional<Ended> next_end();

private:
    struct Mail {
        std::unique_ptr<CurlThread> thread;
        bool cancelled = false;
    };

    using Transfers = std::vector<std::unique_ptr<CurlTransfer>>;
    using Mails = std::vector<Mail>;

    std::string begin_webhook(std::unique_ptr<CurlTransfer> transfer);
    std::string begin_mail(std::unique_ptr<CurlTransfer> transfer);
    std::unique_ptr<CurlTransfer> take(Transfers::iterator webhook);
    void end_mail(Mails::iterator mail);

    CurlLibrary curl_;
    os::Watcher &watcher_;
    notify::Signer &signer_;
    CurlMulti multi_;
    Transfers webhooks_;
    Mails mails_;
    std::vector<Ended> ended_mails_;
};

// Abort all threads before waiting for the first of them.
CurlTransport::Session::~Session() {
    for (const auto &webhook : webhooks_) {
        multi_.remove(webhook->handle());
    }
    for (const Mail &mail : mails_) {
        mail.thread->transfer().abort();
        watcher_.unwatch(mail.thread->fd());
    }
}

Status CurlTransport::Session::open() {
    if (curl_.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return Unexpected(SystemError{"curl_global_init()", ENOMEM});
    }
    return multi_.open();
}

std::string CurlTransport::Session::begin(const notify::Delivery &delivery,
                                          const notify::ChannelConfig &config) {
    auto transfer = std::make_unique<CurlTransfer>(curl_, signer_, delivery,
                                                   config, os::wall_clock());
    std::string error = transfer->error();
    if (!error.empty()) {
        return error;
    }
    return transfer->is_mail() ? begin_mail(std::move(transfer))
                               : begin_webhook(std::move(transfer));
}

std::string CurlTransport::Session::begin_webhook(
    std::unique_ptr<CurlTransfer> transfer) {
    if (!multi_.add(transfer->handle())) {
        return "libcurl is out of memory";
    }
    webhooks_.push_back(std::move(transfer));
    return {};
}

std::string CurlTransport::Session::begin_mail(
    std::unique_ptr<CurlTransfer> transfer) {
    auto thread = std::make_unique<CurlThread>(std::move(transfer));
    const Status started = thread->start();
    if (!started) {
        return started.error().to_string();
    }
    if (!watcher_.watch(thread->fd())) {
        return "the event loop has no room for a mail";
    }
    mails_.push_back({std::move(thread)});
    return {};
}

std::string CurlTransport::Session::cancel(DeliveryId id) {
    for (auto it = webhooks_.begin(); it != webhooks_.end(); ++it) {
        if ((*it)->id() == id) {
            return take(it)->waiting_for();
        }
    }
    for (Mail &mail : mails_) {
        CurlTransfer &transfer = mail.thread->transfer();
        if (transfer.id() == id && !mail.cancelled) {
            transfer.abort();
            mail.cancelled = true;
            return transfer.waiting_for();
        }
    }
    return {};
}

bool CurlTransport::Session::on_readable(int fd) {
    const auto mail = std::ranges::find_if(
        mails_, [&](const Mail &m) { return m.thread->fd() == fd; });
    if (mail == mails_.end()) {
        return multi_.on_readable(fd);
    }
    end_mail(mail);
    return true;
}

void CurlTransport::Session::end_mail(Mails::iterator mail) {
    watcher_.unwatch(mail->thread->fd());
    const CURLcode code = mail->thread->join();
    if (!mail->cancelled) {
        ended_mails_.push_back({mail->thread->take(), code});
    }
    mails_.erase(mail);
}

std::optional<CurlTransport::Session::Ended>
CurlTransport::Session::next_end() {
    if (!ended_mails_.empty()) {
        Ended ended = std::move(ended_mails_.back());
        ended_mails_.pop_back();
        return ended;
    }
    const std::optional<CurlMulti::End> end = multi_.next_end();
    if (!end) {
        return std::nullopt;
    }
    const auto webhook = std::ranges::find_if(
        webhooks_, [&](const auto &w) { return w->handle() == end->transfer; });
    return Ended{take(webhook), end->code};
}

std::unique_ptr<CurlTransfer> CurlTransport::Session::take(
    Transfers::iterator webhook) {
    std::unique_ptr<CurlTransfer> transfer = std::move(*webhook);
    webhooks_.erase(webhook);
    multi_.remove(transfer->handle());
    return transfer;
}

CurlTransport::CurlTransport(os::Watcher &watcher, notify::Signer &signer,
                             notify::DeliverySink &sink, LogSink &log)
    : watcher_(watcher), signer_(signer), sink_(sink), log_(log) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::deliver(const notify::Delivery &delivery,
                            const notify::ChannelConfig &config, Instant now) {
    if (const std::optional<notify::Outcome> failed = begin(delivery, config)) {
        sink_.finished(delivery.id, *failed, now);
    }
}

std::optional<notify::Outcome> CurlTransport::begin(
    const notify::Delivery &delivery, const notify::ChannelConfig &config) {
    if (config.lacks_secret) {
        return notify::Outcome{
            .permanent = true,
            .text = "the file with its secret could not be read"};
    }
    if (!session_) {
        const Result<CurlLibrary, std::string> curl = load_curl();
        if (!curl) {
            return notify::Outcome{.permanent = true, .text = curl.error()};
        }
        auto session = std::make_unique<Session>(*curl, watcher_, signer_);
        const Status opened = session->open();
        if (!opened) {
            return notify::Outcome{.text = opened.error().to_string()};
        }
        session_ = std::move(session);
    }
    const std::string error = session_->begin(delivery, config);
    return error.empty() ? std::nullopt
                         : std::optional(notify::Outcome{.text = error});
}

notify::Outcome CurlTransport::cancel(DeliveryId id) {
    const std::string waiting = session_ ? session_->cancel(id) : "";
    return {.text =
                waiting.empty() ? "not started" : waiting + ": not finished"};
}

bool CurlTransport::on_readable(int fd) {
    if (!session_ || !session_->on_readable(fd)) {
        return false;
    }
    report_ends(os::now());
    return true;
}

void CurlTransport::on_timer(Instant now) {
    if (session_) {
        session_->on_timer(now);
        report_ends(now);
    }
}

std::optional<Instant> CurlTransport::deadline() const {
    return session_ ? session_->deadline() : std::nullopt;
}

// The receiver of an outcome may start the next delivery at once.
void CurlTransport::report_ends(Instant now) {
    while (const std::optional<Session::Ended> ended = session_->next_end()) {
        const notify::Outcome outcome = ended->transfer->outcome(ended->code);
        const std::string refused = ended->transfer->refused();
        if (outcome.delivered && !refused.empty()) {
            log_(LogLevel::warn, "a mail was sent, but %s", refused.c_str());
        }
        sink_.finished(ended->transfer->id(), outcome, now);
    }
}

std::string CurlTransport::unavailable() {
    const Result<CurlLibrary, std::string> curl = load_curl();
    return curl ? std::string() : curl.error();
}

}  // namespace ngx_vrrp::transport
