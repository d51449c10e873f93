// The process that notifies: C structs <-> C++ values, and the wall that no
// exception crosses.

#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/log.hpp"
#include "core/capi.h"
#include "core/capi/callbacks.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/notify_conf.hpp"
#include "core/node/notify_node.hpp"
#include "core/notify/signer.hpp"
#include "core/status/channels.hpp"

namespace {

using namespace ngx_vrrp;
using namespace ngx_vrrp::notify;

static_assert(VRRP_CORE_MAX_CHANNELS == status::ChannelBoard::kMost);

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
