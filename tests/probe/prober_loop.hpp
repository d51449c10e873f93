// An event loop around one prober, that remembers what it says.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/check/ports.hpp"
#include "core/os/clock.hpp"
#include "core/probe/kernel_view.hpp"
#include "tests/os/fake_watcher.hpp"

namespace ngx_vrrp::probe {

class ProberLoop : public os::FakeWatcher,
                   public check::Outcomes,
                   public LogSink {
public:
    struct Result {
        check::CheckId id;
        check::Outcome outcome;
    };

    ~ProberLoop() override { expect_nothing_watched(); }

    void finished(check::CheckId id, const check::Outcome &outcome,
                  Instant) override {
        results.push_back({id, outcome});
    }

    void check_now(check::CheckId id, Instant) override {
        wanted.push_back(id);
    }

    void write(LogLevel, std::string_view text) override {
        log.emplace_back(text);
    }

    // The next result, and there is no other.
    check::Outcome next(Duration patience = Seconds{10}) {
        if (!wait([&] { return !results.empty(); }, patience)) {
            return check::failed(check::Reason::none, "no result");
        }
        EXPECT_EQ(results.size(), 1u);
        check::Outcome outcome = results.front().outcome;
        results.clear();
        return outcome;
    }

    // For a while.
    void run(Milliseconds time) {
        wait([] { return false; }, time);
    }

    std::vector<Result> results;
    std::vector<check::CheckId> wanted;
    std::vector<std::string> log;
};

// How an outcome reads: "passed 20", "L3TOUT 80: 80 % lost (8 of 10)".
inline std::string text_of(const check::Outcome &outcome) {
    const std::string value = std::to_string(outcome.value);
    if (outcome.passed()) {
        return outcome.failure.text.empty() ? "passed " + value
                                            : outcome.failure.text;
    }
    return std::string(to_string(outcome.failure.reason)) + " " + value + ": " +
           outcome.failure.text;
}

// The kernel gets an IPv6 address ready in the background.
inline void wait_until_local(const std::string &address) {
    KernelView kernel;
    ASSERT_TRUE(kernel.open());
    const Instant end = os::now() + Seconds{10};
    while (!kernel.is_local(*IpAddress::parse(address))) {
        ASSERT_LT(os::now(), end) << address << " does not become usable";
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace ngx_vrrp::probe
