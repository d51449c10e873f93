// What the master has: configurations of several generations, and the shared
// memory that they lie in.
#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/capi.h"
#include "core/net/fd.hpp"
#include "core/status/area.hpp"

namespace ngx_vrrp::node {

inline vrrp_core_str_t text(const char *s) {
    return {s, std::strlen(s)};
}

inline vrrp_core_check_conf_t tcp_check(const char *name) {
    vrrp_core_check_conf_t check{};
    check.kind = VRRP_CORE_CHECK_TCP;
    check.context = text("http");
    check.group = text("web");
    check.name = text(name);
    check.address = text(name);
    check.initial = VRRP_CORE_UP;
    check.interval_ns = 10'000'000;
    check.timeout_ns = 5'000'000'000;
    check.fall = 2;
    check.rise = 1;
    return check;
}

inline vrrp_core_check_conf_t spare_check() {
    vrrp_core_check_conf_t check{};
    check.kind = VRRP_CORE_CHECK_SPARE;
    return check;
}

// The shared memory of one nginx.
class SharedArea {
public:
    explicit SharedArea(const vrrp_core_conf_t &conf) {
        const std::size_t size = vrrp_core_area_size(&conf);
        memory_.reset(std::aligned_alloc(64, (size + 63) / 64 * 64));
        EXPECT_EQ(vrrp_core_area_init(memory_.get(), size), VRRP_CORE_OK);
    }

    void *get() const { return memory_.get(); }

private:
    struct Free {
        void operator()(void *p) const { std::free(p); }
    };

    std::unique_ptr<void, Free> memory_;
};

// One reading of the configuration.
class Configuration {
public:
    explicit Configuration(std::vector<vrrp_core_check_conf_t> list)
        : checks(std::move(list)) {
        conf.checks = checks.data();
        conf.nchecks = checks.size();
        conf.wake_fd = wake.get();
        conf.event_fds[0] = -1;
        conf.event_fds[1] = -1;
    }

    // As the master does.
    int begin(const SharedArea &area) {
        conf.generation = vrrp_core_begin_generation(area.get());
        return vrrp_core_checks_begin(area.get(), &conf);
    }

    std::vector<vrrp_core_check_conf_t> checks;
    net::Fd wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    vrrp_core_conf_t conf{};
};

inline vrrp_core_verdict_e verdict(const SharedArea &area,
                                   const Configuration &configuration,
                                   std::size_t check) {
    return vrrp_core_check_verdict(area.get(), configuration.conf.generation,
                                   check);
}

// As a process that checks would say.
inline void take_down(const Configuration &configuration,
                      const SharedArea &area, std::size_t check) {
    check::Table table =
        status::Area(area.get()).checks(configuration.conf.generation);
    auto record = table.load(check);
    ASSERT_TRUE(record);
    constexpr Instant kNow{Seconds{1}};
    check::add_result(*record, check::failed(check::Reason::l4con, "refused"),
                      Milliseconds{1}, kNow);
    check::change_verdict(*record, check::Verdict::down, kNow);
    table.store(check, *record);
}

}  // namespace ngx_vrrp::node
