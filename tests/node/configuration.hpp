// The data of the master: configurations of several generations, and their
// shared memory.
#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/capi.h"
#include "core/capi/memory.hpp"
#include "core/os/fd.hpp"

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

inline vrrp_core_check_conf_t reserved_slot() {
    vrrp_core_check_conf_t check{};
    check.kind = VRRP_CORE_CHECK_NONE;
    return check;
}

// "VI_1" with one address: VRRPv3, virtual router id 51.
class OneInstance {
public:
    OneInstance(const char *interface, const vrrp_core_ip_t &address) {
        address_.address = address;
        address_.prefix_length = 32;
        instance_.name = text("VI_1");
        instance_.interface = text(interface);
        instance_.family = 4;
        instance_.version = 3;
        instance_.virtual_router_id = 51;
        instance_.priority = 100;
        instance_.advert_int_ns = 100'000'000;
        instance_.election = 1;
        instance_.down_timer_adverts = 3;
        instance_.addresses = &address_;
        instance_.naddresses = 1;
    }
    OneInstance(const OneInstance &) = delete;
    OneInstance &operator=(const OneInstance &) = delete;

    // It outlives the configuration.
    void put_into(vrrp_core_conf_t &conf) const {
        conf.instances = &instance_;
        conf.ninstances = 1;
    }

private:
    vrrp_core_address_conf_t address_{};
    vrrp_core_instance_conf_t instance_{};
};

// The shared memory of one nginx.
class SharedArea {
public:
    explicit SharedArea(const vrrp_core_conf_t &conf,
                        const SharedArea *previous = nullptr) {
        char text[512];
        memory_.reset(vrrp_core_memory_create(
            &conf, previous != nullptr ? previous->get() : nullptr, text,
            sizeof(text)));
        EXPECT_NE(memory_, nullptr) << text;
        notes = text;
    }

    vrrp_core_memory_t *get() const { return memory_.get(); }
    status::Area area() const { return memory_->area(); }

    std::string notes;

private:
    struct Destroy {
        void operator()(vrrp_core_memory_t *p) const {
            vrrp_core_memory_destroy(p);
        }
    };

    std::unique_ptr<vrrp_core_memory_t, Destroy> memory_;
};

// One reading of the configuration.
class Configuration {
public:
    explicit Configuration(std::vector<vrrp_core_check_conf_t> list)
        : checks(std::move(list)) {
        conf.checks = checks.data();
        conf.nchecks = checks.size();
        conf.wake_fd = wake.get();
        conf.demand_fd = demand.get();
        conf.ownership_fd = -1;
        conf.ownership_wake_fd = -1;
        conf.event_fds[0] = -1;
        conf.event_fds[1] = -1;
        conf.icmp_fds[0] = -1;
        conf.icmp_fds[1] = -1;
    }

    // As the master does.
    int begin(const SharedArea &area) {
        conf.generation = vrrp_core_begin_generation(area.get(), conf.previous);
        return vrrp_core_checks_begin(area.get(), &conf);
    }

    std::vector<vrrp_core_check_conf_t> checks;
    os::Fd wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    os::Fd demand{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
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
    check::Table table = area.area().checks(configuration.conf.generation);
    auto record = table.load(check);
    ASSERT_TRUE(record);
    constexpr Instant kNow{Seconds{1}};
    check::add_result(*record, check::failed(check::Reason::l4con, "refused"),
                      Milliseconds{1}, kNow);
    check::change_verdict(*record, check::Verdict::down, kNow);
    table.store(check, *record);
}

}  // namespace ngx_vrrp::node
