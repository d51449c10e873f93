// Two speakers and a network that loses packets, with simulated time.

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "core/bfd/speaker.hpp"

namespace ngx_vrrp::bfd {
namespace {

using namespace std::chrono_literals;

class Lines final : public LogSink {
public:
    void write(LogLevel, std::string_view text) override {
        lines.emplace_back(text);
    }
    bool has(std::string_view part) const { return count(part) != 0; }
    std::size_t count(std::string_view part) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(lines, [&](const std::string &line) {
                return line.find(part) != std::string::npos;
            }));
    }

    std::vector<std::string> lines;
};

struct Node final : Output {
    Node(IpAddress address, SessionConfig config, std::uint64_t seed)
        : own(address) {
        begin(std::move(config), seed);
    }

    void begin(SessionConfig config, std::uint64_t seed) {
        speaker = std::make_unique<Speaker>(
            std::vector<SessionConfig>{std::move(config)}, seed, *this, log);
    }

    void send(std::size_t, Bytes payload) override {
        out.emplace_back(payload.begin(), payload.end());
    }

    const Session &session() const { return speaker->sessions()[0]; }
    const Variables &v() const { return session().variables(); }
    bool is_up() const { return v().state == State::up; }

    IpAddress own;
    Lines log;
    std::unique_ptr<Speaker> speaker;
    std::deque<Buffer> out;
};

const IpAddress kA = IpAddress::v4({192, 0, 2, 1});
const IpAddress kB = IpAddress::v4({192, 0, 2, 2});

SessionConfig to(IpAddress peer, Duration tx = 50ms, std::uint8_t mult = 3) {
    return {.peer = peer,
            .local = std::nullopt,
            .interface = "",
            .min_tx = tx,
            .min_rx = tx,
            .multiplier = mult};
}

class BfdPair : public testing::Test {
protected:
    void start() {
        a.speaker->start(0, now);
        b.speaker->start(0, now);
    }

    void run(Duration time) {
        for (const Instant end = now + time; now < end; now += step) {
            deliver(a, b);
            deliver(b, a);
            a.speaker->handle_time(now);
            b.speaker->handle_time(now);
            downs = std::max(a.v().downs, b.v().downs);
        }
    }

    void deliver(Node &from, Node &to) {
        while (!from.out.empty()) {
            const Buffer payload = from.out.front();
            from.out.pop_front();
            if (dice.roll() >= loss) {
                to.speaker->receive(arrival(from, to, payload), now);
            }
        }
    }

    static Arrival arrival(const Node &from, const Node &to, Bytes payload) {
        return {.source = from.own,
                .destination = to.own,
                .interface = "eth0",
                .ttl = 255,
                .multihop = false,
                .payload = payload};
    }

    // Time until both agree that it is up or down.
    Duration time_until(bool up) {
        const Instant before = now;
        while ((a.is_up() != up || b.is_up() != up) && now < before + 60s) {
            run(step);
        }
        return now - before;
    }

    Node a{kA, to(kB), 1};
    Node b{kB, to(kA), 2};
    Instant now = instant_from_ns(1'000'000'000'000);
    Dice dice{7};
    double loss = 0;
    Duration step = 1ms;
    std::uint64_t downs = 0;
};

TEST_F(BfdPair, IsUpWithinTwoSeconds) {
    start();

    EXPECT_LE(time_until(true), 2s);
    run(1s);
    EXPECT_EQ(a.session().detection_time(), 150ms);
    EXPECT_EQ(b.session().transmit_interval(), 50ms);
    EXPECT_FALSE(a.v().polling || b.v().polling);
    EXPECT_TRUE(a.log.has("BFD session with 192.0.2.2 is Up, it fails after "));
}

TEST_F(BfdPair, FailsWithinTheDetectionTime) {
    start();
    time_until(true);
    run(1s);
    loss = 1;

    const Duration time = time_until(false);

    EXPECT_GT(time, 100ms);
    EXPECT_LE(time, 152ms);
    EXPECT_TRUE(a.log.has("is Down: control detection time expired"));
}

TEST_F(BfdPair, EachSideKeepsToTheIntervalsOfTheOther) {
    a.begin(to(kB, 20ms, 5), 1);
    b.begin(to(kA, 300ms, 2), 2);
    start();
    time_until(true);
    run(2s);

    EXPECT_EQ(a.session().transmit_interval(), 300ms);
    EXPECT_EQ(b.session().transmit_interval(), 300ms);
    EXPECT_EQ(a.session().detection_time(), 600ms) << "B's multiplier";
    EXPECT_EQ(b.session().detection_time(), 1500ms);
}

TEST_F(BfdPair, SurvivesSingleLossesAndComesBackAfterMany) {
    start();
    time_until(true);
    run(1s);
    loss = 0.02;
    run(60s);
    EXPECT_LE(downs, 3U) << "a loss of 2 %, and three in a row are a failure";

    loss = 0.6;
    run(20s);
    EXPECT_GT(downs, 0U);
    loss = 0;
    EXPECT_LE(time_until(true), 4s);
}

TEST_F(BfdPair, AnEndIsReportedToThePeer) {
    start();
    time_until(true);

    a.speaker->take_down(now);
    run(5ms);

    EXPECT_EQ(b.v().state, State::down);
    EXPECT_EQ(b.v().remote_state, State::admin_down);
    EXPECT_EQ(b.v().diagnostic, Diagnostic::neighbour_signaled_down);
    run(3s);
    EXPECT_EQ(b.v().state, State::down);
}

TEST_F(BfdPair, ARestartedPeerIsUpAgain) {
    start();
    time_until(true);

    b.begin(to(kA), 99);
    b.speaker->start(0, now);
    run(2500ms);

    EXPECT_TRUE(a.is_up() && b.is_up());
    EXPECT_EQ(a.v().downs, 1U);
}

// Each time another process of this node continues, on both sides.
TEST_F(BfdPair, IsUpThroughAHundredHandovers) {
    start();
    time_until(true);
    run(1s);
    const std::uint32_t discriminator = a.v().local_discriminator;

    for (std::uint64_t i = 0; i < 100; ++i) {
        Node &node = i % 2 == 0 ? a : b;
        const Variables v = node.v();
        node.begin(to(i % 2 == 0 ? kB : kA, i < 50 ? 50ms : 80ms), 1000 + i);
        node.speaker->resume(0, v, now);
        run(Milliseconds{static_cast<int>(i) * 3 % 140});
    }
    run(1s);

    EXPECT_EQ(downs, 0U);
    EXPECT_EQ(a.v().local_discriminator, discriminator);
    EXPECT_EQ(b.session().detection_time(), 240ms);
}

TEST_F(BfdPair, RandomOctetsHaveNoEffect) {
    start();
    time_until(true);
    run(1s);
    for (int i = 0; i < 1000; ++i) {
        Buffer payload;
        for (int n = 0; n < 24 + i % 8; ++n) {
            payload.push_back(static_cast<std::uint8_t>(dice.roll() * 256));
        }
        a.speaker->receive(arrival(b, a, payload), now);
        run(1ms);
    }

    EXPECT_EQ(downs, 0U);
    EXPECT_LT(a.log.lines.size(), 20U);
}

// RFC 5880, 6.8.6: the discriminator selects the session.
TEST_F(BfdPair, SessionWithALocalAddressIsBesideOneWithout) {
    const IpAddress other = IpAddress::v4({192, 0, 2, 11});
    SessionConfig second = to(kB);
    second.local = other;
    a.speaker = std::make_unique<Speaker>(
        std::vector<SessionConfig>{to(kB), second}, 7, a, a.log);
    a.speaker->start(0, now);
    a.speaker->start(1, now);

    Packet packet;
    packet.my_discriminator = 5;
    packet.multiplier = 3;
    packet.desired_min_tx = 1s;
    packet.required_min_rx = 1s;
    Arrival to_other = arrival(b, a, {});
    const Buffer first = serialize(packet);
    to_other.destination = other;
    to_other.payload = first;
    a.speaker->receive(to_other, now);
    EXPECT_EQ(a.speaker->sessions()[1].variables().state, State::init);

    packet.state = State::init;
    packet.your_discriminator =
        a.speaker->sessions()[1].variables().local_discriminator;
    const Buffer second_one = serialize(packet);
    to_other.payload = second_one;
    a.speaker->receive(to_other, now);
    EXPECT_EQ(a.speaker->sessions()[0].variables().state, State::down);
    EXPECT_EQ(a.speaker->sessions()[1].variables().state, State::up);
}

TEST_F(BfdPair, OnlyPacketsOfThePeerAreTaken) {
    start();
    time_until(true);
    Packet down;
    down.state = State::down;
    down.multiplier = 3;
    down.my_discriminator = 5;
    const Buffer payload = serialize(down);
    Arrival good = arrival(b, a, payload);

    Arrival far = good;
    far.ttl = 254;
    a.speaker->receive(far, now);
    EXPECT_EQ(a.speaker->dropped(Drop::ttl), 1U);

    Arrival stranger = good;
    stranger.source = IpAddress::v4({192, 0, 2, 3});
    a.speaker->receive(stranger, now);
    Arrival multihop = good;
    multihop.multihop = true;
    a.speaker->receive(multihop, now);
    Packet other = down;
    other.your_discriminator = a.v().local_discriminator + 1;
    const Buffer wrong = serialize(other);
    Arrival mistaken = arrival(b, a, wrong);
    a.speaker->receive(mistaken, now);
    EXPECT_EQ(a.speaker->dropped(Drop::session), 3U);
    EXPECT_TRUE(a.is_up());

    a.speaker->receive(good, now);
    EXPECT_FALSE(a.is_up());
}

TEST_F(BfdPair, AuthenticationIsReportedOnce) {
    start();
    Buffer payload = serialize({.multiplier = 3, .my_discriminator = 5});
    payload[1] |= 0x04;

    for (int i = 0; i < 100; ++i) {
        now += 60s;
        a.speaker->receive(arrival(b, a, payload), now);
    }

    EXPECT_EQ(a.log.count("authentication is not supported"), 1U);
    EXPECT_EQ(a.speaker->dropped(Drop::authentication), 100U);
    EXPECT_EQ(a.v().state, State::down);
}

TEST_F(BfdPair, DemandModeIsReportedOnce) {
    start();
    const Buffer payload =
        serialize({.demand = true, .multiplier = 3, .my_discriminator = 5});
    for (int i = 0; i < 100; ++i) {
        a.speaker->receive(arrival(b, a, payload), now);
    }

    EXPECT_EQ(a.log.count("demand mode, which is not supported"), 1U);
}

TEST(BfdSpeaker, DiscriminatorsAreUnique) {
    Node node(kA, to(kB), 1);
    std::vector<SessionConfig> many;
    for (std::uint8_t i = 1; i <= kMostSessions; ++i) {
        many.push_back(to(IpAddress::v4({192, 0, 2, i})));
    }
    Speaker speaker(many, 5, node, node.log);
    Variables v = speaker.sessions()[0].variables();

    speaker.resume(1, v, instant_from_ns(1));

    std::vector<std::uint32_t> all;
    for (const Session &session : speaker.sessions()) {
        all.push_back(session.variables().local_discriminator);
    }
    std::ranges::sort(all);
    EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
    EXPECT_NE(all.front(), 0U);
}

}  // namespace
}  // namespace ngx_vrrp::bfd
