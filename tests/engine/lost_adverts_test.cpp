// takeover_check: questions for a linked node, and what the operator hears.
#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

vrrp::Config checked() {
    vrrp::Config c = config();
    c.peer_link = true;
    c.takeover_check = true;
    return c;
}

class LostAdvertsTest : public EngineTest {
protected:
    void start_linked(std::vector<vrrp::Config> configs = {checked()},
                      bool is_heard = true) {
        beat();
        std::vector<RouterConfig> routers;
        for (vrrp::Config &c : configs) {
            routers.push_back({std::move(c), {}});
        }
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(interfaces(), now);
        for (std::size_t i = 0; i < configs.size(); ++i) {
            say(i, vrrp::ActiveLinked{true});
        }
        if (is_heard) {
            receive(200);
        }
        machine.take();
    }

    // Of one sync_group.
    std::pair<vrrp::Config, vrrp::Config> members() const {
        vrrp::Config first = checked();
        first.sync.group = "G";
        vrrp::Config second = first;
        second.name = "VI_52";
        second.vrid = Vrid{52};
        second.addresses = {{*IpAddress::parse("10.0.1.52"), 24, "eth0", ""}};
        return {first, second};
    }

    void say(std::size_t router, const vrrp::Input &input) {
        const std::vector<Engine::PeerInput> inputs{{router, input}};
        engine->handle_peers(inputs, now);
    }

    void answer(std::size_t router) {
        say(router, vrrp::ActiveAnswered{kPeer, true, Priority{200}, true});
    }

    // The linked node answers all questions.
    void run_answered(Duration time) {
        const Instant end = now + time;
        while (now < end) {
            run(Milliseconds{1});
            for (const std::size_t router : engine->take_questions()) {
                answer(router);
            }
        }
    }

    // Another process of this node continues.
    void reload() {
        machine.successor = true;
        engine->handle_ownership(now);
        machine.successor = false;
        ASSERT_TRUE(machine.passed_on);
        machine.grant(std::exchange(machine.passed_on, {}));
        start_linked({checked()}, false);
    }

    // "lost", "heard"
    Done news() {
        Done list;
        for (const Event &event : std::exchange(machine.events, {})) {
            if (const auto *lost = std::get_if<AdvertsLost>(&event.what)) {
                list.push_back(lost->lost ? "lost" : "heard");
            }
        }
        return list;
    }

    const std::optional<LostAdverts> &lost() const {
        return engine->routers()[0].lost_adverts();
    }
};

TEST_F(LostAdvertsTest, AQuestionIsTakenOnce) {
    start_linked();
    run(Milliseconds{149});
    EXPECT_EQ(engine->take_questions(), std::vector<std::size_t>{});
    run(Milliseconds{1});
    EXPECT_EQ(engine->take_questions(), std::vector<std::size_t>{0});
    EXPECT_EQ(engine->take_questions(), std::vector<std::size_t>{});
}

TEST_F(LostAdvertsTest, AreReportedAfterASecondAndUntilOneArrives) {
    start_linked();
    run_answered(Milliseconds{990});
    EXPECT_EQ(news(), Done{});
    run_answered(Milliseconds{200});
    EXPECT_EQ(news(), Done{"lost"});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    ASSERT_TRUE(lost());
    EXPECT_EQ(lost()->detail,
              "10.0.1.2, priority 200, answers on the peer link that it is "
              "MASTER, but its advertisements do not arrive: this node stays "
              "BACKUP; check packet filters (IP protocol 112), IGMP snooping "
              "and unicast_peer");

    receive(200);
    EXPECT_EQ(news(), Done{"heard"});
    EXPECT_FALSE(lost());
    EXPECT_EQ(log.count("adverts lost: ended, advertisements arrive"), 1U);
}

TEST_F(LostAdvertsTest, AreLoggedOnceAMinute) {
    start_linked();
    run_answered(Seconds{59});
    EXPECT_EQ(log.count("adverts lost for "), 1U);
    run_answered(Seconds{4});
    EXPECT_EQ(log.count("adverts lost for "), 2U);
    EXPECT_EQ(news(), Done{"lost"});
}

TEST_F(LostAdvertsTest, TheTakeoverEndsThem) {
    start_linked();
    run_answered(Seconds{2});
    news();
    run(Milliseconds{250});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(news(), Done{"heard"});
    EXPECT_EQ(log.count("adverts lost: ended, this node is not BACKUP"), 1U);
}

TEST_F(LostAdvertsTest, TheNextProcessReportsTheirEndOnly) {
    start_linked();
    run_answered(Seconds{2});
    EXPECT_EQ(news(), Done{"lost"});
    const Instant since = lost().value().since;
    for (const Duration time :
         {Duration{Milliseconds{50}}, Duration{Seconds{1}},
          Duration{Milliseconds{10}}}) {
        reload();
        run_answered(time);
        EXPECT_EQ(news(), Done{});
        ASSERT_TRUE(lost());
        EXPECT_EQ(lost()->since, since);
    }
    receive(200);
    EXPECT_EQ(news(), Done{"heard"});
    EXPECT_EQ(log.count("adverts lost: ended, advertisements arrive"), 1U);
}

TEST_F(LostAdvertsTest, TheNextProcessMayGetNoAnswer) {
    start_linked();
    run_answered(Seconds{2});
    news();
    reload();
    run(Milliseconds{400});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(news(), Done{"heard"});
}

TEST_F(LostAdvertsTest, ADroppedAdvertIsTheFirstSuspect) {
    start_linked();
    run_answered(Seconds{2});
    wire::Advertisement advert;
    advert.vrid = Vrid{51};
    advert.priority = Priority{200};
    advert.interval = Milliseconds{100};
    advert.addresses = {kVip};
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    const Buffer pdu =
        wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
    engine->handle_packet({"eth0", {ends, 64}, pdu}, now);
    run_answered(Seconds{1});
    ASSERT_TRUE(lost());
    EXPECT_NE(lost()->detail.find("10.0.1.2 arrive, but are dropped"),
              std::string::npos)
        << lost()->detail;
}

TEST_F(LostAdvertsTest, ARouterThatOnlyAnswersMayDie) {
    start_linked({checked()}, false);
    run_answered(Seconds{2});
    engine->handle_death({7, {{"eth0", kPeer}}, "lb1 has ended"}, now);
    run(Milliseconds{62});  // the skew time
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(engine->routers()[0].last_transition().reason, "lb1 has ended");
}

// An event that comes before the timers must not end the silence.
TEST_F(LostAdvertsTest, AGroupThatDidNotRunAsksFirst) {
    const auto [first, second] = members();
    start_linked({first, second});
    run_answered(Seconds{2});
    now += Seconds{5};
    beat();
    engine->handle_checks(now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    engine->handle_time(now);
    EXPECT_EQ(engine->take_questions(), (std::vector<std::size_t>{0, 1}));
    answer(0);
    answer(1);
    run_answered(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

// One member does not hear its router, the other does. Then no answer comes.
TEST_F(LostAdvertsTest, AGroupDoesNotTakeOverForOneMember) {
    const auto [first, second] = members();
    start_linked({second, first});
    run_answered(Seconds{2});
    for (const VirtualRouter &router : engine->routers()) {
        EXPECT_EQ(router.instance().state(), vrrp::StateName::backup);
    }
    EXPECT_EQ(news(), (Done{"lost", "lost"}));

    receive(200);
    engine->take_questions();
    answer(0);
    const Instant end = now + Seconds{2};
    while (now < end) {
        run(Milliseconds{40});
        receive(200);
        for (const std::size_t router : engine->take_questions()) {
            EXPECT_EQ(router, 0U) << "the one that hears asks nothing";
            answer(router);
        }
    }
    EXPECT_EQ(engine->routers()[0].instance().state(), vrrp::StateName::backup);
    EXPECT_EQ(engine->routers()[1].instance().state(), vrrp::StateName::backup);

    run(Seconds{1});
    for (const VirtualRouter &router : engine->routers()) {
        EXPECT_EQ(router.instance().state(), vrrp::StateName::active);
    }
}

}  // namespace
}  // namespace ngx_vrrp::engine
