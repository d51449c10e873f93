#include "core/vrrp/timing.hpp"

#include <gtest/gtest.h>

#include "core/vrrp/token_bucket.hpp"

namespace ngx_vrrp::vrrp {
namespace {

// RFC 3768, 6.1 (Skew_Time)
TEST(Timing, SkewOfVersion2IsAPartOfASecondWhateverTheInterval) {
    EXPECT_EQ(skew_time(Version::v2, Priority{100}, Seconds{1}),
              Duration{609'375'000});
    EXPECT_EQ(skew_time(Version::v2, Priority{100}, Seconds{3}),
              Duration{609'375'000});
    EXPECT_EQ(skew_time(Version::v2, Priority{255}, Seconds{1}),
              Duration{3'906'250});
}

// RFC 9568, 6.1 (Skew_Time)
TEST(Timing, SkewOfVersion3IsAPartOfTheInterval) {
    EXPECT_EQ(skew_time(Version::v3, Priority{100}, Seconds{1}),
              Duration{609'375'000});
    EXPECT_EQ(skew_time(Version::v3, Priority{100}, Milliseconds{100}),
              Duration{60'937'500});
}

TEST(Timing, SkewIsNotRoundedAwayAtTheShortestInterval) {
    EXPECT_EQ(skew_time(Version::v3, Priority{254}, Milliseconds{10}),
              Duration{78'125});
}

TEST(Timing, LongestIntervalDoesNotOverflow) {
    EXPECT_EQ(
        active_down_interval(Version::v3, Priority{1}, Milliseconds{40'950}),
        3 * Milliseconds{40'950} + Duration{40'790'039'062});
}

// RFC 9568, 6.1 (Active_Down_Interval)
TEST(Timing, DownIntervalIsThreeAdvertsAndTheSkew) {
    EXPECT_EQ(active_down_interval(Version::v2, Priority{100}, Seconds{1}),
              Duration{3'609'375'000});
    EXPECT_EQ(active_down_interval(Version::v3, Priority{100}, Seconds{3}),
              Duration{10'828'125'000});
}

// down_timer_adverts
TEST(Timing, DownIntervalHasTheConfiguredNumberOfAdverts) {
    EXPECT_EQ(
        active_down_interval(Version::v3, Priority{254}, Milliseconds{100}, 45),
        45 * Milliseconds{100} + Duration{781'250});
    EXPECT_EQ(fastest_takeover(Version::v2, Seconds{1}, 1),
              Seconds{1} + Duration{7'812'500});
    EXPECT_EQ(lease(Version::v3, Milliseconds{100}, 10), Seconds{2});
    EXPECT_EQ(lease(Version::v3, Milliseconds{100}, 2), Seconds{1});
    EXPECT_EQ(renew_interval(Version::v3, Milliseconds{100}, 45), Seconds{1});
}

// Unless it is the shortest that the kernel can count.
TEST(Timing, LeaseIsOverBeforeAnyPeerTakesOver) {
    for (const Version version : {Version::v2, Version::v3}) {
        for (int s = 1; s <= 40; ++s) {
            EXPECT_LT(lease(version, Seconds{s}) + kLeaseSlack,
                      fastest_takeover(version, Seconds{s}))
                << s << " s";
        }
    }
    EXPECT_EQ(lease(Version::v3, Milliseconds{100}), kShortestLease);
}

// A router whose peers wait longer than a second may be late by more.
TEST(Timing, ShortestLeaseIsForThoseWhoLoseTheAddressWithinIt) {
    for (int cs = 1; cs <= 100; ++cs) {
        const Duration interval = Milliseconds{cs * 10};
        const bool fast =
            fastest_takeover(Version::v3, interval) < kShortestLease;
        EXPECT_EQ(lease(Version::v3, interval) == kShortestLease, fast) << cs;
    }
}

TEST(Timing, LeaseIsRenewedAtLeastTwiceInItsTime) {
    for (int cs = 1; cs <= 100; ++cs) {
        const Duration interval = Milliseconds{cs * 10};
        EXPECT_LE(2 * renew_interval(Version::v3, interval),
                  lease(Version::v3, interval))
            << cs;
    }
}

// The next renewal comes with an advert, which may be late.
TEST(Timing, LeaseOutlivesTheNextRenewal) {
    for (const unsigned adverts : {1u, 2u, 3u, 100u}) {
        for (int cs = 1; cs <= 4095; ++cs) {
            const Duration interval = Milliseconds{cs * 10};
            EXPECT_GE(lease(Version::v3, interval, adverts),
                      std::max(interval,
                               renew_interval(Version::v3, interval, adverts)) +
                          kLateRenewal)
                << cs << " cs, " << adverts;
        }
    }
}

TEST(Timing, PeriodicTimerDoesNotDrift) {
    const Instant due = instant_from_ns(5'000);
    EXPECT_EQ(next_due(due, Duration{100}, due + Duration{30}),
              due + Duration{100});
}

TEST(Timing, PeriodicTimerDoesNotCatchUp) {
    const Instant due = instant_from_ns(5'000);
    EXPECT_EQ(next_due(due, Duration{100}, due + Duration{100}),
              due + Duration{200});
    EXPECT_EQ(next_due(due, Duration{100}, due + Duration{730}),
              due + Duration{830});
}

TEST(TokenBucket, GivesABurstAndThenOnePerPeriod) {
    TokenBucket bucket{Milliseconds{10}, 3};
    Instant now = instant_from_ns(0);

    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));

    now += Milliseconds{9};
    EXPECT_FALSE(bucket.take(now));
    now += Milliseconds{1};
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));
}

TEST(TokenBucket, IsFullAgainAfterARest) {
    TokenBucket bucket{Milliseconds{10}, 2};
    Instant now = instant_from_ns(0);
    bucket.take(now);
    bucket.take(now);

    now += Seconds{1};

    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));
}

}  // namespace
}  // namespace ngx_vrrp::vrrp
