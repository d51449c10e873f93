// The calculations of the RFC, in nanoseconds: at priority 254 and
// advertisements every 10 ms the skew time is 78 us, which milliseconds would
// round to 0.
#pragma once

#include <algorithm>

#include "core/base/time.hpp"
#include "core/base/types.hpp"

namespace ngx_vrrp::vrrp {

// RFC 9568, 6.1: "Skew_Time ... Calculated as: (((256 - priority) *
// Active_Adver_Interval) / 256)".
// RFC 3768, 6.1: "Skew_Time ... ((256 - Priority) / 256)" seconds.
constexpr Duration skew_time(Version version, Priority priority,
                             Duration active_interval) {
    const Duration unit =
        version == Version::v2 ? Duration{Seconds{1}} : active_interval;
    return unit * (256 - priority.value) / 256;
}

// RFC 9568, 6.1: "Active_Down_Interval ... Calculated as: (3 *
// Active_Adver_Interval) + Skew_Time". The number of advertisements can be
// configured (down_timer_adverts), on all routers alike.
inline constexpr unsigned kDownAdverts = 3;

constexpr Duration active_down_interval(Version version, Priority priority,
                                        Duration active_interval,
                                        unsigned adverts = kDownAdverts) {
    return adverts * active_interval +
           skew_time(version, priority, active_interval);
}

// The shortest time after which any peer can take over from us: a peer with
// priority 254.
constexpr Duration fastest_takeover(Version version, Duration interval,
                                    unsigned adverts = kDownAdverts) {
    return active_down_interval(version, Priority{254}, interval, adverts);
}

// The kernel may remove an address this much later than its lease ends.
inline constexpr Duration kLeaseSlack = Milliseconds{300};

// The kernel counts leases in whole seconds. The shortest lease is for routers
// from which a peer takes over within that time: a process that is too late to
// renew it has already lost the address to the peer. Where peers wait longer, a
// process may be late by more, and keeps the address for one more second.
inline constexpr Seconds kShortestLease{1};
inline constexpr Seconds kShortestPatientLease{2};

// A lease is renewed with an advertisement, which may be late.
inline constexpr Duration kLateRenewal = Milliseconds{490};

// Lifetime of a VIP in the kernel, renewed with the advertisements. Where whole
// seconds allow it, the lifetime ends before a peer takes over, so that a node
// whose user space died or froze does not keep the address. But it lasts until
// the next advertisement, even if peers wait for one only.
constexpr Seconds lease(Version version, Duration interval,
                        unsigned adverts = kDownAdverts) {
    const Duration takeover = fastest_takeover(version, interval, adverts);
    const auto renewed = std::chrono::ceil<Seconds>(interval + kLateRenewal);
    if (takeover < kShortestLease) {
        return std::max(kShortestLease, renewed);
    }
    return std::max(
        {kShortestPatientLease, renewed,
         std::chrono::duration_cast<Seconds>(takeover - kLeaseSlack)});
}

// Leases are renewed together with an advertisement, but only as often as
// needed to have at most this time between two renewals (if the advertisement
// interval permits it): a lease is renewed at least twice in its lifetime.
constexpr Duration renew_interval(Version version, Duration interval,
                                  unsigned adverts = kDownAdverts) {
    return std::min<Duration>(Seconds{1},
                              Duration{lease(version, interval, adverts)} / 2);
}

// The successor sends its first advertisement before it has added and announced
// the addresses: until then requests still arrive here, and are answered.
inline constexpr Duration kSuccessorSettles = Milliseconds{20};

// Over a peer link, the successor reports when it has announced them. Then only
// the requests are to be answered that were under way before. A report that is
// lost would be repeated later than this.
inline constexpr Duration kLastRequests = Milliseconds{10};
inline constexpr Duration kSuccessorReports = Milliseconds{100};

// The time for which the addresses wait for the successor: it needs its skew
// time, which is at most one advertisement interval (v2: one second), and some
// time to be scheduled.
inline constexpr Duration kSuccessorMargin = Milliseconds{200};

constexpr Duration successor_grace(Version version, Duration interval) {
    return skew_time(version, Priority{0}, interval) + kSuccessorMargin;
}

// takeover_check. The first advertisement is overdue after 1.5 intervals, or,
// with down_timer_adverts 1, in the middle of the skew time.
constexpr Duration overdue_time(Version version, Priority priority,
                                Duration interval,
                                unsigned adverts = kDownAdverts) {
    return std::min(interval * 3 / 2,
                    active_down_interval(version, priority, interval, adverts) -
                        skew_time(version, priority, interval) / 2);
}

// The time for which an answer counts. Questions are repeated so that one
// answer comes before the previous one is too old.
constexpr Duration answer_lifetime(Duration interval) {
    return std::max<Duration>(interval, Milliseconds{100});
}

constexpr Duration question_period(Duration interval) {
    return answer_lifetime(interval) / 2;
}

// A question has this time to be answered. With the time until it is due, it
// is not longer than three intervals if they are at least 100 ms, and never
// longer than four.
constexpr Duration answer_time(Duration interval) {
    return std::min<Duration>(interval * 5 / 2, Milliseconds{150});
}

// After an answer: a question that is asked in time is answered before the
// previous answer is too old, and waiting does not delay the takeover.
constexpr Duration answer_time_again(Duration interval) {
    return std::min(answer_time(interval), question_period(interval));
}

// A question to the witness: if it is not answered, it is repeated after a time
// that doubles.
inline constexpr Duration kFirstWitnessPause = Milliseconds{100};
inline constexpr Duration kLongestWitnessPause = Seconds{1};

// Far enough, and sums with it are valid.
inline constexpr Duration kNever = std::chrono::hours{24 * 3650};

// Limit of advertisements that answer a router which must lose against us:
// three at once, so that no election waits, then no more than with the shortest
// interval.
inline constexpr Duration kAnswerPeriod = Milliseconds{10};
inline constexpr unsigned kAnswerBurst = 3;

// Limit of announcements (gratuitous ARP), for the same reason.
inline constexpr Duration kContestPeriod = Seconds{1};
inline constexpr unsigned kContestBurst = 3;

// The time after a contest until the addresses are announced again: the other
// router has received our answer by then, and has sent its own announcements.
inline constexpr Duration kLastWord = Milliseconds{400};

// How often the addresses are announced while the kernel of a router that died
// still answers for them.
inline constexpr Duration kOutlastPeriod = Milliseconds{200};

// The time until we contradict an announcement of another router, which sends
// several in a row.
inline constexpr Duration kClaimAnswer = Milliseconds{50};
inline constexpr unsigned kClaimBurst = 4;
inline constexpr Duration kClaimMemory = Seconds{60};

// A router that was active within this time is active again: the addresses move
// back and forth.
inline constexpr Duration kBackAndForth = Seconds{5};

// A periodic timer does not drift when it is served late, and does not fire
// several times to catch up when it is served very late.
constexpr Instant next_due(Instant due, Duration period, Instant now) {
    return due + period > now ? due + period : now + period;
}

// The first moment after now that is in phase: a multiple of the interval, plus
// the phase, after the boot of the machine. It is never more than one interval
// away.
constexpr Instant next_in_phase(Instant now, Duration interval,
                                Duration phase) {
    const Duration since = now.time_since_epoch() + interval - phase % interval;
    return now + (interval - since % interval);
}

static_assert(next_in_phase(instant_from_ns(2500), Duration{1000},
                            Duration{200}) == instant_from_ns(3200));
static_assert(next_in_phase(instant_from_ns(3200), Duration{1000},
                            Duration{200}) == instant_from_ns(4200));
static_assert(active_down_interval(Version::v2, Priority{100}, Seconds{1}) ==
              Duration{3'609'375'000});
static_assert(skew_time(Version::v3, Priority{254}, Milliseconds{10}) ==
              Duration{78'125});
static_assert(skew_time(Version::v2, Priority{100}, Seconds{10}) ==
              Duration{609'375'000});
static_assert(overdue_time(Version::v3, Priority{100}, Milliseconds{100}) +
                  answer_time(Milliseconds{100}) ==
              Milliseconds{300});
static_assert(overdue_time(Version::v3, Priority{100}, Milliseconds{10}) +
                  answer_time(Milliseconds{10}) ==
              Milliseconds{40});
static_assert(overdue_time(Version::v3, Priority{128}, Seconds{1}, 1) ==
              Milliseconds{1250});
static_assert(lease(Version::v2, Seconds{1}) == Seconds{2});
static_assert(lease(Version::v3, Milliseconds{10}) == Seconds{1});
static_assert(lease(Version::v3, Milliseconds{330}) == Seconds{1});
static_assert(lease(Version::v3, Milliseconds{340}) == Seconds{2});
static_assert(renew_interval(Version::v3, Milliseconds{10}) ==
              Milliseconds{500});
static_assert(lease(Version::v2, Seconds{3}) == Seconds{8});
static_assert(lease(Version::v3, Milliseconds{100}, 45) == Seconds{4});
static_assert(lease(Version::v2, Seconds{10}, 1) == Seconds{11});

}  // namespace ngx_vrrp::vrrp
