// The whole status in each format, as files: tests/status/expected/. After an
// intended change, NGX_VRRP_WRITE_EXPECTED=1 writes them again.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "core/status/render.hpp"
#include "tests/status/rich_view.hpp"

namespace ngx_vrrp::status {
namespace {

void expect_file(const char *name, const std::string &text) {
    const std::string path =
        std::string(NGX_VRRP_TESTS_DIR "/status/expected/") + name;
    if (std::getenv("NGX_VRRP_WRITE_EXPECTED") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string expected(std::istreambuf_iterator<char>(file), {});
    const auto at = std::ranges::mismatch(text, expected).in1 - text.begin();
    EXPECT_TRUE(text == expected)
        << path
        << " differs at: " << text.substr(static_cast<std::size_t>(at), 200);
}

// One member a line.
std::string one_a_line(const std::string &json) {
    std::string text;
    for (const char c : json) {
        text += c;
        text += c == ',' ? "\n" : "";
    }
    return text;
}

TEST(ExpectedStatus, Json) {
    expect_file("status.json", one_a_line(to_json(rich_view())));
}

TEST(ExpectedStatus, Prometheus) {
    expect_file("prometheus.txt",
                to_metrics(rich_view(), MetricsFormat::prometheus));
}

TEST(ExpectedStatus, OpenMetrics) {
    expect_file("openmetrics.txt",
                to_metrics(rich_view(), MetricsFormat::openmetrics));
}

}  // namespace
}  // namespace ngx_vrrp::status
