// The processes that check.

#include <memory>
#include <string_view>

#include "core/capi/check_conf.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/process.hpp"
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

class CheckerCallbacks final : public check::Transport,
                               public check::RegexEngine,
                               public check::VerdictSink {
public:
    CheckerCallbacks(const vrrp_checker_ops_t &ops, void *data)
        : ops_(ops), data_(data) {}

    void open(check::CheckId id) override { ops_.open(data_, id); }
    void send(check::CheckId id, std::string_view bytes) override {
        ops_.send(data_, id, bytes.data(), bytes.size());
    }
    void close(check::CheckId id) override { ops_.close(data_, id); }

    bool matches(check::Regex regex, std::string_view text) override {
        return ops_.regex(data_, regex, text.data(), text.size()) == 1;
    }
    void verdict_changed(check::CheckId id, check::Verdict) override {
        ops_.changed(data_, id);
    }
    void recovered(check::CheckId id) override { ops_.changed(data_, id); }

private:
    vrrp_checker_ops_t ops_;
    void *data_;
};

struct CheckerProcess final : vrrp_process_s {
    CheckerProcess(const vrrp_core_conf_t &conf, vrrp_checker_role_e role,
                   const vrrp_process_ops_t &ops,
                   const vrrp_checker_ops_t &checker_ops,
                   const vrrp_core_memory_t &memory)
        : vrrp_process_s(ops, {"health checks are disabled", "exiting"}),
          own(checker_ops, ops.data),
          checker(to_checks(conf), to_string(conf.router_id),
                  memory.area().checks(conf.generation),
                  static_cast<check::Role>(role),
                  {own, own, own, callbacks, callbacks},
                  {conf.wake_fd, conf.demand_fd, conf.event_fds[0],
                   conf.icmp_fds[0], conf.icmp_fds[1]}) {}

    node::CheckNode &node() override { return checker; }

    CheckerCallbacks own;
    node::CheckNode checker;
};

template <class F>
void enter_node(vrrp_process_t *process, F &&f) noexcept {
    process->enter([&] { f(static_cast<CheckerProcess *>(process)->node()); });
}

template <class F>
void enter_connections(vrrp_process_t *process, F &&f) noexcept {
    enter_node(process, [&](node::CheckNode &node) { f(node.connections()); });
}

}  // namespace

int vrrp_checker_needed(const vrrp_core_conf_t *conf,
                        vrrp_checker_role_e role) {
    return has_role(*conf, static_cast<check::Role>(role));
}

vrrp_process_t *vrrp_checker_create(const vrrp_core_conf_t *conf,
                                    vrrp_checker_role_e role,
                                    const vrrp_process_ops_t *ops,
                                    const vrrp_checker_ops_t *checker_ops,
                                    vrrp_core_memory_t *memory) {
    return create_process(*ops, [&] {
        return Created(std::make_unique<CheckerProcess>(*conf, role, *ops,
                                                        *checker_ops, *memory));
    });
}

void vrrp_checker_connected(vrrp_process_t *process, size_t check) {
    enter_connections(process,
                      [&](auto &connections) { connections.connected(check); });
}

void vrrp_checker_opened(vrrp_process_t *process, size_t check) {
    enter_connections(process, [&](auto &connections) {
        connections.opened(check, os::now());
    });
}

void vrrp_checker_received(vrrp_process_t *process, size_t check,
                           const char *bytes, size_t len) {
    enter_connections(process, [&](auto &connections) {
        connections.received(check, to_view(bytes, len), os::now());
    });
}

void vrrp_checker_ended(vrrp_process_t *process, size_t check) {
    enter_connections(process, [&](auto &connections) {
        connections.ended(check, os::now());
    });
}

void vrrp_checker_failed(vrrp_process_t *process, size_t check,
                         vrrp_checker_stage_e stage, const char *text,
                         size_t len) {
    enter_connections(process, [&](auto &connections) {
        connections.failed(check, static_cast<check::Stage>(stage),
                           to_view(text, len), os::now());
    });
}

void vrrp_checker_assign(vrrp_process_t *process, size_t check,
                         const vrrp_core_check_conf_t *conf) {
    enter_node(process,
               [&](auto &node) { node.assign(check, to_check(*conf)); });
}

void vrrp_checker_release(vrrp_process_t *process, size_t check) {
    enter_node(process, [&](auto &node) { node.release(check); });
}
