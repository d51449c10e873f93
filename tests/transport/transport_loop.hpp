// An event loop around one transport, that remembers what it says.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <functional>
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

    // Runs until something is true.
    bool wait(const std::function<bool()> &happened,
              Duration patience = Seconds{10}) {
        const Instant end = os::now() + patience;
        while (!happened() && os::now() < end) {
            turn();
        }
        return happened();
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

    std::function<bool(int)> on_readable;
    std::vector<Result> results;
    std::vector<std::string> log;

private:
    void turn() {
        std::vector<pollfd> fds;
        for (const int fd : watched) {
            fds.push_back({fd, POLLIN, 0});
        }
        ::poll(fds.data(), fds.size(), 5);
        for (const pollfd &p : fds) {
            const bool still = std::find(watched.begin(), watched.end(),
                                         p.fd) != watched.end();
            if (p.revents != 0 && still) {
                EXPECT_TRUE(on_readable(p.fd)) << "nobody's descriptor";
            }
        }
    }
};

}  // namespace ngx_vrrp::transport
