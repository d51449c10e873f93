// A BACKUP with a real engine, whose peers say what they want: without a
// secret, nothing is proved.
#include "core/node/peer_links.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "core/peer/message.hpp"
#include "core/peer/order.hpp"
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::node {
namespace {

using peer::RouterState;
using vrrp::StateName;

constexpr peer::NodeId kOurId = 20;
constexpr peer::NodeId kTheirId = 30;
const IpAddress kStranger = *IpAddress::parse("10.0.1.66");
const IpAddress kPeer6 = *IpAddress::parse("fe80::2");

struct FakeSockets final : peer::Sockets {
    Status listen(std::size_t) override { return success(); }
    void stop_listening() override {}
    void set_source(std::size_t, const IpAddress &) override {}
    peer::NodeId node_id() override { return kOurId; }
    bool is_ours(int fd) const override { return fd == 1; }
    void read(peer::Links &links, Instant) override { arrive(links); }
    std::string connect(peer::ConnectionId id, std::size_t,
                        const IpAddress &address) override {
        if (address == answers) {
            opened = id;
            return {};
        }
        return "connect() failed (113: No route to host)";
    }
    bool send(peer::ConnectionId id, Bytes octets) override {
        sent[id].insert(sent[id].end(), octets.begin(), octets.end());
        return true;
    }
    unsigned take_questions(peer::ConnectionId id) {
        unsigned count = 0;
        const Buffer all = std::exchange(sent[id], {});
        for (std::size_t at = 0; at < all.size();) {
            const Bytes rest = Bytes(all).subspan(at);
            const auto type = peer::parse_header(rest).type;
            count += type == peer::Type::question ? 1U : 0U;
            at += peer::message_length(rest).value();
        }
        return count;
    }
    peer::OrderList last_order(peer::ConnectionId id) {
        peer::OrderList list;
        const Buffer &all = sent[id];
        for (std::size_t at = 0; at < all.size();) {
            const Bytes rest = Bytes(all).subspan(at);
            const std::size_t length = peer::message_length(rest).value();
            if (peer::parse_header(rest).type == peer::Type::order) {
                list = peer::parse_order(
                           rest.first(length).subspan(peer::kHeaderSize))
                           .value()
                           .list;
            }
            at += length;
        }
        return list;
    }
    void set_greeted(peer::ConnectionId) override {}
    void close(peer::ConnectionId) override {}
    peer::Nonce nonce() override { return {}; }

    std::function<void(peer::Links &)> arrive;
    std::optional<IpAddress> answers;
    std::optional<peer::ConnectionId> opened;  // to it
    std::map<peer::ConnectionId, Buffer> sent;
};

struct FakeStore final : Store {
    std::string read() override { return text; }
    Status write(std::string_view written) override {
        text = written;
        return success();
    }

    std::string text;
};

class TrustTest : public engine::EngineTest {
protected:
    using Messages = std::vector<std::pair<peer::Type, Buffer>>;

    void begin(const std::vector<IpAddress> &named) {
        std::vector<PeerLink> list(2);
        for (PeerLink &link : list) {
            link.config.interface = "eth0";
        }
        list[1].config.family = Family::ipv6;
        for (const IpAddress &address : named) {
            list[address.family() == Family::ipv6 ? 1 : 0]
                .config.named.push_back(address);
        }
        links.emplace(list, peer::Details{}, machine, sockets, log);
        links->remember_in(store);
        vrrp::Config c = engine::config();
        c.peer_link = true;
        c.priority = Priority{100};
        c.takeover_check = true;
        beat();
        start(c);
        links->start();
        links->follow(*engine, now);
    }

    void read(const std::function<void(peer::Links &)> &arrive) {
        sockets.arrive = arrive;
        ASSERT_TRUE(links->on_readable(1, *engine, now));
        links->follow(*engine, now);
    }

    // A connection from this address, and all that it says at first.
    void connect(const IpAddress &from, peer::NodeId node,
                 const Messages &messages) {
        read([&](peer::Links &l) {
            const bool v6 = from.family() == Family::ipv6;
            const auto id = from == sockets.answers
                                ? sockets.opened
                                : l.accept(v6 ? 1 : 0, from, engine::kOwn, now);
            ASSERT_TRUE(id);
            peer::Hello hello;
            hello.node = node;
            Buffer all =
                peer::serialize({peer::Type::hello, 0}, serialize(hello), 0);
            Messages rest{{peer::Type::about, serialize(peer::About{})}};
            rest.insert(rest.end(), messages.begin(), messages.end());
            std::uint32_t sequence = 0;
            for (const auto &[type, payload] : rest) {
                const Buffer one =
                    peer::serialize({type, ++sequence}, payload, 0);
                all.insert(all.end(), one.begin(), one.end());
            }
            ids[from] = {*id, sequence};
            l.receive(*id, all, now);
        });
    }

    void say(const IpAddress &from, peer::Type type, const Buffer &payload) {
        read([&](peer::Links &l) {
            auto &[id, sequence] = ids[from];
            l.receive(id, peer::serialize({type, ++sequence}, payload, 0), now);
        });
    }

    // The stranger answers all the time.
    void run_with_answers(Duration time) {
        for (const Instant end = now + time; now < end;
             now += Milliseconds{5}) {
            beat();
            links->handle_time(now);
            if (const auto due = engine->deadline(); due && now >= *due) {
                engine->handle_time(now);
            }
            say(kStranger, peer::Type::answer, serialize(master(254)));
        }
    }

    static peer::StatusList master(std::uint8_t priority) {
        return {
            {Family::ipv4, Vrid{51}, RouterState::master, Priority{priority}}};
    }
    static Buffer order(peer::NodeId first) {
        return serialize(
            peer::OrderPart{false, {{Family::ipv4, Vrid{51}, {first}}}});
    }
    static Messages leads(peer::NodeId successor) {
        return {{peer::Type::status, serialize(master(200))},
                {peer::Type::order, order(successor)}};
    }

    // As the vrrp process does after a timer.
    void ask() {
        beat();
        engine->handle_time(now);
        links->follow(*engine, now);
    }

    FakeSockets sockets;
    FakeStore store;
    std::optional<PeerLinks> links;
    std::map<IpAddress, std::pair<peer::ConnectionId, std::uint32_t>> ids;
};

TEST_F(TrustTest, AnAnswerStopsATakeoverOnlyFromANamedOrFollowedAddress) {
    for (const bool is_named : {false, true}) {
        begin(is_named ? std::vector{kStranger} : std::vector<IpAddress>{});
        receive(200);
        links->follow(*engine, now);
        connect(kStranger, 66, {{peer::Type::status, serialize(master(254))}});
        run_with_answers(Seconds{1});
        EXPECT_EQ(state(), is_named ? StateName::backup : StateName::active);
    }
}

TEST_F(TrustTest, AMasterYieldsOnlyToANamedOrFollowedAddress) {
    for (const bool is_named : {false, true}) {
        begin(is_named ? std::vector{kStranger} : std::vector<IpAddress>{});
        run(Seconds{1});
        ASSERT_EQ(state(), StateName::active);
        links->follow(*engine, now);
        connect(kStranger, 66, {{peer::Type::status, serialize(master(254))}});
        run_with_answers(Seconds{1});
        EXPECT_EQ(state(), is_named ? StateName::backup : StateName::active);
    }
}

// The MASTER ends one of two connections, and had not answered there.
TEST_F(TrustTest, AQuestionThatIsLostWithALinkIsRepeatedOverTheOther) {
    begin({engine::kPeer, kPeer6});
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    connect(kPeer6, kTheirId, leads(kOurId));
    now += Milliseconds{151};
    ask();
    EXPECT_EQ(sockets.take_questions(ids[engine::kPeer].first), 1U);
    EXPECT_EQ(sockets.take_questions(ids[kPeer6].first), 0U);
    now += Milliseconds{1};
    say(engine::kPeer, peer::Type::bye, serialize(peer::Farewell::duplicate));
    ask();
    EXPECT_EQ(sockets.take_questions(ids[kPeer6].first), 1U);
    ask();
    EXPECT_EQ(sockets.take_questions(ids[kPeer6].first), 0U);
}

// The process of the MASTER has died, and the end of its connection is late.
// The next one has connected.
TEST_F(TrustTest, AQuestionThatWaitsInADeadConnectionIsRepeatedInANewOne) {
    sockets.answers = engine::kPeer;
    begin({engine::kPeer, kPeer6});
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    now += Milliseconds{151};
    ask();
    EXPECT_EQ(sockets.take_questions(ids[engine::kPeer].first), 1U);
    now += Milliseconds{1};
    connect(kPeer6, kTheirId, leads(kOurId));
    ask();
    EXPECT_EQ(sockets.take_questions(ids[kPeer6].first), 1U);
    ask();
    EXPECT_EQ(sockets.take_questions(ids[kPeer6].first), 0U);
}

// The earlier MASTER is silent, and has a link until that ends.
TEST_F(TrustTest, ANodeThatIsMasterOnlyNowIsAskedAtOnce) {
    begin({engine::kPeer, kStranger});
    receive(200);
    links->follow(*engine, now);
    connect(kStranger, 66, {});
    now += Milliseconds{1};
    connect(engine::kPeer, kTheirId, leads(kOurId));
    now += Milliseconds{150};
    ask();
    EXPECT_EQ(sockets.take_questions(ids[engine::kPeer].first), 1U);
    now += Milliseconds{1};
    say(kStranger, peer::Type::status, serialize(master(200)));
    ask();
    EXPECT_EQ(sockets.take_questions(ids[kStranger].first), 1U);
}

// As an advertisement does it, which one of the two nodes may hear. The order
// of the IPv6 addresses is another one.
TEST_F(TrustTest,
       EqualPrioritiesAreDecidedByTheAddressesOfTheFamilyOfTheRouter) {
    for (const bool is_higher : {false, true}) {
        const IpAddress other =
            is_higher ? engine::kPeer : *IpAddress::parse("10.0.0.9");
        const IpAddress other6 =
            *IpAddress::parse(is_higher ? "::1" : "fe80::2");
        begin({other, other6});
        run(Seconds{1});
        ASSERT_EQ(state(), StateName::active);
        links->follow(*engine, now);
        for (const IpAddress &from : {other, other6}) {
            connect(from, kTheirId,
                    {{peer::Type::status, serialize(master(100))}});
        }
        say(other6, peer::Type::answer, serialize(master(100)));
        EXPECT_EQ(state(), is_higher ? StateName::backup : StateName::active);
    }
}

// Its status has said that it is BACKUP, or nothing.
TEST_F(TrustTest, AMasterYieldsOnlyToAnAnswerThatItHasAskedFor) {
    begin({engine::kPeer});
    run(Seconds{1});
    ASSERT_EQ(state(), StateName::active);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, {});
    say(engine::kPeer, peer::Type::answer, serialize(master(254)));
    EXPECT_EQ(state(), StateName::active);
}

// The peer has made up its time.
TEST_F(TrustTest, AnAnswerToAQuestionOfTheFutureHasNoEffect) {
    begin({engine::kPeer});
    run(Seconds{1});
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId,
            {{peer::Type::status, serialize(master(254))}});
    for (const Duration late : {Duration{Seconds{1}}, Duration{0}}) {
        ASSERT_EQ(state(), StateName::active);
        say(engine::kPeer, peer::Type::answer,
            serialize(peer::Answer{
                master(254),
                peer::Token{static_cast<std::uint64_t>(to_ns(now + late))}}));
    }
    EXPECT_EQ(state(), StateName::backup);
}

// The MASTER was asked, and is silent; the other host is not asked.
TEST_F(TrustTest, AStrangerDoesNotAnswerForTheMaster) {
    begin({});
    now += Seconds{1};
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    connect(kStranger, 66, {{peer::Type::status, serialize(master(254))}});
    run_with_answers(Seconds{1});
    EXPECT_EQ(state(), StateName::active);
    EXPECT_NE(sockets.take_questions(ids[engine::kPeer].first), 0U);
    EXPECT_EQ(sockets.take_questions(ids[kStranger].first), 0U);
}

// Neither by another connection with the id of the MASTER.
TEST_F(TrustTest, AStrangerCannotMakeABackupTakeOver) {
    const Buffer ids51 = serialize(peer::RouterIds{{Family::ipv4, Vrid{51}}});
    begin({});
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(99));
    connect(kStranger, kTheirId, {{peer::Type::leaving, ids51}});
    EXPECT_EQ(state(), StateName::backup);
    say(engine::kPeer, peer::Type::leaving, ids51);
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(TrustTest, AStrangerDoesNotChangeTheNameOfTheSuccessor) {
    begin({});
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    connect(kStranger, 66, leads(kOurId));
    receive(0);
    EXPECT_EQ(state(), StateName::active) << "at once";
}

// If it is known that both addresses are of one node.
TEST_F(TrustTest, ALinkOfTheOtherFamilyIsBelievedIfNoOtherNodeHasTheAddress) {
    begin({kPeer6});
    sockets.answers = engine::kPeer;
    now += Seconds{1};
    receive(200);
    links->follow(*engine, now);
    connect(kPeer6, kTheirId, leads(kOurId));
    receive(0);
    EXPECT_EQ(state(), StateName::active);
}

TEST_F(TrustTest, ALinkOfTheOtherFamilyNamesTheSuccessor) {
    for (const bool is_known : {false, true}) {
        begin({kPeer6});
        sockets.answers = engine::kPeer;
        now += Seconds{1};
        receive(200);
        links->follow(*engine, now);
        connect(kPeer6, kTheirId, leads(kOurId));
        connect(engine::kPeer, is_known ? kTheirId : kTheirId + 1, {});
        receive(0);
        EXPECT_EQ(state(), is_known ? StateName::active : StateName::backup);
    }
}

// In the next process: this nginx has ended, advertisements do not arrive.
TEST_F(TrustTest, ABackupThatHearsNoMasterConnectsToAPeerOfThePreviousProcess) {
    begin({});
    receive(200);
    links->follow(*engine, now);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    connect(kStranger, 66, leads(kOurId));
    now += Seconds{1};
    links->follow(*engine, now);

    sockets.answers = engine::kPeer;
    begin({});
    ASSERT_TRUE(sockets.opened);
    connect(engine::kPeer, kTheirId, leads(kOurId));
    for (const Instant end = now + Seconds{1}; now < end;
         now += Milliseconds{5}) {
        beat();
        if (const auto due = engine->deadline(); due && now >= *due) {
            engine->handle_time(now);
        }
        say(engine::kPeer, peer::Type::answer, serialize(master(200)));
    }
    EXPECT_EQ(state(), StateName::backup) << "its answers are believed";
}

// The other one would be the successor of the second member.
TEST_F(TrustTest, AMasterNamesOneSuccessorForAGroup) {
    begin({engine::kPeer, kStranger});
    std::vector<engine::RouterConfig> members;
    for (const std::uint8_t vrid : {std::uint8_t{52}, std::uint8_t{51}}) {
        vrrp::Config c = engine::config();
        c.name = "VI_" + std::to_string(vrid);
        c.vrid = Vrid{vrid};
        c.addresses[0].address =
            *IpAddress::parse("10.0.1." + std::to_string(vrid));
        c.peer_link = true;
        c.sync.group = "G";
        members.push_back({c, {}});
    }
    engine.emplace(members, machine.ports(), log);
    engine->start(engine::interfaces(), now);
    run(Seconds{1});
    ASSERT_EQ(state(), StateName::active);
    std::vector<PeerLink> list(1);
    list[0].config.interface = "eth0";
    links.emplace(list, peer::Details{}, machine, sockets, log);
    links->start();
    links->follow(*engine, now);
    const auto backup = [](std::uint8_t of_51, std::uint8_t of_52) {
        return Messages{
            {peer::Type::status,
             serialize(peer::StatusList{
                 {Family::ipv4, Vrid{51}, RouterState::backup, Priority{of_51}},
                 {Family::ipv4, Vrid{52}, RouterState::backup,
                  Priority{of_52}}})}};
    };
    connect(engine::kPeer, kTheirId, backup(90, 80));
    connect(kStranger, 66, backup(80, 90));
    const auto order = sockets.last_order(ids[kStranger].first);
    ASSERT_EQ(order.size(), 2U);
    EXPECT_EQ(order[0].nodes.front(), kTheirId);
    EXPECT_EQ(order[1].nodes.front(), kTheirId);
}

TEST_F(TrustTest, AStrangerIsNotRemembered) {
    begin({});
    connect(kStranger, 66, leads(kOurId));
    now += Seconds{1};
    links->follow(*engine, now);

    sockets.answers = kStranger;
    begin({});
    EXPECT_FALSE(sockets.opened);
}

TEST_F(TrustTest, ARememberedPeerIsNotUsedWhileAMasterIsHeard) {
    peer::Remembered written;
    written.note("eth0", kStranger, machine.wall_clock());
    store.text = written.text();
    sockets.answers = kStranger;
    begin({});
    EXPECT_TRUE(sockets.opened);

    sockets.opened.reset();
    begin({});
    receive(200);
    sockets.opened.reset();
    now += Seconds{2};
    receive(200);
    links->follow(*engine, now);
    EXPECT_FALSE(sockets.opened);
}

}  // namespace
}  // namespace ngx_vrrp::node
