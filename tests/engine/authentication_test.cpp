// "authentication HMAC" of a virtual router: what it sends, accepts and says.
#include <array>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr WallTime kWall{Seconds{1'700'000'000}};

vrrp::HmacConfig hmac(std::uint8_t active = 1) {
    return {.keys = {{1, Buffer(32, 'a')}, {2, Buffer(64, 'b')}},
            .active_key = active};
}

class AuthenticationTest : public EngineTest {
protected:
    AuthenticationTest() { machine.wall_time = kWall; }

    void begin(vrrp::HmacMode mode = vrrp::HmacMode::enforce) {
        vrrp::Config c = config();
        c.hmac = hmac();
        c.hmac->mode = mode;
        beat();
        start(std::move(c));
    }

    // The advertisement of a peer with priority 200, signed at this time.
    Buffer packet_of_peer(const vrrp::HmacConfig &theirs,
                          Duration ahead = Duration{0}) {
        vrrp::Config c = config();
        c.hmac = theirs;
        wire::Advertisement advert{.version = Version::v3,
                                   .vrid = c.vrid,
                                   .priority = Priority{200},
                                   .interval = c.advert_interval,
                                   .addresses = {kVip},
                                   .authentication = {}};
        const WallTime ours = machine.wall_time;
        machine.wall_time += ahead;
        const auto trailer = peer.sign(c, advert, kPeer, machine);
        machine.wall_time = ours;
        return wire::serialize(advert, ends(),
                               wire::ChecksumForm::pseudo_header, *trailer);
    }

    static wire::Endpoints ends() {
        return {kPeer, vrrp::multicast_group(Family::ipv4)};
    }

    // Is it accepted?
    bool hear(const Buffer &packet) {
        const auto before = counters().adverts_received;
        engine->handle_packet({"eth0", {ends(), 255}, packet}, now);
        return counters().adverts_received != before;
    }

    const Counters &counters() const { return engine->routers()[0].counters(); }

    std::uint64_t dropped(wire::DropReason reason) const {
        return counters().dropped[static_cast<std::size_t>(reason)];
    }

    Buffer unsigned_packet() {
        vrrp::HmacConfig theirs = hmac();
        theirs.mode = vrrp::HmacMode::receive_only;
        return packet_of_peer(theirs);
    }

    Authenticator peer;
};

TEST_F(AuthenticationTest, SignedAdvertIsAccepted) {
    begin();
    EXPECT_TRUE(hear(packet_of_peer(hmac())));
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(AuthenticationTest, OursIsSignedAndAccepted) {
    begin();
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);

    const wire::Endpoints own{kOwn, vrrp::multicast_group(Family::ipv4)};
    Authenticator receiver;
    vrrp::Config theirs = config();
    theirs.hmac = hmac(2);
    ASSERT_GT(machine.sent.size(), 1u);
    for (const Buffer &pdu : machine.sent) {
        const auto parsed = wire::parse_advertisement(pdu, own);
        ASSERT_TRUE(parsed);
        EXPECT_FALSE(receiver.refuse(theirs, *parsed, pdu, kOwn, machine));
        // a second time, it is a copy
        EXPECT_EQ(receiver.refuse(theirs, *parsed, pdu, kOwn, machine)->reason,
                  wire::DropReason::auth_replay);
    }
}

// One number and one HMAC for all peers: they compare what they receive.
TEST_F(AuthenticationTest, CopiesForPeersHaveOneTrailer) {
    vrrp::Config c = config();
    c.hmac = hmac();
    c.unicast_peers = {kPeer, *IpAddress::parse("10.0.1.3")};
    beat();
    start(std::move(c));
    run(Seconds{1});
    ASSERT_GT(machine.sent.size(), 1u);
    const auto trailer = [&](std::size_t i) {
        const Buffer &sent = machine.sent[i];
        return Buffer(sent.end() - wire::kHmacTrailerSize, sent.end());
    };
    EXPECT_EQ(trailer(0), trailer(1));
    EXPECT_NE(machine.sent[0], machine.sent[1]);
    EXPECT_NE(trailer(1), trailer(2));
}

// All nodes get both keys first, then they sign with the new one, in any order.
TEST_F(AuthenticationTest, KeysAreRolledOver) {
    begin();
    constexpr std::array<std::uint8_t, 4> kSigners{1, 2, 1, 2};
    for (const std::uint8_t key : kSigners) {
        EXPECT_TRUE(hear(packet_of_peer(hmac(key)))) << unsigned{key};
    }
}

TEST_F(AuthenticationTest, WrongKeyIsDropped) {
    begin();
    vrrp::HmacConfig theirs = hmac();
    theirs.keys[0].secret.back() ^= 1;
    EXPECT_FALSE(hear(packet_of_peer(theirs)));
    EXPECT_EQ(dropped(wire::DropReason::auth_data), 1u);
    EXPECT_EQ(log.count("its HMAC is wrong: key 1 must be the same on all "
                        "nodes"),
              1u);
}

TEST_F(AuthenticationTest, UnknownKeyIsNamed) {
    begin();
    vrrp::HmacConfig theirs = hmac();
    theirs.keys[0].id = 9;
    theirs.active_key = 9;
    EXPECT_FALSE(hear(packet_of_peer(theirs)));
    EXPECT_EQ(dropped(wire::DropReason::auth_key), 1u);
    EXPECT_EQ(log.count("it is signed with key 9, which this node does not "
                        "have: add \"key=9:...\""),
              1u);
}

TEST_F(AuthenticationTest, ClocksThatDifferAreNamed) {
    begin();
    EXPECT_FALSE(hear(packet_of_peer(hmac(), Seconds{-37})));
    EXPECT_EQ(dropped(wire::DropReason::auth_time), 1u);
    EXPECT_EQ(log.count("its clock is 37 s behind that of this node, and "
                        "\"time_window\" is 5 s"),
              1u);

    now += Seconds{3600};
    peer.resume({});
    EXPECT_FALSE(hear(packet_of_peer(hmac(), Seconds{6})));
    EXPECT_EQ(dropped(wire::DropReason::auth_time), 2u);
    EXPECT_EQ(log.count("its clock is 6 s ahead of that of this node"), 1u);
}

TEST_F(AuthenticationTest, ClockNearTheWindowIsAWarning) {
    begin();
    EXPECT_TRUE(hear(packet_of_peer(hmac(), Seconds{2})));
    EXPECT_EQ(log.count("the clock of"), 0u);
    EXPECT_TRUE(hear(packet_of_peer(hmac(), Seconds{3})));
    EXPECT_EQ(log.count("the clock of 10.0.1.2 is 3 s ahead of that of this "
                        "node; advertisements are refused when the clocks "
                        "differ by more than 5 s"),
              1u);
}

// An attacker records an advert of the MASTER and repeats it, so that its death
// is not noticed.
TEST_F(AuthenticationTest, RecordedAdvertDoesNotKeepTheMasterAlive) {
    begin();
    const Buffer recorded = packet_of_peer(hmac());
    EXPECT_TRUE(hear(recorded));
    for (int i = 0; i < 20 && state() == vrrp::StateName::backup; ++i) {
        run(Milliseconds{50});
        EXPECT_FALSE(hear(recorded));
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_GT(dropped(wire::DropReason::auth_replay), 3u);
    EXPECT_EQ(log.count("it was recorded and sent again"), 1u);
}

// The mark of a forged advert would refuse the right ones.
TEST_F(AuthenticationTest, ForgedAdvertMovesNoMark) {
    begin();
    EXPECT_TRUE(hear(packet_of_peer(hmac())));
    vrrp::HmacConfig forger = hmac();
    forger.keys[0].secret.assign(32, 'x');
    EXPECT_FALSE(hear(packet_of_peer(forger, Seconds{2})));
    peer.resume({});
    EXPECT_TRUE(hear(packet_of_peer(hmac(), Seconds{1})));
}

TEST_F(AuthenticationTest, UnsignedAdvertIsRefusedOnlyByEnforce) {
    using enum vrrp::HmacMode;
    for (const vrrp::HmacMode mode : {enforce, permissive, receive_only}) {
        begin(mode);
        EXPECT_EQ(hear(unsigned_packet()), mode != enforce) << to_string(mode);
        // what is signed is verified in each mode
        vrrp::HmacConfig theirs = hmac();
        theirs.keys[0].secret.assign(32, 'x');
        EXPECT_FALSE(hear(packet_of_peer(theirs))) << to_string(mode);
    }
    EXPECT_EQ(log.count("it has no HMAC, but this node has \"authentication "
                        "HMAC\""),
              1u);
}

TEST_F(AuthenticationTest, ReceiveOnlySignsNothing) {
    begin(vrrp::HmacMode::receive_only);
    run(Seconds{1});
    ASSERT_FALSE(machine.sent.empty());
    EXPECT_EQ(machine.sent[0].size(), 12u);
}

TEST_F(AuthenticationTest, NodeWithoutKeysRefusesATrailer) {
    beat();
    start();
    EXPECT_FALSE(hear(packet_of_peer(hmac())));
    EXPECT_EQ(dropped(wire::DropReason::auth_type), 1u);
    EXPECT_EQ(log.count("it has an HMAC, but the authentication of this node "
                        "is none"),
              1u);
}

TEST_F(AuthenticationTest, UnknownTrailerIsRefused) {
    begin();
    Buffer packet = packet_of_peer(hmac());
    packet[packet.size() - wire::kHmacTrailerSize] = 2;
    EXPECT_FALSE(hear(packet));
    packet[packet.size() - wire::kHmacTrailerSize] = 1;
    packet[packet.size() - wire::kHmacTrailerSize + 3] = 1;
    EXPECT_FALSE(hear(packet));
    EXPECT_EQ(dropped(wire::DropReason::auth_type), 2u);
}

// Others would drop it.
TEST_F(AuthenticationTest, NothingIsSentWithoutASignature) {
    machine.fail("hmac_sha256", ENOMEM);
    begin();
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(machine.sent.empty());
    machine.heal();
    run(Milliseconds{200});
    EXPECT_FALSE(machine.sent.empty());
}

// A refused advert is a sign of a MASTER that is heard and not accepted.
TEST_F(AuthenticationTest, RefusedAdvertExplainsASplitBrain) {
    begin();
    run(Seconds{4});
    ASSERT_EQ(state(), vrrp::StateName::active);
    const wire::Neighbour claim{.address = kVip, .mac = {2, 0, 0, 0, 0, 2}};
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(hear(packet_of_peer(hmac(), Seconds{-60})));
        engine->handle_neighbour({IfIndex{2}, claim}, now);
        run(Seconds{1});
    }
    EXPECT_GE(log.count("advertisements from 10.0.1.2 arrive, but are dropped "
                        "(auth_time), see the warning about them"),
              1u);
}

TEST_F(AuthenticationTest, ReplayStateIsHandedOver) {
    begin();
    const Buffer recorded = packet_of_peer(hmac());
    EXPECT_TRUE(hear(recorded));
    machine.successor = true;
    engine->handle_ownership(now);
    ASSERT_TRUE(machine.passed_on);

    vrrp::Config c = config();
    c.hmac = hmac();
    make(std::move(c));
    machine.grant(machine.passed_on);
    beat();
    engine->start(interfaces(), now);
    run(Milliseconds{20});
    ASSERT_EQ(state(), vrrp::StateName::backup);
    EXPECT_FALSE(hear(recorded));
    EXPECT_EQ(dropped(wire::DropReason::auth_replay), 1u);
    EXPECT_TRUE(hear(packet_of_peer(hmac())));
}

}  // namespace
}  // namespace ngx_vrrp::engine
