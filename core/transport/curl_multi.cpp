#include "core/transport/curl_multi.hpp"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "core/os/clock.hpp"

namespace ngx_vrrp::transport {

namespace {

constexpr int kMaxEvents = 16;
constexpr long kMaxConnections = 16;  // that are kept for later

std::uint32_t epoll_events(int what) {
    const std::uint32_t in = (what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u;
    const std::uint32_t out = (what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u;
    return in | out;
}

int curl_events(std::uint32_t events) {
    const int in = (events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0;
    const int out = (events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    const int error = (events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0;
    return in | out | error;
}

}  // namespace

CurlMulti::CurlMulti(const CurlLibrary &curl, os::Watcher &watcher)
    : curl_(curl), watcher_(watcher), multi_(nullptr, MultiCleanup{&curl}) {}

CurlMulti::~CurlMulti() {
    multi_.reset();
    if (epoll_) {
        watcher_.unwatch(epoll_.get());
    }
}

Status CurlMulti::open() {
    multi_.reset(curl_.multi_init());
    if (!multi_) {
        return Unexpected(SystemError{"curl_multi_init()", ENOMEM});
    }
    os::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) {
        return Unexpected(SystemError{"epoll_create1()", errno});
    }
    if (!watcher_.watch(epoll.get())) {
        return Unexpected(
            SystemError{"adding libcurl to the event loop", EMFILE});
    }
    epoll_ = std::move(epoll);
    curl_.multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION,
                       &CurlMulti::on_socket);
    curl_.multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA,
                       static_cast<void *>(this));
    curl_.multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION,
                       &CurlMulti::on_timeout);
    curl_.multi_setopt(multi_.get(), CURLMOPT_TIMERDATA,
                       static_cast<void *>(this));
    curl_.multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kMaxConnections);
    return success();
}

bool CurlMulti::add(CURL *transfer) {
    return curl_.multi_add_handle(multi_.get(), transfer) == CURLM_OK;
}

void CurlMulti::remove(CURL *transfer) {
    curl_.multi_remove_handle(multi_.get(), transfer);
}

bool CurlMulti::on_readable(int fd) {
    if (fd < 0 || fd != epoll_.get()) {
        return false;
    }
    std::array<epoll_event, kMaxEvents> events;
    const int n = ::epoll_wait(fd, events.data(), kMaxEvents, 0);
    for (int i = 0; i < n; ++i) {
        const epoll_event &event = events[static_cast<std::size_t>(i)];
        act(event.data.fd, curl_events(event.events));
    }
    return true;
}

void CurlMulti::on_timer(Instant now) {
    if (deadline_ && now >= *deadline_) {
        deadline_.reset();
        act(CURL_SOCKET_TIMEOUT, 0);
    }
}

void CurlMulti::act(curl_socket_t socket, int events) {
    int running = 0;
    curl_.multi_socket_action(multi_.get(), socket, events, &running);
}

std::optional<CurlMulti::End> CurlMulti::next_end() {
    int left = 0;
    const CURLMsg *message = curl_.multi_info_read(multi_.get(), &left);
    if (message == nullptr || message->msg != CURLMSG_DONE) {
        return std::nullopt;
    }
    return End{message->easy_handle, message->data.result};
}

// libcurl does not report whether a socket is new; a closed one has left epoll
// by itself. If a socket cannot be watched, the transfer's timeout ends it.
int CurlMulti::on_socket(CURL *, curl_socket_t socket, int what, void *self,
                         void *) {
    const int epoll = static_cast<CurlMulti *>(self)->epoll_.get();
    epoll_event event{};
    event.events = epoll_events(what);
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) {
        ::epoll_ctl(epoll, EPOLL_CTL_DEL, socket, &event);
    } else if (::epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) != 0) {
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    }
    return 0;
}

// Must not be handled from within the callback, also if it is 0.
int CurlMulti::on_timeout(CURLM *, long timeout_ms, void *self) {
    auto &deadline = static_cast<CurlMulti *>(self)->deadline_;
    if (timeout_ms < 0) {
        deadline.reset();
    } else {
        deadline = os::now() + Milliseconds{timeout_ms};
    }
    return 0;
}

}  // namespace ngx_vrrp::transport
