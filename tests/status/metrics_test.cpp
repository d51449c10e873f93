#include "core/status/render.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "tests/status/rich_view.hpp"
#include "tests/status/view_fixture.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::status {
namespace {

Checks two_servers() {
    check::Config up = test::default_check();
    up.identity = {"http", "web", "a:80", "10.0.0.1:80"};
    check::Config down = up;
    down.identity.name = "b:80";
    down.identity.address = "10.0.0.2:80";
    check::Config tracker = test::default_check();
    tracker.identity = {"vrrp", "VI_1", "track_tcp", "10.0.0.3:80"};

    Checks checks;
    checks.records = {check::first_record(up), check::first_record(down),
                      check::first_record(tracker)};
    check::Record &record = checks.records[1];
    check::add_result(record, check::failed(check::Reason::l7sts, "500"),
                      Milliseconds{25}, instant_from_ns(9'000'000'000));
    check::change_verdict(record, check::Verdict::down,
                          instant_from_ns(9'000'000'000));
    return checks;
}

std::string metrics(const View &view,
                    MetricsFormat format = MetricsFormat::prometheus) {
    return to_metrics(view, format);
}

std::string metrics() {
    return metrics(view_of(snapshot(), two_servers()));
}

#define EXPECT_LINE(line, text)                                        \
    EXPECT_NE(("\n" + (text)).find("\n" line "\n"), std::string::npos) \
        << line << "\n"                                                \
        << (text)

// The family of a sample in the old format: its name, except for a histogram.
std::string family_of(const std::string &line) {
    std::string name = line.substr(0, line.find_first_of("{ "));
    for (const char *suffix : {"_bucket", "_sum", "_count"}) {
        if (name.ends_with(suffix)) {
            name.resize(name.size() - std::string_view{suffix}.size());
        }
    }
    return name;
}

TEST(MetricsWriter, SecondsAreExact) {
    EXPECT_EQ(to_seconds(0), "0.0");
    EXPECT_EQ(to_seconds(1'000'000), "0.001");
    EXPECT_EQ(to_seconds(60'000'000'000), "60.0");
    EXPECT_EQ(to_seconds(1'709'251'196'000'000'001), "1709251196.000000001");
    EXPECT_EQ(to_seconds(-1'500'000'000), "-1.5");
}

TEST(MetricsWriter, ValuesOfLabelsAreEscaped) {
    MetricsWriter out(MetricsFormat::prometheus);
    out.sample({MetricType::gauge, "x", "X."}, {{"a", "\"\\\n"}, {"b", "1"}},
               "2");
    EXPECT_EQ(out.text(),
              "# HELP x X.\n# TYPE x gauge\nx{a=\"\\\"\\\\\\n\",b=\"1\"} 2\n");
}

// Shared memory cuts texts anywhere, and Prometheus refuses all metrics if one
// label is not UTF-8.
TEST(MetricsWriter, ValuesOfLabelsAreUtf8) {
    EXPECT_EQ(Labels({{"a", "caf\xc3"}}).text(), "a=\"caf\xef\xbf\xbd\"");
    EXPECT_EQ(Labels({{"a", "caf\xc3\xa9"}}).text(), "a=\"caf\xc3\xa9\"");
}

TEST(MetricsWriter, FormatsDifferInHeadsAndEnd) {
    const auto write = [](MetricsFormat format) {
        MetricsWriter out(format);
        out.sample({MetricType::counter, "down_seconds", "Down."}, {}, "1.5");
        return out.text();
    };
    EXPECT_EQ(write(MetricsFormat::prometheus),
              "# HELP down_seconds_total Down.\n"
              "# TYPE down_seconds_total counter\n"
              "down_seconds_total 1.5\n");
    EXPECT_EQ(write(MetricsFormat::openmetrics),
              "# HELP down_seconds Down.\n"
              "# TYPE down_seconds counter\n"
              "# UNIT down_seconds seconds\n"
              "down_seconds_total 1.5\n"
              "# EOF\n");
}

TEST(MetricsWriter, SampleIsThereOnceAndFamiliesAreInOrder) {
    MetricsWriter out(MetricsFormat::prometheus);
    EXPECT_EQ(out.text(), "");
    out.sample({MetricType::gauge, "x", "X."}, {{"a", "b"}}, "1");
    out.sample({MetricType::gauge, "a", "A."}, {}, "3");
    out.sample({MetricType::gauge, "x", "X."}, {{"a", "b"}}, "2");
    out.sample({MetricType::gauge, "x", "X."}, {{"a", "c"}}, "2");
    EXPECT_EQ(out.text(),
              "# HELP a A.\n# TYPE a gauge\na 3\n"
              "# HELP x X.\n# TYPE x gauge\nx{a=\"b\"} 1\nx{a=\"c\"} 2\n");
}

TEST(Metrics, EveryStateHasItsSample) {
    const std::string text = metrics();
    for (const auto &[state, value] : std::map<std::string, std::string>{
             {"init", "0"}, {"backup", "0"}, {"master", "1"}, {"fault", "0"}}) {
        EXPECT_NE(text.find("\nnginx_vrrp_instance_state{vrrp_instance=\"VI_1\""
                            ",vrid=\"51\",family=\"ipv4\",interface=\"eth0\","
                            "state=\"" +
                            state + "\"} " + value + "\n"),
                  std::string::npos)
            << text;
    }
}

TEST(Metrics, EverySignHasItsSample) {
    const std::string text = metrics();
    for (const auto &[sign, value] :
         std::map<std::string, std::string>{{"two_masters", "0"},
                                            {"foreign_owner", "1"},
                                            {"adverts_lost", "0"}}) {
        EXPECT_NE(text.find("\nnginx_vrrp_split_brain_suspected{"
                            "vrrp_instance=\"VI_1\",vrid=\"51\","
                            "family=\"ipv4\",interface=\"eth0\",sign=\"" +
                            sign + "\"} " + value + "\n"),
                  std::string::npos)
            << text;
    }
}

TEST(Metrics, SaysThatTheModuleFileHasChanged) {
    View view = view_of(snapshot());
    view.builds = {.running = "01ab", .installed = "02cd"};
    EXPECT_LINE("nginx_vrrp_module_file_changed 1", metrics(view));
    view.builds.installed.clear();
    EXPECT_LINE("nginx_vrrp_module_file_changed 0", metrics(view));
}

TEST(Metrics, SaysWhoAnswersAndHowLate) {
    const std::string text = metrics();
    EXPECT_LINE(
        "nginx_vrrp_build_info{version=\"0.1.0\",nginx_version=\"1.22.1\","
        "build_id=\"\"} 1",
        text);
    EXPECT_LINE("nginx_vrrp_status_age_seconds 0.1", text);
    EXPECT_LINE("nginx_vrrp_config_generation 3", text);
    EXPECT_LINE("nginx_vrrp_config_last_reload_timestamp_seconds 1709251188.5",
                text);
    EXPECT_LINE("nginx_vrrp_timer_lag_seconds_bucket{le=\"0.01\"} 1", text);
    EXPECT_LINE("nginx_vrrp_timer_lag_seconds_bucket{le=\"+Inf\"} 2", text);
    EXPECT_LINE("nginx_vrrp_timer_lag_seconds_sum 0.021", text);
    EXPECT_LINE("nginx_vrrp_timer_lag_seconds_count 2", text);
    EXPECT_LINE("nginx_vrrp_worker_heartbeat_age_seconds{pid=\"77\"} 0.25",
                text);
}

TEST(Metrics, SaysWhatAnInstanceHasAndCounts) {
    const std::string text = metrics();
    EXPECT_LINE(
        "nginx_vrrp_address_assigned{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",address=\"10.0.1.5/24\"} 1",
        text);
    EXPECT_LINE(
        "nginx_vrrp_address_foreign{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",address=\"10.0.1.5/24\"} 0",
        text);
    EXPECT_LINE(
        "nginx_vrrp_adverts_sent_total{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\"} 7",
        text);
    EXPECT_LINE(
        "nginx_vrrp_receive_errors_total{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",reason=\"length\"} 2",
        text);
    EXPECT_EQ(text.find("nginx_vrrp_neighbor_advertisements"),
              std::string::npos);
    EXPECT_EQ(text.find("nginx_vrrp_instance_master_info"), std::string::npos);
}

TEST(Metrics, SaysWhichMasterIsHeard) {
    Snapshot s = snapshot();
    s.instances[0].master_address.set("10.0.1.2");
    s.instances[0].master_priority = 150;
    s.instances[0].master_heard_ns = 9'000'000'000;
    const std::string text = metrics(view_of(s));
    EXPECT_LINE(
        "nginx_vrrp_instance_master_priority{vrrp_instance=\"VI_1\","
        "vrid=\"51\",family=\"ipv4\",interface=\"eth0\"} 150",
        text);
    EXPECT_LINE(
        "nginx_vrrp_instance_last_advert_timestamp_seconds{vrrp_instance="
        "\"VI_1\",vrid=\"51\",family=\"ipv4\",interface=\"eth0\"} 1709251197.0",
        text);
}

TEST(Metrics, SaysWhatTrackersAdd) {
    const std::string text = metrics();
    EXPECT_LINE(
        "nginx_vrrp_track_status{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",type=\"upstream\",name=\"web\"} 0",
        text);
    EXPECT_LINE(
        "nginx_vrrp_track_weight{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",type=\"upstream\",name=\"web\"} "
        "-20",
        text);
    EXPECT_LINE(
        "nginx_vrrp_upstream_quorum{vrrp_instance=\"VI_1\",vrid=\"51\","
        "family=\"ipv4\",interface=\"eth0\",type=\"upstream\",name=\"web\"} 1",
        text);
    EXPECT_EQ(text.find("nginx_vrrp_track_weight{vrrp_instance=\"VI_1\","
                        "vrid=\"51\",family=\"ipv4\",interface=\"eth0\","
                        "type=\"interface\""),
              std::string::npos);
}

TEST(Metrics, SaysHowServersAre) {
    const std::string text = metrics();
    EXPECT_LINE(
        "nginx_vrrp_upstream_peer_state{context=\"http\",upstream=\"web\","
        "peer=\"10.0.0.2:80\",server=\"b:80\",backup=\"0\",state=\"down\"} 1",
        text);
    EXPECT_LINE(
        "nginx_vrrp_upstream_peer_check_failures_total{context=\"http\","
        "upstream=\"web\",peer=\"10.0.0.2:80\",server=\"b:80\",backup=\"0\","
        "reason=\"l7sts\"} 1",
        text);
    EXPECT_LINE(
        "nginx_vrrp_upstream_peer_check_duration_seconds{context=\"http\","
        "upstream=\"web\",peer=\"10.0.0.2:80\",server=\"b:80\",backup=\"0\"} "
        "0.025",
        text);
    EXPECT_LINE(
        "nginx_vrrp_upstream_peer_downtime_seconds_total{context=\"http\","
        "upstream=\"web\",peer=\"10.0.0.2:80\",server=\"b:80\",backup=\"0\"} "
        "1.0",
        text);
    EXPECT_LINE(
        "nginx_vrrp_upstream_peers{context=\"http\",upstream=\"web\","
        "state=\"up\"} 1",
        text);
    EXPECT_EQ(text.find("10.0.0.3"), std::string::npos);
}

// Each family has its head once and stands in one piece, no sample is there
// twice, and no name but ours.
TEST(Metrics, NodesOfOneNameHaveSamplesOfTheirOwn) {
    View view = rich_view();
    for (PeerReport &report : view.peer_reports.nodes) {
        report.details.about.router_id = "lb2";
    }
    std::istringstream text(metrics(view));
    std::set<std::string> seen;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("nginx_vrrp_peer")) {
            EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second)
                << line;
        }
    }
    EXPECT_TRUE(seen.contains(
        R"(nginx_vrrp_peer_drift{interface="eth1",address="fe80::4",)"
        R"(router_id="lb2"})"));
}

TEST(Metrics, FamiliesAreWhole) {
    Snapshot s = snapshot();
    s.instances.push_back(s.instances[0]);
    s.instances[1].name.set("VI_6");
    s.instances[1].family = 6;
    Checks checks = two_servers();
    checks.records.push_back(checks.records[0]);

    std::istringstream text(metrics(view_of(s, checks)));
    std::set<std::string> families;
    std::set<std::string> samples;
    std::string family;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(families.insert(family).second) << line;
            EXPECT_TRUE(family.starts_with("nginx_vrrp_")) << line;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(line.starts_with("# TYPE " + family + " ")) << line;
        } else {
            EXPECT_EQ(family_of(line), family);
            EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second)
                << line;
        }
    }
    EXPECT_GT(families.size(), 30u);
}

}  // namespace
}  // namespace ngx_vrrp::status
