// A process driven through the C interface, by an event loop as nginx has it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/capi.h"

namespace ngx_vrrp::node {

class DrivenProcess {
public:
    using Create =
        std::function<vrrp_process_t *(const vrrp_process_ops_t &ops)>;

    explicit DrivenProcess(const Create &create) : process_(create(ops())) {
        EXPECT_NE(process_, nullptr);
    }
    DrivenProcess(const DrivenProcess &) = delete;
    DrivenProcess &operator=(const DrivenProcess &) = delete;
    virtual ~DrivenProcess() { destroy(); }

    int start(int master_pid = ::getpid()) {
        return vrrp_process_start(process_, master_pid);
    }
    void quit() { vrrp_process_quit(process_); }
    void terminate() { vrrp_process_terminate(process_); }
    void on_timer() { vrrp_process_on_timer(process_); }
    bool finished() const { return vrrp_process_finished(process_) != 0; }
    std::int64_t deadline() const { return vrrp_process_deadline(process_); }
    vrrp_process_t *get() const { return process_; }

    // Runs the event loop until then; false: that has not come in time.
    bool run_until(const std::function<bool()> &condition,
                   Duration patience = Seconds{10}) {
        const std::int64_t end = vrrp_core_now() + patience.count();
        while (!condition()) {
            if (finished() || vrrp_core_now() > end) {
                return condition();
            }
            turn();
        }
        return true;
    }

    void run_for(Duration time) {
        run_until([] { return false; }, time);
    }

    bool run_until_finished() {
        return run_until([&] { return finished(); });
    }

    std::ptrdiff_t lines_with(const std::string &part) const {
        return std::count_if(log.begin(), log.end(), [&](const auto &line) {
            return line.find(part) != std::string::npos;
        });
    }

    std::vector<int> watched;
    std::vector<std::string> log;

protected:
    // For those with callbacks of their own, before these end.
    void destroy() {
        if (process_ != nullptr) {
            vrrp_process_destroy(process_);
            process_ = nullptr;
            EXPECT_TRUE(watched.empty()) << "descriptors are still watched";
        }
    }

private:
    static DrivenProcess &self(void *data) {
        return *static_cast<DrivenProcess *>(data);
    }

    void turn() {
        const std::int64_t wait = deadline() - vrrp_core_now();
        std::vector<pollfd> fds;
        for (const int fd : watched) {
            fds.push_back({fd, POLLIN, 0});
        }
        const std::int64_t ms =
            std::clamp<std::int64_t>(wait / 1'000'000 + 1, 0, 20);
        ::poll(fds.data(), fds.size(), static_cast<int>(ms));
        for (const pollfd &fd : fds) {
            const bool still = std::find(watched.begin(), watched.end(),
                                         fd.fd) != watched.end();
            if (fd.revents != 0 && still) {
                vrrp_process_on_readable(process_, fd.fd);
            }
        }
        if (deadline() <= vrrp_core_now()) {
            on_timer();
        }
    }

    vrrp_process_ops_t ops() {
        vrrp_process_ops_t ops{};
        ops.data = this;
        ops.log = [](void *data, vrrp_core_log_level_e, const char *line,
                     size_t len) { self(data).log.emplace_back(line, len); };
        ops.watch = [](void *data, int fd) {
            self(data).watched.push_back(fd);
            return VRRP_CORE_OK;
        };
        ops.unwatch = [](void *data, int fd) {
            EXPECT_EQ(std::erase(self(data).watched, fd), 1u);
        };
        return ops;
    }

    vrrp_process_t *process_;
};

}  // namespace ngx_vrrp::node
