#include "core/transport/curl_thread.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <csignal>

namespace ngx_vrrp::transport {

namespace {

// Signals are handled by the main thread.
class AllSignalsBlocked {
public:
    AllSignalsBlocked() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    AllSignalsBlocked(const AllSignalsBlocked &) = delete;
    AllSignalsBlocked &operator=(const AllSignalsBlocked &) = delete;
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace

CurlThread::~CurlThread() {
    if (running_) {
        transfer_->abort();
        join();
    }
}

Status CurlThread::start() {
    ended_ = os::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ended_) {
        return Unexpected(SystemError{"eventfd()", errno});
    }
    const AllSignalsBlocked blocked;
    const int error =
        ::pthread_create(&thread_, nullptr, &CurlThread::run, this);
    if (error != 0) {
        return Unexpected(SystemError{"pthread_create()", error});
    }
    running_ = true;
    return success();
}

CURLcode CurlThread::join() {
    if (running_) {
        ::pthread_join(thread_, nullptr);
        running_ = false;
    }
    return code_;
}

void *CurlThread::run(void *self) {
    auto &me = *static_cast<CurlThread *>(self);
    me.code_ = me.transfer_->perform();
    ::eventfd_write(me.ended_.get(), 1);
    return nullptr;
}

}  // namespace ngx_vrrp::transport
