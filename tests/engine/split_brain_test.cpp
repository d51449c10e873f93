// Another node holds our address while we do: which signs there are, when they
// are believed, and that nothing else is taken for one.

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr MacAddress kForeign{2, 0, 0, 0, 0, 0x0b};
const IpAddress kLower = *IpAddress::parse("10.0.1.0");

class SplitBrainTest : public EngineTest {
protected:
    void claim(const MacAddress &mac = kForeign, IpAddress address = kVip,
               unsigned index = 2) {
        engine->handle_neighbour({IfIndex{index}, {address, mac}}, now);
    }

    // A host that answers every probe.
    void run_with_owner(Duration duration) {
        for (Duration d{0}; d < duration; d += Milliseconds{50}) {
            machine.questions.clear();
            run(Milliseconds{50});
            for (const IpAddress &address :
                 std::exchange(machine.questions, {})) {
                claim(kForeign, address);
            }
        }
    }

    // A router of this priority that does not hear us.
    void run_with_rival(Duration duration, std::uint8_t priority,
                        IpAddress source = kPeer) {
        for (Duration d{0}; d < duration; d += Milliseconds{100}) {
            receive(priority, source);
            run(Milliseconds{100});
        }
    }

    // The peer has sent priority 0: no advert was lost.
    void succeed() {
        beat();
        start();
        receive(200);
        run(Milliseconds{50});
        receive(0);
        run(Seconds{1});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
    }

    const std::vector<SuspectedSign> &signs() const {
        return engine->routers()[0].signs();
    }

    // "two_masters", "two_masters over"; of all so far.
    Done news() const {
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

// Asking

TEST_F(SplitBrainTest, AsksSomeTimeAfterTakingOverAndThenNowAndThen) {
    become_active();
    machine.questions.clear();

    run(Seconds{1});
    EXPECT_TRUE(machine.questions.empty()) << "the old one may still have it";
    run(Seconds{2});
    EXPECT_EQ(machine.questions, std::vector{kVip});

    machine.questions.clear();
    run(Seconds{60});
    EXPECT_GE(machine.questions.size(), 4u);
    EXPECT_LE(machine.questions.size(), 8u);
}

TEST_F(SplitBrainTest, DoesNotAskAsABackup) {
    beat();
    start();
    run_with_rival(Seconds{30}, 200);

    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_TRUE(machine.questions.empty());
}

TEST_F(SplitBrainTest, AsksForManyAddressesOneAfterTheOther) {
    vrrp::Config c = config();
    c.addresses.clear();
    for (std::uint8_t n = 1; n <= 200; ++n) {
        c.addresses.push_back({IpAddress::v4({10, 0, 2, n}), 32, "eth0", ""});
    }
    beat();
    start(c);
    run(Seconds{3});
    machine.questions.clear();

    std::vector<IpAddress> asked;
    for (int second = 0; second < 15; ++second) {
        run(Seconds{1});
        EXPECT_LE(machine.questions.size(), 30u);
        for (const IpAddress &a : std::exchange(machine.questions, {})) {
            asked.push_back(a);
        }
    }
    std::sort(asked.begin(), asked.end());
    asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
    EXPECT_EQ(asked.size(), 200u);

    machine.questions.clear();
    run(Seconds{60});
    EXPECT_GE(machine.questions.size(), 200u);
    EXPECT_LE(machine.questions.size(), 300u) << "for ever";
}

TEST_F(SplitBrainTest, AsksForIpv6FromItsLinkLocalAddress) {
    const IpAddress vip = *IpAddress::parse("2001:db8::5");
    vrrp::Config c = config();
    c.family = Family::ipv6;
    c.addresses = {{vip, 64, "eth0", ""}};
    Interfaces world = interfaces();
    world.list[0].addresses.push_back(
        {*IpAddress::parse("fe80::1"), 64, false, false});
    beat();
    start(c, world);

    run(Seconds{6});
    EXPECT_EQ(machine.questions, std::vector{vip});

    world.list[0].addresses.pop_back();
    engine->handle_interfaces(world, now);
    machine.questions.clear();
    run(Seconds{30});
    EXPECT_TRUE(machine.questions.empty());
}

TEST_F(SplitBrainTest, SendsNoProbesWithoutALan) {
    Interfaces world = interfaces();
    world.list[0].mac = {};
    beat();
    start(config(), world);

    run(Seconds{30});

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(machine.questions.empty());
}

TEST_F(SplitBrainTest, HearsWhatIsSaidOfItsAddresses) {
    become_active();

    EXPECT_EQ(machine.watched, std::vector{kVip});
}

TEST_F(SplitBrainTest, SaysThatItCannotHear) {
    machine.fail("watch_neighbours", EPERM);
    become_active();

    EXPECT_EQ(log.count("watch_neighbours() failed (1: "), 1u);
}

// A foreign owner

TEST_F(SplitBrainTest, OwnerThatAnswersIsSuspectedUntilItIsSilent) {
    succeed();

    run_with_owner(Seconds{10});
    ASSERT_EQ(signs().size(), 1u);
    EXPECT_EQ(signs()[0].sign, SplitBrainSign::foreign_owner);
    EXPECT_NE(signs()[0].detail.find("02:00:00:00:00:0b also has 10.0.1.5"),
              std::string::npos)
        << signs()[0].detail;
    EXPECT_EQ(news(), (Done{"foreign_owner"}));
    EXPECT_EQ(log.count("foreign owner: 02:00:00:00:00:0b also has 10.0.1.5"),
              1u);

    run_with_owner(Seconds{120});
    EXPECT_EQ(news(), (Done{"foreign_owner"}));
    EXPECT_EQ(log.count("foreign owner: "), 1u);

    run(Seconds{30});
    EXPECT_TRUE(signs().empty());
    EXPECT_EQ(news(), (Done{"foreign_owner", "foreign_owner over"}));
    EXPECT_EQ(log.count("foreign owner: ended"), 1u);
}

TEST_F(SplitBrainTest, OwnerThatComesLaterIsFoundWithinARound) {
    succeed();
    run(Seconds{100});

    run_with_owner(Seconds{15});

    EXPECT_EQ(news(), (Done{"foreign_owner"}));
}

TEST_F(SplitBrainTest, OneClaimIsAskedAboutAndForgotten) {
    succeed();
    run(Seconds{20});
    machine.questions.clear();

    claim();
    run(Milliseconds{1100});
    EXPECT_GE(machine.questions.size(), 1u);
    run(Seconds{9});
    EXPECT_GE(machine.questions.size(), 5u);

    run(Seconds{60});
    claim();
    run(Seconds{60});
    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, FloodIsOneSign) {
    succeed();
    run(Seconds{20});

    for (int i = 0; i < 10000; ++i) {
        claim();
        run(Milliseconds{1});
    }

    EXPECT_EQ(news(), (Done{"foreign_owner"}));
    EXPECT_EQ(log.count("foreign owner"), 1u);
}

TEST_F(SplitBrainTest, OneOfTwoAddressesIsEnough) {
    const IpAddress other = *IpAddress::parse("10.0.1.6");
    vrrp::Config c = config();
    c.addresses.push_back({other, 24, "eth0", ""});
    beat();
    start(c);
    run(Seconds{60});

    for (int i = 0; i < 1000; ++i) {
        run(Milliseconds{100});
        for (const IpAddress &a : std::exchange(machine.questions, {})) {
            if (a == other) {
                claim(kForeign, a);
            }
        }
    }

    EXPECT_EQ(news(), (Done{"foreign_owner"}));
}

TEST_F(SplitBrainTest, WhatIsHeardWhileTheAddressPassesIsNoSign) {
    succeed();

    for (int i = 0; i < 19; ++i) {
        claim();
        run(Milliseconds{100});
    }

    run(Seconds{60});
    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, OursAndOtherAddressesAreNoSign) {
    succeed();
    run(Seconds{20});

    for (int i = 0; i < 50; ++i) {
        claim({2, 0, 0, 0, 0, 1});
        claim(kForeign, kPeer);
        claim(kForeign, kVip, 3);
        run(Milliseconds{200});
    }

    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, BackupSuspectsNothing) {
    beat();
    start();
    for (int i = 0; i < 100; ++i) {
        receive(200);
        claim();
        run(Milliseconds{100});
    }

    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, WhoIsNoMasterAnyMoreSuspectsNothing) {
    succeed();
    run_with_owner(Seconds{10});
    ASSERT_EQ(signs().size(), 1u);

    receive(200);

    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_TRUE(signs().empty());
    EXPECT_EQ(news(), (Done{"foreign_owner", "foreign_owner over"}));
}

// The successor has the address while we still serve: with such adverts for 10
// s.
TEST_F(SplitBrainTest, LeavingIsNoSign) {
    vrrp::Config c = config();
    c.advert_interval = Seconds{10};
    beat();
    start(c);
    run(Seconds{120});

    engine->stop("nginx is shutting down", true, now);
    for (int i = 0; i < 50; ++i) {
        claim();
        run(Milliseconds{100});
    }

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(news().empty());
}

// Adverts that do not arrive

// Its adverts, or its VRRP: from here they look the same.
TEST_F(SplitBrainTest, OwnerThatFellSilentHasLostItsAdvertsOrItsVrrp) {
    beat();
    start();
    receive(200);
    run(Seconds{1});
    ASSERT_EQ(state(), vrrp::StateName::active);

    run_with_owner(Seconds{10});

    ASSERT_EQ(signs().size(), 1u);
    EXPECT_EQ(signs()[0].sign, SplitBrainSign::adverts_lost);
    EXPECT_NE(signs()[0].detail.find("02:00:00:00:00:0b still has 10.0.1.5"),
              std::string::npos)
        << signs()[0].detail;
    EXPECT_NE(
        signs()[0].detail.find("if it is still MASTER, its advertisements "
                               "do "),
        std::string::npos)
        << signs()[0].detail;
    EXPECT_EQ(news(), (Done{"adverts_lost"}));
    EXPECT_EQ(log.count("adverts lost: "), 1u);

    run(Seconds{30});
    EXPECT_EQ(news(), (Done{"adverts_lost", "adverts_lost over"}));
}

// A host that never sent adverts cannot have lost them: a BACKUP with a static
// address.
TEST_F(SplitBrainTest, OwnerThatWasNeverHeardHasLostNoAdverts) {
    become_active();

    run_with_owner(Seconds{10});

    ASSERT_EQ(signs().size(), 1u);
    EXPECT_EQ(signs()[0].sign, SplitBrainSign::foreign_owner);
    EXPECT_NE(signs()[0].detail.find("static configuration"), std::string::npos)
        << signs()[0].detail;
}

TEST_F(SplitBrainTest, OwnerThatComesMuchLaterIsAnotherOne) {
    become_active();
    run(Seconds{60});

    run_with_owner(Seconds{15});

    EXPECT_EQ(news(), (Done{"foreign_owner"}));
}

TEST_F(SplitBrainTest, PreemptedOneWasNotSilent) {
    beat();
    start();
    for (int i = 0; i < 10 && state() != vrrp::StateName::active; ++i) {
        receive(90);
        run(Milliseconds{100});
    }
    ASSERT_EQ(state(), vrrp::StateName::active);

    run_with_owner(Seconds{10});

    EXPECT_EQ(news(), (Done{"foreign_owner"}));
}

TEST_F(SplitBrainTest, AdvertsThatAreDroppedExplainIt) {
    become_active();
    wire::Advertisement advert;
    advert.version = Version::v2;
    advert.vrid = Vrid{51};
    advert.interval = Seconds{1};
    advert.addresses = {kVip};
    const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
    const Buffer pdu =
        wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
    for (int i = 0; i < 8; ++i) {
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
        run_with_owner(Seconds{1});
    }

    ASSERT_EQ(signs().size(), 1u);
    EXPECT_NE(
        signs()[0].detail.find(
            "advertisements from 10.0.1.2 arrive, but are dropped (version)"),
        std::string::npos)
        << signs()[0].detail;
}

// Two masters

TEST_F(SplitBrainTest, RivalThatContinuesIsSuspectedUntilItEnds) {
    become_active();

    run_with_rival(Seconds{5}, 90);
    ASSERT_EQ(signs().size(), 1u);
    EXPECT_EQ(signs()[0].sign, SplitBrainSign::two_masters);
    EXPECT_EQ(signs()[0].detail.find("10.0.1.2, priority 90, keeps"), 0u)
        << signs()[0].detail;
    EXPECT_EQ(news(), (Done{"two_masters"}));
    EXPECT_EQ(log.count("two masters: "), 1u);

    run(Seconds{4});
    EXPECT_TRUE(signs().empty());
    EXPECT_EQ(news(), (Done{"two_masters", "two_masters over"}));
}

TEST_F(SplitBrainTest, LowerAddressOfEqualPriorityMustGiveWay) {
    become_active();

    run_with_rival(Seconds{3}, 100, kLower);

    EXPECT_EQ(news(), (Done{"two_masters"}));
}

TEST_F(SplitBrainTest, RivalThatYieldsAtOnceIsAnElection) {
    become_active();

    for (int i = 0; i < 5; ++i) {
        run_with_rival(Milliseconds{300}, 90);
        run(Seconds{10});
    }

    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, PriorityZerosAreNoRivals) {
    become_active();

    run_with_rival(Seconds{5}, 0);

    EXPECT_TRUE(news().empty());
}

TEST_F(SplitBrainTest, SlowRivalIsGivenItsIntervals) {
    vrrp::Config c = config();
    c.advert_interval = Seconds{10};
    beat();
    start(c);
    run(Seconds{60});
    ASSERT_EQ(state(), vrrp::StateName::active);

    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(news().empty());
        receive(90, kPeer, Seconds{10});
        run(Seconds{10});
    }
    receive(90, kPeer, Seconds{10});
    EXPECT_EQ(news(), (Done{"two_masters"}));

    run(Seconds{25});
    EXPECT_EQ(signs().size(), 1u);
    run(Seconds{10});
    EXPECT_TRUE(signs().empty());
}

TEST_F(SplitBrainTest, SignThatComesAndGoesIsLoggedNowAndThen) {
    become_active();

    for (int i = 0; i < 6; ++i) {
        run_with_rival(Milliseconds{1500}, 90);
        run(Milliseconds{3500});
    }

    EXPECT_EQ(news().size(), 12u);
    EXPECT_LE(log.count("two masters: 10"), 4u);
    EXPECT_LE(log.count("two masters: over"), 4u);
}

// Reload

TEST_F(SplitBrainTest, SuccessorContinuesSuspectingWithoutTellingAgain) {
    succeed();
    run_with_owner(Seconds{10});
    const std::vector<SuspectedSign> before = signs();
    ASSERT_EQ(before.size(), 1u);

    machine.successor = true;
    engine->handle_ownership(now);
    EXPECT_TRUE(signs().empty());
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);

    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(signs(), before);
    run_with_owner(Seconds{60});
    EXPECT_EQ(signs(), before);
    EXPECT_EQ(news(), (Done{"foreign_owner"}));

    run(Seconds{40});
    EXPECT_EQ(news(), (Done{"foreign_owner", "foreign_owner over"}));
}

TEST_F(SplitBrainTest, SuccessorThatCannotBeMasterSaysThatItIsOver) {
    succeed();
    run_with_owner(Seconds{10});
    ASSERT_EQ(signs().size(), 1u);

    machine.successor = true;
    engine->handle_ownership(now);
    engine->handle_interfaces(interfaces(false), now);
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);

    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_TRUE(signs().empty());
    EXPECT_EQ(news(), (Done{"foreign_owner", "foreign_owner over"}));
}

}  // namespace
}  // namespace ngx_vrrp::engine
