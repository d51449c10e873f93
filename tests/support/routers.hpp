// The tools of most tests of virtual routers: a configuration, an advert, and a
// router with its own clock.
#pragma once

#include <string_view>
#include <utility>

#include "core/vrrp/instance.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/vrrp_text.hpp"

namespace ngx_vrrp::test {

inline IpAddress ip(std::string_view text) {
    return IpAddress::parse(text).value();
}

// VRRPv2, 1 s, virtual router 51 with 192.168.64.200 on eth0, sending from
// 192.168.64.130: the classic setup.
inline vrrp::Config classic_config(unsigned priority = 100) {
    vrrp::Config config = default_router();
    config.name = "VI_1";
    config.interface = "eth0";
    config.version = Version::v2;
    config.vrid = Vrid{51};
    config.priority.value = static_cast<std::uint8_t>(priority);
    config.advert_interval = Seconds{1};
    config.addresses = {{ip("192.168.64.200"), 24, "eth0", ""}};
    config.source = ip("192.168.64.130");
    return config;
}

// The same in VRRPv3, 100 ms.
inline vrrp::Config v3_config(unsigned priority = 100,
                              Duration interval = Milliseconds{100}) {
    vrrp::Config config = classic_config(priority);
    config.version = Version::v3;
    config.advert_interval = interval;
    return config;
}

// The advert of a peer with this configuration.
inline wire::Advertisement advert_of(const vrrp::Config &config,
                                     Priority priority) {
    wire::Advertisement advert;
    advert.version = config.version;
    advert.vrid = config.vrid;
    advert.priority = priority;
    advert.interval = config.advert_interval;
    advert.authentication = config.authentication;
    for (const vrrp::VirtualAddress &address : config.addresses) {
        advert.addresses.push_back(address.address);
    }
    return advert;
}

// A virtual router under test, spoken to in its own time.
class Router {
public:
    explicit Router(vrrp::Config config) : instance_(std::move(config)) {}

    // Started, and silence until it became active.
    static Router active(vrrp::Config config) {
        Router router{std::move(config)};
        router.put(vrrp::Startup{});
        router.wait();
        return router;
    }

    static Router backup(vrrp::Config config) {
        Router router{std::move(config)};
        router.put(vrrp::Startup{});
        return router;
    }

    Lines put(const vrrp::Input &input) {
        return to_text(instance_.handle(input, now_));
    }

    Lines hear(unsigned priority, std::string_view from = "192.168.64.134") {
        wire::Advertisement advert = advert_of(
            instance_.config(), Priority{static_cast<std::uint8_t>(priority)});
        return put(vrrp::AdvertReceived{std::move(advert), ip(from)});
    }

    Lines hear_interval(Duration interval, unsigned priority) {
        wire::Advertisement advert = advert_of(
            instance_.config(), Priority{static_cast<std::uint8_t>(priority)});
        advert.interval = interval;
        return put(
            vrrp::AdvertReceived{std::move(advert), ip("192.168.64.134")});
    }

    void set_successor_of(const std::optional<IpAddress> &active) {
        instance_.set_successor_of(active);
    }

    // Lets time pass, without any event.
    Router &after(Duration duration) {
        now_ += duration;
        return *this;
    }

    // Lets time pass until the deadline, and says so.
    Lines wait() {
        now_ = instance_.deadline().value();
        return put(vrrp::TimeReached{});
    }

    // Serves every deadline on the way; all that it came to.
    Lines wait_for(Duration duration) {
        const Instant end = now_ + duration;
        Lines all;
        while (instance_.deadline() && *instance_.deadline() <= end) {
            const Lines lines = wait();
            all.insert(all.end(), lines.begin(), lines.end());
        }
        now_ = end;
        return all;
    }

    // From now; a router without a timer has none.
    std::optional<Duration> due_in() const {
        const auto deadline = instance_.deadline();
        return deadline ? std::optional{*deadline - now_} : std::nullopt;
    }

    vrrp::StateName state() const { return instance_.state(); }
    const vrrp::Instance &instance() const { return instance_; }
    Instant now() const { return now_; }

private:
    vrrp::Instance instance_;
    Instant now_ = instant_from_ns(1'000'000'000'000);
};

}  // namespace ngx_vrrp::test
