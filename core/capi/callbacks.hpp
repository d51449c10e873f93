// C's callbacks as interfaces of the core: those that the vrrp process and the
// processes with checks have in common.
#pragma once

#include <string_view>

#include "core/base/log.hpp"
#include "core/capi.h"
#include "core/os/watcher.hpp"

namespace ngx_vrrp {

static_assert(static_cast<int>(LogLevel::debug) == VRRP_CORE_LOG_DEBUG);

// Ops: vrrp_core_ops_t, vrrp_checker_ops_t or vrrp_notifier_ops_t.
template <class Ops>
class Callbacks : public LogSink, public os::Watcher {
public:
    explicit Callbacks(const Ops &ops) : ops_(ops) {}

    void write(LogLevel level, std::string_view text) override {
        ops_.log(ops_.data, static_cast<vrrp_core_log_level_e>(level),
                 text.data(), text.size());
    }
    bool watch(int fd) override {
        return ops_.watch(ops_.data, fd) == VRRP_CORE_OK;
    }
    void unwatch(int fd) override { ops_.unwatch(ops_.data, fd); }

protected:
    Ops ops_;
};

}  // namespace ngx_vrrp
