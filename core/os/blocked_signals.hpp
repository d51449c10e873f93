// While this object lives, the calling thread handles no signal; nor does a
// thread or process that it creates meanwhile, until that one unblocks them.
#pragma once

#include <csignal>

namespace ngx_vrrp::os {

class BlockedSignals {
public:
    BlockedSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    BlockedSignals(const BlockedSignals &) = delete;
    BlockedSignals &operator=(const BlockedSignals &) = delete;
    ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace ngx_vrrp::os
