// An event loop around one transport, that remembers what it says.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/notify/ports.hpp"
#include "core/os/clock.hpp"
#include "tests/os/fake_watcher.hpp"

namespace ngx_vrrp::transport {

class TransportLoop : public os::FakeWatcher,
                      public notify::DeliverySink,
                      public LogSink {
public:
    struct Result {
        notify::DeliveryId id;
        notify::Outcome outcome;
    };

    ~TransportLoop() override { expect_nothing_watched(); }

    void finished(notify::DeliveryId id, const notify::Outcome &outcome,
                  Instant) override {
        results.push_back({id, outcome});
    }

    void write(LogLevel, std::string_view text) override {
        log.emplace_back(text);
    }

    // How the next delivery ends: "delivered", or what was wrong.
    std::string next() {
        if (!wait([&] { return !results.empty(); })) {
            return "no result";
        }
        EXPECT_EQ(results.size(), 1u);
        const notify::Outcome outcome = std::exchange(results, {})[0].outcome;
        return outcome.delivered ? "delivered" : outcome.text;
    }

    std::vector<Result> results;
    std::vector<std::string> log;
};

}  // namespace ngx_vrrp::transport
