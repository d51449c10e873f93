// An event loop: a list of watched descriptors.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/time.hpp"
#include "core/os/clock.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::os {

class FakeWatcher : public Watcher {
public:
    bool watch(int fd) override {
        if (full || watched.size() >= most) {
            return false;
        }
        watched.push_back(fd);
        return true;
    }

    void unwatch(int fd) override {
        EXPECT_GE(::fcntl(fd, F_GETFD), 0) << "closed before unwatch";
        EXPECT_EQ(1u, std::erase(watched, fd));
    }

    // One turn; false when nothing could be read.
    bool turn(Milliseconds timeout) {
        std::vector<pollfd> fds;
        for (const int fd : watched) {
            fds.push_back({fd, POLLIN, 0});
        }
        if (::poll(fds.data(), fds.size(), static_cast<int>(timeout.count())) <=
            0) {
            return false;
        }
        for (const pollfd &p : fds) {
            const bool still = std::find(watched.begin(), watched.end(),
                                         p.fd) != watched.end();
            if (p.revents != 0 && still) {
                EXPECT_TRUE(on_readable(p.fd)) << "a descriptor of no owner";
            }
        }
        return true;
    }

    // Runs until something is true.
    bool wait(const std::function<bool()> &condition,
              Duration patience = Seconds{10}) {
        const Instant end = now() + patience;
        while (!condition() && now() < end) {
            turn(Milliseconds{5});
        }
        return condition();
    }

    std::function<bool(int)> on_readable;
    std::vector<int> watched;
    bool full = false;
    std::size_t most = 1000;

protected:
    // When all that was watched should have ended.
    void expect_nothing_watched() const {
        EXPECT_TRUE(watched.empty()) << "descriptors are still watched";
    }
};

}  // namespace ngx_vrrp::os
