// A virtual address that is on this node although this router did not put it
// there: whose it is decides what is done with it.
#include <gtest/gtest.h>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

const std::string kAdd =
    "add 10.0.1.5 " +
    std::to_string(vrrp::lease(Version::v3, Milliseconds{100}).count()) + "s";

// A permanent address of another program, as "ip address add" makes it.
Interfaces with_foreign(std::uint8_t prefix_length = 24) {
    Interfaces world = interfaces();
    world.list[0].addresses.push_back(
        {.address = kVip, .prefix_length = prefix_length, .permanent = true});
    return world;
}

vrrp::Config with_takeover() {
    vrrp::Config c = config();
    c.addresses[0].takeover = true;
    return c;
}

class ForeignAddressTest : public EngineTest {
protected:
    // A BACKUP that hears a MASTER all the time.
    void start_backup(vrrp::Config c = config(),
                      const Interfaces &world = interfaces()) {
        beat();
        start(std::move(c), world);
        follow(Milliseconds{100});
        ASSERT_EQ(state(), vrrp::StateName::backup);
        machine.take();
    }

    void follow(Duration d) {
        for (Duration t{0}; t < d; t += Milliseconds{100}) {
            receive(200);
            run(Milliseconds{100});
        }
    }

    void see(const Interfaces &world) { engine->handle_interfaces(world, now); }

    const VirtualRouter &router() const { return engine->routers()[0]; }
    const AddressState &address() const { return router().addresses()[0]; }

    Done signs() const {
        Done list;
        for (const SuspectedSign &s : router().signs()) {
            list.emplace_back(to_string(s.sign));
        }
        return list;
    }

    // "address_on_backup", "address_on_backup over"; of all so far.
    Done told() const {
        Done list;
        for (const Event &event : machine.events) {
            if (const auto *c = std::get_if<SplitBrainChanged>(&event.what)) {
                list.push_back(std::string(to_string(c->sign)) +
                               (c->suspected ? "" : " over"));
            }
        }
        return list;
    }
};

// Not MASTER

TEST_F(ForeignAddressTest, BackupReportsItAndDoesNotTouchIt) {
    start_backup();
    see(with_foreign());
    follow(Milliseconds{2900});
    EXPECT_EQ(signs(), Done{}) << "it may be gone in a moment";
    follow(Milliseconds{200});

    EXPECT_EQ(signs(), Done{"address_on_backup"});
    EXPECT_EQ(told(), Done{"address_on_backup"});
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_EQ(router().signs()[0].detail,
              "10.0.1.5 is on eth0 although this node is BACKUP, and this "
              "module did not add it (static configuration, keepalived that "
              "was killed?): this node also answers for it; remove it, or see "
              "\"takeover\" of virtual_ipaddress");
    EXPECT_EQ(log.count("address on backup: 10.0.1.5 is on eth0"), 1u);

    follow(Seconds{121});
    EXPECT_EQ(log.count("address on backup: 10.0.1.5 is on eth0"), 3u);
    EXPECT_EQ(told(), Done{"address_on_backup"});

    see(interfaces());
    EXPECT_EQ(signs(), Done{});
    EXPECT_EQ(told(), (Done{"address_on_backup", "address_on_backup over"}));
    EXPECT_EQ(log.count("address on backup: ended"), 1u);
}

TEST_F(ForeignAddressTest, OtherPrefixLengthAnswersAsWell) {
    start_backup(config(), with_foreign(32));
    follow(Seconds{4});
    EXPECT_EQ(signs(), Done{"address_on_backup"});
    EXPECT_TRUE(address().present);
    EXPECT_TRUE(address().foreign);
}

TEST_F(ForeignAddressTest, ComesAndGoesAndIsReportedOnceAMinute) {
    start_backup();
    for (int i = 0; i < 10; ++i) {
        see(with_foreign());
        follow(Seconds{4});
        see(interfaces());
        follow(Seconds{1});
    }
    EXPECT_EQ(told(), (Done{"address_on_backup", "address_on_backup over"}));
}

TEST_F(ForeignAddressTest, RouterInFaultReportsIt) {
    start_backup();
    Interfaces down = with_foreign();
    down.list[0].up = false;
    see(down);
    run(Seconds{4});
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(signs(), Done{"address_on_backup"});
}

TEST_F(ForeignAddressTest, MarkedOneIsRemovedFromABackup) {
    start_backup();
    see(interfaces(true, true));
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
    EXPECT_EQ(log.count("removing 10.0.1.5 from eth0: a process of"), 1u);
    follow(Seconds{4});
    EXPECT_EQ(signs(), Done{});
}

// Another process with this module may live: no fight.
TEST_F(ForeignAddressTest, MarkedOneThatComesBackIsRemovedNowAndThen) {
    start_backup();
    for (int i = 0; i < 32; ++i) {
        see(interfaces(true, true));
        follow(Seconds{1});
        if (i == 10) {
            EXPECT_EQ(signs(), Done{"address_on_backup"});
        }
    }
    EXPECT_EQ(machine.take(),
              (Done{"remove 10.0.1.5", "remove 10.0.1.5", "remove 10.0.1.5"}));
}

// An address that a previous process left with the prefix length of its
// configuration.
TEST_F(ForeignAddressTest, MarkedLeftoverIsRemovedAsItIs) {
    Interfaces world = interfaces();
    world.list[0].addresses.push_back(
        {.address = kVip, .prefix_length = 32, .ours = true});
    beat();
    start(config(), world);
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "remove 10.0.1.5/32"}));
}

TEST_F(ForeignAddressTest, UnmarkedOneIsNoLeftover) {
    beat();
    start(config(), with_foreign());
    EXPECT_EQ(machine.take(), Done{"listen eth0 multicast"});
}

// That the process before was MASTER is no word about this address.
TEST_F(ForeignAddressTest, UnmarkedOneIsNotResumed) {
    machine.active_before = now - Milliseconds{100};
    beat();
    start(config(), with_foreign());
    EXPECT_EQ(state(), vrrp::StateName::backup);
}

TEST_F(ForeignAddressTest, RenamedInterfaceKeepsWhatIsNotOurs) {
    become_active();
    Interfaces renamed = with_foreign();
    renamed.list[0].name = "other0";
    see(renamed);
    EXPECT_EQ(machine.take(), Done{"forget eth0"});
    EXPECT_FALSE(address().present);
}

TEST_F(ForeignAddressTest, RenamedInterfaceIsFoundBesideAnotherOne) {
    become_active();
    Interfaces renamed = interfaces(true, true);
    renamed.list[0].name = "other0";
    Interfaces world = with_foreign();
    world.list[0].name = "another0";
    world.list[0].index = IfIndex{3};
    world.list.push_back(renamed.list[0]);
    see(world);
    EXPECT_EQ(machine.take(), (Done{"remove 10.0.1.5", "forget eth0"}));
}

// MASTER

TEST_F(ForeignAddressTest, MasterUsesItAsItIs) {
    beat();
    start(config(), with_foreign());
    run(Seconds{10});
    ASSERT_EQ(state(), vrrp::StateName::active);
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), kAdd), 0);
    EXPECT_EQ(std::count(done.begin(), done.end(), "garp"), 1);
    EXPECT_TRUE(address().present);
    EXPECT_TRUE(address().foreign);
    EXPECT_EQ(log.count("10.0.1.5 on eth0 was not added by this module"), 1u);
    EXPECT_EQ(signs(), Done{});

    receive(200);
    EXPECT_EQ(machine.take(), Done{"advert 100 224.0.0.18"});
    follow(Seconds{4});
    EXPECT_EQ(signs(), Done{"address_on_backup"});
}

TEST_F(ForeignAddressTest, MasterThatStopsLeavesIt) {
    beat();
    start(config(), with_foreign());
    run(Seconds{1});
    machine.take();
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), Done{"advert 0 224.0.0.18"});
    EXPECT_TRUE(engine->finished());
}

TEST_F(ForeignAddressTest, MasterAddsItAtOnceWhenItHasGone) {
    beat();
    start(config(), with_foreign());
    run(Seconds{1});
    machine.take();
    see(interfaces());
    EXPECT_EQ(machine.take(), (Done{kAdd, "garp"}));
    EXPECT_FALSE(address().foreign);
    EXPECT_EQ(router().counters().addresses_restored, 0u);
}

TEST_F(ForeignAddressTest, OwnOneBesideAForeignOneIsTheOneThatGoes) {
    become_active();
    Interfaces both = with_foreign(32);
    both.list[0].addresses.push_back(
        {.address = kVip, .prefix_length = 24, .ours = true});
    see(both);
    EXPECT_FALSE(address().foreign);
    receive(200);
    EXPECT_EQ(machine.take().front(), "remove 10.0.1.5");
}

TEST_F(ForeignAddressTest, OwnOneThatSomethingElseReplacedIsNotOurs) {
    become_active();
    see(with_foreign());
    EXPECT_EQ(machine.take(), Done{});
    EXPECT_TRUE(address().foreign);
    run(Seconds{2});
    receive(200);
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), "remove 10.0.1.5"), 0);
}

TEST_F(ForeignAddressTest, IsNotHandedOverAsOurs) {
    beat();
    start(config(), with_foreign());
    run(Seconds{1});
    machine.successor = true;
    engine->handle_ownership(now);
    const auto handover = machine.passed_on;
    machine.owned_by_other = true;
    machine.take();

    make(config());
    engine->start(with_foreign(), now);
    machine.grant(handover);
    engine->handle_ownership(now);
    ASSERT_EQ(state(), vrrp::StateName::active);
    engine->stop("nginx is terminating", false, now);
    const Done done = machine.take();
    EXPECT_EQ(std::count(done.begin(), done.end(), "remove 10.0.1.5"), 0);
}

// RFC 9568, 1.7: it is the machine's own, with a lifetime or without one.
TEST_F(ForeignAddressTest, OwnersAddressIsNoSign) {
    vrrp::Config owner = config();
    owner.priority = kPriorityOwner;
    for (const bool permanent : {true, false}) {
        Interfaces world = with_foreign();
        world.list[0].addresses[1].permanent = permanent;
        beat();
        start(owner, world);
        run(Seconds{5});
        ASSERT_EQ(state(), vrrp::StateName::active);
        world.list[0].up = false;
        see(world);
        run(Seconds{5});
        ASSERT_EQ(state(), vrrp::StateName::fault);

        const Done done = machine.take();
        EXPECT_EQ(std::count(done.begin(), done.end(), kAdd), 0);
        EXPECT_EQ(std::count(done.begin(), done.end(), "remove 10.0.1.5"), 0);
        EXPECT_EQ(signs(), Done{});
        EXPECT_EQ(log.count("was not added by this module"), 0u);
    }
}

// takeover

TEST_F(ForeignAddressTest, BackupRemovesItWithTakeover) {
    start_backup(with_takeover());
    see(with_foreign(32));
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5/32"});
    EXPECT_EQ(log.count("removing 10.0.1.5 from eth0: another program added"),
              1u);
}

TEST_F(ForeignAddressTest, MasterReplacesItWithTakeover) {
    beat();
    start(with_takeover(), with_foreign());
    run(Milliseconds{400});
    ASSERT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(machine.take(), (Done{"listen eth0 multicast",
                                    "advert 100 224.0.0.18", kAdd, "garp"}));
    EXPECT_FALSE(address().foreign);
    EXPECT_EQ(log.count("taking over 10.0.1.5/24 on eth0"), 1u);
}

TEST_F(ForeignAddressTest, OtherPrefixLengthIsRemovedFirst) {
    beat();
    start(with_takeover(), with_foreign(32));
    run(Milliseconds{400});
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 100 224.0.0.18",
                    "remove 10.0.1.5/32", kAdd, "garp"}));
}

// Kernels before 5.18

class OldKernelTest : public ForeignAddressTest {
protected:
    // Our address, as that kernel shows it.
    static Interfaces with_lease(bool permanent = false) {
        Interfaces world = interfaces();
        world.keeps_marks = false;
        world.list[0].addresses.push_back(
            {.address = kVip, .prefix_length = 24, .permanent = permanent});
        return world;
    }
};

TEST_F(OldKernelTest, LifetimeAndOurRecordAreTheMark) {
    become_active();
    see(with_lease());
    EXPECT_FALSE(address().foreign);
    receive(200);
    EXPECT_EQ(machine.take().front(), "remove 10.0.1.5");
}

TEST_F(OldKernelTest, WithoutLifetimeItIsNotOurs) {
    become_active();
    see(with_lease(true));
    EXPECT_TRUE(address().foreign);
}

TEST_F(OldKernelTest, WithoutOurRecordItIsNotOurs) {
    start_backup();
    see(with_lease());
    EXPECT_TRUE(address().foreign);
    EXPECT_EQ(machine.take(), Done{});
}

// Requests to the kernel without an answer

TEST_F(ForeignAddressTest, WhatAFailedRequestAddedIsRemovedWhenItIsSeen) {
    machine.fail("add", ETIMEDOUT);
    beat();
    start();
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);
    receive(200);
    machine.take();
    see(interfaces(true, true));
    EXPECT_EQ(machine.take(), Done{"remove 10.0.1.5"});
}

}  // namespace
}  // namespace ngx_vrrp::engine
