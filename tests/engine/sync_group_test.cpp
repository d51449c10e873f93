// Routers of a sync_group in one engine: what one of them does, the others do
// in the same pass.
#include "core/engine/phases.hpp"
#include "tests/engine/engine_fixture.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::engine {
namespace {

class SyncGroupTest : public EngineTest {
protected:
    static RouterConfig member(std::uint8_t vrid, std::string group = "G") {
        vrrp::Config c = config();
        c.name = "VI_" + std::to_string(vrid);
        c.vrid = Vrid{vrid};
        c.sync.group = std::move(group);
        c.addresses = {{*IpAddress::parse("10.0.1." + std::to_string(vrid)), 24,
                        "eth0", ""}};
        return {c, {}};
    }

    // VI_52 stands first in the configuration; VI_51 is the first of the group.
    void start_group(std::vector<RouterConfig> routers = {member(52),
                                                          member(51)}) {
        beat();
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(interfaces(), now);
    }

    void become_active_together() {
        start_group();
        run(Milliseconds{361});
        ASSERT_EQ(states(), "MM");
        machine.take();
    }

    std::string states() const {
        std::string all;
        for (const VirtualRouter &r : engine->routers()) {
            all += vrrp::public_name(r.instance().state()).at(0);
        }
        return all;
    }

    const std::string &reason(std::size_t index) const {
        return engine->routers()[index].last_transition().reason;
    }

    void hear(std::uint8_t vrid, std::uint8_t priority) {
        wire::Advertisement advert;
        advert.vrid = Vrid{vrid};
        advert.priority = Priority{priority};
        advert.interval = Milliseconds{100};
        advert.addresses = {
            *IpAddress::parse("10.0.1." + std::to_string(vrid))};
        const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
        const Buffer pdu =
            wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
    }
};

TEST_F(SyncGroupTest, GoesUpInOnePassWithTheFirstMemberFirst) {
    start_group();
    machine.take();
    run(Milliseconds{360});
    EXPECT_EQ(states(), "BB");
    run(Milliseconds{1});
    EXPECT_EQ(states(), "MM");
    EXPECT_EQ(machine.take(),
              (Done{"advert 100 224.0.0.18", "add 10.0.1.51 1s", "garp",
                    "advert 100 224.0.0.18", "add 10.0.1.52 1s", "garp"}));
}

// The order of files differs from node to node, that of addresses does not.
TEST_F(SyncGroupTest, MembersWithOneVridHaveTheOrderOfTheirAddresses) {
    RouterConfig inside = member(51);
    inside.router.name = "inside";
    inside.router.interface = "eth1";
    inside.router.addresses = {{*IpAddress::parse("10.0.0.9"), 24, "eth1", ""}};
    Interfaces all = interfaces();
    all.list.push_back(all.list[0]);
    all.list[1].name = "eth1";
    all.list[1].index = IfIndex{3};

    for (const bool inside_is_first : {true, false}) {
        std::vector<RouterConfig> routers{inside, member(51)};
        if (!inside_is_first) {
            std::swap(routers[0], routers[1]);
        }
        beat();
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(all, now);
        machine.take();
        run(Milliseconds{361});
        ASSERT_EQ(states(), "MM");
        const Done done = machine.take();
        EXPECT_LT(std::ranges::find(done, "add 10.0.0.9 1s"),
                  std::ranges::find(done, "add 10.0.1.51 1s"));
    }
}

TEST_F(SyncGroupTest, WaitsForTheLastMemberAndSaysSoOnce) {
    start_group();
    for (int i = 0; i < 20; ++i) {
        run(Milliseconds{90});
        receive(200);
        EXPECT_EQ(states(), "BB");
    }
    EXPECT_EQ(log.count("\"VI_52\" hears no better router, but stays BACKUP: "
                        "\"VI_51\" of sync_group \"G\" hears priority 200 "
                        "from 10.0.1.2"),
              1u);
    EXPECT_LE(*engine->deadline() - now, Milliseconds{361});
    EXPECT_GT(*engine->deadline(), now);
    run(Milliseconds{361});
    EXPECT_EQ(states(), "MM");
}

TEST_F(SyncGroupTest, BetterRouterTakesAllDownInOnePass) {
    become_active_together();
    receive(200);
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(machine.take(),
              (Done{"remove 10.0.1.51", "advert 100 224.0.0.18",
                    "advert 0 224.0.0.18", "remove 10.0.1.52"}));
    EXPECT_EQ(reason(0),
              "\"VI_51\" of sync_group \"G\" hears priority 200 from 10.0.1.2");
}

// Of a MASTER that leaves, by a peer link.
TEST_F(SyncGroupTest, OneMessageMovesAllMembersWithoutTheSkew) {
    start_group();
    hear(51, 200);
    hear(52, 200);
    machine.take();
    const vrrp::MasterLeaves leaves{kPeer};

    engine->handle_peers(std::vector<Engine::PeerInput>{{0, leaves}}, now);
    EXPECT_EQ(states(), "BB") << "the other member has a MASTER";
    engine->handle_peers(
        std::vector<Engine::PeerInput>{{0, leaves}, {1, leaves}}, now);

    EXPECT_EQ(states(), "MM");
    EXPECT_EQ(machine.take(),
              (Done{"advert 100 224.0.0.18", "add 10.0.1.51 1s", "garp",
                    "advert 100 224.0.0.18", "add 10.0.1.52 1s", "garp"}));
    EXPECT_TRUE(engine->routers()[0].serves());
    EXPECT_EQ(reason(0), "10.0.1.2 leaves, and has named this node");
}

TEST_F(SyncGroupTest, MembersThatLeaveAreNamedTogether) {
    std::vector<RouterConfig> routers{member(52), member(51), member(53, "")};
    routers[0].router.peer_link = routers[1].router.peer_link = true;
    start_group(routers);
    run(Seconds{1});
    ASSERT_EQ(states(), "MMM");
    EXPECT_TRUE(engine->take_left().empty());

    engine->execute(Command::release, "", now);
    EXPECT_FALSE(engine->routers()[0].serves());
    std::vector<std::size_t> left = engine->take_left();
    std::ranges::sort(left);
    EXPECT_EQ(left, (std::vector<std::size_t>{0, 1})) << "with a peer link";
    EXPECT_TRUE(engine->take_left().empty());
}

TEST_F(SyncGroupTest, AMemberThatStandsDownLeaves) {
    std::vector<RouterConfig> routers{member(52), member(51)};
    routers[0].router.peer_link = routers[1].router.peer_link = true;
    start_group(routers);
    run(Milliseconds{361});
    ASSERT_EQ(states(), "MM");

    receive(200);
    ASSERT_EQ(states(), "BB");
    EXPECT_EQ(engine->take_left(), std::vector<std::size_t>{0})
        << "the other one has a successor";
}

TEST_F(SyncGroupTest, ARouterOutsideOfTheGroupIsNotConcerned) {
    start_group({member(52), member(51), member(53, "")});
    run(Seconds{1});
    ASSERT_EQ(states(), "MMM");
    receive(200);
    EXPECT_EQ(states(), "BBM");
}

TEST_F(SyncGroupTest, OneFaultIsAFaultOfAllAndEndsForAll) {
    std::vector<RouterConfig> routers{member(52), member(51)};
    routers[0].router.addresses[0].interface = "eth1";
    Interfaces both = interfaces();
    both.list.push_back(both.list[0]);
    both.list[1].name = "eth1";
    both.list[1].index = IfIndex{3};
    beat();
    engine.emplace(std::move(routers), machine.ports(), log);
    engine->start(both, now);
    run(Seconds{1});
    ASSERT_EQ(states(), "MM");

    Interfaces down = both;
    down.list[1].up = false;
    engine->handle_interfaces(down, now);
    EXPECT_EQ(states(), "FF");
    EXPECT_EQ(engine->routers()[1].faults().reason(),
              "\"VI_52\" of sync_group \"G\" is in FAULT: " +
                  engine->routers()[0].faults().reason());

    engine->handle_interfaces(both, now);
    EXPECT_EQ(states(), "BB");
    run(Seconds{1});
    EXPECT_EQ(states(), "MM");
}

TEST_F(SyncGroupTest, CommandToAMemberOrToTheGroupMovesAll) {
    become_active_together();
    for (const char *name : {"VI_51", "VI_52", "G"}) {
        const auto released = engine->execute(Command::release, name, now);
        EXPECT_EQ(released.size(), 2u);
        run(Seconds{1});
        EXPECT_EQ(states(), "FF") << name;
        for (const VirtualRouter &r : engine->routers()) {
            EXPECT_TRUE(r.is_released());
            EXPECT_EQ(r.faults().reason(), "released by the operator");
        }
        engine->execute(Command::resume, name, now);
        EXPECT_EQ(states(), "BB") << name;
        run(Seconds{1});
        EXPECT_EQ(states(), "MM") << name;
    }
}

TEST_F(SyncGroupTest, ResumeKeepsNoAddressIfOneMemberHasASuccessor) {
    become_active_together();
    engine->execute(Command::release, "G", now);
    receive(90);
    engine->execute(Command::resume, "G", now);
    run(Milliseconds{300});
    EXPECT_EQ(states(), "BB");
}

// The addresses of one member are gone, but no peer can have taken over.
TEST_F(SyncGroupTest, AllMembersContinueADeadProcess) {
    Interfaces left = interfaces();
    left.list[0].addresses.push_back(
        {*IpAddress::parse("10.0.1.51"), 24, true, false});
    machine.active_before = now - Milliseconds{50};
    beat();
    engine.emplace(std::vector<RouterConfig>{member(52), member(51)},
                   machine.ports(), log);
    engine->start(left, now);

    EXPECT_EQ(states(), "MM");
    EXPECT_EQ(machine.take().back(), "garp");
}

// The successor takes all of them over when the slowest one may be taken over.
TEST_F(SyncGroupTest, AddressesWaitForTheSuccessorOfTheSlowestMember) {
    std::vector<RouterConfig> routers{member(52), member(51)};
    routers[0].router.advert_interval = Seconds{1};
    start_group(std::move(routers));
    run(Seconds{4});
    ASSERT_EQ(states(), "MM");

    engine->execute(Command::release, "", now);
    run(Milliseconds{1190});
    EXPECT_EQ(states(), "MM");
    run(Milliseconds{11});
    EXPECT_EQ(states(), "FF");
}

TEST_F(SyncGroupTest, ResumeBeforeASuccessorKeepsAll) {
    become_active_together();
    engine->execute(Command::release, "G", now);
    engine->execute(Command::resume, "G", now);
    EXPECT_EQ(states(), "MM");
}

TEST_F(SyncGroupTest, FailbackMovesAllOrNone) {
    std::vector<RouterConfig> routers{member(52), member(51)};
    for (RouterConfig &one : routers) {
        one.router.preempt = false;
    }
    start_group(std::move(routers));
    for (int i = 0; i < 10; ++i) {
        run(Milliseconds{90});
        receive(90);
    }
    ASSERT_EQ(states(), "BB");
    const auto outcomes = engine->execute(Command::failback, "VI_52", now);
    EXPECT_TRUE(outcomes[0].outcome.done && outcomes[1].outcome.done);
    EXPECT_EQ(states(), "MM");

    receive(200);
    const auto refused = engine->execute(Command::failback, "VI_52", now);
    EXPECT_FALSE(refused[0].outcome.done || refused[1].outcome.done);
    EXPECT_EQ(states(), "BB");
}

TEST_F(SyncGroupTest, MembersAreHandedOverInOnePassAndContinueTogether) {
    become_active_together();
    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_EQ(states(), "II");
    EXPECT_EQ(machine.take(), Done{});
}

// The other process has one of them a moment later: both stay MASTER.
TEST_F(SyncGroupTest, MemberThatComesLaterDoesNotInterruptTheOthers) {
    become_active_together();
    machine.owned_by_other = true;
    machine.only = OwnershipId{0};
    engine->handle_ownership(now);
    EXPECT_EQ(states(), "IM");
    run(Milliseconds{200});
    EXPECT_EQ(states(), "IM");
}

// What was heard while another process of the node had the other member.
TEST_F(SyncGroupTest, MemberThatComesLaterFollowsTheOthersDown) {
    become_active_together();
    Handover handover;
    handover.checkpoint = engine->routers()[0].instance().checkpoint();
    machine.owned_by_other = true;
    machine.only = OwnershipId{0};
    receive(200);
    ASSERT_EQ(states(), "IB");
    machine.take();

    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(states(), "BB");
    Done done = machine.take();
    ASSERT_GE(done.size(), 2u);
    done.erase(done.begin(), done.end() - 2);
    EXPECT_EQ(done, (Done{"advert 0 224.0.0.18", "remove 10.0.1.52"}));
}

// A vrrp_instance with addresses of both families.
class DualStackTest : public SyncGroupTest {
protected:
    static Interfaces dual_world() {
        Interfaces world = interfaces();
        world.list[0].addresses.push_back(
            {*IpAddress::parse("fe80::1"), 64, false, false});
        return world;
    }

    void start_both(const std::vector<TrackerConfig> &trackers = {}) {
        std::vector<RouterConfig> routers{member(51, "VI_1"),
                                          member(51, "VI_1")};
        for (RouterConfig &one : routers) {
            one.router.name = "VI_1";
            one.trackers = trackers;
        }
        routers[0].router.part = vrrp::Part::first;
        routers[1].router.part = vrrp::Part::second;
        routers[1].router.family = Family::ipv6;
        routers[1].router.addresses = {
            {*IpAddress::parse("fd00::51"), 64, "eth0", ""}};
        beat();
        engine.emplace(std::move(routers), machine.ports(), log);
        engine->start(dual_world(), now);
        run(Seconds{1});
        ASSERT_EQ(states(), "MM");
    }
};

TEST_F(DualStackTest, HasOneEventForEachChangeAndOneResult) {
    start_both();
    std::size_t changes = 0;
    for (const Event &event : machine.events) {
        changes +=
            std::holds_alternative<StateChanged>(event.what) && !event.of_group;
    }
    EXPECT_EQ(changes, 2u);
    EXPECT_EQ(engine->execute(Command::release, "VI_1", now).size(), 1u);
    run(Seconds{1});
    EXPECT_EQ(states(), "FF");
}

TEST_F(DualStackTest, HasOneEventForAPriority) {
    TrackerConfig link = test::default_tracker();
    link.type = "track_interface";
    link.name = link.interface = "eth9";
    link.weight = 20;
    start_both({link});
    const auto news = [&] {
        return std::ranges::count_if(machine.events, [](const Event &event) {
            return std::holds_alternative<PriorityNews>(event.what);
        });
    };
    const auto before = news();

    Interfaces world = dual_world();
    world.list.push_back({"eth9", IfIndex{9}, {}, true, {}});
    engine->handle_interfaces(world, now);
    run(Seconds{2});

    ASSERT_EQ(engine->routers()[1].instance().effective_priority().value, 120);
    EXPECT_EQ(news(), before + 1);
}

TEST_F(DualStackTest, BothFamiliesFollowTheBetterRouterOfOne) {
    start_both();
    receive(200);
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(reason(1), "IPv4 of \"VI_1\" hears priority 200 from 10.0.1.2");
}

// Planned moves that cut no connection, see Drain.
class DrainedGroupTest : public SyncGroupTest {
protected:
    static constexpr const char *kLb2 = "lb2 (10.0.1.2)";

    RouterConfig drained(std::uint8_t vrid, Duration timeout) const {
        RouterConfig router = member(vrid);
        router.router.preempt = preempt;
        router.router.peer_link = true;
        router.router.drain_timeout = timeout;
        return router;
    }

    void start_drained(Duration second_timeout = Seconds{600}) {
        Interfaces world = interfaces();
        world.list.push_back({.name = "lo", .index = IfIndex{1}, .up = true});
        beat();
        engine.emplace(
            std::vector{drained(51, Seconds{600}), drained(52, second_timeout)},
            machine.ports(), log);
        engine->start(world, now);
    }

    void become_active_with_connections(Duration second_timeout = Seconds{
                                            600}) {
        start_drained(second_timeout);
        run(Milliseconds{361});
        ASSERT_EQ(states(), "MM");
        machine.connections = 2;
        machine.take();
    }

    void hear_both(std::uint8_t priority) {
        hear(51, priority);
        hear(52, priority);
    }

    void give_way() {
        engine->give_way(0, kLb2, now);
        engine->give_way(1, kLb2, now);
    }

    void agree(std::size_t index) {
        engine->hear_forwards(index, {true, "", 0, {2, 0, 0, 0, 0, 7}}, now);
    }

    void refuse(std::size_t index) {
        engine->hear_forwards(index, {false, "too old", 0, {}}, now);
    }

    // L: leaving.
    std::string moves() const {
        std::string all = states();
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (engine->routers()[i].is_leaving()) {
                all[i] = 'L';
            }
        }
        return all;
    }

    Drain::Step step(std::size_t index) const {
        return engine->routers()[index].drain().step();
    }

    bool preempt = true;
};

TEST_F(DrainedGroupTest, LeavesWhenTheSuccessorForwardsForAll) {
    become_active_with_connections();
    give_way();
    agree(0);
    run(Milliseconds{20});
    EXPECT_EQ(moves(), "MM");
    agree(1);
    EXPECT_EQ(moves(), "LL");
    hear_both(200);
    run(Milliseconds{200});
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(step(0), Drain::Step::drains);
    EXPECT_EQ(step(1), Drain::Step::drains);
}

TEST_F(DrainedGroupTest, GivesWayIfAllMembersAreWanted) {
    become_active_with_connections();
    engine->give_way(0, kLb2, now);
    EXPECT_EQ(step(0), Drain::Step::none);
    run(Milliseconds{160});
    engine->give_way(1, kLb2, now);
    EXPECT_EQ(step(0), Drain::Step::none) << "it was wanted long ago";
    engine->give_way(0, kLb2, now);
    EXPECT_EQ(step(0), Drain::Step::asks);
    EXPECT_EQ(step(1), Drain::Step::asks);
}

// Nobody else is MASTER meanwhile.
TEST_F(DrainedGroupTest, StaysTogetherWithoutASuccessor) {
    become_active_with_connections();
    give_way();
    agree(0);
    agree(1);
    ASSERT_EQ(moves(), "LL");
    machine.take();
    run(Milliseconds{500});
    EXPECT_EQ(moves(), "MM");
    const Done done = machine.take();
    EXPECT_EQ(std::ranges::count(done, "remove 10.0.1.51"), 0);
    EXPECT_EQ(std::ranges::count(done, "remove 10.0.1.52"), 0);
    hear_both(200);
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(step(0), Drain::Step::drains) << "the successor was late";
    EXPECT_EQ(step(1), Drain::Step::drains);
}

// This node does not hear it on the network of the other one.
TEST_F(DrainedGroupTest, DoesNotStayIfOneMemberHasASuccessor) {
    become_active_with_connections();
    give_way();
    agree(0);
    agree(1);
    hear(52, 200);
    run(Milliseconds{450});
    EXPECT_EQ(moves(), "BB");
    EXPECT_EQ(step(0), Drain::Step::drains);
    EXPECT_EQ(step(1), Drain::Step::drains);
}

TEST_F(DrainedGroupTest, AMemberThatCannotDrainLeavesWithTheOther) {
    become_active_with_connections(Duration::zero());
    give_way();
    EXPECT_EQ(step(1), Drain::Step::none);
    EXPECT_EQ(moves(), "MM");
    agree(0);
    EXPECT_EQ(moves(), "LL");
}

TEST_F(DrainedGroupTest, ARefusalForOneMemberIsNoneForTheOther) {
    become_active_with_connections();
    give_way();
    refuse(0);
    EXPECT_EQ(moves(), "MM");
    agree(1);
    EXPECT_EQ(moves(), "LL");
    hear_both(200);
    run(Milliseconds{200});
    EXPECT_EQ(step(0), Drain::Step::none);
    EXPECT_EQ(step(1), Drain::Step::drains);
}

TEST_F(DrainedGroupTest, IsPreemptedIfNothingIsForwarded) {
    become_active_with_connections();
    give_way();
    refuse(0);
    refuse(1);
    run(Seconds{2});
    EXPECT_EQ(moves(), "MM");
    EXPECT_FALSE(engine->routers()[0].is_moving());
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 0 224.0.0.18"), 0);
}

TEST_F(DrainedGroupTest, IsPreemptedWhileOneMemberWaits) {
    become_active_with_connections();
    give_way();
    agree(0);
    hear_both(200);
    run(Milliseconds{100});
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(step(0), Drain::Step::drains);
    EXPECT_EQ(step(1), Drain::Step::none);
    EXPECT_FALSE(engine->routers()[0].is_moving());
    EXPECT_FALSE(engine->routers()[1].is_moving());
}

TEST_F(DrainedGroupTest, AReleaseWaitsForTheAnswerOfTheSlowest) {
    become_active_with_connections();
    engine->execute(Command::release, "", now);
    agree(0);
    run(Milliseconds{500});
    EXPECT_EQ(moves(), "MM");
    run(Milliseconds{501});
    EXPECT_EQ(moves(), "LL") << "no answer for the second one";
    hear_both(90);
    run(Milliseconds{300});
    EXPECT_EQ(states(), "FF");
    EXPECT_EQ(step(0), Drain::Step::drains);
    EXPECT_EQ(step(1), Drain::Step::none);
}

// Their priority is 1, with the addresses all the time.
TEST_F(DrainedGroupTest, ARescueStaysTogether) {
    become_active_together();
    engine->execute(Command::release, "", now, {.rescue = true});
    ASSERT_EQ(moves(), "LL");
    run(Milliseconds{500});
    EXPECT_EQ(moves(), "MM");
    const Done done = machine.take();
    EXPECT_EQ(std::ranges::count(done, "remove 10.0.1.51"), 0);
    EXPECT_EQ(std::ranges::count(done, "remove 10.0.1.52"), 0);
    EXPECT_EQ(engine->routers()[1].instance().effective_priority().value, 1);
}

// One that leaves for good needs no successor.
TEST_F(DrainedGroupTest, AReleaseDoesNotStayWithoutASuccessor) {
    become_active_together();
    engine->execute(Command::release, "", now);
    run(Milliseconds{500});
    EXPECT_EQ(moves(), "FF");
}

TEST_F(DrainedGroupTest, AMemberThatYieldsWhileItWaitsTakesTheOtherAlong) {
    become_active_with_connections();
    engine->execute(Command::release, "", now);
    hear(51, 200);
    EXPECT_EQ(states(), "FF");
    EXPECT_FALSE(engine->routers()[1].is_moving());
}

TEST_F(DrainedGroupTest, AFaultDoesNotWait) {
    become_active_with_connections();
    engine->execute(Command::release, "", now);
    agree(0);
    Interfaces down = interfaces();
    down.list[0].up = false;
    engine->handle_interfaces(down, now);
    EXPECT_EQ(states(), "FF");
    EXPECT_FALSE(engine->routers()[1].is_moving());
}

TEST_F(DrainedGroupTest, QuitWaitsForBoth) {
    become_active_with_connections();
    engine->stop("nginx is shutting down", true, now);
    agree(1);
    EXPECT_EQ(moves(), "MM");
    agree(0);
    EXPECT_EQ(moves(), "LL");
}

// The other way round: this node preempts

TEST_F(DrainedGroupTest, PreemptsSoonIfAllMembersDo) {
    start_drained();
    run(Milliseconds{10});
    hear(51, 90);
    hear(52, 200);
    EXPECT_FALSE(engine->preempts_soon(0, now));
    run(Milliseconds{10});
    hear(52, 90);
    EXPECT_EQ(states(), "BB");
    EXPECT_EQ(engine->preempts_soon(0, now), kPeer);
    EXPECT_EQ(engine->preempts_soon(1, now), kPeer);
}

TEST_F(DrainedGroupTest, AFailbackAsksForAllMembersOrNone) {
    start_drained();
    run(Milliseconds{10});
    hear_both(90);
    engine->execute(Command::failback, "", now);
    EXPECT_EQ(states(), "BB");
    engine->forward(0,
                    {.step = DrainRequest::Step::asks,
                     .connections = 2,
                     .most = Seconds{600},
                     .mac = {2, 0, 0, 0, 0, 7},
                     .from = kLb2},
                    now);
    for (int i = 0; i < 9; ++i) {
        run(Milliseconds{100});
        hear_both(90);
        EXPECT_EQ(states(), "BB") << "the MASTER waits for an answer";
    }
    run(Milliseconds{101});
    EXPECT_EQ(states(), "MM");
}

TEST_F(DrainedGroupTest, AFailbackOfMembersWithoutAMasterDoesNotWait) {
    preempt = false;
    start_drained();
    for (int i = 0; i < 5; ++i) {
        hear(51, 90);
        run(Milliseconds{90});
    }
    ASSERT_EQ(states(), "BB");
    engine->execute(Command::failback, "", now);
    EXPECT_EQ(states(), "MM");
}

TEST_F(SyncGroupTest, AllWaitInInitForATentativeSource) {
    std::vector<RouterConfig> routers{member(52), member(51)};
    routers[1].router.family = Family::ipv6;
    routers[1].router.addresses = {
        {*IpAddress::parse("fd00::51"), 64, "eth0", ""}};
    Interfaces world = interfaces();
    world.list[0].addresses.push_back(
        {*IpAddress::parse("fe80::1"), 64, false, true});
    beat();
    engine.emplace(std::move(routers), machine.ports(), log);
    engine->start(world, now);
    run(Seconds{1});
    EXPECT_EQ(states(), "II");

    world.list[0].addresses.back().tentative = false;
    engine->handle_interfaces(world, now);
    EXPECT_EQ(states(), "BB");
    run(Seconds{1});
    EXPECT_EQ(states(), "MM");
}

}  // namespace
}  // namespace ngx_vrrp::engine
