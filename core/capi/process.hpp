// The processes of one nginx, as C drives them: vrrp_process_t.
//
// Objects. nginx's loop holds one vrrp_process_s. It is a RouterProcess, a
// CheckerProcess or a NotifierProcess (router.cpp, checker.cpp, notifier.cpp),
// with
//   - callbacks: what the process asks of nginx, C's functions as interfaces of
//     the core. All processes log and watch descriptors; those that
//     check have connections and regular expressions, too, and the one that
//     notifies has signatures.
//   - node: what the process does (core/node), which knows nothing of C.
// The callbacks outlive the node, which uses them until its destructor ends.
// Several processes share one vrrp_core_memory_s (memory.hpp): the master makes
// it, and it outlives them all.
//
// Flow. The create function of a process converts C's configuration into values
// (router_conf.cpp, check_conf.cpp) and makes the node; nothing points into the
// configuration afterwards. Then nginx's loop calls start(), and for ever waits
// for a descriptor or for deadline(). Each such call goes through enter(), the
// wall that no exception crosses. After it the node shares its state with the
// other processes. The node answers by the callbacks, within the call; only the
// connections of checks may lead back into enter().
//
// An exception is a bug of ours, or there is no memory. The node gives up what
// it holds, the process counts as finished, and nginx's master starts another
// one.
//
// Reload. The master makes a new generation of the table of checks and of the
// status, forks new processes with the new configuration, and sends QUIT to the
// old ones. No process changes its configuration. They find each other by the
// memory: results of checks, states and routers go over to the next generation,
// as core/node and core/engine do it.
//
// One process more costs a node, a struct that joins it with its callbacks, and
// a create function, in one file of this folder.
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
