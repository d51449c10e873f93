// Invariants for any events and any answers of transports: each event is
// delivered, was superseded, or is dropped and counted; the last event of every
// subject is not superseded; and events are delivered in their order.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "core/notify/dispatcher.hpp"
#include "tests/notify/dispatcher_fixture.hpp"
#include "tests/support/dice.hpp"

namespace ngx_vrrp::notify {
namespace {

// Answers as chance has it, and looks at the order.
class RandomTransport final : public Transport {
public:
    explicit RandomTransport(test::Dice &dice) : dice_(dice) {}

    void deliver(const Delivery &delivery, const ChannelConfig &config,
                 Instant now) override {
        const bool is_script =
            std::holds_alternative<ScriptChannel>(config.how);
        for (const EventRecord &event : delivery.events) {
            const std::string instance(event.instance.view());
            check_order(delivery.channel, event);
            if (is_script) {
                ++hooks_[instance];
                EXPECT_LE(hooks_[instance], 1) << "two hooks at once";
            }
        }
        under_way_[delivery.id] = delivery;
        if (dice_.one_in(3)) {
            answer(delivery.id, now);
        }
    }

    Outcome cancel(DeliveryId id) override {
        end(id);
        return {.text = "no answer"};
    }

    void answer_some(Instant now) {
        if (!under_way_.empty() && dice_.one_in(2)) {
            answer(under_way_.begin()->first, now);
        }
    }

    DeliverySink *sink = nullptr;
    unsigned failure_percent = 30;

private:
    // A delivered event is not delivered again, nor are earlier ones.
    void check_order(ChannelId channel, const EventRecord &event) {
        EXPECT_GT(event.sequence, last_of(channel, event));
    }

    void remember(ChannelId channel, const EventRecord &event) {
        EXPECT_GT(event.sequence, last_of(channel, event)) << "in one delivery";
        last_of(channel, event) = event.sequence;
    }

    std::uint64_t &last_of(ChannelId channel, const EventRecord &event) {
        const std::pair key{channel, std::string(event.instance.view())};
        return last_[key];
    }

    Delivery end(DeliveryId id) {
        const auto it = under_way_.find(id);
        EXPECT_NE(it, under_way_.end());
        Delivery delivery = it->second;
        under_way_.erase(it);
        for (const EventRecord &event : delivery.events) {
            --hooks_[std::string(event.instance.view())];
        }
        return delivery;
    }

    void answer(DeliveryId id, Instant now) {
        const Delivery delivery = end(id);
        const bool delivered = !dice_.percent(failure_percent);
        for (const EventRecord &event : delivery.events) {
            if (delivered) {
                remember(delivery.channel, event);
            }
        }
        sink->finished(id,
                       {.delivered = delivered,
                        .permanent = dice_.one_in(10),
                        .text = "failed"},
                       now);
    }

    test::Dice &dice_;
    std::map<DeliveryId, Delivery> under_way_;
    std::map<std::pair<ChannelId, std::string>, std::uint64_t> last_;
    std::map<std::string, int> hooks_;
};

class QueuePropertyTest : public ::testing::TestWithParam<unsigned> {
protected:
    static std::vector<ChannelConfig> channels() {
        return {script(),
                script_for(State::master),
                fifo(),
                email(),
                webhook(),
                webhook(WebhookFormat::alertmanager),
                webhook(WebhookFormat::dingtalk)};
    }

    EventRecord random_event() {
        static constexpr const char *kStates[] = {"MASTER", "BACKUP", "FAULT"};
        const std::string instance = "VI_" + std::to_string(dice.below(3));
        EventRecord event =
            dice.one_in(2)
                ? test::state_event(instance, kStates[dice.below(3)], now)
                : test::tracker_event(instance,
                                      "track " + std::to_string(dice.below(40)),
                                      dice.one_in(2) ? "up" : "down", now);
        event.sequence = ++sequence;
        return event;
    }

    void step(Dispatcher &dispatcher, RandomTransport &transport) {
        now += dice.up_to(Milliseconds{dice.one_in(20) ? 5000 : 20});
        if (dice.one_in(200)) {
            transport.failure_percent = dice.one_in(2) ? 100 : 10;
        }
        dispatcher.handle_time(now);
        transport.answer_some(now);
        const EventRecord event = random_event();
        for (ChannelId id = 0; id < dispatcher.channels(); ++id) {
            wanted[id] += wants(dispatcher.config(id), event);
        }
        dispatcher.add(event, now);
    }

    void expect_all_accounted_for(const Dispatcher &dispatcher) {
        for (ChannelId id = 0; id < dispatcher.channels(); ++id) {
            const ChannelCounts &counts = dispatcher.counts(id);
            EXPECT_EQ(wanted[id], counts.delivered + counts.dropped +
                                      counts.skipped + counts.waiting)
                << dispatcher.config(id).name;
            EXPECT_LE(counts.waiting, 3 * (kMostWaiting + 64));
        }
    }

    test::Dice dice{GetParam()};
    Instant now = instant_from_ns(1'000'000'000'000);
    std::uint64_t sequence = 0;
    std::map<ChannelId, std::uint64_t> wanted;
};

TEST_P(QueuePropertyTest, NothingIsLostSilently) {
    test::RememberingLog log;
    RandomTransport transport(dice);
    std::vector<Dispatcher::Recipient> recipients;
    for (ChannelConfig &config : channels()) {
        recipients.push_back({std::move(config), &transport});
    }
    Dispatcher dispatcher(std::move(recipients), log, GetParam());
    transport.sink = &dispatcher;

    for (int i = 0; i < 600; ++i) {
        step(dispatcher, transport);
        expect_all_accounted_for(dispatcher);
    }
    if (dice.one_in(2)) {
        dispatcher.drain(now);
    }
    for (int i = 0; i < 100000 && !dispatcher.idle(); ++i) {
        now = std::max(now, dispatcher.deadline().value_or(now));
        transport.answer_some(now);
        dispatcher.handle_time(now);
    }
    EXPECT_TRUE(dispatcher.idle());
    EXPECT_FALSE(dispatcher.deadline());
    expect_all_accounted_for(dispatcher);
}

INSTANTIATE_TEST_SUITE_P(Seeds, QueuePropertyTest, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace ngx_vrrp::notify
