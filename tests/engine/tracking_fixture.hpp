// A virtual router with trackers: a link, eth1, and a check that others make.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/engine/engine_fixture.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::engine {

using check::Verdict;

inline constexpr check::CheckId kCheck = 3;

class TrackingTest : public EngineTest {
protected:
    static TrackerConfig link(std::optional<int> weight = {}) {
        TrackerConfig config = test::default_tracker();
        config.type = "track_interface";
        config.name = config.interface = "eth1";
        config.weight = weight;
        return config;
    }

    static TrackerConfig service(std::optional<int> weight = {}) {
        TrackerConfig config = test::default_tracker();
        config.kind = TrackKind::check;
        config.type = "track_tcp";
        config.name = "10.0.1.9:80";
        config.weight = weight;
        config.first_check = kCheck;
        config.checks = 1;
        config.first_result = Seconds{3};
        return config;
    }

    // A pool that may be short of servers for two looks.
    static TrackerConfig servers() {
        TrackerConfig config = service();
        config.kind = TrackKind::pool;
        config.fall = 3;
        return config;
    }

    static Interfaces world(bool eth1_up = true, bool eth0_up = true,
                            bool vip = false) {
        Interfaces all = interfaces(eth0_up, vip);
        all.list.push_back({"eth1", IfIndex{3}, {}, eth1_up, {}});
        return all;
    }

    void set_check(Verdict verdict, std::string text = "L4CON refused") {
        machine.checks[kCheck] = {verdict, 0, std::move(text)};
    }

    void start_with(std::vector<TrackerConfig> trackers,
                    const Interfaces &all = world()) {
        beat();
        make(config(), std::move(trackers));
        engine->start(all, now);
    }

    void become_active_with(std::vector<TrackerConfig> trackers) {
        start_with(std::move(trackers));
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
    }

    // The router goes to another process, which may have other trackers and
    // has waited a moment for their results.
    void reload_with(std::vector<TrackerConfig> trackers) {
        machine.successor = true;
        engine->handle_ownership(now);
        const auto handover = machine.passed_on;
        machine.take();
        log.lines.clear();

        const bool active =
            handover->checkpoint && handover->checkpoint->active;
        make(config(), std::move(trackers));
        engine->start(world(true, true, active), now - Milliseconds{300});
        engine->handle_time(now);
        ASSERT_TRUE(router().has_claimed());
        machine.grant(handover);
        engine->handle_ownership(now);
    }

    const VirtualRouter &router() const { return engine->routers()[0]; }
    unsigned priority() const {
        return router().instance().effective_priority().value;
    }
    const std::string &fault() const { return router().faults().reason(); }
};

}  // namespace ngx_vrrp::engine
