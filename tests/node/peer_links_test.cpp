// The peer links of a MASTER, with a real engine, and a peer that asks.
#include "core/node/peer_links.hpp"

#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"
#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::node {
namespace {

constexpr int kFd = 7;

// One connection, which the peer has opened.
struct Wire final : peer::Sockets {
    std::string connect(peer::ConnectionId, std::size_t,
                        const IpAddress &) override {
        return {};
    }
    bool send(peer::ConnectionId, Bytes octets) override {
        sent.insert(sent.end(), octets.begin(), octets.end());
        return true;
    }
    void set_greeted(peer::ConnectionId) override {}
    void close(peer::ConnectionId) override {}
    peer::Nonce nonce() override { return {1}; }

    Status listen(std::size_t) override { return success(); }
    void stop_listening() override {}
    void set_source(std::size_t, const IpAddress &) override {}
    peer::NodeId node_id() override { return 10; }
    bool is_ours(int fd) const override { return fd == kFd; }
    void read(peer::Links &links, Instant now) override {
        if (!id) {
            id = links.accept(0, engine::kPeer, engine::kOwn, now);
            links.begin(*id, now);
        }
        links.receive(*id, std::exchange(arrived, {}), now);
        if (ended) {
            links.handle_end(*id, peer::Ended::timeout, "it is silent", now);
        }
    }

    std::optional<peer::ConnectionId> id;
    bool ended = false;
    Buffer arrived;
    Buffer sent;
};

struct Signer final : engine::Signing {
    std::optional<Digest> hmac_sha256(Bytes key, Bytes text) override {
        return peer::fake_hmac(key, text);
    }
    WallTime wall_clock() override { return {}; }
};

class PeerLinksTest : public engine::EngineTest {
protected:
    void SetUp() override { link({}); }

    void resume_above(peer::RouterState said);
    std::optional<peer::RouterState> state_with_wants();

    void link(std::vector<engine::TrackerConfig> trackers) {
        beat();
        vrrp::Config c = engine::config();
        c.peer_link = true;
        c.takeover_check = true;
        c.preempt = true;
        c.witness = !trackers.empty();
        make(c, std::move(trackers));
        engine->start(engine::interfaces(), now);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);

        PeerLink link{};
        link.config.interface = "eth0";
        link.config.secret = secret;
        links.emplace(std::vector<PeerLink>{link}, peer::Details{}, signer,
                      wire, log);
        links->start();
        links->follow(*engine, now);
        asker.emplace(peer::Role::opener, identity, peer::Nonce{2}, hmac,
                      peer::StatusList{}, now);
        for (int i = 0; i < 4; ++i) {
            exchange();
        }
        ASSERT_TRUE(asker->is_up());
        static_cast<void>(asker->take_messages());
    }

    // One event of the process, for what has arrived.
    void exchange() {
        const Buffer octets = asker->take_output();
        wire.arrived.insert(wire.arrived.end(), octets.begin(), octets.end());
        links->on_readable(kFd, *engine, now);
        follow();
    }
    void follow() {
        links->follow(*engine, now);
        asker->receive(std::exchange(wire.sent, {}), now);
    }

    // What the answers say.
    std::vector<peer::RouterState> answers() {
        std::vector<peer::RouterState> states;
        tokens.clear();
        for (const peer::Message &message : asker->take_messages()) {
            if (message.type == peer::Type::answer) {
                const auto answer = peer::parse_answer(message.payload);
                states.push_back(answer.value().routers.at(0).state);
                tokens.push_back(answer->question);
            }
        }
        return states;
    }

    std::vector<peer::Token> tokens;  // of the answers
    Buffer secret{'s', 'e', 'c', 'r', 'e', 't'};
    Wire wire;
    Signer signer;
    peer::Hmac hmac = peer::fake_hmac;
    peer::Identity identity{20, {}, secret};
    std::optional<PeerLinks> links;
    std::optional<peer::Session> asker;
};

using States = std::vector<peer::RouterState>;

TEST_F(PeerLinksTest, AMasterAnswers) {
    asker->post(peer::Type::question, {}, now);
    exchange();
    EXPECT_EQ(answers(), States{peer::RouterState::master});
}

TEST_F(PeerLinksTest, AnAnswerRepeatsItsQuestion) {
    asker->post(peer::Type::question, peer::serialize(peer::Token{77}), now);
    exchange();
    EXPECT_EQ(answers(), States{peer::RouterState::master});
    EXPECT_EQ(tokens, std::vector<peer::Token>{77});
}

// The question is read before the advertisement of the router that has taken
// over, and before the timer that shows that it was late.
TEST_F(PeerLinksTest, AFrozenMasterAnswersAfterItsTimers) {
    now += Seconds{2};
    asker->post(peer::Type::question, {}, now);
    exchange();
    EXPECT_EQ(answers(), States{});
    beat();
    engine->handle_time(now);
    ASSERT_EQ(state(), vrrp::StateName::backup);
    follow();
    EXPECT_EQ(answers(), States{peer::RouterState::backup});
}

// It has the addresses until the successor confirms.
TEST_F(PeerLinksTest, AMasterThatIsLeavingAnswersThatItIsNot) {
    engine->execute(engine::Command::release, "", now);
    ASSERT_TRUE(engine->routers()[0].is_leaving());
    asker->post(peer::Type::question, {}, now);
    exchange();
    EXPECT_EQ(answers(), States{peer::RouterState::init});
}

// Its status says so at once, and the order has no such router: otherwise it
// would name the next one when the successor is MASTER.
TEST_F(PeerLinksTest, AMasterThatIsLeavingNamesNoOther) {
    asker->set_status(
        {{Family::ipv4, Vrid{51}, peer::RouterState::backup, Priority{90}}},
        now);
    exchange();
    ASSERT_EQ(asker->order().size(), 1U);
    engine->execute(engine::Command::release, "", now);
    follow();
    ASSERT_TRUE(engine->routers()[0].is_leaving());
    EXPECT_EQ(asker->status().at(0).state, peer::RouterState::init);
    EXPECT_TRUE(asker->order().empty());

    EXPECT_EQ(
        engine->execute(engine::Command::resume, "", now)[0].outcome.detail,
        "stays MASTER, no router had taken over");
    follow();
    EXPECT_EQ(asker->status().at(0).state, peer::RouterState::master);
    EXPECT_EQ(asker->order().size(), 1U);
}

// A router with a lower priority advertises, and the asker says this state.
void PeerLinksTest::resume_above(peer::RouterState said) {
    asker->set_status({{Family::ipv4, Vrid{51}, said, Priority{90}}}, now);
    exchange();
    engine->execute(engine::Command::resume, "", now);
    run(Milliseconds{50});
    receive(90);
}

// The state that the asker knew when it was asked to leave.
std::optional<peer::RouterState> PeerLinksTest::state_with_wants() {
    EXPECT_TRUE(engine->preempts_soon(0, now));
    links->follow(*engine, now);
    std::optional<peer::RouterState> state;
    for (const std::uint8_t octet : std::exchange(wire.sent, {})) {
        asker->receive({&octet, 1}, now);
        for (const peer::Message &message : asker->take_messages()) {
            if (message.type == peer::Type::wants) {
                state = asker->status().at(0).state;
            }
        }
    }
    return state;
}

// Otherwise the MASTER would judge the request by an old one.
TEST_F(PeerLinksTest, ANodeThatPreemptsSendsItsStatusFirst) {
    engine->execute(engine::Command::release, "", now);
    run(Seconds{2});
    ASSERT_EQ(state(), vrrp::StateName::fault);
    follow();
    ASSERT_EQ(asker->status().at(0).state, peer::RouterState::fault);

    resume_above(peer::RouterState::master);
    EXPECT_EQ(state_with_wants(), peer::RouterState::backup);
}

// The link of another node can be one of the other family: its addresses of
// this one are not known.
TEST_F(PeerLinksTest, ANodeThatPreemptsAsksTheMaster) {
    engine->execute(engine::Command::release, "", now);
    run(Seconds{2});
    resume_above(peer::RouterState::backup);
    EXPECT_FALSE(state_with_wants());
}

// It has a witness, which has answered.
class LinkedPeersTest : public PeerLinksTest {
protected:
    void SetUp() override {
        engine::TrackerConfig witness = test::default_tracker();
        witness.kind = engine::TrackKind::check;
        witness.type = "takeover_check";
        witness.weight = 0;
        witness.witness = true;
        witness.checks = 1;
        machine.checks[0] = {check::Verdict::up, 0, "", now + Seconds{1}, true};
        link({witness});
        machine.demanded.clear();
    }

    bool has_asked_after(peer::Farewell farewell) {
        asker->say_bye(farewell, now);
        exchange();
        return !machine.demanded.empty();
    }

    void run_linked(Duration time) {
        for (const Instant end = now + time; now < end;) {
            run(Seconds{1});
            links->handle_time(now);
            links->follow(*engine, now);
        }
    }
};

TEST_F(LinkedPeersTest, ALostLinkIsAQuestionForTheWitness) {
    exchange();
    EXPECT_TRUE(machine.demanded.empty());
    wire.ended = true;
    exchange();
    EXPECT_FALSE(machine.demanded.empty());
}

TEST_F(LinkedPeersTest, ANodeThatHasEndedIsNotMissed) {
    EXPECT_FALSE(has_asked_after(peer::Farewell::quit));
}

TEST_F(LinkedPeersTest, ANodeThatReloadsIsNotMissed) {
    EXPECT_FALSE(has_asked_after(peer::Farewell::reload));
}

// It cannot be reached, or its configuration has no link any more.
TEST_F(LinkedPeersTest, ANodeThatReloadsAndIsNotBackIsMissed) {
    ASSERT_FALSE(has_asked_after(peer::Farewell::reload));
    run_linked(peer::kReloadTime - Seconds{1});
    EXPECT_TRUE(machine.demanded.empty());
    run_linked(Seconds{1});
    EXPECT_FALSE(machine.demanded.empty());
}

TEST_F(LinkedPeersTest, ANodeThatHasEndedIsNotMissedAsLongAsItIsAway) {
    ASSERT_FALSE(has_asked_after(peer::Farewell::quit));
    run_linked(std::chrono::minutes{20});
    EXPECT_TRUE(machine.demanded.empty());
}

// Not with the next look at all routers.
TEST_F(LinkedPeersTest, TheEndOfASilentLinkIsNoticedAtOnce) {
    run(peer::kSilence - Milliseconds{10});
    links->follow(*engine, now);
    EXPECT_TRUE(machine.demanded.empty());
    run(Milliseconds{20});
    links->handle_time(now);
    links->follow(*engine, now);
    EXPECT_FALSE(machine.demanded.empty());
}

}  // namespace
}  // namespace ngx_vrrp::node
