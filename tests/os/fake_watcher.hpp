// An event loop: a list of watched descriptors.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <vector>

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
