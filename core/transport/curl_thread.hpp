// A transfer on its own thread. libcurl's SMTP blocks while it waits for the
// reply to a whole mail and to QUIT: a server that scans mails for a long time
// would delay all other messages.
#pragma once

#include <pthread.h>

#include <memory>

#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"
#include "core/transport/curl_transfer.hpp"

namespace ngx_vrrp::transport {

class CurlThread {
public:
    explicit CurlThread(std::unique_ptr<CurlTransfer> transfer)
        : transfer_(std::move(transfer)) {}
    CurlThread(const CurlThread &) = delete;
    CurlThread &operator=(const CurlThread &) = delete;

    // Aborts it, and waits for its end.
    ~CurlThread();

    Status start();

    // Readable when it has ended.
    int fd() const { return ended_.get(); }

    // Once it has ended.
    CURLcode join();
    std::unique_ptr<CurlTransfer> take() { return std::move(transfer_); }

    CurlTransfer &transfer() { return *transfer_; }

private:
    static void *run(void *self);

    std::unique_ptr<CurlTransfer> transfer_;
    os::Fd ended_;
    pthread_t thread_{};
    bool running_ = false;
    CURLcode code_ = CURLE_OK;
};

}  // namespace ngx_vrrp::transport
