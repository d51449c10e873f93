// Replays every recorded conversation in tests/cases. A wanted change of
// behaviour: run with NGX_VRRP_UPDATE_CASES=1 and read the diff.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/case_file.hpp"

namespace ngx_vrrp::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> case_files() {
    std::vector<fs::path> files;
    for (const auto &entry :
         fs::directory_iterator(fs::path{NGX_VRRP_TESTS_DIR} / "cases")) {
        if (entry.path().extension() == ".case") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string read(const fs::path &path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}

class Cases : public testing::TestWithParam<fs::path> {};

TEST_P(Cases, IsAsRecorded) {
    const std::string recorded = read(GetParam());

    const auto replayed = replay_case(recorded);

    ASSERT_TRUE(replayed) << replayed.error();
    if (std::getenv("NGX_VRRP_UPDATE_CASES") != nullptr) {
        std::ofstream{GetParam()} << *replayed;
    } else {
        EXPECT_EQ(recorded, *replayed);
    }
}

std::string name_of(const testing::TestParamInfo<fs::path> &file) {
    return file.param.stem().string();
}

INSTANTIATE_TEST_SUITE_P(Recorded, Cases, testing::ValuesIn(case_files()),
                         name_of);

constexpr const char *kRecorded =
    "# a comment\n"
    "router priority 200 interval 1s address 10.0.0.1\n"
    "\n"
    "   0 ms  in   startup\n"
    "   0 ms  out  transition initialize -> backup: startup\n"
    "3218.75 ms  in   time\n"
    "3218.75 ms  out  send-advert priority 200\n"
    "3218.75 ms  out  add-addresses\n"
    "3218.75 ms  out  announce-addresses 5\n"
    "3218.75 ms  out  transition backup -> active: no advertisement for "
    "3218 ms\n";

TEST(CaseFile, SameTextWhenTheRouterBehavesAsRecorded) {
    const auto replayed = replay_case(kRecorded);

    ASSERT_TRUE(replayed) << replayed.error();
    EXPECT_EQ(*replayed, kRecorded);
}

TEST(CaseFile, OtherTextWhenItDoesNot) {
    std::string changed = kRecorded;
    changed.replace(changed.find("add-addresses"), 13, "remove-addresses");

    const auto replayed = replay_case(changed);

    ASSERT_TRUE(replayed) << replayed.error();
    EXPECT_EQ(*replayed, kRecorded);
}

TEST(CaseFile, SaysSoWhenNothingComesOut) {
    const auto replayed = replay_case("0 ms  in  time\n");

    ASSERT_TRUE(replayed) << replayed.error();
    EXPECT_EQ(*replayed, "0 ms  in  time\n0 ms  out  nothing\n");
}

TEST(CaseFile, NamesTheLineThatItDoesNotUnderstand) {
    for (const char *line :
         {"router priorty 100", "0 ms in jump", "0 ms in startup now",
          "zero ms in startup", "0 s in startup", "0 ms sideways startup",
          "0 ms in advert priority 90", "0 ms in shutdown serving 12h: x",
          "0 ms in source 10.0.0", "-1 ms in startup"}) {
        const auto replayed = replay_case("# fine\n" + std::string{line});

        ASSERT_FALSE(replayed) << line;
        EXPECT_EQ(replayed.error(),
                  "line 2 is not understood: " + std::string{line});
    }
}

}  // namespace
}  // namespace ngx_vrrp::test
