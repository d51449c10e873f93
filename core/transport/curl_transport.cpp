#include "core/transport/curl_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "core/os/clock.hpp"
#include "core/transport/curl_library.hpp"
#include "core/transport/curl_transfer.hpp"
#include "core/transport/curl_worker.hpp"

namespace ngx_vrrp::transport {

using notify::DeliveryId;
using notify::Outcome;

// Exists once libcurl has been loaded.
struct CurlTransport::Session {
    struct Running {
        std::unique_ptr<CurlTransfer> transfer;
        CurlWorker *worker;
        bool cancelled = false;
    };

    explicit Session(const CurlLibrary &library) : curl(library) {}

    Result<CurlWorker *, SystemError> worker_for(
        std::optional<notify::ChannelId> mails);

    CurlLibrary curl;
    CurlResults results;
    std::map<DeliveryId, Running> running;  // until their results are there

    // By the channel of mails; nothing: of all webhooks. The last member: while
    // they end, transfers still run.
    std::map<std::optional<notify::ChannelId>, std::unique_ptr<CurlWorker>>
        workers;
};

Result<CurlWorker *, SystemError> CurlTransport::Session::worker_for(
    std::optional<notify::ChannelId> mails) {
    std::unique_ptr<CurlWorker> &worker = workers[mails];
    if (!worker) {
        auto started = std::make_unique<CurlWorker>(curl, results);
        const Status status = started->start();
        if (!status) {
            return Unexpected(status.error());
        }
        worker = std::move(started);
    }
    return worker.get();
}

CurlTransport::CurlTransport(os::Watcher &watcher, notify::Signer &signer,
                             notify::DeliverySink &sink, LogSink &log)
    : watcher_(watcher), signer_(signer), sink_(sink), log_(log) {}

// Aborts all transfers before waiting for the first of them.
CurlTransport::~CurlTransport() {
    if (session_) {
        for (auto &[id, running] : session_->running) {
            running.transfer->abort();
        }
        watcher_.unwatch(session_->results.fd());
    }
}

void CurlTransport::deliver(const notify::Delivery &delivery,
                            const notify::ChannelConfig &config, Instant now) {
    if (const std::optional<Outcome> failed = begin(delivery, config)) {
        sink_.finished(delivery.id, *failed, now);
    }
}

std::optional<Outcome> CurlTransport::begin(
    const notify::Delivery &delivery, const notify::ChannelConfig &config) {
    if (config.lacks_secret) {
        return Outcome{.permanent = true,
                       .text = "the file with its secret could not be read"};
    }
    if (!session_) {
        if (const std::optional<Outcome> failed = open()) {
            return failed;
        }
    }
    auto transfer = std::make_unique<CurlTransfer>(
        session_->curl, signer_, delivery, config, os::wall_clock());
    if (const std::string error = transfer->error(); !error.empty()) {
        return Outcome{.text = error};
    }
    const auto worker = session_->worker_for(
        transfer->is_mail() ? std::optional(delivery.channel) : std::nullopt);
    if (!worker) {
        return Outcome{.text = worker.error().to_string()};
    }
    (*worker)->add(transfer->handle());
    session_->running[delivery.id] = {std::move(transfer), *worker};
    return std::nullopt;
}

std::optional<Outcome> CurlTransport::open() {
    const Result<CurlLibrary, std::string> curl = load_curl();
    if (!curl) {
        return Outcome{.permanent = true, .text = curl.error()};
    }
    if (curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return Outcome{
            .text = SystemError{"curl_global_init()", ENOMEM}.to_string()};
    }
    auto session = std::make_unique<Session>(*curl);
    if (const Status opened = session->results.open(); !opened) {
        return Outcome{.text = opened.error().to_string()};
    }
    if (!watcher_.watch(session->results.fd())) {
        return Outcome{
            .text = SystemError{"adding libcurl to the event loop", EMFILE}
                        .to_string()};
    }
    session_ = std::move(session);
    return std::nullopt;
}

Outcome CurlTransport::cancel(DeliveryId id) {
    if (session_) {
        const auto it = session_->running.find(id);
        if (it != session_->running.end() && !it->second.cancelled) {
            it->second.cancelled = true;
            it->second.transfer->abort();
            it->second.worker->wake();
            return {.text =
                        it->second.transfer->waiting_for() + ": not finished"};
        }
    }
    return {.text = "not started"};
}

// The sink may start the next delivery at once.
bool CurlTransport::on_readable(int fd) {
    if (!session_ || fd != session_->results.fd()) {
        return false;
    }
    for (const CurlResult &result : session_->results.take()) {
        const auto it =
            std::ranges::find_if(session_->running, [&](const auto &running) {
                return running.second.transfer->handle() == result.transfer;
            });
        const auto ended = session_->running.extract(it);
        const CurlTransfer &transfer = *ended.mapped().transfer;
        if (ended.mapped().cancelled) {
            continue;
        }
        const Outcome outcome = transfer.outcome(result.code);
        const std::string refused = transfer.refused();
        if (outcome.delivered && !refused.empty()) {
            log_(LogLevel::warn, "a mail was sent, but %s", refused.c_str());
        }
        sink_.finished(ended.key(), outcome, os::now());
    }
    return true;
}

std::string CurlTransport::unavailable() {
    const Result<CurlLibrary, std::string> curl = load_curl();
    return curl ? std::string() : curl.error();
}

}  // namespace ngx_vrrp::transport
