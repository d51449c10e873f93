#include "core/engine/engine.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

TEST_F(EngineTest, WaitsForTheWorkersBeforeItJoins) {
    start();
    run(Milliseconds{500}, false);
    EXPECT_EQ(state(), vrrp::StateName::initialize);

    run(Milliseconds{20});
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(EngineTest, WorkersThatNeverComeAreAFault) {
    start();
    run(Milliseconds{2100}, false);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "0 of 1 nginx workers alive");
}

TEST_F(EngineTest, GoesUpInOrder) {
    beat();
    start();
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));
    run(Milliseconds{400});
    EXPECT_EQ(machine.take(),
              (Done{"advert 100 224.0.0.18", "add 10.0.1.5 1s", "garp"}));
    EXPECT_TRUE(engine->routers()[0].addresses()[0].present);
}

TEST_F(EngineTest, ReportsItsTransitions) {
    become_active();
    engine->stop("test", false, now);

    std::vector<std::string> told;
    for (const Event &event : machine.events) {
        const auto &change = std::get<StateChanged>(event.what);
        told.push_back(std::string(vrrp::public_name(change.from)) + " " +
                       std::string(vrrp::public_name(change.to)) +
                       (change.for_good ? " for good: " : ": ") + event.reason);
    }
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].substr(0, 11), "INIT BACKUP");
    EXPECT_EQ(told[1].substr(0, 13), "BACKUP MASTER");
    EXPECT_EQ(told[2], "MASTER INIT for good: test");
    EXPECT_EQ(machine.events.back().priority, Priority{100});
}

TEST_F(EngineTest, GoesDownInOrderWhenWorkersStall) {
    become_active();
    run(Milliseconds{1900}, false);
    EXPECT_EQ(state(), vrrp::StateName::active);
    machine.take();

    run(Milliseconds{200}, false);
    const Done done = machine.take();
    ASSERT_GE(done.size(), 2u);
    EXPECT_EQ(done[done.size() - 2], "advert 0 224.0.0.18");
    EXPECT_EQ(done.back(), "remove 10.0.1.5");
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(EngineTest, ComesBackWhenWorkersBeatAgain) {
    become_active();
    run(Seconds{3}, false);
    ASSERT_EQ(state(), vrrp::StateName::fault);
    run(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// The machine stood still: workers beat again no sooner than we look.
TEST_F(EngineTest, WorkersAreNotBlamedForTheTimeThatWeLost) {
    for (const int ms : {2100, 3000, 60'000}) {
        SCOPED_TRACE(ms);
        become_active();
        now += Milliseconds{ms};
        engine->handle_time(now);
        EXPECT_EQ(state(), vrrp::StateName::backup) << "a peer took over";
        EXPECT_EQ(engine->fresh_workers(), 1u);

        run(Milliseconds{50}, false);
        run(Seconds{5});
        EXPECT_EQ(state(), vrrp::StateName::active);
        EXPECT_EQ(log.count("nginx workers alive"), 0u);
    }
}

// Each second's advert is reason enough to be awake.
TEST_F(EngineTest, KnownWorkersAreNoReasonToWakeUp) {
    vrrp::Config c = config();
    c.version = Version::v2;
    c.advert_interval = Seconds{1};
    beat();
    start(c);
    run(Seconds{8});
    ASSERT_EQ(state(), vrrp::StateName::active);

    int wakes = 0;
    for (const Instant end = now + Seconds{20}; *engine->deadline() <= end;) {
        now = *engine->deadline();
        machine.beats = {{.pid = 1, .beat = now - Milliseconds{400}}};
        engine->handle_time(now);
        ++wakes;
    }
    EXPECT_LE(wakes, 20 + 3) << "and a question to the LAN each 10 s";
}

TEST_F(EngineTest, OtherWorkersAreLookedForSoon) {
    become_active();
    engine->handle_interfaces(interfaces(false), now);
    const auto look_with = [&](std::vector<Heartbeat> beats) {
        machine.beats = std::move(beats);
        engine->handle_workers(now);
        return *engine->deadline() - now;
    };
    const Duration rest = Milliseconds{1500};
    const Duration soon = Milliseconds{500};
    EXPECT_EQ(look_with({{.pid = 1, .beat = now}}), rest);
    EXPECT_EQ(look_with({{1, now}, {2, now}}), soon);
    EXPECT_EQ(look_with({{1, now}, {2, now}}), rest);
    EXPECT_EQ(look_with({{1, now}, {2, now, now + Seconds{1}}}), soon);
    EXPECT_EQ(look_with({{1, now}}), soon);
    EXPECT_EQ(look_with({{1, now}}), rest);
    EXPECT_EQ(look_with({{3, now}}), soon) << "as many as before";
    EXPECT_EQ(look_with({{3, now}}), rest);
    EXPECT_EQ(look_with({{3, now - Milliseconds{1200}}}), soon);
    EXPECT_EQ(look_with({{3, now - Milliseconds{1700}}}), Milliseconds{300});
}

TEST_F(EngineTest, HealthyWorkersTouchNoRouter) {
    become_active();
    engine->touched().take([](std::size_t, Touch) {});
    beat();
    engine->handle_workers(now);
    engine->touched().take([](std::size_t, Touch) { FAIL(); });

    machine.beats.clear();
    engine->handle_workers(now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(EngineTest, WorkersThatDoNotBeatAfterAStandstillAreAFault) {
    become_active();
    now += Seconds{3};
    engine->handle_time(now);
    run(config().workers.timeout, false);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "0 of 1 nginx workers alive");
}

// 2.5 s are less than any peer waits at 1 s, and more than the kernel keeps
// the addresses and than track_nginx waits.
TEST_F(EngineTest, MasterContinuesAfterAStandstillInWhichNoPeerTookOver) {
    vrrp::Config c = config();
    c.version = Version::v2;
    c.advert_interval = Seconds{1};
    for (const bool event_first : {true, false}) {
        beat();
        start(c);
        run(Seconds{5});
        ASSERT_EQ(state(), vrrp::StateName::active);
        run(*engine->routers()[0].instance().deadline() - now);
        machine.take();

        now += Milliseconds{2500};
        if (event_first) {
            engine->handle_interfaces(interfaces(true, false), now);
        }
        engine->handle_time(now);
        engine->handle_interfaces(interfaces(true, event_first), now);

        EXPECT_EQ(state(), vrrp::StateName::active);
        const Done done = machine.take();
        ASSERT_GE(done.size(), 3u);
        EXPECT_EQ(done[0], "advert 100 224.0.0.18");
        EXPECT_EQ(done[1], "add 10.0.1.5 2s");
        EXPECT_EQ(done.back(), "garp");
        EXPECT_EQ(engine->routers()[0].counters().became_fault, 0u);
    }
}

// link_up_delay

TEST_F(EngineTest, LinkThatCameBackHoldsItBack) {
    vrrp::Config c = config();
    c.link_up_delay = Seconds{6};
    beat();
    start(c);
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active) << "up at the first look";

    engine->handle_interfaces(interfaces(false), now);
    run(Seconds{1});
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(log.count("fault cleared: interface eth0 is down, delayed by "
                        "link_up_delay for 6000 ms"),
              1u);
    run(Milliseconds{5990});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{20});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, LinkThatWasDownAtTheStartHoldsItBackToo) {
    vrrp::Config c = config();
    c.link_up_delay = Seconds{6};
    beat();
    start(c, interfaces(false));
    run(Seconds{1});
    engine->handle_interfaces(interfaces(), now);
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(EngineTest, AReloadDoesNotEndLinkUpDelay) {
    vrrp::Config c = config();
    c.link_up_delay = Seconds{6};
    beat();
    start(c);
    engine->handle_interfaces(interfaces(false), now);
    engine->handle_interfaces(interfaces(), now);
    run(Seconds{1});
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;

    make(c);
    engine->start(interfaces(), now);
    machine.grant(handover);
    engine->handle_ownership(now);
    run(Milliseconds{4900});
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Milliseconds{200});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, LinkDownReleases) {
    become_active();
    engine->handle_interfaces(interfaces(false, true), now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(engine->routers()[0].faults().reason(), "interface eth0 is down");
}

TEST_F(EngineTest, LinkThatComesBackHasItsNeighboursAskedAgain) {
    become_active();
    engine->handle_interfaces(interfaces(false), now);
    machine.take();

    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(machine.take(), (Done{"forget unanswered eth0"}));
    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(EngineTest, LinkOfOthersIsLeftAlone) {
    become_active();
    Interfaces world = interfaces(true, true);
    world.list.push_back(world.list[0]);
    world.list[1].name = "veth7";
    world.list[1].up = false;
    engine->handle_interfaces(world, now);
    world.list[1].up = true;
    engine->handle_interfaces(world, now);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(EngineTest, InterfaceGoneAndBackIsFoundByName) {
    become_active();
    engine->handle_interfaces({}, now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take(), (Done{"forget eth0"}));

    Interfaces anew = interfaces();
    anew.list[0].index = IfIndex{9};
    engine->handle_interfaces(anew, now);
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, RenamedInterfaceDoesNotKeepTheAddress) {
    become_active();
    Interfaces renamed = interfaces(true, true);
    renamed.list[0].name = "other0";
    engine->handle_interfaces(renamed, now);
    EXPECT_EQ(machine.take(), (Done{"remove 10.0.1.5", "forget eth0"}));
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(EngineTest, AddressRemovedByOthersComesBackAnnounced) {
    become_active();
    engine->handle_interfaces(interfaces(true, false), now);
    EXPECT_EQ(machine.take(), (Done{"add 10.0.1.5 1s", "garp"}));
    EXPECT_EQ(log.count("another program removed "), 1u);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, MarkedLeftoverIsRemovedAtStart) {
    beat();
    start(config(), interfaces(true, true));
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "remove 10.0.1.5"}));
}

TEST_F(EngineTest, OwnAddressIsResumedAfterACrashWithoutATakeover) {
    machine.active_before = now - Milliseconds{100};
    beat();
    start(config(), interfaces(true, true));
    EXPECT_EQ(state(), vrrp::StateName::active);
    run(Milliseconds{10});
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 100 224.0.0.18",
                    "add 10.0.1.5 1s"}));
}

TEST_F(EngineTest, StartupDelayDoesNotHoldBackAResumedRouter) {
    vrrp::Config held = config();
    held.not_before = now + Seconds{3600};
    machine.active_before = now - Milliseconds{100};
    beat();
    start(held, interfaces(true, true));
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, OwnAddressIsRemovedWhenAPeerMayHaveTakenOver) {
    machine.active_before = now - Milliseconds{301};
    beat();
    start(config(), interfaces(true, true));
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(log.count("continuing as MASTER"), 0u);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "remove 10.0.1.5"}));
}

TEST_F(EngineTest, WaitsForTheOwnerAndTouchesNothing) {
    machine.owned_by_other = true;
    beat();
    start(config(), interfaces(true, true));
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_FALSE(engine->is_in_charge());
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast"}));
}

// One process hands over, another one with one more address continues.
TEST_F(EngineTest, HandsOverAndContinues) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_EQ(machine.take(), Done{});
    const auto handover = machine.passed_on;

    vrrp::Config more = config();
    more.addresses.push_back({*IpAddress::parse("10.0.1.6"), 24, "eth0", ""});
    make(more);
    engine->start(interfaces(true, true), now);
    machine.grant(handover);
    engine->handle_ownership(now);

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), (Done{"add 10.0.1.6 1s", "garp"}));
    EXPECT_EQ(engine->routers()[0].counters().became_master, 1u);
}

// Another program removes it after the previous process has written its record:
// that process no longer owns the router, and the next one not yet.
TEST_F(EngineTest, AddressThatIsGoneAtAHandoverComesBackAnnounced) {
    vrrp::Config two = config();
    two.addresses.push_back({*IpAddress::parse("10.0.1.6"), 24, "eth0", ""});
    two.addresses.back().optional = true;
    beat();
    start(two);
    run(Seconds{1});
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;

    make(two);
    machine.owned_by_other = true;
    engine->start(interfaces(true, true), now);
    engine->handle_interfaces(interfaces(true, false), now);
    machine.take();
    machine.grant(handover);
    engine->handle_ownership(now);

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), (Done{"add 10.0.1.5 1s", "garp"}));
    EXPECT_EQ(log.count("10.0.1.5, which the previous vrrp process held, is "
                        "not on eth0"),
              1u);
    EXPECT_EQ(engine->routers()[0].counters().addresses_restored, 1u);

    // reported now
    engine->handle_interfaces(interfaces(true, true), now);
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(log.count("another program removed"), 0u);
}

// The report of an address that the previous process has just added may come
// late: it is removed like any other.
TEST_F(EngineTest, AddressThatIsNotReportedAtAHandoverIsRemovedInTheEnd) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;

    make(config());
    engine->start(interfaces(false, false), now);
    machine.take();
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(std::ranges::count(machine.take(), "remove 10.0.1.5"), 1);
}

TEST_F(EngineTest, AddressThatIsNoLongerConfiguredIsRemovedByTheSuccessor) {
    vrrp::Config two = config();
    two.addresses.push_back({*IpAddress::parse("10.0.1.6"), 24, "eth0", ""});
    beat();
    start(two);
    run(Seconds{1});
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;
    machine.take();

    Interfaces world = interfaces(true, true);
    world.list[0].addresses.push_back(
        {*IpAddress::parse("10.0.1.6"), 24, true, false});
    make(config());
    engine->start(world, now);
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(machine.take(), (Done{"remove 10.0.1.6"}));
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// Whatever addresses the previous process lists.
TEST_F(EngineTest, OnlyWhatTheKernelSaysIsOursIsRemovedByTheSuccessor) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);
    auto forged = machine.passed_on;
    Interfaces world = interfaces(true, true);
    world.list.push_back({.name = "lo",
                          .index = IfIndex{1},
                          .mac = {},
                          .up = true,
                          .addresses = {{*IpAddress::parse("127.0.0.1"), 8}}});
    for (const Interface &interface : world.list) {
        for (const InterfaceAddress &a : interface.addresses) {
            forged->held.push_back(
                fingerprint_of(a.address, a.prefix_length, interface.name));
        }
    }
    forged->held.push_back(42);

    make(config());
    engine->start(world, now);
    machine.take();
    machine.grant(forged);
    engine->handle_ownership(now);
    EXPECT_EQ(machine.take(), Done{});
}

// One that was stopped, and finds that another process has taken the router.
TEST_F(EngineTest, WhatIsOwnedByAnotherIsNotTouched) {
    const auto is_silent = [&] {
        const bool silent = machine.take().empty();
        return silent && state() == vrrp::StateName::initialize &&
               !engine->is_in_charge();
    };
    const std::vector<std::function<void()>> events{
        [&] { engine->handle_time(now); },
        [&] { engine->handle_ownership(now); },
        [&] { receive(200); },
        [&] { receive(90); },
        [&] { engine->handle_interfaces(interfaces(true, false), now); },
        [&] { engine->handle_interfaces(interfaces(false, true), now); },
        [&] {
            machine.beats.clear();
            engine->handle_workers(now);
        },
        [&] { engine->stop("nginx is terminating", false, now); },
        [&] { engine->stop("nginx is shutting down", true, now); }};
    for (std::size_t i = 0; i < events.size(); ++i) {
        machine.owned_by_other = false;
        become_active();
        now += Seconds{1};
        machine.owned_by_other = true;
        events[i]();
        EXPECT_TRUE(is_silent()) << "event " << i;
        EXPECT_FALSE(engine->routers()[0].is_owner());
    }
}

// Another process may take the router in the middle of an event, too.
class OvertakenTest : public EngineTest {
protected:
    // The actions of a process that becomes MASTER until another process takes
    // the router, with this action.
    Done become_active_until(const std::string &action,
                             vrrp::Config c = config()) {
        beat();
        start(std::move(c));
        machine.take();
        machine.overtaken_at = action;
        run(Seconds{1});
        EXPECT_FALSE(engine->routers()[0].is_owner());
        return machine.take();
    }
};

TEST_F(OvertakenTest, ByTheAdvertItAddsNothing) {
    EXPECT_EQ(become_active_until("advert"), Done{"advert 100 224.0.0.18"});
}

TEST_F(OvertakenTest, ByTheAddressItAnnouncesNothing) {
    EXPECT_EQ(become_active_until("add"),
              (Done{"advert 100 224.0.0.18", "add 10.0.1.5 1s"}));
}

TEST_F(OvertakenTest, ByTheFirstAdvertItSendsNoSecondOne) {
    vrrp::Config unicast = config();
    unicast.unicast_peers = {kPeer, *IpAddress::parse("10.0.1.3")};
    EXPECT_EQ(become_active_until("advert", unicast),
              Done{"advert 100 10.0.1.2"});
}

TEST_F(OvertakenTest, ByTheGoodbyeItRemovesNothing) {
    become_active();
    machine.overtaken_at = "advert";
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});
}

TEST_F(EngineTest, OwnersRealAddressStaysTheMachines) {
    vrrp::Config owner = config();
    owner.priority = kPriorityOwner;
    owner.addresses = {{kOwn, 24, "eth0", ""}};
    Interfaces world = interfaces();
    world.list[0].addresses[0].permanent = true;
    beat();
    start(owner, world);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 255 224.0.0.18", "garp"}));
    run(Seconds{2});
    EXPECT_EQ(machine.take().back(), "advert 255 224.0.0.18");

    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;
    machine.owned_by_other = true;
    make(owner);
    engine->start(world, now);
    machine.take();
    machine.grant(handover);
    engine->handle_ownership(now);
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_TRUE(engine->routers()[0].addresses()[0].present);

    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18"}));
}

// An address that an earlier process left there with a lease, or that another
// node has just given up: not the machine's, and so renewed and removed.
TEST_F(EngineTest, OwnersAddressWithALeaseIsNoRealOne) {
    vrrp::Config owner = config();
    owner.priority = kPriorityOwner;
    beat();
    start(owner, interfaces(true, true));
    const Done done = machine.take();
    EXPECT_EQ(done.back(), "garp");
    EXPECT_NE(std::find(done.begin(), done.end(), "add 10.0.1.5 1s"),
              done.end());

    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
}

// Another machine announces the address

TEST_F(EngineTest, AnnouncementOfAnotherMachineIsContradicted) {
    become_active();
    engine->handle_neighbour({IfIndex{2}, {kVip, {2, 0, 0, 0, 0, 9}}}, now);
    EXPECT_EQ(machine.take(), Done{});
    run(vrrp::kClaimAnswer);
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), "garp"), 1);
}

TEST_F(EngineTest, AnnouncementsOfThisMachineAndOfOtherAddressesAreNot) {
    become_active();
    engine->handle_neighbour({IfIndex{2}, {kVip, interfaces().list[0].mac}},
                             now);
    engine->handle_neighbour({IfIndex{2}, {kPeer, {2, 0, 0, 0, 0, 9}}}, now);
    engine->handle_neighbour({IfIndex{7}, {kVip, {2, 0, 0, 0, 0, 9}}}, now);
    run(Seconds{1});
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), "garp"), 0);
}

// The address to send from

const IpAddress kOther = *IpAddress::parse("10.0.1.9");

Interfaces with_first(const InterfaceAddress &address) {
    Interfaces world = interfaces();
    auto &addresses = world.list[0].addresses;
    addresses.insert(addresses.begin(), address);
    return world;
}

TEST_F(EngineTest, SendsFromTheFirstAddressOfTheInterface) {
    start(config(), with_first({kOther, 24}));
    EXPECT_EQ(engine->routers()[0].source(), kOther);
}

// A virtual address of another instance.
TEST_F(EngineTest, DoesNotSendFromAnAddressThatIsMarkedAsOurs) {
    start(config(),
          with_first({.address = kOther, .prefix_length = 24, .ours = true}));
    EXPECT_EQ(engine->routers()[0].source(), kOwn);
}

// Also where the kernel keeps no mark.
TEST_F(EngineTest, DoesNotSendFromItsOwnVirtualAddress) {
    start(config(), with_first({kVip, 24}));
    EXPECT_EQ(engine->routers()[0].source(), kOwn);
}

TEST_F(EngineTest, DoesNotSendFromATentativeAddress) {
    start(config(),
          with_first(
              {.address = kOther, .prefix_length = 24, .tentative = true}));
    EXPECT_EQ(engine->routers()[0].source(), kOwn);
}

TEST_F(EngineTest, AddressOwnerSendsFromTheVirtualAddress) {
    vrrp::Config owner = config();
    owner.priority = kPriorityOwner;
    start(
        owner,
        with_first({.address = kVip, .prefix_length = 24, .permanent = true}));
    EXPECT_EQ(engine->routers()[0].source(), kVip);
}

TEST_F(EngineTest, StopWithASuccessorIsSilent) {
    become_active();
    machine.successor = true;
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_TRUE(machine.passed_on);
    engine->handle_ownership(now);
    EXPECT_TRUE(engine->finished());
}

TEST_F(EngineTest, StopContinuesWhileTheSuccessorDoesNotRun) {
    become_active();
    machine.successor = true;
    machine.successor_sleeps = true;
    engine->stop("nginx is shutting down", true, now);
    run(Seconds{3});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 0 224.0.0.18"), 0);

    machine.successor_sleeps = false;
    run(Milliseconds{100});
    EXPECT_TRUE(machine.passed_on);
    EXPECT_TRUE(engine->finished());
}

// They are quitting, too; the workers of the successor serve.
TEST_F(EngineTest, StopContinuesForTheSuccessorWithoutWorkersOfItsOwn) {
    become_active();
    machine.successor = true;
    machine.successor_sleeps = true;
    engine->stop("nginx is shutting down", true, now);
    run(Seconds{4}, false);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 0 224.0.0.18"), 0);
}

TEST_F(EngineTest, SoDoesOneThatHasItBackFromAnOwnerThatDoesNotRun) {
    beat();
    machine.owned_by_other = true;
    machine.successor_sleeps = true;
    start(config(), interfaces(true, true));
    run(Milliseconds{300});
    engine->stop("nginx is shutting down", true, now);
    run(Seconds{3}, false);
    EXPECT_EQ(machine.take(), Done{"listen eth0 multicast"});

    machine.successor = true;
    machine.inherit(now);
    engine->handle_ownership(now);
    run(Seconds{1}, false);
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 0 224.0.0.18"), 0);
}

TEST_F(EngineTest, StopDoesNotWaitForEverForTheSuccessor) {
    become_active();
    machine.successor = true;
    machine.successor_sleeps = true;
    engine->stop("nginx is shutting down", true, now);
    run(Seconds{6});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 0 224.0.0.18"), 1);
    EXPECT_TRUE(machine.given_up);
    EXPECT_TRUE(engine->finished());
}

TEST_F(EngineTest, StopGivesUpAlsoWhatWasOnItsWayHere) {
    become_active();
    machine.successor = true;
    engine->handle_ownership(now);

    make(config());
    engine->start(interfaces(true, true), now);
    machine.take();
    machine.granted_late = machine.passed_on;
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(),
              (Done{"withdraw", "advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(EngineTest, LeavingRouterIsNotHandedOver) {
    become_active();
    engine->stop("nginx is shutting down", true, now);
    machine.take();
    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_FALSE(machine.passed_on);
    EXPECT_FALSE(engine->finished());
}

TEST_F(EngineTest, NoSourceAddressIsAFault) {
    Interfaces world = interfaces();
    world.list[0].addresses.clear();
    beat();
    start(config(), world);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "interface eth0 has no IPv4 address to send from");
}

TEST_F(EngineTest, ConfiguredSourceMustBeThere) {
    vrrp::Config c = config();
    c.source = *IpAddress::parse("10.0.1.77");
    c.unicast_peers = {kPeer};
    beat();
    start(c);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "unicast_src_ip 10.0.1.77 is not configured on interface eth0");
}

// The same list is on all nodes.
TEST_F(EngineTest, ItsOwnAddressInTheListOfPeersIsTheSource) {
    vrrp::Config c = config();
    const IpAddress second = *IpAddress::parse("10.0.1.9");
    c.unicast_peers = {kPeer, second};
    Interfaces world = interfaces();
    world.list[0].addresses.push_back({second, 24, false, false});
    beat();
    start(c, world);
    run(Seconds{1});
    const Done done = machine.take();
    EXPECT_EQ(std::ranges::count(done, "advert 100 10.0.1.9"), 0);
    EXPECT_GT(std::ranges::count(done, "advert 100 10.0.1.2"), 0);
    EXPECT_EQ(machine.sent_from, second);
}

TEST_F(EngineTest, AdvertsHaveTheConfiguredTtlAndChecksum) {
    become_active();
    EXPECT_EQ(machine.sent_ttl, 255);
    EXPECT_EQ(machine.sent_checksum, wire::ChecksumForm::pseudo_header);

    vrrp::Config c = config();
    c.unicast_ttl = 64;
    c.checksum = wire::ChecksumForm::message_only;
    c.group = *IpAddress::parse("224.0.0.100");
    start(c);
    run(Seconds{1});
    EXPECT_EQ(machine.sent_ttl, 255) << "multicast";
    EXPECT_EQ(machine.sent_checksum, wire::ChecksumForm::message_only);
    EXPECT_EQ(std::ranges::count(machine.take(), "advert 100 224.0.0.18"), 0);

    c.unicast_peers = {kPeer};
    start(c);
    run(Seconds{1});
    EXPECT_EQ(machine.sent_ttl, 64);
}

// link_down_delay

class LinkDownDelayTest : public EngineTest {
protected:
    void SetUp() override {
        vrrp::Config c = config();
        c.link_down_delay = Milliseconds{150};
        beat();
        start(c);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
    }
    void see(const Interfaces &world) { engine->handle_interfaces(world, now); }
};

TEST_F(LinkDownDelayTest, AShortFlapIsNoFault) {
    see(interfaces(false, true));
    run(Milliseconds{149});
    EXPECT_EQ(state(), vrrp::StateName::active);
    see(interfaces(true, true));
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(engine->deadline().has_value(), true);
}

TEST_F(LinkDownDelayTest, EachFlapHasItsOwnDelay) {
    for (int i = 0; i < 3; ++i) {
        see(interfaces(false, true));
        run(Milliseconds{100});
        see(interfaces(true, true));
        run(Milliseconds{100});
    }
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(LinkDownDelayTest, AfterTheDelayItIsAFault) {
    see(interfaces(false, true));
    run(Milliseconds{100});
    see(interfaces(false, true));
    run(Milliseconds{49});
    EXPECT_EQ(state(), vrrp::StateName::active);
    run(Milliseconds{2});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(), "interface eth0 is down");
}

TEST_F(LinkDownDelayTest, AMissingInterfaceIsAFaultAtOnce) {
    see({});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(EngineTest, SocketFailureIsAFaultThatSaysWhatFailed) {
    machine.fail("listen", EPERM);
    beat();
    start();
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "listen() failed (1: Operation not permitted)");
}

TEST_F(EngineTest, AddressErrorIsRetriedWithTheRenewal) {
    beat();
    start();
    machine.fail("add", ENOBUFS);
    run(Milliseconds{500});
    ASSERT_EQ(state(), vrrp::StateName::active);
    EXPECT_FALSE(engine->routers()[0].addresses()[0].present);

    machine.heal();
    run(Milliseconds{1100});
    EXPECT_TRUE(engine->routers()[0].addresses()[0].present);
}

TEST_F(EngineTest, YieldsToAHigherPriority) {
    become_active();
    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    const Done done = machine.take();
    EXPECT_EQ(done.front(), "remove 10.0.1.5");
}

// A backup that gets the same octets again and again.
class RepeatedAdvertTest : public EngineTest {
protected:
    void SetUp() override {
        beat();
        start();
        now += Milliseconds{10};
        hear();
        hear();
        ASSERT_EQ(counters().adverts_received, 2u);
    }

    void hear() { engine->handle_packet({"eth0", {ends, ttl}, pdu}, now); }

    const Counters &counters() const { return engine->routers()[0].counters(); }
    std::uint64_t dropped(wire::DropReason reason) const {
        return counters().dropped[static_cast<std::size_t>(reason)];
    }

    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    std::uint8_t ttl = 255;
    Buffer pdu = wire::serialize({.version = Version::v3,
                                  .vrid = Vrid{51},
                                  .priority = Priority{200},
                                  .interval = Milliseconds{100},
                                  .addresses = {kVip},
                                  .authentication = {}},
                                 ends, wire::ChecksumForm::pseudo_header);
};

TEST_F(RepeatedAdvertTest, StartsTheTimerAgain) {
    const Instant due = *engine->deadline();
    now += Milliseconds{70};
    hear();
    EXPECT_EQ(counters().adverts_received, 3u);
    EXPECT_EQ(*engine->routers()[0].deadline(), due + Milliseconds{70});
    EXPECT_EQ(engine->routers()[0].instance().active_router()->heard_at, now);
}

TEST_F(RepeatedAdvertTest, WithAnotherOctetIsParsed) {
    pdu.back() ^= 1;
    hear();
    EXPECT_EQ(dropped(wire::DropReason::checksum), 1u);
    EXPECT_EQ(counters().adverts_received, 2u);
}

TEST_F(RepeatedAdvertTest, OfAnotherLengthIsParsed) {
    pdu.push_back(0);
    hear();
    EXPECT_EQ(dropped(wire::DropReason::length), 1u);
}

TEST_F(RepeatedAdvertTest, WithAnotherTtlIsDropped) {
    ttl = 254;
    hear();
    EXPECT_EQ(dropped(wire::DropReason::ttl), 1u);
}

TEST_F(RepeatedAdvertTest, FromWhatIsOurAddressNowIsDropped) {
    Interfaces world = interfaces();
    world.list[0].addresses[0].address = kPeer;
    engine->handle_interfaces(world, now);
    hear();
    EXPECT_EQ(dropped(wire::DropReason::loop), 1u);
}

TEST_F(RepeatedAdvertTest, OfAnotherRouterThanTheLastIsFollowed) {
    receive(210, *IpAddress::parse("10.0.1.3"));
    hear();
    EXPECT_EQ(engine->routers()[0].instance().active_router()->address, kPeer);
    EXPECT_EQ(counters().adverts_received, 4u);
}

TEST_F(EngineTest, StopAtOnceWithoutServingWorkers) {
    become_active();
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(EngineTest, StopWaitsForTheSuccessorWhileNginxServes) {
    become_active();
    engine->stop("nginx is shutting down", true, now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18"}));
    EXPECT_FALSE(engine->finished());

    receive(90);
    EXPECT_EQ(machine.take(), Done{});
    run(vrrp::kSuccessorSettles);
    EXPECT_EQ(machine.take(), (Done{"remove 10.0.1.5"}));
    EXPECT_TRUE(engine->finished());
}

TEST_F(EngineTest, StopDoesNotWaitForEverForASuccessor) {
    become_active();
    engine->stop("nginx is shutting down", true, now);
    run(Milliseconds{400});
    EXPECT_TRUE(engine->finished());
    EXPECT_EQ(machine.take().back(), "remove 10.0.1.5");
}

TEST_F(EngineTest, AnnouncesTheAddressWhenTheMacChanges) {
    become_active();
    Interfaces world = interfaces(true, true);
    engine->handle_interfaces(world, now);
    EXPECT_EQ(machine.take(), Done{});

    world.list[0].mac = {2, 0, 0, 0, 0, 2};
    engine->handle_interfaces(world, now);
    EXPECT_EQ(machine.take(), Done{"garp"});
    EXPECT_EQ(log.count("the MAC address of eth0 has changed"), 1u);
}

TEST_F(EngineTest, BackupAnnouncesNothingWhenTheMacChanges) {
    beat();
    start();
    receive(200);
    machine.take();

    Interfaces world = interfaces();
    world.list[0].mac = {2, 0, 0, 0, 0, 2};
    engine->handle_interfaces(world, now);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(EngineTest, StandingAsideSaysWhyAndTouchesNothing) {
    make(config());
    engine->disable("CAP_NET_RAW is missing", now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(), "CAP_NET_RAW is missing");
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(EngineTest, StandingAsideLastsWhateverTheInterfacesDo) {
    make(config());
    engine->disable("CAP_NET_RAW is missing", now);
    engine->handle_interfaces(interfaces(), now);
    engine->handle_interfaces(interfaces(false), now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(), "CAP_NET_RAW is missing");
    EXPECT_EQ(machine.take(), Done{});
}

TEST_F(EngineTest, OneFaultThatFollowsAnotherIsOneFault) {
    vrrp::Config unicast = config();
    unicast.unicast_peers = {kPeer};
    beat();
    start(unicast);
    engine->handle_interfaces(interfaces(false), now);
    ASSERT_EQ(state(), vrrp::StateName::fault);
    const std::uint64_t before = engine->transitions();
    machine.take();

    Interfaces without_address = interfaces();
    without_address.list[0].addresses.clear();
    engine->handle_interfaces(without_address, now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->transitions(), before);
    EXPECT_EQ(machine.take(), (Done{"forget unanswered eth0"}))
        << "announced an address that is gone";
}

// At boot: no alarm, but no election either.
TEST_F(EngineTest, TentativeSourceIsWaitedFor) {
    vrrp::Config c = config();
    c.source = kOwn;
    Interfaces world = interfaces();
    world.list[0].addresses[0].tentative = true;
    beat();
    start(c, world);
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::initialize);
    EXPECT_EQ(machine.events.size(), 0u);
    EXPECT_EQ(log.count("waiting for duplicate address detection"), 1u);

    engine->handle_interfaces(interfaces(), now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_F(EngineTest, TentativeLinkLocalAddressIsWaitedFor) {
    const IpAddress local = *IpAddress::parse("fe80::1");
    vrrp::Config c = config();
    c.family = Family::ipv6;
    c.addresses = {{*IpAddress::parse("2001:db8::5"), 64, "eth0", ""}};
    Interfaces world = interfaces();
    world.list[0].addresses.push_back(
        {.address = local, .prefix_length = 64, .tentative = true});
    beat();
    start(c, world);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::initialize);

    world.list[0].addresses[1].tentative = false;
    engine->handle_interfaces(world, now);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(engine->routers()[0].source(), local);
}

TEST_F(EngineTest, SourceOfAnotherHostIsAFault) {
    vrrp::Config c = config();
    c.source = kOwn;
    Interfaces world = interfaces();
    world.list[0].addresses[0].tentative = true;
    beat();
    start(c, world);
    world.list[0].addresses[0].duplicate = true;
    engine->handle_interfaces(world, now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(engine->routers()[0].faults().reason(),
              "another host has 10.0.1.1, the source address of interface "
              "eth0 (duplicate address detection)");
}

// In the election: nothing can be sent, and this is no boot.
TEST_F(EngineTest, SourceThatBecomesTentativeLaterIsAFault) {
    become_active();
    Interfaces world = interfaces(true, true);
    world.list[0].addresses[0].tentative = true;
    engine->handle_interfaces(world, now);
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_F(EngineTest, MeasuresHowLateItIsCalled) {
    become_active();
    const Instant due = *engine->deadline();
    run(due - now + Milliseconds{50});
    EXPECT_EQ(engine->timer_lag().max_ns, 0);

    now = *engine->deadline() + Milliseconds{30};
    beat();
    engine->handle_time(now);
    EXPECT_EQ(engine->timer_lag().last_ns, 30'000'000);
    EXPECT_EQ(engine->timer_lag().buckets[3], 1u);

    // A packet that ends an overdue timer is measured, too.
    now = *engine->deadline() + Milliseconds{60};
    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(engine->timer_lag().max_ns, 60'000'000);
}

}  // namespace
}  // namespace ngx_vrrp::engine
