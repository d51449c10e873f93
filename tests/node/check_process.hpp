// A process that checks, driven through the C interface as nginx drives it: an
// event loop, and peers that answer as a test wants.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/capi.h"
#include "core/os/wake.hpp"
#include "tests/node/configuration.hpp"

namespace ngx_vrrp::node {

class CheckProcess {
public:
    struct Change {
        std::size_t check;
        vrrp_core_verdict_e verdict;
    };

    CheckProcess(const Configuration &configuration, const SharedArea &area,
                 vrrp_checker_role_e role = VRRP_CHECKER_PROBES)
        : area_(area.get()),
          generation_(configuration.conf.generation),
          checker_(vrrp_checker_create(&configuration.conf, role, &ops_, area_,
                                       -1, -1)) {
        EXPECT_NE(checker_, nullptr);
    }
    CheckProcess(const CheckProcess &) = delete;
    CheckProcess &operator=(const CheckProcess &) = delete;
    ~CheckProcess() {
        vrrp_checker_destroy(checker_);
        EXPECT_TRUE(watched.empty()) << "descriptors are still watched";
    }

    int start(int master_pid = ::getpid()) {
        return vrrp_checker_start(checker_, master_pid);
    }

    bool finished() const { return vrrp_checker_finished(checker_) != 0; }
    vrrp_checker_t *checker() const { return checker_; }

    vrrp_core_verdict_e verdict(std::size_t check) const {
        return vrrp_core_check_verdict(area_, generation_, check);
    }

    // Runs the event loop until then; false: that has not come in time.
    bool run_until(const std::function<bool()> &condition) {
        const std::int64_t end = vrrp_core_now() + 10'000'000'000;
        while (!condition()) {
            if (finished() || vrrp_core_now() > end) {
                return condition();
            }
            turn();
        }
        return true;
    }

    bool run_until_finished() {
        return run_until([&] { return finished(); });
    }

    // The behaviour of a peer; nothing: it is silent.
    std::function<void(std::size_t check)> on_open;
    std::function<void(std::size_t check, const std::string &bytes)> on_send;

    std::vector<int> watched;
    std::vector<Change> changes;
    std::vector<std::string> log;
    std::size_t opens = 0;
    std::size_t closes = 0;

private:
    static CheckProcess &self(void *data) {
        return *static_cast<CheckProcess *>(data);
    }

    // A recovery changes no verdict.
    void add_change(const Change &change) {
        const auto last = std::find_if(
            changes.rbegin(), changes.rend(),
            [&](const auto &c) { return c.check == change.check; });
        if (last == changes.rend() || last->verdict != change.verdict) {
            changes.push_back(change);
        }
    }

    void turn() {
        const std::int64_t wait =
            vrrp_checker_deadline(checker_) - vrrp_core_now();
        std::vector<pollfd> fds;
        for (const int fd : watched) {
            fds.push_back({fd, POLLIN, 0});
        }
        const std::int64_t ms =
            std::clamp<std::int64_t>((wait + 999'999) / 1'000'000, 0, 100);
        ::poll(fds.data(), fds.size(), static_cast<int>(ms));
        for (const pollfd &fd : fds) {
            if (fd.revents != 0) {
                vrrp_checker_on_readable(checker_, fd.fd);
            }
        }
        vrrp_checker_on_timer(checker_);
    }

    vrrp_checker_ops_t ops() {
        vrrp_checker_ops_t ops{};
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
        ops.open = [](void *data, size_t check) {
            ++self(data).opens;
            if (self(data).on_open) {
                self(data).on_open(check);
            }
        };
        ops.send = [](void *data, size_t check, const char *bytes, size_t len) {
            if (self(data).on_send) {
                self(data).on_send(check, std::string(bytes, len));
            }
        };
        ops.close = [](void *data, size_t) { ++self(data).closes; };
        ops.regex = [](void *, void *regex, const char *subject, size_t len) {
            const std::string_view wanted(static_cast<const char *>(regex));
            return std::string_view(subject, len).find(wanted) !=
                           std::string_view::npos
                       ? 1
                       : 0;
        };
        ops.changed = [](void *data, size_t check) {
            self(data).add_change({check, self(data).verdict(check)});
        };
        return ops;
    }

    vrrp_core_memory_t *area_;
    std::uint64_t generation_;
    vrrp_checker_ops_t ops_ = ops();
    vrrp_checker_t *checker_;
};

}  // namespace ngx_vrrp::node
