// A queue with transports that do as a test wants, and a clock that stands
// still while nothing is due.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/notify/dispatcher.hpp"
#include "core/notify/keepalived_format.hpp"
#include "tests/support/events.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::notify {

// Of one attempt.
struct Attempt {
    ChannelId channel;
    std::vector<std::string> events;  // "VI_1 MASTER"
    std::uint64_t skipped;
    Instant at;

    friend bool operator==(const Attempt &, const Attempt &) = default;
};

inline std::string name_of(const EventRecord &event) {
    const std::string subject(event.subject.view());
    return std::string(event.instance.view()) +
           (subject.empty() ? "" : ' ' + subject) + ' ' +
           std::string(event.to.view());
}

class FakeTransport final : public Transport {
public:
    void deliver(const Delivery &delivery, const ChannelConfig &,
                 Instant now) override {
        Attempt attempt{delivery.channel, {}, delivery.skipped, now};
        for (const EventRecord &event : delivery.events) {
            attempt.events.push_back(name_of(event));
        }
        attempts.push_back(std::move(attempt));
        EXPECT_TRUE(under_way.emplace(delivery.id, delivery.channel).second);
        most_under_way = std::max(most_under_way, under_way.size());
        if (answers_at_once) {
            answer(delivery.id, now);
        }
    }

    Outcome cancel(DeliveryId id) override {
        EXPECT_EQ(under_way.erase(id), 1u) << "is not under way";
        return {.text = "no answer"};
    }

    void answer(DeliveryId id, Instant now) {
        EXPECT_EQ(under_way.erase(id), 1u) << "is not under way";
        sink->finished(id, outcome, now);
    }

    // The oldest one.
    void answer_first(Instant now) {
        ASSERT_FALSE(under_way.empty());
        answer(under_way.begin()->first, now);
    }

    bool answers_at_once = true;
    Outcome outcome{.delivered = true, .text = {}};
    DeliverySink *sink = nullptr;
    std::vector<Attempt> attempts;
    std::map<DeliveryId, ChannelId> under_way;
    std::size_t most_under_way = 0;
};

inline constexpr std::uint32_t kAllKinds = 0xf;
inline constexpr std::uint32_t kAllStates = 0x1f;

inline ChannelConfig channel(std::string name, decltype(ChannelConfig::how) how,
                             std::string instance = {}) {
    return {.name = std::move(name),
            .target = "target",
            .instance = std::move(instance),
            .events = kAllKinds,
            .states = kAllStates,
            .timeout = Seconds{5},
            .expire = Seconds{300},
            .how = std::move(how)};
}

inline ChannelConfig script(std::string instance = {}) {
    return channel(
        "notify",
        ScriptChannel{.command = {"/bin/true"}, .with_arguments = true},
        std::move(instance));
}

inline ChannelConfig script_for(State state) {
    ChannelConfig config =
        channel("notify_one", ScriptChannel{.command = {"/bin/true"}});
    config.events = 1U << static_cast<unsigned>(EventKind::state);
    config.states = 1U << static_cast<unsigned>(state);
    return config;
}

inline ChannelConfig fifo() {
    return channel("notify_fifo", FifoChannel{.path = "/run/fifo"});
}

inline ChannelConfig email() {
    return channel("notify_email", EmailChannel{});
}

inline ChannelConfig webhook(WebhookFormat format = WebhookFormat::generic) {
    WebhookChannel how;
    how.format = format;
    return channel("notify_webhook", how);
}

class DispatcherFixture : public ::testing::Test {
protected:
    void make(std::vector<ChannelConfig> channels) {
        std::vector<Dispatcher::Recipient> recipients;
        for (ChannelConfig &config : channels) {
            recipients.push_back({std::move(config), &transport});
        }
        dispatcher =
            std::make_unique<Dispatcher>(std::move(recipients), log, 1);
        transport.sink = dispatcher.get();
    }

    void happen(const std::string &state,
                const std::string &instance = "VI_1") {
        dispatcher->add(test::state_event(instance, state, now), now);
    }

    void say_again() {
        EventRecord event = test::state_event("VI_1", "FAULT", now);
        event.again = 1;
        dispatcher->add(event, now);
    }

    void fail_with(std::string text, bool permanent = false) {
        transport.outcome = {.delivered = false,
                             .permanent = permanent,
                             .text = std::move(text)};
    }

    void succeed() { transport.outcome = {.delivered = true, .text = {}}; }

    // Everything that is due until then, each at its time.
    void run_until(Instant end) {
        for (int i = 0; i < 100000; ++i) {
            const std::optional<Instant> next = dispatcher->deadline();
            if (!next || *next > end) {
                now = end;
                return;
            }
            now = std::max(now, *next);
            dispatcher->handle_time(now);
        }
        FAIL() << "it does not end";
    }

    void run_for(Duration d) { run_until(now + d); }

    // The attempts since the last call, one line each.
    std::vector<std::string> take() {
        std::vector<std::string> list;
        for (const Attempt &attempt : std::exchange(transport.attempts, {})) {
            std::string line = std::to_string(attempt.channel) + ":";
            for (const std::string &event : attempt.events) {
                line += ' ' + event;
            }
            list.push_back(line);
        }
        return list;
    }

    const ChannelCounts &counts(ChannelId id = 0) const {
        return dispatcher->counts(id);
    }

    Instant now = instant_from_ns(1'000'000'000'000);
    FakeTransport transport;
    test::RememberingLog log;
    std::unique_ptr<Dispatcher> dispatcher;
};

}  // namespace ngx_vrrp::notify
