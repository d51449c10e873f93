// Random configurations with random faults. A schedule is its seed:
//
//   NGX_VRRP_SIMULATION_SEED=N       repeats this one, with its log
//   NGX_VRRP_SIMULATION_FIRST=N      the first seed
//   NGX_VRRP_SIMULATION_SCHEDULES=N  how many
//
// tools/simulate runs more of them.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/simulation/schedule.hpp"

namespace ngx_vrrp::simulation {
namespace {

constexpr std::uint32_t kShards = 10;

std::uint32_t number(const char *name, std::uint32_t otherwise) {
    const char *text = std::getenv(name);
    return text ? static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10))
                : otherwise;
}

const char *option(Extras extras) {
    switch (extras) {
        case Extras::none:
            return "";
        case Extras::links:
            return "--links ";
        case Extras::witness:
            return "--witness ";
        case Extras::drains:
            return "--drains ";
    }
    return "";
}

// Of shard: all of its schedules.
void run(std::uint32_t shard, Extras extras, std::uint32_t usual) {
    const bool has_links = extras != Extras::none;
    const bool alone = std::getenv("NGX_VRRP_SIMULATION_SEED") != nullptr;
    const std::uint32_t all =
        alone ? kShards : number("NGX_VRRP_SIMULATION_SCHEDULES", usual);
    const std::uint32_t count = (all + kShards - 1) / kShards;
    const std::uint32_t first =
        alone ? number("NGX_VRRP_SIMULATION_SEED", 0)
              : number("NGX_VRRP_SIMULATION_FIRST", 1) + shard * count;
    unsigned failures = 0;
    unsigned named = 0;
    unsigned forwarded = 0;
    for (std::uint32_t i = 0; i < count && failures < 10; ++i) {
        const std::uint32_t seed = first + i;
        Schedule schedule{seed, extras, alone};
        if (alone) {
            std::cerr << schedule.describe() << '\n';
        }
        if (const auto failure = schedule.run()) {
            ++failures;
            ADD_FAILURE() << "seed " << seed << ": " << *failure
                          << "\nrepeat it alone: tools/simulate "
                          << option(extras) << "--seed " << seed << '\n'
                          << schedule.describe();
        }
        named += schedule.named_takeovers();
        forwarded += schedule.forwarded_segments();
    }
    EXPECT_TRUE(!has_links || named > 0 || count < 50);
    EXPECT_TRUE(extras != Extras::drains || forwarded > 0 || count < 50);
}

class Simulation : public testing::TestWithParam<std::uint32_t> {};

TEST_P(Simulation, EverySchedule) {
    run(GetParam(), Extras::none, 10'000);
}

TEST_P(Simulation, EveryScheduleWithPeerLinks) {
    run(GetParam(), Extras::links, 1000);
}

TEST_P(Simulation, EveryScheduleWithAWitness) {
    run(GetParam(), Extras::witness, 1000);
}

TEST_P(Simulation, EveryScheduleWithDrains) {
    run(GetParam(), Extras::drains, 1000);
}

INSTANTIATE_TEST_SUITE_P(Shards, Simulation, testing::Range(0u, kShards));

}  // namespace
}  // namespace ngx_vrrp::simulation
