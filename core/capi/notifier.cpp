// The process that notifies: C structs <-> C++ values, and the wall that no
// exception crosses.

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/capi.h"
#include "core/capi/callbacks.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/values.hpp"
#include "core/courier/curl_courier.hpp"
#include "core/node/notify_node.hpp"
#include "core/notify/config.hpp"
#include "core/notify/signer.hpp"
#include "core/notify/webhook.hpp"
#include "core/status/channels.hpp"

namespace {

using namespace ngx_vrrp;
using namespace ngx_vrrp::notify;

static_assert(1 << static_cast<int>(EventKind::split_brain) ==
              VRRP_CORE_EVENT_SPLIT_BRAIN);
static_assert(1 << static_cast<int>(StateWord::init) == VRRP_CORE_TO_INIT);
static_assert(VRRP_CORE_MAX_CHANNELS == status::ChannelBoard::kMost);

std::vector<std::string> to_strings(const vrrp_core_str_t *strings,
                                    std::size_t n) {
    std::vector<std::string> list;
    std::transform(strings, strings + n, std::back_inserter(list),
                   [](const vrrp_core_str_t &s) { return to_string(s); });
    return list;
}

ScriptChannel to_script(const vrrp_core_notify_conf_t &c) {
    return {.command = to_strings(c.command, c.ncommand),
            .uid = c.uid,
            .gid = c.gid,
            .with_arguments = c.with_arguments != 0};
}

EmailChannel to_email(const vrrp_core_notify_conf_t &c) {
    return {.url = to_string(c.url),
            .from = to_string(c.from),
            .to = to_strings(c.to, c.nto),
            .username = to_string(c.username),
            .password = to_string(c.secret),
            .ca = to_string(c.ca),
            .verify = c.verify != 0,
            .start_tls = c.start_tls != 0,
            .helo = to_string(c.helo)};
}

WebhookChannel to_webhook(const vrrp_core_notify_conf_t &c) {
    return {.url = to_string(c.url),
            .format = static_cast<WebhookFormat>(c.format),
            .secret = to_string(c.secret),
            .prefix = to_string(c.prefix),
            .ca = to_string(c.ca),
            .verify = c.verify != 0};
}

ChannelConfig to_channel(const vrrp_core_notify_conf_t &c) {
    ChannelConfig channel{
        .name = to_string(c.name),
        .target = to_string(c.target),
        .instance = to_string(c.instance),
        .events = c.events,
        .states = c.states,
        .timeout = Duration{c.timeout_ns},
        .expire = Duration{c.expire_ns},
        .lacks_secret = c.secret_file.len != 0 && c.secret.len == 0,
        .how = {}};
    switch (c.kind) {
        case VRRP_CORE_NOTIFY_SCRIPT:
            channel.how = to_script(c);
            break;
        case VRRP_CORE_NOTIFY_FIFO:
            channel.how = FifoChannel{to_string(c.path)};
            break;
        case VRRP_CORE_NOTIFY_EMAIL:
            channel.how = to_email(c);
            break;
        case VRRP_CORE_NOTIFY_WEBHOOK:
            channel.how = to_webhook(c);
            break;
    }
    return channel;
}

std::vector<ChannelConfig> to_channels(const vrrp_core_conf_t &conf) {
    std::vector<ChannelConfig> channels;
    std::transform(conf.channels, conf.channels + conf.nchannels,
                   std::back_inserter(channels), to_channel);
    return channels;
}

}  // namespace

class NotifierCallbacks final : public Callbacks<vrrp_notifier_ops_t>,
                                public Signer {
public:
    using Callbacks::Callbacks;

    std::optional<Digest> hmac_sha256(std::string_view key,
                                      std::string_view text) override {
        Digest digest{};
        const int rc =
            ops_.hmac_sha256(ops_.data, key.data(), key.size(), text.data(),
                             text.size(), digest.data());
        return rc == VRRP_CORE_OK ? std::optional(digest) : std::nullopt;
    }
};

struct vrrp_notifier_s {
    vrrp_notifier_s(const vrrp_core_conf_t &conf,
                    const vrrp_notifier_ops_t &ops,
                    const vrrp_core_memory_t &memory)
        : callbacks(ops),
          log(callbacks),
          node(to_channels(conf), conf.event_fds[1], memory.area(),
               area_before(conf, memory), {callbacks, callbacks, callbacks}) {}

    NotifierCallbacks callbacks;
    Log log;
    node::NotifyNode node;
    bool broken = false;
};

namespace {

// Our own bug or no memory: nginx's master starts another process.
void give_up(vrrp_notifier_t *notifier, const char *why) noexcept {
    if (std::exchange(notifier->broken, true)) {
        return;
    }
    try {
        notifier->log(LogLevel::alert, "internal error: %s, exiting", why);
    } catch (...) {
        // The master will say that the process is gone.
        return;
    }
}

// Every entry from C that may touch the node.
template <class F>
void enter(vrrp_notifier_t *notifier, F &&f) noexcept {
    if (notifier->broken) {
        return;
    }
    try {
        f(notifier->node);
    } catch (const std::exception &e) {
        give_up(notifier, e.what());
    } catch (...) {
        give_up(notifier, "unknown exception");
    }
}

}  // namespace

vrrp_notifier_t *vrrp_notifier_create(const vrrp_core_conf_t *conf,
                                      const vrrp_notifier_ops_t *ops,
                                      vrrp_core_memory_t *memory) {
    try {
        return std::make_unique<vrrp_notifier_s>(*conf, *ops, *memory)
            .release();
    } catch (const std::exception &e) {
        const std::string_view why = e.what();
        ops->log(ops->data, VRRP_CORE_LOG_ALERT, why.data(), why.size());
        return nullptr;
    }
}

void vrrp_notifier_destroy(vrrp_notifier_t *notifier) {
    delete notifier;
}

int vrrp_notifier_start(vrrp_notifier_t *notifier, int master_pid) {
    int rc = VRRP_CORE_ERROR;
    enter(notifier, [&](node::NotifyNode &node) {
        const Status status = node.start(master_pid);
        if (status) {
            rc = VRRP_CORE_OK;
        } else {
            notifier->log(LogLevel::alert, "%s, notifications are disabled",
                          status.error().to_string().c_str());
        }
    });
    return rc;
}

void vrrp_notifier_quit(vrrp_notifier_t *notifier) {
    enter(notifier, [](node::NotifyNode &node) { node.quit(); });
}

void vrrp_notifier_terminate(vrrp_notifier_t *notifier) {
    enter(notifier, [](node::NotifyNode &node) { node.terminate(); });
}

void vrrp_notifier_on_readable(vrrp_notifier_t *notifier, int fd) {
    enter(notifier, [&](node::NotifyNode &node) { node.on_readable(fd); });
}

void vrrp_notifier_on_timer(vrrp_notifier_t *notifier) {
    enter(notifier, [](node::NotifyNode &node) { node.on_timer(); });
}

int64_t vrrp_notifier_deadline(const vrrp_notifier_t *notifier) {
    const auto deadline = notifier->node.deadline();
    return deadline ? to_ns(*deadline) : VRRP_CORE_NEVER;
}

int vrrp_notifier_finished(const vrrp_notifier_t *notifier) {
    return notifier->broken || notifier->node.finished();
}

int vrrp_notifier_possible(const vrrp_core_conf_t *conf, char *why,
                           size_t size) {
    const bool needs_curl = std::any_of(
        conf->channels, conf->channels + conf->nchannels, [](const auto &c) {
            return c.kind == VRRP_CORE_NOTIFY_EMAIL ||
                   c.kind == VRRP_CORE_NOTIFY_WEBHOOK;
        });
    try {
        const std::string wrong =
            needs_curl ? courier::CurlCourier::unavailable() : std::string();
        copy_text(wrong, why, size);
        return wrong.empty() ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    } catch (const std::exception &) {
        copy_text("out of memory", why, size);
        return VRRP_CORE_ERROR;
    }
}

int vrrp_core_webhook_format(size_t number,
                             vrrp_core_webhook_format_t *format) {
    const WebhookTraits *traits = webhook_traits(number);
    if (traits == nullptr) {
        return VRRP_CORE_ERROR;
    }
    *format = {.name = traits->name,
               .path = traits->path,
               .has_prefix = traits->has_prefix,
               .signs = traits->signs};
    return VRRP_CORE_OK;
}
