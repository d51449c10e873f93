#include "core/peer/session.hpp"

#include <gtest/gtest.h>

#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::peer {
namespace {

using namespace std::chrono_literals;

const Instant kStart = instant_from_ns(1'000'000'000);

Nonce nonce(std::uint8_t octet) {
    Nonce n;
    n.fill(octet);
    return n;
}

const StatusList kMaster{
    {Family::ipv4, Vrid{51}, RouterState::master, Priority{200}}};
const StatusList kBackup{
    {Family::ipv4, Vrid{51}, RouterState::backup, Priority{100}}};

// lb2 has connected to lb1.
struct Pair {
    explicit Pair(const Buffer &secret1 = {}, const Buffer &secret2 = {},
                  NodeId node2 = 2)
        : id1{1, {"lb1", "1.22.1", "0.1.0"}, secret1},
          id2{node2, {"lb2", "1.22.1", "0.1.0"}, secret2} {}

    // Octets arrive in parts of this size.
    void pass(Session &from, Session &to, std::size_t part = 4096) {
        const Buffer octets = from.take_output();
        for (Bytes rest = octets; !rest.empty();) {
            const std::size_t n = std::min(part, rest.size());
            to.receive(rest.first(n), now);
            rest = rest.subspan(n);
        }
    }

    void settle(std::size_t part = 4096) {
        for (int i = 0; i < 4; ++i) {
            pass(lb2, lb1, part);
            pass(lb1, lb2, part);
        }
    }

    Hmac hmac = fake_hmac;
    Instant now = kStart;
    Identity id1;
    Identity id2;
    Session lb1{Role::acceptor, id1, nonce(1), hmac, kMaster, kStart};
    Session lb2{Role::opener, id2, nonce(2), hmac, kBackup, kStart};
};

const Buffer kSecret(32, 7);

TEST(PeerSession, EachEndLearnsWhoTheOtherIs) {
    for (const Buffer &secret : {Buffer{}, kSecret}) {
        Pair p(secret, secret);
        p.settle();

        ASSERT_TRUE(p.lb1.is_up());
        ASSERT_TRUE(p.lb2.is_up());
        EXPECT_EQ(p.lb1.about().router_id, "lb2");
        EXPECT_EQ(p.lb2.about().router_id, "lb1");
        EXPECT_EQ(p.lb1.node(), 2U);
        EXPECT_EQ(p.lb2.status(), kMaster);
        EXPECT_EQ(p.lb1.status(), kBackup);
    }
}

TEST(PeerSession, OctetsMayArriveOneByOne) {
    Pair p(kSecret, kSecret);
    p.settle(1);
    EXPECT_TRUE(p.lb1.is_up());
    EXPECT_TRUE(p.lb2.is_up());
}

TEST(PeerSession, AChangeIsSentAtOnceAndTheSameIsNot) {
    Pair p;
    p.settle();

    p.lb1.set_status(kMaster, p.now);
    EXPECT_TRUE(p.lb1.take_output().empty());
    p.lb1.set_status(kBackup, p.now);
    p.pass(p.lb1, p.lb2);
    EXPECT_EQ(p.lb2.status(), kBackup);
}

TEST(PeerSession, AnOrderThatNeedsSeveralMessagesIsOneOrder) {
    Pair p(kSecret, kSecret);
    const OrderList all(kMostRouters,
                        {Family::ipv4, Vrid{1}, std::vector<NodeId>(16, 7)});
    p.lb1.set_order(all, p.now);
    p.settle();
    EXPECT_EQ(p.lb2.order(), all);

    p.lb1.set_order({}, p.now);
    p.settle();
    EXPECT_TRUE(p.lb2.order().empty());
    p.lb1.set_order({}, p.now);
    EXPECT_TRUE(p.lb1.take_output().empty()) << "it is the same";
}

TEST(PeerSession, AnOrderWithoutAnEndEndsIt) {
    Pair p;
    p.settle();
    const OrderPart part{true, OrderList(300)};
    for (std::uint32_t sequence = 3; sequence < 5; ++sequence) {
        EXPECT_FALSE(p.lb1.ended());
        p.lb1.receive(serialize({Type::order, sequence}, serialize(part), 0),
                      p.now);
    }
    EXPECT_EQ(p.lb1.ended(), End::garbage);
}

TEST(PeerSession, AnAcceptorSaysNothingAboutItselfBeforeTheProof) {
    Pair p(kSecret, kSecret);
    const Buffer hello = p.lb1.take_output();
    p.pass(p.lb2, p.lb1);
    EXPECT_TRUE(p.lb1.take_output().empty());
    EXPECT_EQ(hello.size(), kHeaderSize + 48);
}

TEST(PeerSession, AnotherSecretIsRefused) {
    Pair p(kSecret, Buffer(32, 8));
    p.settle();
    EXPECT_EQ(p.lb1.ended(), End::wrong_secret);
    EXPECT_FALSE(p.lb2.is_up());
}

TEST(PeerSession, BothOrNoneHaveASecret) {
    Pair p(kSecret, {});
    p.settle();
    EXPECT_EQ(p.lb1.ended(), End::no_secret);
    EXPECT_EQ(p.lb2.ended(), End::secret_unknown);
}

TEST(PeerSession, AHelloCannotBeChangedOnItsWay) {
    for (const std::size_t octet : {12U, 13U, 16U, 30U}) {
        Pair p(kSecret, kSecret);
        Buffer hello = p.lb2.take_output();
        hello[octet] ^= 2;
        p.lb1.receive(hello, p.now);
        p.settle();
        EXPECT_EQ(p.lb1.ended(), End::wrong_secret) << octet;
    }
}

TEST(PeerSession, EachOctetOfAMessageIsProtected) {
    Pair clean(kSecret, kSecret);
    clean.settle();
    clean.lb1.set_status(kBackup, clean.now);
    const Buffer message = clean.lb1.take_output();
    for (std::size_t octet = 2; octet < message.size(); ++octet) {
        Pair p(kSecret, kSecret);
        p.settle();
        Buffer changed = message;
        changed[octet] ^= 1;
        p.lb2.receive(changed, p.now);
        EXPECT_EQ(p.lb2.ended(), End::wrong_secret) << octet;
    }
}

TEST(PeerSession, AMessageCannotBeRepeated) {
    Pair p(kSecret, kSecret);
    p.settle();
    p.lb1.set_status(kBackup, p.now);
    const Buffer message = p.lb1.take_output();

    p.lb2.receive(message, p.now);
    EXPECT_FALSE(p.lb2.ended());
    p.lb2.receive(message, p.now);
    EXPECT_EQ(p.lb2.ended(), End::garbage);
}

TEST(PeerSession, AMessageCannotBeSentBack) {
    Pair p(kSecret, kSecret);
    p.settle();
    p.lb1.set_status(kBackup, p.now);
    p.lb1.receive(p.lb1.take_output(), p.now);
    EXPECT_EQ(p.lb1.ended(), End::wrong_secret);
}

TEST(PeerSession, ARecordedConnectionIsWorthNothing) {
    Pair p(kSecret, kSecret);
    Buffer recorded = p.lb2.take_output();
    p.lb1.receive(recorded, p.now);
    p.pass(p.lb1, p.lb2);
    const Buffer about = p.lb2.take_output();
    recorded.insert(recorded.end(), about.begin(), about.end());

    Session again(Role::acceptor, p.id1, nonce(3), p.hmac, kMaster, p.now);
    again.receive(recorded, p.now);
    EXPECT_EQ(again.ended(), End::wrong_secret);
}

TEST(PeerSession, GarbageEndsIt) {
    for (const Buffer &octets :
         {Buffer{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'}, Buffer(8, 0),
          Buffer{0, 9, 1, 0, 0, 0, 0, 0, 0},
          serialize({Type::status, 0}, serialize(kMaster), 0)}) {
        Pair p;
        p.lb1.receive(octets, p.now);
        EXPECT_EQ(p.lb1.ended(), End::garbage);
    }
}

TEST(PeerSession, NothingComesBeforeAbout) {
    Pair p;
    p.pass(p.lb2, p.lb1);
    p.lb1.receive(serialize({Type::status, 1}, serialize(kMaster), 0), p.now);
    EXPECT_EQ(p.lb1.ended(), End::garbage);
}

TEST(PeerSession, AnUnknownTypeIsSkipped) {
    Pair p;
    p.settle();
    p.lb1.receive(serialize({Type{77}, 3}, Buffer(100), 0), p.now);
    EXPECT_FALSE(p.lb1.ended());
    p.lb1.receive(serialize({Type::status, 4}, serialize(kMaster), 0), p.now);
    EXPECT_EQ(p.lb1.status(), kMaster);
}

TEST(PeerSession, MessagesOfOtherTypesAreHandedOut) {
    for (const Buffer &secret : {Buffer{}, kSecret}) {
        Pair p(secret, secret);
        EXPECT_FALSE(p.lb1.post(Type{77}, Buffer{1}, p.now)) << "not up";
        p.settle();
        EXPECT_TRUE(p.lb1.post(Type{77}, Buffer{1, 2}, p.now));
        EXPECT_TRUE(p.lb1.post(Type{78}, {}, p.now));
        EXPECT_TRUE(p.lb1.post(Type{79}, Buffer(kLargestPayload), p.now));
        EXPECT_FALSE(p.lb1.post(Type{79}, Buffer(kLargestPayload + 1), p.now));
        p.settle(7);

        const auto messages = p.lb2.take_messages();
        ASSERT_EQ(messages.size(), 3U);
        EXPECT_EQ(messages[0].type, Type{77});
        EXPECT_EQ(messages[0].payload, (Buffer{1, 2}));
        EXPECT_EQ(messages[1].type, Type{78});
        EXPECT_EQ(messages[2].payload.size(), kLargestPayload);
        EXPECT_TRUE(p.lb2.take_messages().empty());
        EXPECT_TRUE(p.lb1.take_messages().empty());
    }
}

TEST(PeerSession, AtRestAMessageASecondKeepsItUp) {
    Pair p;
    p.settle();
    unsigned messages = 0;
    for (int i = 0; i < 100; ++i) {
        p.now += 100ms;
        p.lb1.handle_time(p.now);
        p.lb2.handle_time(p.now);
        const Buffer octets = p.lb1.take_output();
        messages += octets.empty() ? 0U : 1U;
        p.lb2.receive(octets, p.now);
        p.pass(p.lb2, p.lb1);
    }
    EXPECT_EQ(messages, 10U);
    EXPECT_FALSE(p.lb1.ended());
    EXPECT_FALSE(p.lb2.ended());
}

TEST(PeerSession, ASilentPeerIsGivenUp) {
    Pair p;
    p.settle();
    p.lb1.handle_time(p.now + kSilence - 1ns);
    EXPECT_FALSE(p.lb1.ended());
    p.lb1.handle_time(p.now + kSilence);
    EXPECT_EQ(p.lb1.ended(), End::silent);
    EXPECT_FALSE(p.lb1.deadline());
}

TEST(PeerSession, AGreetingThatIsNotCompletedIsGivenUp) {
    Pair p;
    EXPECT_EQ(p.lb1.deadline(), kStart + kGreetingTime);
    p.now += 2s;
    p.pass(p.lb2, p.lb1);
    p.lb1.handle_time(kStart + kGreetingTime);
    EXPECT_EQ(p.lb1.ended(), End::slow);
}

TEST(PeerSession, AFloodEndsIt) {
    Pair p;
    p.settle();
    for (std::uint32_t i = 3; !p.lb1.ended() && i < 5000; ++i) {
        p.lb1.receive(serialize({Type::alive, i}, {}, 0), p.now);
    }
    EXPECT_EQ(p.lb1.ended(), End::flood);
}

TEST(PeerSession, ByeHasAReason) {
    Pair p(kSecret, kSecret);
    p.settle();
    p.lb1.say_bye(Farewell::reload, p.now);
    p.pass(p.lb1, p.lb2);
    EXPECT_EQ(p.lb2.ended(), End::bye);
    EXPECT_EQ(p.lb2.farewell(), Farewell::reload);
}

TEST(PeerSession, ItDoesNotTalkToItself) {
    Pair p({}, {}, 1);
    p.settle();
    EXPECT_EQ(p.lb1.ended(), End::self);
    EXPECT_EQ(p.lb2.ended(), End::self);
}

}  // namespace
}  // namespace ngx_vrrp::peer
