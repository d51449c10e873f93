// The Active state, and leaving it.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/vrrp/instance.hpp"
#include "tests/support/routers.hpp"

namespace ngx_vrrp::vrrp {
namespace {

using test::classic_config;
using test::ip;
using test::Lines;
using test::Router;
using test::v3_config;

std::ptrdiff_t count(const Lines &lines, const std::string &line) {
    return std::count(lines.begin(), lines.end(), line);
}

Config with_announcements(AnnouncePolicy policy) {
    Config config = classic_config(100);
    config.announce = policy;
    return config;
}

Config quiet_config(Duration interval) {
    Config config = v3_config(100, interval);
    config.announce.delay = {};
    return config;
}

// Adverts

// RFC 9568, 6.4.3 (Adver_Timer)
TEST(Active, AdvertisesEveryInterval) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.due_in(), Seconds{1});
    EXPECT_EQ(router.wait(),
              (Lines{"send-advert priority 100", "renew-addresses"}));
    EXPECT_EQ(router.due_in(), Seconds{1});
}

TEST(Active, DoesNothingBeforeTheDeadline) {
    Router router = Router::active(classic_config());

    router.after(Seconds{1} - Duration{1});

    EXPECT_EQ(router.put(TimeReached{}), Lines{});
}

TEST(Active, AdvertsDoNotDriftWhenServedLate) {
    Router router = Router::active(v3_config());

    router.after(Milliseconds{103}).put(TimeReached{});

    EXPECT_EQ(router.due_in(), Milliseconds{97});
}

// Never later than after an interval, and then in phase for good.
TEST(Active, AdvertsJoinTheirPhase) {
    Config config = v3_config();
    config.advert_phase = Milliseconds{30};
    Router router = Router::active(config);

    const Duration first = *router.due_in();
    EXPECT_GT(first, Duration::zero());
    EXPECT_LE(first, Milliseconds{100});
    router.wait();
    EXPECT_EQ(router.due_in(), Milliseconds{100});
    EXPECT_EQ(router.now().time_since_epoch() % Milliseconds{100},
              Duration{Milliseconds{30}});

    // an answer does not move it
    router.after(Milliseconds{20});
    router.hear(50);
    EXPECT_EQ(router.due_in(), Milliseconds{80});
}

TEST(Active, AdvertsDoNotComeInABurstAfterADelay) {
    Router router = Router::active(v3_config());

    EXPECT_EQ(router.after(Milliseconds{250}).put(TimeReached{}),
              Lines{"send-advert priority 100"});
    EXPECT_EQ(router.due_in(), Milliseconds{100});
}

// Leases

TEST(Active, RenewsLeasesAsRarelyAsItMay) {
    for (const int interval : {10, 100, 250, 500}) {
        Router router = Router::active(quiet_config(Milliseconds{interval}));

        const Lines lines = router.wait_for(Seconds{10});

        EXPECT_EQ(count(lines, "send-advert priority 100"), 10000 / interval);
        EXPECT_EQ(count(lines, "renew-addresses"), interval == 500 ? 10 : 20)
            << interval;
    }
}

// A lease of 2 s that is renewed every 2 adverts of 990 ms has no margin.
TEST(Active, NeverLeavesMoreThanTheRenewIntervalBetweenRenewals) {
    for (const int interval : {110, 200, 300, 340, 510, 700, 990}) {
        Router router = Router::active(quiet_config(Milliseconds{interval}));
        Instant renewed = router.now();

        for (int advert = 0; advert < 100; ++advert) {
            if (count(router.wait(), "renew-addresses") == 1) {
                renewed = router.now();
            }
            ASSERT_LE(router.now() - renewed,
                      renew_interval(Version::v3, Milliseconds{interval}))
                << interval;
        }
    }
}

TEST(Active, RenewsLeasesWithEveryAdvertOfALongInterval) {
    Router router = Router::active(quiet_config(Seconds{3}));

    const Lines lines = router.wait_for(Seconds{30});

    EXPECT_EQ(count(lines, "renew-addresses"), 10);
}

// Lateness of the event loop must not make it skip a renewal.
TEST(Active, RenewsLeasesAlsoWhenServedLate) {
    Router router = Router::active(quiet_config(Seconds{1}));

    for (int advert = 0; advert < 20; ++advert) {
        router.after(*router.due_in() + Milliseconds{advert % 3});
        ASSERT_EQ(count(router.put(TimeReached{}), "renew-addresses"), 1);
    }
}

// Announcements

TEST(Active, AnnouncesTwice) {
    Router router = Router::active(classic_config());

    const Lines lines = router.wait_for(Seconds{60});

    EXPECT_EQ(count(lines, "announce-addresses 5"), 1);
}

TEST(Active, SecondAnnouncementComesAfterItsDelay) {
    Router router = Router::active(
        with_announcements({.repeat = 3, .delay = Milliseconds{400}}));

    EXPECT_EQ(router.due_in(), Milliseconds{400});
    EXPECT_EQ(router.wait(), Lines{"announce-addresses 3"});
    EXPECT_EQ(router.due_in(), Milliseconds{600});
}

TEST(Active, WithoutADelayThereIsNoSecondAnnouncement) {
    Router router = Router::active(with_announcements({.repeat = 5}));

    EXPECT_EQ(count(router.wait_for(Seconds{60}), "announce-addresses 5"), 0);
}

TEST(Active, RefreshesAnnouncementsPeriodically) {
    Router router = Router::active(with_announcements({.repeat = 5,
                                                       .delay = Seconds{5},
                                                       .refresh = Seconds{10},
                                                       .refresh_repeat = 2}));

    const Lines lines = router.wait_for(Seconds{60});

    EXPECT_EQ(count(lines, "announce-addresses 5"), 1);
    EXPECT_EQ(count(lines, "announce-addresses 2"), 6);
}

TEST(Active, RefreshAndSecondAnnouncementAtOnceAreOne) {
    Router router = Router::active(with_announcements({.repeat = 5,
                                                       .delay = Seconds{5},
                                                       .refresh = Seconds{5},
                                                       .refresh_repeat = 2}));

    const Lines lines = router.wait_for(Seconds{5});

    EXPECT_EQ(count(lines, "announce-addresses 5"), 1);
    EXPECT_EQ(count(lines, "announce-addresses 2"), 0);
}

// Adverts that lose

// RFC 9568, 6.4.3 (advertisement that loses)
TEST(Active, AnswersALowerPriorityAtOnceAndAnnounces) {
    Router router = Router::active(classic_config(100));
    router.after(Milliseconds{300});

    EXPECT_EQ(router.hear(90),
              (Lines{"send-advert priority 100", "renew-addresses",
                     "announce-addresses 5"}));
    EXPECT_EQ(router.due_in(), kLastWord);
    router.wait();
    EXPECT_EQ(router.due_in(), Seconds{1} - kLastWord);
}

TEST(Active, AnswersAnEqualPriorityFromALowerAddress) {
    Router router = Router::active(quiet_config(Milliseconds{100}));

    EXPECT_EQ(router.hear(100, "192.168.64.129"),
              (Lines{"send-advert priority 100", "announce-addresses 5"}));
}

TEST(Active, AnnouncesAgainAfterTheDelayWhenContested) {
    Router router = Router::active(classic_config(100));
    router.wait_for(Seconds{20});
    router.hear(90);

    EXPECT_EQ(count(router.wait_for(kLastWord), "announce-addresses 5"), 1);
    EXPECT_EQ(count(router.wait_for(Seconds{4}), "announce-addresses 5"), 0);
    EXPECT_EQ(count(router.wait_for(Seconds{2}), "announce-addresses 5"), 1);
}

TEST(Active, AFloodOfLosingAdvertsDoesNotMakeAFlood) {
    Router router = Router::active(quiet_config(Milliseconds{100}));

    Lines all;
    for (int ms = 0; ms < 10'000; ++ms) {
        router.after(Milliseconds{1});
        for (const unsigned priority : {90u, 80u, 70u}) {
            const Lines lines = router.hear(priority);
            all.insert(all.end(), lines.begin(), lines.end());
        }
    }

    EXPECT_LE(count(all, "send-advert priority 100"), 1000 + 3);
    EXPECT_LE(count(all, "announce-addresses 5"), 10 + 3);
}

// An endless contest costs one frame more at a time than the bursts do.
TEST(Active, AFloodOfLosingAdvertsDoesNotPutOffTheLastWord) {
    Router router = Router::active(quiet_config(Milliseconds{100}));

    Instant announced = router.now();
    for (int ms = 0; ms < 10'000; ++ms) {
        router.after(Milliseconds{1});
        Lines lines = router.hear(90);
        if (*router.due_in() <= Duration{0}) {
            const Lines more = router.put(TimeReached{});
            lines.insert(lines.end(), more.begin(), more.end());
        }
        if (count(lines, "announce-addresses 5") +
                count(lines, "announce-addresses 1") >
            0) {
            announced = router.now();
        }
        ASSERT_LE(router.now() - announced, kLastWord);
    }
}

// The last router to claim the addresses may have announced them after our last
// announcement.
TEST(Active, AnAnnouncementThatWasTooMuchIsMadeGood) {
    Router router = Router::active(quiet_config(Seconds{1}));
    router.after(Milliseconds{500});
    for (unsigned i = 0; i < kContestBurst; ++i) {
        ASSERT_EQ(count(router.hear(90), "announce-addresses 5"), 1);
    }
    ASSERT_EQ(
        count(router.after(Milliseconds{1}).hear(90), "announce-addresses 5"),
        0);

    EXPECT_EQ(count(router.wait_for(Milliseconds{500}), "announce-addresses 1"),
              2)
        << "after the first contest, and after the last";
    EXPECT_EQ(count(router.wait_for(Seconds{9}), "announce-addresses 1"), 0);
}

// The router that loses may speak after our answer, and yield unheard.
TEST(Active, HasTheLastWordAfterAContest) {
    Router router = Router::active(quiet_config(Seconds{1}));
    router.after(Milliseconds{500}).hear(90);

    EXPECT_EQ(router.due_in(), kLastWord);
    EXPECT_EQ(router.wait(), Lines{"announce-addresses 5"});
    EXPECT_EQ(count(router.wait_for(Seconds{9}), "announce-addresses 5"), 0);
}

TEST(Active, AnnouncesOnceMoreWhenItComesBackWithinSeconds) {
    Router router = Router::active(quiet_config(Milliseconds{100}));
    router.hear(110);
    router.wait();
    ASSERT_EQ(router.state(), StateName::active);

    EXPECT_EQ(count(router.wait_for(Seconds{9}), "announce-addresses 5"), 1);
}

// Claims: another machine has announced one of the addresses.

TEST(Active, ContradictsAClaimOnce) {
    Router router = Router::active(quiet_config(Seconds{1}));
    router.after(Milliseconds{500});
    for (int frame = 0; frame < 5; ++frame) {
        ASSERT_EQ(router.put(AddressClaimed{}), Lines{});
    }

    EXPECT_EQ(router.due_in(), kClaimAnswer);
    EXPECT_EQ(router.wait(), Lines{"announce-addresses 5"});
    EXPECT_EQ(count(router.wait_for(Seconds{9}), "announce-addresses 5"), 0);
}

// They never hear each other: clients would move back and forth for ever.
TEST(Active, GivesUpContradictingClaims) {
    Router router = Router::active(quiet_config(Seconds{1}));

    Lines all;
    for (int second = 0; second < 600; second += 10) {
        router.put(AddressClaimed{});
        const Lines lines = router.wait_for(Seconds{10});
        all.insert(all.end(), lines.begin(), lines.end());
    }
    EXPECT_EQ(count(all, "announce-addresses 5"), kClaimBurst);

    router.wait_for(kClaimMemory);
    router.put(AddressClaimed{});
    EXPECT_EQ(count(router.wait_for(Seconds{1}), "announce-addresses 5"), 1)
        << "a claim after a quiet time is another matter";
}

TEST(Active, ContinuesContradictingARouterThatItHears) {
    Router router = Router::active(quiet_config(Seconds{1}));

    for (int i = 0; i < 20; ++i) {
        router.hear(90);
        router.wait_for(Seconds{5});
        router.put(AddressClaimed{});
        ASSERT_EQ(count(router.wait_for(Seconds{5}), "announce-addresses 5"), 1)
            << i;
    }
}

TEST(Backup, IgnoresClaims) {
    Router router = Router::backup(classic_config());

    EXPECT_EQ(router.put(AddressClaimed{}), Lines{});
    EXPECT_EQ(router.state(), StateName::backup);
}

// The timer is restarted with each answer and may never fire.
TEST(Active, AFloodOfLosingAdvertsDoesNotStarveTheLease) {
    Router router = Router::active(quiet_config(Milliseconds{100}));

    Lines all;
    for (int i = 0; i < 200; ++i) {
        const Lines lines = router.after(Milliseconds{50}).hear(90);
        all.insert(all.end(), lines.begin(), lines.end());
    }

    EXPECT_GE(count(all, "renew-addresses"), 10);
}

// RFC 9568, 6.4.3 (priority 0)
TEST(Active, AnswersPriorityZeroAtOnce) {
    Router router = Router::active(quiet_config(Milliseconds{100}));
    router.after(Milliseconds{30});

    EXPECT_EQ(router.hear(0), Lines{"send-advert priority 100"});
    EXPECT_EQ(router.due_in(), Milliseconds{100});
}

TEST(Active, ReportsARouterWithItsOwnAddress) {
    Router router = Router::active(classic_config(100));
    router.after(Milliseconds{300});

    EXPECT_EQ(router.hear(100, "192.168.64.130"),
              Lines{"mismatch: 192.168.64.130 is our own address, but another "
                    "router also sends from it: give each router a different "
                    "address"});
    EXPECT_EQ(router.due_in(), Milliseconds{700});
}

// Adverts that win

// RFC 9568, 6.4.3 (higher priority)
TEST(Active, YieldsToAHigherPriority) {
    Router router = Router::active(classic_config(100));

    EXPECT_EQ(router.hear(110),
              (Lines{"remove-addresses", "send-advert priority 100",
                     "transition active -> backup: advertisement with "
                     "higher priority 110 from 192.168.64.134"}));
    EXPECT_EQ(router.due_in(), Duration{3'609'375'000});
    ASSERT_TRUE(router.instance().active_router());
    EXPECT_EQ(router.instance().active_router()->priority, Priority{110});
}

// RFC 9568, 6.4.3 (equal priority, higher address)
TEST(Active, YieldsToAnEqualPriorityFromAHigherAddress) {
    Router router = Router::active(classic_config(100));

    EXPECT_EQ(router.hear(100).back(),
              "transition active -> backup: equal priority 100, higher "
              "address 192.168.64.134");
}

// RFC 9568, 6.4.3 (unsigned integer comparison)
TEST(Active, ComparesAddressesAsNumbers) {
    Router router = Router::active(classic_config(100));

    router.hear(100, "192.168.64.13");
    EXPECT_EQ(router.state(), StateName::active);

    router.hear(100, "192.168.65.1");
    EXPECT_EQ(router.state(), StateName::backup);
}

TEST(Active, YieldsEvenWithoutPreemption) {
    Config config = classic_config(100);
    config.preempt = false;
    Router router = Router::active(config);

    router.hear(110);

    EXPECT_EQ(router.state(), StateName::backup);
}

// RFC 9568, 6.4.3 (Active_Adver_Interval)
TEST(Active, LearnsTheIntervalOfTheRouterItYieldsTo) {
    Router router = Router::active(v3_config(100, Milliseconds{100}));

    router.hear_interval(Seconds{3}, 110);

    EXPECT_EQ(router.due_in(), Duration{10'828'125'000});
}

// RFC 9568, 6.4.3 and erratum 8298 (two owners)
TEST(Active, OfTwoOwnersTheLowerAddressYields) {
    Router router{classic_config(255)};
    router.put(Startup{});

    router.hear(255, "192.168.64.129");
    EXPECT_EQ(router.state(), StateName::active);

    router.hear(255, "192.168.64.134");
    EXPECT_EQ(router.state(), StateName::backup);
}

// Late wake

TEST(Active, DropsTheAddressesFirstWhenItWakesTooLate) {
    Router router = Router::active(classic_config());
    router.after(fastest_takeover(Version::v2, Seconds{1}) + Duration{1});

    EXPECT_EQ(router.put(TimeReached{}),
              (Lines{"remove-addresses",
                     "transition active -> backup: this process was not "
                     "scheduled for 2007 ms"}));
    EXPECT_EQ(router.due_in(), Duration{3'609'375'000});
}

TEST(Active, ContinuesWhenItWakesJustInTime) {
    Router router = Router::active(classic_config());
    router.after(fastest_takeover(Version::v2, Seconds{1}));

    EXPECT_EQ(router.put(TimeReached{}).front(), "send-advert priority 100");
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Active, AnAdvertThatWakesItTooLateIsHeardAsBackup) {
    Router router = Router::active(classic_config(100));
    router.after(Seconds{60});

    EXPECT_EQ(router.hear(90),
              (Lines{"remove-addresses",
                     "transition active -> backup: this process was not "
                     "scheduled for 59000 ms"}));
}

TEST(Active, SendsNoPriorityZeroWhenItWakesTooLateForAShutdown) {
    Router router = Router::active(classic_config());
    router.after(Seconds{60});

    EXPECT_EQ(router.put(Shutdown{"nginx quits", true, Seconds{1}}),
              (Lines{"remove-addresses",
                     "transition active -> backup: this process was not "
                     "scheduled for 59000 ms",
                     "transition backup -> initialize: nginx quits"}));
}

// Shutdown

// RFC 9568, 6.4.3 (Shutdown)
TEST(Active, DropsTheAddressesAtOnceWithoutServingWorkers) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(Shutdown{"master died", false, Seconds{9}}),
              (Lines{"send-advert priority 0", "remove-addresses",
                     "transition active -> initialize: master died"}));
    EXPECT_EQ(router.due_in(), std::nullopt);
}

TEST(Leaving, KeepsTheAddressesUntilTheSuccessorSpeaks) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(Shutdown{"nginx quits", true, Seconds{1}}),
              Lines{"send-advert priority 0"});
    EXPECT_EQ(router.state(), StateName::active);

    router.after(Milliseconds{600});
    EXPECT_EQ(router.hear(90), Lines{});
    EXPECT_EQ(router.due_in(), kSuccessorSettles)
        << "the successor has to add and to announce the addresses first";
    EXPECT_EQ(router.wait(),
              (Lines{"remove-addresses",
                     "transition active -> initialize: nginx quits, "
                     "192.168.64.134 took over with priority 90"}));
}

TEST(Leaving, ThatTheSuccessorContinuesDoesNotPutOffTheEnd) {
    Router router = Router::active(v3_config());
    router.put(Shutdown{"nginx quits", true, Milliseconds{300}});
    router.hear(90);
    router.after(kSuccessorSettles / 2);
    router.hear(90);
    EXPECT_EQ(router.due_in(), kSuccessorSettles / 2);
}

// A successor with a peer link: no guess is needed.
TEST(Leaving, KeepsTheAddressesUntilTheSuccessorConfirms) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{1}});
    router.put(SuccessorNotified{});

    router.after(Milliseconds{1});
    router.hear(90);
    EXPECT_EQ(router.due_in(), kSuccessorReports) << "it adds them";
    router.after(Milliseconds{30});
    EXPECT_EQ(router.put(SuccessorReady{ip("192.168.64.134")}), Lines{});
    EXPECT_EQ(router.due_in(), kLastRequests);
    EXPECT_EQ(router.wait(),
              (Lines{"remove-addresses",
                     "transition active -> initialize: nginx quits, "
                     "192.168.64.134 took over with priority 90"}));
    const auto &departure = router.instance().departure();
    ASSERT_TRUE(departure);
    EXPECT_EQ(departure->successor, ip("192.168.64.134"));
    EXPECT_EQ(departure->taken_at - departure->began, Milliseconds{31});
}

TEST(Leaving, TheWordOfTheSuccessorIsEnough) {
    Router router = Router::active(classic_config());
    router.put(Release{"released", Seconds{1}});
    router.put(SuccessorNotified{});

    router.put(SuccessorReady{ip("192.168.64.134")});
    EXPECT_FALSE(router.instance().may_return()) << "the successor has them";
    EXPECT_EQ(router.due_in(), kLastRequests);
    router.hear(90);
    EXPECT_EQ(router.due_in(), kLastRequests);
}

TEST(Leaving, AnAdvertIsEnoughIfTheWordDoesNotArrive) {
    Router router = Router::active(v3_config());
    router.put(Shutdown{"nginx quits", true, Milliseconds{300}});
    router.put(SuccessorNotified{});
    router.hear(90);

    EXPECT_EQ(router.due_in(), kSuccessorReports);
    router.wait();
    EXPECT_EQ(router.state(), StateName::initialize);
}

TEST(Leaving, BelievesOnlyASuccessorThatItHasTold) {
    Router router = Router::active(classic_config());
    EXPECT_EQ(router.put(SuccessorReady{ip("192.168.64.134")}), Lines{});
    router.put(Shutdown{"nginx quits", true, Milliseconds{300}});
    router.put(SuccessorReady{ip("192.168.64.134")});

    EXPECT_EQ(router.due_in(), Milliseconds{300});
}

TEST(Leaving, DropsTheAddressesWhenNoSuccessorSpeaks) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Milliseconds{900}});

    EXPECT_EQ(router.due_in(), Milliseconds{900});
    EXPECT_EQ(router.wait(),
              (Lines{"remove-addresses",
                     "transition active -> initialize: nginx quits, no router "
                     "has taken over"}));
}

TEST(Leaving, SendsNoMoreAdverts) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{5}});

    const Lines lines = router.wait_for(Seconds{60});

    EXPECT_EQ(count(lines, "send-advert priority 100"), 0);
    EXPECT_EQ(count(lines, "send-advert priority 0"), 0);
}

TEST(Leaving, RenewsLeasesDuringALongGrace) {
    Router router = Router::active(classic_config());
    router.after(Milliseconds{300});
    router.put(Shutdown{"nginx quits", true, Seconds{5}});

    EXPECT_EQ(router.due_in(), Milliseconds{700});
    EXPECT_EQ(count(router.wait_for(Seconds{10}), "renew-addresses"), 5);
}

TEST(Leaving, AnotherPriorityZeroIsNoSuccessor) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{1}});

    EXPECT_EQ(router.hear(0), Lines{});
    EXPECT_EQ(router.state(), StateName::active);
}

TEST(Leaving, FaultDropsTheAddressesAtOnce) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{1}});

    EXPECT_EQ(router.put(FaultChanged{"0 of 1 nginx workers alive"}),
              (Lines{"remove-addresses",
                     "transition active -> initialize: nginx quits, 0 of 1 "
                     "nginx workers alive"}));
}

TEST(Leaving, SecondShutdownDropsTheAddressesWithoutServingWorkers) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{1}});

    EXPECT_EQ(router.put(Shutdown{"nginx quits", true, Seconds{9}}), Lines{});
    EXPECT_EQ(router.due_in(), Seconds{1});
    EXPECT_EQ(router.put(Shutdown{"master died", false, {}}),
              (Lines{"remove-addresses",
                     "transition active -> initialize: master died"}));
}

TEST(Leaving, WithoutGraceDropsTheAddressesAtOnce) {
    Router router = Router::active(classic_config());

    EXPECT_EQ(router.put(Shutdown{"nginx quits", true, Duration{0}}).size(),
              3u);
    EXPECT_EQ(router.state(), StateName::initialize);
}

// For any first input after it wakes.
TEST(Leaving, DropsTheAddressesFirstWhenItWakesTooLate) {
    Router router = Router::active(classic_config());
    router.put(Shutdown{"nginx quits", true, Seconds{1}});
    router.after(Seconds{60});

    EXPECT_EQ(router.put(PriorityChanged{Priority{90}, ""}).front(),
              "remove-addresses");
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
