// A process that notifies, driven through the C interface, and what the
// configuration and the other processes have for it.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/transport/event_socket.hpp"
#include "tests/node/configuration.hpp"
#include "tests/node/driven_process.hpp"
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
        conf.demand_fd = -1;
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

class NotifyProcess final : public DrivenProcess {
public:
    NotifyProcess(const NotifyConfiguration &configuration,
                  const SharedArea &area)
        : DrivenProcess([&](const vrrp_process_ops_t &ops) {
              return vrrp_notifier_create(&configuration.conf, &ops, sign,
                                          area.get());
          }) {}

    bool has_said(const std::string &part) const {
        return lines_with(part) != 0;
    }

private:
    static int sign(void *, const char *key, size_t key_len, const char *text,
                    size_t len, uint8_t digest[32]) {
        const auto made =
            test::OpensslSigner{}.hmac_sha256({key, key_len}, {text, len});
        std::copy(made->begin(), made->end(), digest);
        return VRRP_CORE_OK;
    }
};

}  // namespace ngx_vrrp::node
