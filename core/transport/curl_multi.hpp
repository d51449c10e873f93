// Concurrent transfers, for an event loop that waits for one descriptor to
// become readable and for one deadline: libcurl's sockets are in a separate
// epoll instance, which is readable when one of them is ready.
#pragma once

#include <memory>
#include <optional>

#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"
#include "core/transport/curl_library.hpp"

namespace ngx_vrrp::transport {

class CurlMulti {
public:
    // Both outlive it.
    CurlMulti(const CurlLibrary &curl, os::Watcher &watcher);
    CurlMulti(const CurlMulti &) = delete;
    CurlMulti &operator=(const CurlMulti &) = delete;

    // When every transfer has been removed.
    ~CurlMulti();

    // Once, before all others.
    Status open();

    // False: out of memory.
    bool add(CURL *transfer);
    void remove(CURL *transfer);

    // False: not ours.
    bool on_readable(int fd);
    void on_timer(Instant now);
    std::optional<Instant> deadline() const { return deadline_; }

    struct End {
        CURL *transfer;
        CURLcode code;
    };

    // A transfer that has ended; remove it before you ask for the next one.
    std::optional<End> next_end();

private:
    struct MultiCleanup {
        const CurlLibrary *curl;
        void operator()(CURLM *multi) const { curl->multi_cleanup(multi); }
    };

    static int on_socket(CURL *transfer, curl_socket_t socket, int what,
                         void *self, void *of_socket);
    static int on_timeout(CURLM *multi, long timeout_ms, void *self);
    void act(curl_socket_t socket, int events);

    const CurlLibrary &curl_;
    os::Watcher &watcher_;
    os::Fd epoll_;
    std::optional<Instant> deadline_;
    std::unique_ptr<CURLM, MultiCleanup> multi_;
};

}  // namespace ngx_vrrp::transport
