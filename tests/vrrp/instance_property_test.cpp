// Rules that hold whatever happens to a virtual router, in whatever order:
// random conversations with fixed seeds.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/vrrp/instance.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::advert_of;
using test::Dice;
using test::ip;

Config random_config(Dice &dice) {
    const Duration intervals[] = {Seconds{1}, Milliseconds{100},
                                  Milliseconds{10}, Seconds{3}};
    Config config = dice.one_in(2)
                        ? test::classic_config()
                        : test::v3_config(100, intervals[dice.below(4)]);
    config.priority.value =
        static_cast<std::uint8_t>(dice.one_in(8) ? 255 : 90 + dice.below(20));
    config.preempt = !dice.one_in(3);
    config.preempt_delay = Seconds{dice.one_in(3) ? 5 : 0};
    if (config.preempt && dice.one_in(3)) {
        config.preempt_windows = {{Minutes{120}, Minutes{240}}};
    }
    config.takeover_check = dice.one_in(2);
    config.witness = dice.one_in(4);
    config.not_before = instant_from_ns(0) + Seconds{dice.one_in(4) ? 30 : 0};
    config.announce.delay = Milliseconds{dice.below(3) * 400};
    config.announce.refresh = Milliseconds{dice.below(3) * 700};
    if (dice.one_in(3)) {
        config.unicast_peers = {ip("192.168.64.134")};
    }
    return config;
}

Input random_command(Dice &dice) {
    switch (dice.below(9)) {
        case 8:
            return ActiveDied{ip("192.168.64.134"), "it has ended"};
        case 0:
            return Release{"released", Milliseconds{dice.below(1000)},
                           dice.below(2) == 0};
        case 1:
        case 2:
            return Resume{"resumed"};
        case 3:
        case 4:
            return Preempt{"failback"};
        case 5:
        case 6:
            return WindowChanged{"02:00-04:00"};
        default:
            return WindowChanged{};
    }
}

Input random_message(Dice &dice, Instant now) {
    const IpAddress source =
        ip(dice.one_in(3) ? "192.168.64.130" : "192.168.64.134");
    switch (dice.below(5)) {
        case 3:
        case 4:
            return WitnessAnswered{now};
        case 0:
            return MasterLeaves{source};
        case 1:
            return SuccessorNotified{};
        default:
            return SuccessorReady{source};
    }
}

Input random_input(Dice &dice, const Config &config, Instant now) {
    const auto priority = [&] {
        return Priority{static_cast<std::uint8_t>(
            dice.one_in(6) ? 0 : 85 + dice.below(30))};
    };
    switch (dice.below(14)) {
        case 0:
            return Startup{};
        case 1:
            return dice.one_in(4)
                       ? Input{Shutdown{"quit", dice.one_in(2),
                                        Milliseconds{dice.below(3000)}}}
                       : Input{Startup{}};
        case 2:
            return FaultChanged{dice.one_in(2) ? "broken" : ""};
        case 3:
            return PriorityChanged{priority(), "weight"};
        case 4:
            return SourceChanged{
                ip(dice.one_in(2) ? "192.168.64.130" : "192.168.64.140")};
        case 5:
        case 6: {
            wire::Advertisement advert = advert_of(config, priority());
            if (config.version == Version::v3) {
                advert.interval = Milliseconds{10 * (1 + dice.below(200))};
            }
            return AdvertReceived{
                advert,
                ip(dice.one_in(3) ? "192.168.64.130" : "192.168.64.134")};
        }
        case 7:
            return random_command(dice);
        case 8:
            return random_message(dice, now);
        case 9:
            return dice.one_in(3) ? Input{ActiveLinked{dice.one_in(2)}}
                                  : Input{ActiveAnswered{
                                        ip("192.168.64.134"), !dice.one_in(4),
                                        priority(), dice.one_in(2)}};
        default:
            return TimeReached{};
    }
}

// Usually to the deadline or a little around it, now and then much later.
Duration random_pause(Dice &dice, const Instance &instance, Instant now) {
    if (dice.one_in(20)) {
        return Milliseconds{dice.below(20'000)};
    }
    if (instance.deadline() && dice.one_in(2)) {
        return std::max(*instance.deadline() - now, Duration{0}) +
               Milliseconds{dice.below(2)};
    }
    return Milliseconds{dice.below(300)};
}

// Checks the actions of a router against the invariants.
class Observer {
public:
    void see(const Actions &actions, Instant now) {
        said_advert_ = false;
        for (const Action &action : actions) {
            std::visit([&](const auto &a) { check(a); }, action);
            if (std::holds_alternative<AddAddresses>(action) ||
                std::holds_alternative<RenewAddresses>(action)) {
                lease_from_ = now;
            }
        }
    }

    // Whether the addresses are on the interface now, and their lease.
    bool holding() const { return holding_; }
    Instant lease_from() const { return lease_from_; }

private:
    void check(const SendAdvert &a) {
        said_goodbye_ = a.priority == kPriorityZero;
        said_advert_ = said_advert_ || !said_goodbye_;
    }
    void check(const AddAddresses &) {
        EXPECT_FALSE(holding_) << "added twice";
        EXPECT_TRUE(said_advert_) << "added before the advert";
        holding_ = true;
        said_goodbye_ = false;
    }
    void check(const RenewAddresses &) {
        EXPECT_TRUE(holding_) << "renewed what it must not hold";
    }
    void check(const RemoveAddresses &) {
        EXPECT_TRUE(holding_) << "removed twice";
        holding_ = false;
        removed_after_goodbye_ = said_goodbye_;
    }
    void check(const WithdrawRoutes &) { ADD_FAILURE() << "in an election"; }
    void check(const RestoreRoutes &) { ADD_FAILURE() << "in an election"; }
    void check(const AnnounceAddresses &a) {
        EXPECT_TRUE(holding_) << "announced what it does not hold";
        EXPECT_GT(a.repeat, 0u);
    }
    void check(const AnnounceSource &) { EXPECT_FALSE(holding_); }
    void check(const AskActive &) {}
    void check(const AskWitness &) { EXPECT_FALSE(holding_); }
    void check(const ReportTransition &a) {
        EXPECT_NE(a.from, a.to);
        EXPECT_EQ(a.from, state_) << "a transition was not reported";
        EXPECT_FALSE(a.reason.empty());
        EXPECT_EQ(holding_, a.to == StateName::active);
        if (a.from == StateName::active) {
            EXPECT_TRUE(removed_after_goodbye_ || a.to == StateName::backup)
                << "goodbye belongs to fault, shutdown and release";
        }
        state_ = a.to;
    }
    void check(const ReportMismatch &) {}
    void check(const ReportFalseDeath &) {}

    StateName state_ = StateName::initialize;
    bool holding_ = false;
    bool said_advert_ = false;
    bool said_goodbye_ = false;
    bool removed_after_goodbye_ = false;
    Instant lease_from_{};
};

// hear_again() has the effect of handle(), or none. The number of times that it
// had one.
unsigned hear_again(const Instance &before, const Input &input, Instant now) {
    const auto *in = std::get_if<AdvertReceived>(&input);
    if (!in) {
        return 0;
    }
    Instance quick = before;
    Instance whole = before;
    const bool heard = quick.hear_again(
        {in->source, in->advertisement.priority, in->advertisement.interval},
        now);
    if (heard) {
        EXPECT_TRUE(whole.handle(input, now).empty());
    }
    EXPECT_EQ(quick.state(), whole.state());
    EXPECT_EQ(quick.deadline(), whole.deadline());
    EXPECT_EQ(quick.active_router(), whole.active_router());
    EXPECT_EQ(quick.compares_until(), whole.compares_until());
    EXPECT_EQ(quick.checkpoint(), whole.checkpoint());
    return heard;
}

// The same for advertise_again().
unsigned advertise_again(const Instance &before, Instant now) {
    Instance quick = before;
    Instance whole = before;
    const Instance::Due due = quick.advertise_again(now);
    if (due == Instance::Due::other) {
        EXPECT_EQ(quick.deadline(), before.deadline());
        return 0;
    }
    const Actions actions = whole.handle(TimeReached{}, now);
    const bool renews = due == Instance::Due::advert_and_renewal;
    EXPECT_EQ(actions.size(), renews ? 2u : 1u);
    EXPECT_EQ(std::get<SendAdvert>(actions.front()).priority,
              quick.effective_priority());
    EXPECT_TRUE(!renews || std::get_if<RenewAddresses>(&actions.back()));
    EXPECT_EQ(quick.state(), whole.state());
    EXPECT_EQ(quick.deadline(), whole.deadline());
    EXPECT_EQ(quick.checkpoint(), whole.checkpoint());
    return 1;
}

struct Repeated {
    unsigned heard = 0;
    unsigned advertised = 0;
};

Repeated converse(std::uint32_t seed) {
    Dice dice{seed};
    const Config config = random_config(dice);
    Instance instance{config};
    Observer observer;
    Instant now = instant_from_ns(0);
    Repeated repeated;

    for (int step = 0; step < 2000 && !testing::Test::HasFailure(); ++step) {
        SCOPED_TRACE("seed " + std::to_string(seed) + ", step " +
                     std::to_string(step));
        now += random_pause(dice, instance, now);
        const Input input = random_input(dice, config, now);

        repeated.heard += hear_again(instance, input, now);
        repeated.advertised += advertise_again(instance, now);
        observer.see(instance.handle(input, now), now);
        repeated.heard += hear_again(instance, input, now);

        EXPECT_EQ(observer.holding(), instance.state() == StateName::active);
        EXPECT_FALSE(observer.holding() && now < config.not_before);
        if (std::holds_alternative<TimeReached>(input) && instance.deadline()) {
            EXPECT_GT(*instance.deadline(), now) << "a busy loop";
        }
    }
    return repeated;
}

TEST(InstanceProperty, HoldsInEveryConversation) {
    Repeated all;
    for (std::uint32_t seed = 1; seed <= 150; ++seed) {
        const Repeated some = converse(seed);
        all.heard += some.heard;
        all.advertised += some.advertised;
    }
    EXPECT_GT(all.heard, 1000u);
    EXPECT_GT(all.advertised, 1000u);
}

// Also while a router that must lose keeps restarting the timer.
void serve_in_time(std::uint32_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice{seed};
    const Config config = test::v3_config(
        100, Milliseconds{10 * (1 + dice.below(dice.one_in(2) ? 120 : 4095))});
    const Duration lifetime = lease(config.version, config.advert_interval);
    const Input losing =
        AdvertReceived{advert_of(config, Priority{90}), ip("192.168.64.134")};
    Instance instance{config};
    Observer observer;
    Instant now = instant_from_ns(0);
    observer.see(instance.handle(Startup{}, now), now);

    for (int step = 0; step < 500; ++step) {
        now = std::max(now, *instance.deadline()) + Milliseconds{dice.below(5)};
        if (observer.holding()) {
            ASSERT_LT(now - observer.lease_from(), lifetime);
        }
        observer.see(instance.handle(TimeReached{}, now), now);
        if (dice.one_in(3)) {
            observer.see(instance.handle(losing, now), now);
        }
    }
    EXPECT_TRUE(observer.holding());
}

TEST(InstanceProperty, NeverLosesItsLeaseWhenServedInTime) {
    for (std::uint32_t seed = 1; seed <= 150; ++seed) {
        serve_in_time(seed);
    }
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
