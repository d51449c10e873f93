// The results of a peer outlive the processes that made them.

#include <gtest/gtest.h>

#include "tests/node/configuration.hpp"

namespace ngx_vrrp::node {
namespace {

TEST(Generations, KnowWhatTheOneBeforeHasFound) {
    Configuration first({tcp_check("a"), tcp_check("b")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 1);

    Configuration second({tcp_check("c"), tcp_check("b"), tcp_check("a")});
    ASSERT_EQ(second.begin(area), VRRP_CORE_OK);

    EXPECT_EQ(verdict(area, second, 0), VRRP_CORE_UP);
    EXPECT_EQ(verdict(area, second, 1), VRRP_CORE_DOWN);
    EXPECT_EQ(verdict(area, second, 2), VRRP_CORE_UP);
    // Processes of the first are still there.
    EXPECT_EQ(verdict(area, first, 1), VRRP_CORE_DOWN);
}

TEST(Generations, PassThingsOnToAnotherArea) {
    Configuration first({tcp_check("a"), tcp_check("b")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 0);

    std::vector<vrrp_core_check_conf_t> checks(20, tcp_check("c"));
    checks[0] = tcp_check("b");
    checks[1] = tcp_check("a");
    Configuration second(checks);
    const SharedArea larger(second.conf, &area);
    second.conf.previous = area.get();
    ASSERT_NE(larger.get()->status, area.get()->status);
    ASSERT_EQ(second.begin(larger), VRRP_CORE_OK);

    EXPECT_EQ(verdict(larger, second, 0), VRRP_CORE_UP);
    EXPECT_EQ(verdict(larger, second, 1), VRRP_CORE_DOWN);
}

TEST(Generations, OneMayHaveComeToNothing) {
    Configuration first({tcp_check("a")});
    const SharedArea area(first.conf);
    ASSERT_EQ(first.begin(area), VRRP_CORE_OK);
    take_down(first, area, 0);
    vrrp_core_begin_generation(area.get(), nullptr);

    Configuration third({tcp_check("a")});
    ASSERT_EQ(third.begin(area), VRRP_CORE_OK);

    EXPECT_EQ(verdict(area, third, 0), VRRP_CORE_DOWN);
}

TEST(Generations, SayWhenThereIsNoRoom) {
    Configuration first({tcp_check("a")});
    const SharedArea area(first.conf);

    Configuration second(
        std::vector<vrrp_core_check_conf_t>(1000, tcp_check("a")));
    EXPECT_EQ(second.begin(area), VRRP_CORE_ERROR);
}

// The effect of a reload on the memory of the previous generation.
class MemoryOfAReload : public ::testing::Test {
protected:
    Configuration first{{tcp_check("a")}};
    SharedArea area{first.conf};
};

TEST_F(MemoryOfAReload, IsKeptWhenTheConfigurationIsOfTheSameSize) {
    Configuration second({tcp_check("a"), tcp_check("b")});
    const SharedArea again(second.conf, &area);

    EXPECT_EQ(again.get()->status, area.get()->status);
    EXPECT_EQ(again.get()->workers, area.get()->workers);
    EXPECT_EQ(again.notes, "");
    EXPECT_EQ(vrrp_core_begin_generation(again.get(), area.get()), 1u);
    EXPECT_EQ(area.area().generation(), 1u);
}

TEST_F(MemoryOfAReload, IsAnotherForALargerConfiguration) {
    ASSERT_EQ(vrrp_core_begin_generation(area.get(), nullptr), 1u);
    Configuration second(
        std::vector<vrrp_core_check_conf_t>(1000, tcp_check("a")));
    const SharedArea larger(second.conf, &area);
    EXPECT_NE(larger.get()->status, area.get()->status);
    EXPECT_NE(larger.get()->workers, area.get()->workers);

    // Those of the first learn of it.
    EXPECT_EQ(vrrp_core_begin_generation(larger.get(), area.get()), 2u);
    EXPECT_EQ(larger.area().generation(), 2u);
    EXPECT_EQ(area.area().generation(), 2u);
}

// A compromised worker has written there.
TEST_F(MemoryOfAReload, IsAnotherForWorkersWhenItWasOverwritten) {
    std::memset(area.get()->workers->writable(), 0xff,
                status::WorkerArea::size(area.get()->room));

    const SharedArea again(first.conf, &area);
    EXPECT_EQ(again.get()->status, area.get()->status);
    EXPECT_NE(again.get()->workers, area.get()->workers);
    EXPECT_EQ(again.notes,
              "the shared memory of the worker processes was overwritten, a "
              "new one is created");
    EXPECT_TRUE(again.get()->worker_area().heartbeats().empty());

    const SharedArea third(first.conf, &again);
    EXPECT_EQ(third.notes, "");
    EXPECT_EQ(third.get()->workers, again.get()->workers);
}

TEST_F(MemoryOfAReload, CountsGenerationsByItself) {
    ASSERT_EQ(vrrp_core_begin_generation(area.get(), nullptr), 1u);
    area.area().set_generation(77);
    EXPECT_EQ(vrrp_core_begin_generation(area.get(), nullptr), 2u);
}

}  // namespace
}  // namespace ngx_vrrp::node
