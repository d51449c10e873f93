#include "core/bfd/session.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::bfd {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = instant_from_ns(1'000'000'000'000);

SessionConfig fast() {
    return {.peer = IpAddress::v4({192, 0, 2, 1}),
            .local = std::nullopt,
            .interface = "",
            .min_tx = 50ms,
            .min_rx = 60ms,
            .multiplier = 3};
}

Packet from_peer(State state, std::uint32_t yours = 1) {
    Packet packet;
    packet.state = state;
    packet.multiplier = 4;
    packet.my_discriminator = 77;
    packet.your_discriminator = yours;
    packet.desired_min_tx = Microseconds{70000};
    packet.required_min_rx = Microseconds{40000};
    return packet;
}

class BfdSession : public testing::Test {
protected:
    void start(const SessionConfig &config = fast()) {
        session = Session(config, 1, 1);
        session.start(kStart);
    }

    // The peer answers our Poll, so that all negotiated intervals are in use.
    void become_up(const SessionConfig &config = fast()) {
        start(config);
        receive(State::down);
        receive(State::init);
        Packet final_ = from_peer(State::up);
        final_.final_ = true;
        session.receive(final_, now);
    }

    std::optional<Packet> receive(State state) {
        return session.receive(from_peer(state), now);
    }

    std::optional<Packet> at_deadline() {
        now = session.deadline().value();
        return session.handle_time(now);
    }

    State state() const { return session.variables().state; }
    Diagnostic why() const { return session.variables().diagnostic; }

    Session session{fast(), 1, 1};
    Instant now = kStart;
};

TEST_F(BfdSession, ComesUpInThreeSteps) {
    start();
    EXPECT_EQ(state(), State::down);

    auto sent = receive(State::down);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, State::init);
    EXPECT_EQ(sent->your_discriminator, 77U);
    EXPECT_EQ(sent->desired_min_tx, Microseconds{1000000});

    sent = receive(State::init);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, State::up);
    EXPECT_EQ(sent->desired_min_tx, Microseconds{50000});
    EXPECT_TRUE(sent->poll) << "6.8.3: the interval has changed";
}

// The state table of RFC 5880, 6.8.6.
TEST_F(BfdSession, FollowsTheTableOfStates) {
    using enum State;
    const struct {
        State from, received, to;
    } table[] = {{down, admin_down, down}, {down, down, init},
                 {down, init, up},         {down, up, down},
                 {init, admin_down, down}, {init, down, init},
                 {init, init, up},         {init, up, up},
                 {up, admin_down, down},   {up, down, down},
                 {up, init, up},           {up, up, up}};
    for (const auto &row : table) {
        start();
        if (row.from != down) {
            receive(down);
        }
        if (row.from == up) {
            receive(init);
        }
        ASSERT_EQ(state(), row.from);

        receive(row.received);

        EXPECT_EQ(state(), row.to)
            << to_string(row.from) << " gets " << to_string(row.received);
    }
}

TEST_F(BfdSession, IsDownWhenThePeerSaysSo) {
    become_up();

    const auto sent = receive(State::down);

    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, State::down);
    EXPECT_EQ(why(), Diagnostic::neighbour_signaled_down);
    EXPECT_EQ(session.variables().downs, 1U);
}

TEST_F(BfdSession, DetectionTimeIsThePeersMultiplierAndTheSlowerInterval) {
    become_up();
    EXPECT_EQ(session.detection_time(), 4 * 70ms);

    const Instant heard = now;
    while (state() == State::up) {
        at_deadline();
    }

    EXPECT_EQ(now, heard + 280ms);
    EXPECT_EQ(why(), Diagnostic::detection_time_expired);
    EXPECT_EQ(session.variables().remote_discriminator, 0U);
}

TEST_F(BfdSession, ADownIsSentAtOnce) {
    become_up();

    std::optional<Packet> sent;
    while (state() == State::up) {
        sent = at_deadline();
    }

    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, State::down);
    EXPECT_EQ(sent->diagnostic, Diagnostic::detection_time_expired);
    EXPECT_EQ(sent->desired_min_tx, Microseconds{1000000});
}

TEST_F(BfdSession, SendsEachSecondUntilItIsUp) {
    start();
    for (int i = 0; i < 20; ++i) {
        const Instant before = now;
        ASSERT_TRUE(at_deadline());
        EXPECT_GE(now - before, 750ms);
        EXPECT_LE(now - before, 1s);
    }
}

TEST_F(BfdSession, JitterIsFrom75To100Percent) {
    become_up();
    Duration least = 1s;
    Duration most{0};
    for (int i = 0; i < 2000; ++i) {
        const Instant before = now;
        receive(State::up);
        ASSERT_TRUE(at_deadline());
        least = std::min(least, now - before);
        most = std::max(most, now - before);
    }

    EXPECT_GE(least, 37500us);
    EXPECT_LT(least, 38500us);
    EXPECT_LE(most, 50ms);
    EXPECT_GT(most, 49ms);
}

TEST_F(BfdSession, JitterOfMultiplierOneIsAtMost90Percent) {
    SessionConfig config = fast();
    config.multiplier = 1;
    become_up(config);
    Duration most{0};
    for (int i = 0; i < 2000; ++i) {
        const Instant before = now;
        receive(State::up);
        ASSERT_TRUE(at_deadline());
        most = std::max(most, now - before);
    }

    EXPECT_LE(most, 45ms);
    EXPECT_GT(most, 44ms);
}

TEST_F(BfdSession, SendsNotMoreOftenThanThePeerWants) {
    become_up();
    Packet slow = from_peer(State::up);
    slow.required_min_rx = Microseconds{500000};

    session.receive(slow, now);

    EXPECT_EQ(session.transmit_interval(), 500ms);
    slow.required_min_rx = Microseconds{10000};
    session.receive(slow, now);
    EXPECT_EQ(session.transmit_interval(), 50ms);
    EXPECT_LE(session.variables().transmit_at, now + 50ms) << "at once";
}

// RFC 5880, 6.8.7.
TEST_F(BfdSession, SendsNothingToAPeerThatWantsNothing) {
    become_up();
    Packet none = from_peer(State::up);
    none.required_min_rx = Microseconds{0};
    session.receive(none, now);

    while (state() == State::up) {
        const auto sent = at_deadline();
        EXPECT_TRUE(!sent || state() != State::up);
    }
}

// Its wish ends with its life, or we would be silent for ever.
TEST_F(BfdSession, SendsAgainWhenAPeerThatWantedNothingIsSilent) {
    start();
    Packet none = from_peer(State::admin_down, 0);
    none.required_min_rx = Microseconds{0};
    none.desired_min_tx = Microseconds{2'000'000};
    session.receive(none, now);
    const Instant silent = now + session.detection_time();

    while (now < silent) {
        EXPECT_FALSE(at_deadline());
    }
    for (int i = 0; i < 3; ++i) {
        const auto sent = at_deadline();
        ASSERT_TRUE(sent);
        EXPECT_EQ(sent->state, State::down);
    }
}

TEST_F(BfdSession, APollIsAnsweredAtOnce) {
    become_up();
    Packet poll = from_peer(State::up);
    poll.poll = true;

    const auto sent = session.receive(poll, now);

    ASSERT_TRUE(sent);
    EXPECT_TRUE(sent->final_);
    EXPECT_FALSE(sent->poll) << "6.5: never both";
}

TEST_F(BfdSession, PollsUntilTheFinal) {
    start();
    receive(State::down);
    receive(State::init);
    for (int i = 0; i < 3; ++i) {
        receive(State::up);
        EXPECT_TRUE(at_deadline()->poll);
    }

    Packet final_ = from_peer(State::up);
    final_.final_ = true;
    session.receive(final_, now);

    EXPECT_FALSE(at_deadline()->poll);
}

// RFC 5880, 6.8.3.
TEST_F(BfdSession, ChangedIntervalsAreUsedAfterThePoll) {
    become_up();
    SessionConfig other = fast();
    other.min_tx = 200ms;
    other.min_rx = 30ms;
    Session next(other, 9, 9);
    next.resume(session.variables(), now);
    Packet packet = from_peer(State::up);
    packet.desired_min_tx = Microseconds{10000};

    next.receive(packet, now);
    EXPECT_EQ(next.transmit_interval(), 50ms);
    EXPECT_EQ(next.detection_time(), 4 * 60ms);

    now = next.variables().transmit_at;
    const auto sent = next.handle_time(now);
    ASSERT_TRUE(sent);
    EXPECT_TRUE(sent->poll);
    EXPECT_EQ(sent->desired_min_tx, Microseconds{200000});
    EXPECT_EQ(sent->required_min_rx, Microseconds{30000});

    packet.final_ = true;
    next.receive(packet, now);
    EXPECT_EQ(next.transmit_interval(), 200ms);
    EXPECT_EQ(next.detection_time(), 4 * 30ms);
}

TEST_F(BfdSession, ANextProcessContinuesWithoutAPoll) {
    become_up();
    Session next(fast(), 9, 9);

    next.resume(session.variables(), now);

    EXPECT_EQ(next.variables().state, State::up);
    EXPECT_EQ(next.variables().local_discriminator, 1U);
    EXPECT_EQ(next.deadline(), session.deadline());
    EXPECT_FALSE(next.variables().polling);
}

TEST_F(BfdSession, APassiveOneWaitsForThePeer) {
    SessionConfig config = fast();
    config.passive = true;
    start(config);
    EXPECT_FALSE(session.deadline());

    const auto sent = receive(State::down);

    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->state, State::init);
    EXPECT_LE(*session.deadline(), now + 1s);
}

TEST_F(BfdSession, TakenDownItTellsThePeerAndStaysDown) {
    become_up();

    const Packet sent = session.take_down(now);

    EXPECT_EQ(sent.state, State::admin_down);
    EXPECT_EQ(sent.diagnostic, Diagnostic::administratively_down);
    EXPECT_EQ(sent.your_discriminator, 77U);
    EXPECT_FALSE(receive(State::down));
    EXPECT_EQ(state(), State::admin_down);
    now += 1s;
    EXPECT_EQ(session.handle_time(now)->state, State::admin_down);
}

TEST_F(BfdSession, DemandModeOfThePeerHasNoEffect) {
    become_up();
    Packet demand = from_peer(State::up);
    demand.demand = true;

    session.receive(demand, now);

    const auto sent = at_deadline();
    ASSERT_TRUE(sent);
    EXPECT_FALSE(sent->demand);
}

TEST(BfdSessionName, HasWhatDistinguishesIt) {
    SessionConfig config = fast();
    EXPECT_EQ(to_string(config), "192.0.2.1");
    config.peer = *IpAddress::parse("fe80::1");
    config.interface = "eth0";
    config.local = IpAddress::parse("fe80::2");
    config.multihop = true;
    EXPECT_EQ(to_string(config), "fe80::1%eth0 local=fe80::2 multihop");
}

}  // namespace
}  // namespace ngx_vrrp::bfd
