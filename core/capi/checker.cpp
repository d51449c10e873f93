// The processes that check: C structs <-> C++ values, and the wall that no
// exception crosses.

#include <exception>
#include <memory>
#include <string_view>
#include <utility>

#include "core/base/log.hpp"
#include "core/capi.h"
#include "core/capi/callbacks.hpp"
#include "core/capi/check_conf.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/values.hpp"
#include "core/check/connection_prober.hpp"
#include "core/check/ports.hpp"
#include "core/node/check_node.hpp"
#include "core/os/clock.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(static_cast<int>(check::Stage::established) ==
              VRRP_CHECKER_ESTABLISHED);
static_assert(static_cast<int>(check::Role::scripts) == VRRP_CHECKER_SCRIPTS);

std::string_view to_view(const char *text, std::size_t len) {
    return len == 0 ? std::string_view{} : std::string_view{text, len};
}

}  // namespace

// The rest of C's callbacks.
class CheckerCallbacks final : public Callbacks<vrrp_checker_ops_t>,
                               public check::Transport,
                               public check::RegexEngine,
                               public check::VerdictSink {
public:
    using Callbacks::Callbacks;

    void open(check::CheckId id) override { ops_.open(ops_.data, id); }
    void send(check::CheckId id, std::string_view bytes) override {
        ops_.send(ops_.data, id, bytes.data(), bytes.size());
    }
    void close(check::CheckId id) override { ops_.close(ops_.data, id); }

    bool matches(check::Regex regex, std::string_view text) override {
        return ops_.regex(ops_.data, regex, text.data(), text.size()) == 1;
    }
    void verdict_changed(check::CheckId id, check::Verdict) override {
        ops_.changed(ops_.data, id);
    }
    void recovered(check::CheckId id) override { ops_.changed(ops_.data, id); }
};

struct vrrp_checker_s {
    vrrp_checker_s(const vrrp_core_conf_t &conf, vrrp_checker_role_e role,
                   const vrrp_checker_ops_t &ops,
                   const vrrp_core_memory_t &memory, int icmp4, int icmp6)
        : callbacks(ops),
          log(callbacks),
          node(to_checks(conf), to_string(conf.router_id),
               memory.area().checks(conf.generation),
               static_cast<check::Role>(role),
               {callbacks, callbacks, callbacks, callbacks, callbacks},
               {conf.wake_fd, conf.event_fds[0], icmp4, icmp6}) {}

    CheckerCallbacks callbacks;
    Log log;
    node::CheckNode node;
    bool broken = false;
};

namespace {

// Our own bug or no memory: nginx's master starts another process.
void give_up(vrrp_checker_t *checker, const char *why) noexcept {
    if (std::exchange(checker->broken, true)) {
        return;
    }
    try {
        checker->log(LogLevel::alert, "internal error: %s, exiting", why);
    } catch (...) {
        // The master will say that the process is gone.
        return;
    }
}

// Every entry from C that may touch the node. One may lead to another, by way
// of the connections.
template <class F>
void enter(vrrp_checker_t *checker, F &&f) noexcept {
    if (checker->broken) {
        return;
    }
    try {
        f(checker->node);
        checker->node.tell();
    } catch (const std::exception &e) {
        give_up(checker, e.what());
    } catch (...) {
        give_up(checker, "unknown exception");
    }
}

}  // namespace

int vrrp_checker_needed(const vrrp_core_conf_t *conf,
                        vrrp_checker_role_e role) {
    return has_role(*conf, static_cast<check::Role>(role));
}

vrrp_checker_t *vrrp_checker_create(const vrrp_core_conf_t *conf,
                                    vrrp_checker_role_e role,
                                    const vrrp_checker_ops_t *ops,
                                    vrrp_core_memory_t *memory, int icmp4,
                                    int icmp6) {
    try {
        return std::make_unique<vrrp_checker_s>(*conf, role, *ops, *memory,
                                                icmp4, icmp6)
            .release();
    } catch (const std::exception &e) {
        const std::string_view why = e.what();
        ops->log(ops->data, VRRP_CORE_LOG_ALERT, why.data(), why.size());
        return nullptr;
    }
}

void vrrp_checker_destroy(vrrp_checker_t *checker) {
    delete checker;
}

int vrrp_checker_start(vrrp_checker_t *checker, int master_pid) {
    int rc = VRRP_CORE_ERROR;
    enter(checker, [&](node::CheckNode &node) {
        const Status status = node.start(master_pid);
        if (status) {
            rc = VRRP_CORE_OK;
        } else {
            checker->log(LogLevel::alert, "%s, health checks are disabled",
                         status.error().to_string().c_str());
        }
    });
    return rc;
}

void vrrp_checker_on_readable(vrrp_checker_t *checker, int fd) {
    enter(checker, [&](node::CheckNode &node) { node.on_readable(fd); });
}

void vrrp_checker_on_timer(vrrp_checker_t *checker) {
    enter(checker, [](node::CheckNode &node) { node.on_timer(); });
}

int64_t vrrp_checker_deadline(const vrrp_checker_t *checker) {
    const auto deadline = checker->node.deadline();
    return deadline ? to_ns(*deadline) : VRRP_CORE_NEVER;
}

int vrrp_checker_finished(const vrrp_checker_t *checker) {
    return checker->broken || checker->node.finished();
}

void vrrp_checker_connected(vrrp_checker_t *checker, size_t check) {
    enter(checker,
          [&](node::CheckNode &node) { node.connections().connected(check); });
}

void vrrp_checker_opened(vrrp_checker_t *checker, size_t check) {
    enter(checker, [&](node::CheckNode &node) {
        node.connections().opened(check, os::now());
    });
}

void vrrp_checker_received(vrrp_checker_t *checker, size_t check,
                           const char *bytes, size_t len) {
    enter(checker, [&](node::CheckNode &node) {
        node.connections().received(check, to_view(bytes, len), os::now());
    });
}

void vrrp_checker_ended(vrrp_checker_t *checker, size_t check) {
    enter(checker, [&](node::CheckNode &node) {
        node.connections().ended(check, os::now());
    });
}

void vrrp_checker_failed(vrrp_checker_t *checker, size_t check,
                         vrrp_checker_stage_e stage, const char *text,
                         size_t len) {
    enter(checker, [&](node::CheckNode &node) {
        node.connections().failed(check, static_cast<check::Stage>(stage),
                                  to_view(text, len), os::now());
    });
}

void vrrp_checker_assign(vrrp_checker_t *checker, size_t check,
                         const vrrp_core_check_conf_t *conf) {
    enter(checker,
          [&](node::CheckNode &node) { node.assign(check, to_check(*conf)); });
}

void vrrp_checker_release(vrrp_checker_t *checker, size_t check) {
    enter(checker, [&](node::CheckNode &node) { node.release(check); });
}
