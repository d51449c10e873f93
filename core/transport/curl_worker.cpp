#include "core/transport/curl_worker.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "core/os/blocked_signals.hpp"

namespace ngx_vrrp::transport {

namespace {

constexpr long kMaxConnections = 16;  // that are kept for later

// libcurl's timers and wake() end it earlier.
constexpr int kLongestWaitMs = 3600 * 1000;

}  // namespace

Status CurlResults::open() {
    ready_ = os::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return ready_ ? success() : Unexpected(SystemError{"eventfd()", errno});
}

void CurlResults::add(CurlResult result) {
    const std::lock_guard lock(mutex_);
    results_.push_back(result);
    ::eventfd_write(ready_.get(), 1);
}

std::vector<CurlResult> CurlResults::take() {
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    ::eventfd_read(ready_.get(), &count);
    return std::exchange(results_, {});
}

CurlWorker::CurlWorker(const CurlLibrary &curl, CurlResults &results)
    : curl_(curl),
      results_(results),
      multi_(curl.multi_init(), MultiCleanup{&curl}) {}

CurlWorker::~CurlWorker() {
    if (thread_.joinable()) {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake();
        thread_.join();
    }
}

// Signals are for the main thread.
Status CurlWorker::start() {
    if (!multi_) {
        return Unexpected(SystemError{"curl_multi_init()", ENOMEM});
    }
    curl_.multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMaxConnections);
    const os::BlockedSignals blocked;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error &e) {
        return Unexpected(SystemError{"pthread_create()", e.code().value()});
    }
    return success();
}

void CurlWorker::add(CURL *transfer) {
    {
        const std::lock_guard lock(mutex_);
        added_.push_back(transfer);
    }
    wake();
}

void CurlWorker::wake() {
    curl_.multi_wakeup(multi_.get());
}

void CurlWorker::run() {
    for (;;) {
        const bool stopping = take_added();
        int running = 0;
        curl_.multi_perform(multi_.get(), &running);
        pass_results();
        if (stopping && running == 0) {
            return;
        }
        curl_.multi_poll(multi_.get(), nullptr, 0, kLongestWaitMs, nullptr);
    }
}

bool CurlWorker::take_added() {
    const std::lock_guard lock(mutex_);
    for (CURL *transfer : std::exchange(added_, {})) {
        if (curl_.multi_add_handle(multi_.get(), transfer) != CURLM_OK) {
            results_.add({transfer, CURLE_OUT_OF_MEMORY});
        }
    }
    return stopping_;
}

void CurlWorker::pass_results() {
    int left = 0;
    while (CURLMsg *message = curl_.multi_info_read(multi_.get(), &left)) {
        const CurlResult result{message->easy_handle, message->data.result};
        curl_.multi_remove_handle(multi_.get(), result.transfer);
        results_.add(result);
    }
}

}  // namespace ngx_vrrp::transport
