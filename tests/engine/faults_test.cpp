#include "core/engine/faults.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

constexpr Instant kFirstFault = instant_from_ns(5'000'000'000);

TEST(Faults, TheFirstReasonCounts) {
    Faults faults;
    EXPECT_EQ(faults.reason(), "");
    faults.set(FaultCause::nginx, "0 of 1 nginx workers alive");
    faults.set(FaultCause::interface, "interface eth0 is down");
    EXPECT_EQ(faults.reason(), "interface eth0 is down");
    faults.set(FaultCause::interface, "");
    EXPECT_EQ(faults.reason(), "0 of 1 nginx workers alive");
    EXPECT_FALSE(faults.deadline());
    EXPECT_FALSE(faults.retry_at());
}

TEST(Faults, TimeOutEndsByItselfAndGrows) {
    Faults faults;
    faults.stay_out(FaultCause::removal, "a fight", Seconds{30}, kFirstFault);
    EXPECT_EQ(faults.reason(), "a fight, staying in FAULT for 30 s");
    EXPECT_EQ(faults.deadline(), kFirstFault + Seconds{30});
    EXPECT_EQ(faults.retry_at(), kFirstFault + Seconds{30});

    faults.expire(kFirstFault + Milliseconds{29'999});
    EXPECT_NE(faults.reason(), "");
    faults.expire(kFirstFault + Seconds{30});
    EXPECT_EQ(faults.reason(), "");
    EXPECT_FALSE(faults.deadline());
    EXPECT_TRUE(
        faults.is_on_probation(FaultCause::removal, kFirstFault + Seconds{31}));

    faults.stay_out(FaultCause::removal, "a fight", Seconds{30},
                    kFirstFault + Seconds{31});
    EXPECT_EQ(faults.reason(), "a fight, staying in FAULT for 60 s");
}

TEST(Faults, TimeOutBehindAnotherReasonStillEnds) {
    Faults faults;
    faults.stay_out(FaultCause::address, "refused", Seconds{10}, kFirstFault);
    faults.set(FaultCause::interface, "interface eth0 is down");
    EXPECT_FALSE(faults.retry_at());
    EXPECT_EQ(faults.deadline(), kFirstFault + Seconds{10});
    faults.expire(kFirstFault + Seconds{10});
    faults.set(FaultCause::interface, "");
    EXPECT_EQ(faults.reason(), "");
}

TEST(Faults, TimeOutOfAnotherProcessContinues) {
    Faults before;
    before.stay_out(FaultCause::removal, "a fight", Seconds{30}, kFirstFault);

    Faults faults;
    faults.stay_out(FaultCause::removal, before.entry(FaultCause::removal),
                    kFirstFault + Seconds{10});
    EXPECT_EQ(faults.retry_at(), kFirstFault + Seconds{30});

    Faults late;
    late.stay_out(FaultCause::removal, before.entry(FaultCause::removal),
                  kFirstFault + Seconds{31});
    EXPECT_EQ(late.reason(), "");
    late.stay_out(FaultCause::removal, "a fight", Seconds{30},
                  kFirstFault + Seconds{32});
    EXPECT_EQ(late.reason(), "a fight, staying in FAULT for 60 s");
}

}  // namespace
}  // namespace ngx_vrrp::engine
