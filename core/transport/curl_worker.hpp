// A thread that performs transfers, many at a time. libcurl waits there for its
// sockets and timers, and may block: the event loop only gets the results.
#pragma once

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"
#include "core/transport/curl_library.hpp"

namespace ngx_vrrp::transport {

struct CurlResult {
    CURL *transfer;
    CURLcode code;
};

// Results of all workers, for the event loop.
class CurlResults {
public:
    // Once, before all others.
    Status open();

    // Readable when there are some.
    int fd() const { return ready_.get(); }

    void add(CurlResult result);
    std::vector<CurlResult> take();

private:
    std::mutex mutex_;
    std::vector<CurlResult> results_;
    os::Fd ready_;
};

class CurlWorker {
public:
    // Both outlive it.
    CurlWorker(const CurlLibrary &curl, CurlResults &results);
    CurlWorker(const CurlWorker &) = delete;
    CurlWorker &operator=(const CurlWorker &) = delete;

    // Waits for the end of all transfers; abort them before.
    ~CurlWorker();

    // Once, before all others.
    Status start();

    // From now on it belongs to the thread, until its result is there.
    void add(CURL *transfer);

    // A transfer has been aborted: its progress callback is called at once, or,
    // if libcurl blocks, within a second.
    void wake();

private:
    struct MultiCleanup {
        const CurlLibrary *curl;
        void operator()(CURLM *multi) const { curl->multi_cleanup(multi); }
    };

    void run();
    bool take_added();
    void pass_results();

    const CurlLibrary &curl_;
    CurlResults &results_;
    std::unique_ptr<CURLM, MultiCleanup> multi_;
    std::thread thread_;

    std::mutex mutex_;
    std::vector<CURL *> added_;
    bool stopping_ = false;
};

}  // namespace ngx_vrrp::transport
