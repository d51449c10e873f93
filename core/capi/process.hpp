// The processes of one nginx as C drives them: vrrp_process_t.
//
// Objects. nginx's loop holds one vrrp_process_s. It is a RouterProcess
// (router.cpp), a CheckerProcess (checker.cpp) or a NotifierProcess
// (notifier.cpp), with
//   - callbacks: C's functions as interfaces of the core. All processes write
//     to the log and watch descriptors. A CheckerProcess also uses connections
//     and regular expressions, a NotifierProcess signatures.
//   - a node: the work of the process, without any dependency on C (core/node).
// The callbacks outlive the node, which uses them until its destructor ends.
// All processes share the vrrp_core_memory_s (memory.hpp). The master makes it,
// and it outlives them.
//
// Flow. The create function of a process converts C's configuration into values
// (router_conf.cpp, check_conf.cpp, notify_conf.cpp) and makes the node. After
// that nothing refers to the configuration. nginx's loop calls start(), waits
// for a descriptor or for deadline(), and calls the process again. Each call
// goes through enter(), which no exception leaves. At its end the node
// publishes its state for the other processes. The node uses the callbacks
// within the call; only those about connections may lead back into enter().
//
// An exception means a bug, or that there is no memory. The node gives up what
// it holds, the process has finished, and nginx's master starts another one.
//
// Reload. The master begins a new generation in the shared memory, forks new
// processes with the new configuration, and sends QUIT to the old ones. No
// process changes its configuration. The new ones take over results of checks
// and virtual routers from the old ones; core/node and core/engine do that.
//
// A further process costs a node, a struct that joins it with its callbacks,
// and a create function; the latter two in one file of this folder.
#pragma once

#include <exception>
#include <memory>
#include <string_view>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"
#include "core/capi.h"
#include "core/node/process.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp {

// The callbacks that all processes have.
class Callbacks final : public LogSink, public os::Watcher {
public:
    explicit Callbacks(const vrrp_process_ops_t &ops) : ops_(ops) {}

    void write(LogLevel level, std::string_view text) override {
        ops_.log(ops_.data, static_cast<vrrp_core_log_level_e>(level),
                 text.data(), text.size());
    }
    bool watch(int fd) override {
        return ops_.watch(ops_.data, fd) == VRRP_CORE_OK;
    }
    void unwatch(int fd) override { ops_.unwatch(ops_.data, fd); }

private:
    vrrp_process_ops_t ops_;
};

// The ends of log lines.
struct Consequences {
    const char *of_no_start;
    const char *of_exception;
};

}  // namespace ngx_vrrp

struct vrrp_process_s {
    vrrp_process_s(const vrrp_process_ops_t &ops,
                   ngx_vrrp::Consequences consequences)
        : callbacks(ops), log(callbacks), consequences_(consequences) {}
    vrrp_process_s(const vrrp_process_s &) = delete;
    vrrp_process_s &operator=(const vrrp_process_s &) = delete;
    virtual ~vrrp_process_s() = default;

    virtual ngx_vrrp::node::Process &node() = 0;

    // Every entry from C that may touch the node.
    template <class F>
    void enter(F &&f) noexcept {
        if (broken_) {
            return;
        }
        try {
            f();
            node().share();
        } catch (const std::exception &e) {
            give_up(e.what());
        } catch (...) {
            give_up("unknown exception");
        }
    }

    bool start(int master_pid) noexcept;
    void end() noexcept;
    bool finished() { return broken_ || node().finished(); }

protected:
    ngx_vrrp::Callbacks callbacks;
    ngx_vrrp::Log log;

private:
    void give_up(const char *why) noexcept;

    ngx_vrrp::Consequences consequences_;
    bool broken_ = false;
};

namespace ngx_vrrp {

using Created = Result<std::unique_ptr<vrrp_process_s>, SystemError>;

// make: -> Created. NULL: why is logged.
template <class Make>
vrrp_process_t *create_process(const vrrp_process_ops_t &ops, Make &&make) {
    try {
        Created created = make();
        if (created) {
            return created.value().release();
        }
        Callbacks(ops).write(LogLevel::alert, created.error().to_string());
    } catch (const std::exception &e) {
        Callbacks(ops).write(LogLevel::alert, e.what());
    }
    return nullptr;
}

}  // namespace ngx_vrrp
