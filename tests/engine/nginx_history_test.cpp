// What a node remembers about the ends of its nginx.
#include "core/engine/nginx_history.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::engine {
namespace {

class NginxHistoryTest : public testing::Test {
protected:
    // nginx starts and ends, and writes its file meanwhile.
    NginxHistory begin() {
        NginxHistory history;
        history.read(file, clock);
        crashed = history.start(clock.now);
        file = history.text(clock);
        return history;
    }

    void crash_after(Duration time) {
        begin();
        wait_for(time);
    }

    void wait_for(Duration time) {
        clock.now += time;
        clock.wall += time;
    }

    // Seconds until it preempts; 0: now.
    std::int64_t wait_left(const NginxHistory &history) const {
        const auto until = history.waits_until(clock.now);
        return until ? to_ms(*until - clock.now) / 1000 : 0;
    }

    std::string file;
    bool crashed = false;
    NginxHistory::Clock clock{instant_from_ns(100'000'000'000),
                              WallTime{Seconds{1'764'480'000}}};
};

TEST_F(NginxHistoryTest, FirstStartIsNoCrash) {
    EXPECT_EQ(wait_left(begin()), 0);
    EXPECT_FALSE(crashed);
}

TEST_F(NginxHistoryTest, StopIsNoCrash) {
    for (int i = 0; i < 5; ++i) {
        NginxHistory history = begin();
        EXPECT_FALSE(crashed);
        history.stop();
        file = history.text(clock);
        wait_for(Seconds{1});
    }
}

TEST_F(NginxHistoryTest, TwoCrashesDelayNothing) {
    crash_after(Seconds{1});
    crash_after(Seconds{1});
    const NginxHistory history = begin();
    EXPECT_TRUE(crashed);
    EXPECT_EQ(wait_left(history), 0);
    EXPECT_EQ(history.crashes(), 2U);
}

TEST_F(NginxHistoryTest, ThirdWithinTenMinutesDelaysPreemption) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{290});
    }
    const NginxHistory history = begin();
    EXPECT_EQ(wait_left(history), 60);
    EXPECT_EQ(history.reason(),
              "nginx was killed or crashed 3 times within 600 s, not "
              "preempting for 60 s");
    wait_for(Seconds{60});
    EXPECT_EQ(wait_left(history), 0);
}

TEST_F(NginxHistoryTest, RareCrashesDelayNothing) {
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(wait_left(begin()), 0);
        wait_for(Seconds{301});
    }
}

TEST_F(NginxHistoryTest, EachFurtherOneDoublesTheWait) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    EXPECT_EQ(wait_left(begin()), 60);
    wait_for(Seconds{60});
    std::string reason;
    for (const int seconds : {120, 240, 480, 600, 600}) {
        wait_for(Seconds{500});
        const NginxHistory history = begin();
        EXPECT_EQ(wait_left(history), seconds);
        reason = history.reason();
        wait_for(Seconds{seconds});
    }
    EXPECT_EQ(reason,
              "nginx was killed or crashed again, not preempting for 600 s");
}

TEST_F(NginxHistoryTest, WaitContinuesInTheNextProcess) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    begin();
    wait_for(Seconds{20});
    NginxHistory next;
    next.read(file, clock);
    EXPECT_EQ(wait_left(next), 40);
}

TEST_F(NginxHistoryTest, StopEndsTheWait) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    NginxHistory history = begin();
    history.stop();
    file = history.text(clock);
    const NginxHistory next = begin();
    EXPECT_FALSE(crashed);
    EXPECT_EQ(wait_left(next), 0);
    EXPECT_EQ(next.crashes(), 0U);
}

// The vrrp process got TERM, and nginx's master process has replaced it.
TEST_F(NginxHistoryTest, AProcessThatEndsAloneKeepsTheCount) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    NginxHistory history = begin();
    history.stop();
    file = history.text(clock);

    NginxHistory next;
    next.read(file, clock);
    next.go_on();
    file = next.text(clock);

    EXPECT_EQ(wait_left(next), 60);
    EXPECT_EQ(next.crashes(), 3U);
    wait_for(Seconds{100});
    EXPECT_EQ(begin().crashes(), 4U);
    EXPECT_TRUE(crashed);
}

TEST_F(NginxHistoryTest, ClockThatWasSetDoesNotProlongTheWait) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    begin();
    clock.wall -= Seconds{86400};
    NginxHistory next;
    next.read(file, clock);
    EXPECT_EQ(wait_left(next), 60);
}

TEST_F(NginxHistoryTest, CrashesBeforeAReboot) {
    crash_after(Seconds{1});
    crash_after(Seconds{100});
    begin();
    clock.now = instant_from_ns(5'000'000'000);
    EXPECT_EQ(wait_left(begin()), 60);
    wait_for(Seconds{86400});
    clock.now = instant_from_ns(5'000'000'000);
    EXPECT_EQ(wait_left(begin()), 0);
}

TEST_F(NginxHistoryTest, DamagedFileIsThatOfAFirstStart) {
    for (int i = 0; i < 3; ++i) {
        crash_after(Seconds{1});
    }
    file[file.size() / 2] ^= 1;
    EXPECT_EQ(wait_left(begin()), 0);
    EXPECT_FALSE(crashed);
}

}  // namespace
}  // namespace ngx_vrrp::engine
