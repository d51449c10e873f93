// Processes that check, when the configuration changes while they do.

#include <gtest/gtest.h>

#include <optional>

#include "tests/node/check_process.hpp"

namespace ngx_vrrp::node {
namespace {

TEST(CheckGenerations, ARespawnedProcessContinues) {
    Configuration configuration({tcp_check("a")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    take_down(configuration, area, 0);

    CheckProcess respawned(configuration, area);
    ASSERT_EQ(respawned.start(), VRRP_CORE_OK);
    ASSERT_TRUE(respawned.run_until([&] { return respawned.opens == 1; }));

    EXPECT_EQ(respawned.verdict(0), VRRP_CORE_DOWN);
    EXPECT_TRUE(respawned.changes.empty());
}

TEST(CheckGenerations, AProcessOfTheLastButOneWaitsForItsQuit) {
    Configuration first({tcp_check("a")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    CheckProcess process(first, area);
    ASSERT_EQ(process.start(), VRRP_CORE_OK);

    Configuration second({tcp_check("a")});
    ASSERT_EQ(second.begin(area), VRRP_CORE_OK);
    ASSERT_TRUE(process.run_until([&] { return process.opens == 1; }));
    EXPECT_FALSE(process.finished());

    Configuration third({tcp_check("a")});
    ASSERT_EQ(third.begin(area), VRRP_CORE_OK);
    EXPECT_TRUE(process.run_until(
        [&] { return process.deadline() == VRRP_CORE_NEVER; }));
    EXPECT_EQ(process.verdict(0), VRRP_CORE_UNUSED);
    EXPECT_EQ(vrrp_core_checks_changes(area.get(), first.conf.generation), 0u);
    EXPECT_FALSE(process.finished());

    process.quit();
    EXPECT_TRUE(process.finished());
}

class ReservedSlots : public ::testing::Test {
protected:
    ReservedSlots() {
        EXPECT_EQ(configuration.begin(area), VRRP_CORE_OK);
        process.emplace(configuration, area);
        process->on_open = [this](std::size_t check) {
            vrrp_checker_failed(process->get(), check, VRRP_CHECKER_CONNECT,
                                "refused", 7);
        };
        EXPECT_EQ(process->start(), VRRP_CORE_OK);
    }

    bool runs_until(std::size_t check, vrrp_core_verdict_e verdict) {
        return process->run_until(
            [&] { return process->verdict(check) == verdict; });
    }

    Configuration configuration{
        {tcp_check("a"), reserved_slot(), tcp_check("b")}};
    SharedArea area{configuration.conf};
    std::optional<CheckProcess> process;
};

TEST_F(ReservedSlots, AreNotMade) {
    EXPECT_TRUE(runs_until(2, VRRP_CORE_DOWN));
    EXPECT_EQ(process->verdict(1), VRRP_CORE_UNUSED);
}

TEST_F(ReservedSlots, AreMadeOnceTheyAreAssigned) {
    const vrrp_core_check_conf_t check = tcp_check("c");
    vrrp_checker_assign(process->get(), 1, &check);
    EXPECT_TRUE(os::take_wakes(configuration.wake.get()));
    EXPECT_EQ(process->verdict(1), VRRP_CORE_UP);
    EXPECT_TRUE(runs_until(1, VRRP_CORE_DOWN));

    vrrp_checker_release(process->get(), 1);
    EXPECT_EQ(process->verdict(1), VRRP_CORE_UNUSED);
}

TEST_F(ReservedSlots, MayBecomeAnother) {
    const vrrp_core_check_conf_t check = tcp_check("c");
    vrrp_checker_assign(process->get(), 1, &check);
    ASSERT_TRUE(runs_until(1, VRRP_CORE_DOWN));

    const vrrp_core_check_conf_t other = tcp_check("d");
    vrrp_checker_assign(process->get(), 1, &other);
    EXPECT_EQ(process->verdict(1), VRRP_CORE_UP);
    EXPECT_TRUE(runs_until(1, VRRP_CORE_DOWN));
}

TEST_F(ReservedSlots, AreKnownAgainAfterAReload) {
    const vrrp_core_check_conf_t check = tcp_check("c");
    vrrp_checker_assign(process->get(), 1, &check);
    ASSERT_TRUE(runs_until(1, VRRP_CORE_DOWN));

    Configuration second({reserved_slot(), tcp_check("a")});
    ASSERT_EQ(second.begin(area), VRRP_CORE_OK);
    EXPECT_EQ(verdict(area, second, 0), VRRP_CORE_UNUSED);
    CheckProcess next(second, area);
    ASSERT_EQ(next.start(), VRRP_CORE_OK);
    vrrp_checker_assign(next.get(), 0, &check);

    EXPECT_EQ(next.verdict(0), VRRP_CORE_DOWN);
}

}  // namespace
}  // namespace ngx_vrrp::node
