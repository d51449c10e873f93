// A process that notifies, driven through the C interface as nginx drives it,
// and what the configuration and the other processes have for it.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/capi.h"
#include "core/transport/event_socket.hpp"
#include "tests/node/configuration.hpp"
#include "tests/support/openssl_signer.hpp"
#include "tests/support/script_folder.hpp"

namespace ngx_vrrp::node {

// One configuration with its channels.
class NotifyConfiguration {
public:
    explicit NotifyConfiguration(std::vector<vrrp_core_notify_conf_t> list)
        : channels(std::move(list)) {
        conf.channels = channels.data();
        conf.nchannels = channels.size();
        conf.wake_fd = -1;
        EXPECT_EQ(
            ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
                         0, conf.event_fds),
            0);
        sender_end = os::Fd(conf.event_fds[0]);
        notifier_end = os::Fd(conf.event_fds[1]);
    }

    std::vector<vrrp_core_notify_conf_t> channels;
    os::Fd sender_end;
    os::Fd notifier_end;
    vrrp_core_conf_t conf{};
};

// All events and states, of all instances.
inline vrrp_core_notify_conf_t script_channel(const vrrp_core_str_t &path) {
    vrrp_core_notify_conf_t channel{};
    channel.kind = VRRP_CORE_NOTIFY_SCRIPT;
    channel.name = text("notify");
    channel.target = path;
    channel.events = VRRP_CORE_EVENT_STATE;
    channel.states = VRRP_CORE_TO_MASTER | VRRP_CORE_TO_BACKUP |
                     VRRP_CORE_TO_FAULT | VRRP_CORE_TO_STOP;
    channel.timeout_ns = 10'000'000'000;
    channel.expire_ns = 300'000'000'000;
    channel.command = &path;
    channel.ncommand = 1;
    channel.uid = ::geteuid();
    channel.gid = ::getegid();
    channel.with_arguments = 1;
    return channel;
}

class NotifyProcess {
public:
    NotifyProcess(const NotifyConfiguration &configuration,
                  const SharedArea &area)
        : notifier_(
              vrrp_notifier_create(&configuration.conf, &ops_, area.get())) {
        EXPECT_NE(notifier_, nullptr);
    }
    NotifyProcess(const NotifyProcess &) = delete;
    NotifyProcess &operator=(const NotifyProcess &) = delete;
    ~NotifyProcess() {
        vrrp_notifier_destroy(notifier_);
        EXPECT_TRUE(watched.empty()) << "descriptors are still watched";
    }

    int start(int master_pid = ::getpid()) {
        return vrrp_notifier_start(notifier_, master_pid);
    }
    void quit() { vrrp_notifier_quit(notifier_); }
    void terminate() { vrrp_notifier_terminate(notifier_); }
    bool finished() const { return vrrp_notifier_finished(notifier_) != 0; }
    std::int64_t deadline() const { return vrrp_notifier_deadline(notifier_); }

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

    bool has_said(const std::string &part) const {
        return std::any_of(log.begin(), log.end(), [&](const auto &line) {
            return line.find(part) != std::string::npos;
        });
    }

    std::vector<int> watched;
    std::vector<std::string> log;

private:
    static NotifyProcess &self(void *data) {
        return *static_cast<NotifyProcess *>(data);
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
                vrrp_notifier_on_readable(notifier_, fd.fd);
            }
        }
        if (deadline() <= vrrp_core_now()) {
            vrrp_notifier_on_timer(notifier_);
        }
    }

    vrrp_notifier_ops_t ops() {
        vrrp_notifier_ops_t ops{};
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
        ops.hmac_sha256 = [](void *, const char *key, size_t key_len,
                             const char *text, size_t len, uint8_t digest[32]) {
            const auto made =
                test::OpensslSigner{}.hmac_sha256({key, key_len}, {text, len});
            std::copy(made->begin(), made->end(), digest);
            return VRRP_CORE_OK;
        };
        return ops;
    }

    vrrp_notifier_ops_t ops_ = ops();
    vrrp_notifier_t *notifier_;
};

}  // namespace ngx_vrrp::node
