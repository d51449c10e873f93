// An engine on a fake machine with one interface, eth0, and one clock. The
// tests of the engine are about one virtual router with one address, 10.0.1.5,
// unless they say otherwise.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/vrrp/timing.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::engine {

using test::FakeMachine;
using test::RememberingLog;
using Done = std::vector<std::string>;

inline const IpAddress kOwn = *IpAddress::parse("10.0.1.1");
inline const IpAddress kPeer = *IpAddress::parse("10.0.1.2");
inline const IpAddress kVip = *IpAddress::parse("10.0.1.5");

inline vrrp::Config config() {
    vrrp::Config c = test::default_router();
    c.name = "VI_1";
    c.interface = "eth0";
    c.vrid = Vrid{51};
    c.version = Version::v3;
    c.advert_interval = Milliseconds{100};
    c.addresses = {{kVip, 24, "eth0", ""}};
    c.announce.repeat = 1;
    c.announce.delay = Duration{0};
    return c;
}

inline Interfaces interfaces(bool up = true, bool vip = false) {
    Interface eth0{.name = "eth0",
                   .index = IfIndex{2},
                   .mac = {2, 0, 0, 0, 0, 1},
                   .up = up,
                   .addresses = {{kOwn, 24, false, false}}};
    if (vip) {
        eth0.addresses.push_back({kVip, 24, true, false});
    }
    return {{eth0}};
}

class EngineTest : public ::testing::Test {
protected:
    void start(vrrp::Config c = config(),
               const Interfaces &world = interfaces()) {
        make(std::move(c));
        engine->start(world, now);
    }

    // An engine that has not been started.
    void make(vrrp::Config c, std::vector<TrackerConfig> trackers = {}) {
        std::vector<RouterConfig> routers{{std::move(c), std::move(trackers)}};
        engine.emplace(std::move(routers), machine.ports(), log);
    }

    void beat() { machine.beats = {{.pid = 1, .beat = now}}; }

    // Runs the engine's own deadlines for d; workers beat all the while.
    void run(Duration d, bool alive = true) {
        const Instant end = now + d;
        for (int i = 0; i < 100000; ++i) {
            const auto due = engine->deadline();
            if (!due || *due > end) {
                break;
            }
            now = std::max(now, *due);
            if (alive) {
                beat();
            }
            engine->handle_time(now);
        }
        now = end;
    }

    void become_active() {
        beat();
        start();
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
    }

    void receive(std::uint8_t priority, IpAddress source = kPeer) {
        receive(priority, source, Milliseconds{100});
    }

    void receive(std::uint8_t priority, IpAddress source, Duration interval) {
        wire::Advertisement advert;
        advert.vrid = Vrid{51};
        advert.priority = Priority{priority};
        advert.interval = interval;
        advert.addresses = {kVip};
        const wire::Endpoints ends{source, vrrp::multicast_group(Family::ipv4)};
        const Buffer pdu =
            wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
    }

    vrrp::StateName state() const {
        return engine->routers()[0].instance().state();
    }

    Instant now = instant_from_ns(1'000'000'000);
    FakeMachine machine;
    RememberingLog log;
    std::optional<Engine> engine;
};

}  // namespace ngx_vrrp::engine
