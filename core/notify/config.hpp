// The configuration of the receivers of notifications.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::notify {

using ChannelId = std::size_t;

// A program. keepalived's convention: INSTANCE, name, state and priority follow
// the arguments of "notify"; "notify_master" etc. get no additional arguments.
struct ScriptChannel {
    std::vector<std::string> command;  // an absolute path, and arguments
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    bool with_arguments = false;
};

// A named pipe that gets keepalived's lines.
struct FifoChannel {
    std::string path;
};

struct EmailChannel {
    std::string url;  // smtp://host:port, smtps://host
    std::string from;
    std::vector<std::string> to;
    std::string username;  // empty: none
    std::string password;
    std::string ca;  // a file; empty: those of the system
    bool verify = true;
    bool start_tls = false;  // smtp:// must turn to TLS
    std::string helo;        // our name in HELO; empty: the host name
};

// Rows of the table in webhook.cpp.
enum class WebhookFormat : std::uint8_t {
    generic,
    alertmanager,
    slack,
    dingtalk,
    feishu,
    wecom
};

struct WebhookChannel {
    std::string url;  // may hold a secret: it is never logged
    WebhookFormat format = WebhookFormat::generic;
    std::string secret;  // empty: nothing is signed
    std::string prefix;  // of messages for people; empty: none
    std::string ca;
    bool verify = true;
};

struct ChannelConfig {
    std::string name;       // the directive: "notify_webhook"
    std::string target;     // for humans, without secrets: "hooks.example.org"
    std::string instance;   // empty: all of them, and what is of none
    bool of_group = false;  // it is a sync_group: events of all members
    std::uint32_t events = 0;   // 1 << EventKind
    std::uint32_t states = 0;   // 1 << State, of state events
    Duration timeout{};         // of one attempt
    Duration expire{};          // an undelivered event is dropped after this
    bool lacks_secret = false;  // its file could not be read
    std::variant<ScriptChannel, FifoChannel, EmailChannel, WebhookChannel> how;
};

}  // namespace ngx_vrrp::notify
