#include "core/status/render.hpp"

#include <gtest/gtest.h>

#include "core/status/area.hpp"
#include "core/status/sane.hpp"
#include "tests/status/view_fixture.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::status {
namespace {

std::string json_of(const Snapshot &s, const Checks &checks = {}) {
    return to_json(view_of(s, checks));
}

TEST(Json, SaysStateSinceWhenAndWhy) {
    const std::string json = json_of(snapshot());
    EXPECT_NE(json.find(R"("name":"VI_1","state":"MASTER","since_ms":2000,)"
                        R"("since":"2024-02-29T23:59:56.000Z",)"
                        R"("reason":"no advertisement for 3609 ms")"),
              std::string::npos)
        << json;
}

// A text that was cut to its field may end in the middle of a character.
TEST(Json, WritesNothingButUtf8) {
    Snapshot s = snapshot();
    s.instances[0].name.set("\xe4\xb8\xad\xe4\xb8");
    EXPECT_NE(json_of(s).find("\"name\":\"\xe4\xb8\xad\xef\xbf\xbd\""),
              std::string::npos);
}

TEST(Json, SaysPriorityAddressesAndCounters) {
    const std::string json = json_of(snapshot());
    for (const char *part :
         {R"("priority":{"base":100,"effective":80})",
          R"("addresses":[{"address":"10.0.1.5/24","interface":"eth0",)"
          R"("label":null,"present":true,"foreign":false,)"
          R"("excluded":false}],"routes":[],"rules":[])",
          R"("adverts_sent":7)", R"("dropped":{"length":2,"ttl":0)",
          R"("master":null)", R"("age_ms":100)", R"("uptime_ms":9000)"}) {
        EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
    }
}

TEST(Json, SaysWhatAnOperatorWants) {
    Snapshot s = snapshot();
    EXPECT_NE(json_of(s).find(R"("preempt_window":null,"released":false)"),
              std::string::npos);

    s.instances[0].preempt_windows.set("02:00-04:00 22:00-23:00");
    s.instances[0].window_open = 1;
    s.instances[0].released = 1;
    EXPECT_NE(json_of(s).find(
                  R"("preempt_window":{"times":"02:00-04:00 22:00-23:00",)"
                  R"("open":true},"released":true)"),
              std::string::npos);
}

// One instance for the operator.
TEST(Json, InstanceOfBothFamilies) {
    Snapshot s = snapshot();
    s.instances.push_back(s.instances[0]);
    s.instances[1].second = 1;
    s.instances[1].family = 6;
    s.instances[1].state.set("BACKUP");
    const std::string json = json_of(s);
    EXPECT_NE(json.find(R"("other_family":{"name":"VI_1")"
                        R"(,"state":"BACKUP")"),
              std::string::npos)
        << json;
    EXPECT_EQ(json.find(R"("other_family":null)"), std::string::npos)
        << "one instance: " << json;
}

TEST(Json, SaysWhoAnswers) {
    const std::string json = json_of(snapshot());
    for (const char *part :
         {R"("router_id":"lb01","nginx_version":"1.22.1","pid":42)",
          R"("generation":3,"configured_ms":9500,)"
          R"("configured":"2024-02-29T23:59:48.500Z")",
          R"("workers":[{"pid":77,"heard_ms":250,"state":"alive"}])"}) {
        EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
    }
}

TEST(Json, SaysWhichWorkersAreStalled) {
    View view = view_of(snapshot());
    view.workers.push_back({.pid = 78, .beat = instant_from_ns(7'999'000'000)});
    EXPECT_NE(
        to_json(view).find(R"({"pid":78,"heard_ms":2001,"state":"stalled"}])"),
        std::string::npos);

    view.snapshot.node.worker_timeout_ns = 0;
    EXPECT_EQ(to_json(view).find(R"("stalled")"), std::string::npos);
}

TEST(Json, SaysWhichBuildRunsAndWhichIsInstalled) {
    View view = view_of(snapshot());
    EXPECT_NE(
        to_json(view).find(R"("build_id":null,"installed_build_id":null,)"),
        std::string::npos);

    view.builds = {.running = "01ab", .installed = "02cd"};
    EXPECT_NE(
        to_json(view).find(R"("build_id":"01ab","installed_build_id":"02cd",)"),
        std::string::npos);
}

TEST(Json, SaysWhatHasChanged) {
    EXPECT_NE(
        json_of(snapshot())
            .find(R"("transitions":[{"time":"2024-02-29T23:59:56.000Z",)"
                  R"("ago_ms":2000,"instance":"VI_1","from":"BACKUP",)"
                  R"("to":"MASTER",)"
                  R"("reason":"no advertisement for 3609 ms","pid":42}])"),
        std::string::npos);
}

TEST(Json, SaysWhichSignsOfASplitBrainThereAre) {
    Snapshot s = snapshot();
    EXPECT_NE(
        to_json(view_of(s))
            .find(R"("split_brain":[{"sign":"foreign_owner","since_ms":1000,)"
                  R"("since":"2024-02-29T23:59:57.000Z",)"
                  R"("detail":"02:00:00:00:00:0b has 10.0.1.5, too"}])"),
        std::string::npos)
        << to_json(view_of(s));

    s.instances[0].signs = {};
    EXPECT_NE(to_json(view_of(s)).find(R"("split_brain":[])"),
              std::string::npos);
}

TEST(Json, SaysHowTheProcessIsScheduled) {
    const std::string json = json_of(snapshot());
    EXPECT_NE(
        json.find(R"("startup_delay_left_ms":2500,"realtime_priority":50,)"
                  R"("mlock":true,"timer_lag":{"last_us":20000,"max_us":20000,)"
                  R"("sum_us":21000,"buckets":[{"le_us":1000,"count":1},)"
                  R"({"le_us":5000,"count":1},{"le_us":10000,"count":1},)"
                  R"({"le_us":50000,"count":2},{"le_us":100000,"count":2},)"
                  R"({"le_us":500000,"count":2},{"le_us":1000000,"count":2},)"
                  R"({"le_us":null,"count":2}]})"),
        std::string::npos)
        << json;
}

TEST(Json, SaysWhatTheTrackersFound) {
    const std::string json = json_of(snapshot());
    EXPECT_NE(
        json.find(
            R"("trackers":[{"type":"track_upstream","name":"web",)"
            R"("state":"down","weight":-20,"adds":-20,)"
            R"("pool":{"servers":2,"up":0,"needed":1},)"
            R"("latched":false,"bfd":null,)"
            R"("reason":"0 of 2 servers up"},)"
            R"({"type":"track_interface","name":"eth1","state":"up",)"
            R"("weight":null,"adds":0,"pool":null,"latched":false,"bfd":null,)"
            R"("reason":null}])"),
        std::string::npos)
        << json;
}

TEST(Json, SaysThatNothingIsChecked) {
    EXPECT_NE(json_of(snapshot())
                  .find(R"("checker":{"last_beat_ago_ms":null,"late_wakes":0,)"
                        R"("worst_lag_ms":0.000},)"
                        R"("runner":{"last_beat_ago_ms":null,"late_wakes":0,)"
                        R"("worst_lag_ms":0.000},"checks":[])"),
              std::string::npos);
}

TEST(Json, SaysWhatTheChecksFound) {
    check::Config config = test::default_check();
    config.identity = {"http", "web", "10.0.0.1", "10.0.0.1:80"};
    Checks checks{.records = {check::first_record(config)},
                  .beats = {{{.at = instant_from_ns(9'880'000'000),
                              .late_wakes = 3,
                              .worst_lag = Milliseconds{12}},
                             {.at = instant_from_ns(9'990'000'000)}}}};
    check::Record &record = checks.records[0];
    check::add_result(record, check::passed(), Milliseconds{2},
                      instant_from_ns(8'000'000'000));
    check::add_result(record, check::failed(check::Reason::l7sts, "status 500"),
                      std::chrono::microseconds{1040},
                      instant_from_ns(9'000'000'000));
    record.downtime_ns = 1'000'000'000;
    check::change_verdict(record, check::Verdict::down,
                          instant_from_ns(9'000'000'000));

    const std::string json = json_of(snapshot(), checks);
    EXPECT_NE(
        json.find(R"("checker":{"last_beat_ago_ms":120,"late_wakes":3,)"
                  R"("worst_lag_ms":12.000},)"
                  R"("runner":{"last_beat_ago_ms":10,"late_wakes":0,)"
                  R"("worst_lag_ms":0.000},"checks":[{)"
                  R"("context":"http","group":"web","name":"10.0.0.1",)"
                  R"("address":"10.0.0.1:80","backup":false,)"
                  R"("verdict":"down","changed_ago_ms":1000,)"
                  R"("checked_ago_ms":1000,"duration_ms":1.040,"value":0,)"
                  R"("history":"10","reason":"L7STS","text":"status 500",)"
                  R"("failed_ago_ms":1000,"failed_duration_ms":1.040,)"
                  R"("passes":1,"fails":{"L7STS":1},"changes":1,)"
                  R"("downtime_ms":2000}])"),
        std::string::npos)
        << json;
}

TEST(Json, CheckThatWasNeverMadeHasNoTimes) {
    check::Config config = test::default_check();
    config.initial = check::Verdict::unknown;
    const std::string json = json_of(
        snapshot(), {.records = {check::first_record(config)}, .beats = {}});
    EXPECT_NE(json.find(R"("verdict":"checking","changed_ago_ms":null,)"
                        R"("checked_ago_ms":null,"duration_ms":0.000,)"
                        R"("value":0,"history":"","reason":null,"text":null,)"
                        R"("failed_ago_ms":null)"),
              std::string::npos)
        << json;
}

TEST(Json, StartupDelayThatIsOverHasNothingLeft) {
    Snapshot s = snapshot();
    s.node.not_before_ns = 9'000'000'000;
    EXPECT_NE(json_of(s).find(R"("startup_delay_left_ms":0)"),
              std::string::npos);
}

TEST(Json, SaysWhenItTriesAgain) {
    Snapshot s = snapshot();
    EXPECT_NE(json_of(s).find(R"("fault":null,"retry_ms":null)"),
              std::string::npos);

    s.node.crashes = 3;
    s.instances[0].fault.set("crashed, staying in FAULT for 10 s");
    s.instances[0].retry_at_ns = 12'500'000'000;
    const std::string json = json_of(s);
    EXPECT_NE(json.find(R"("fault":"crashed, staying in FAULT for 10 s",)"
                        R"("retry_ms":2500)"),
              std::string::npos)
        << json;
    EXPECT_NE(json.find(R"("crashes":3)"), std::string::npos) << json;
}

TEST(Snapshot, SurvivesTheWayThroughSharedMemory) {
    constexpr Room kSmallRoom{.instances = 1, .addresses = 1, .trackers = 2};
    const test::ZeroedMemory memory(Area::size(kSmallRoom));
    Area area(memory.get(), kSmallRoom);

    Snapshot s = snapshot();
    s.instances[0].pid = s.node.pid;
    area.publish(0, 0, s.instances[0], s.addresses, s.trackers);
    area.publish(0, s.node);
    area.set_alive(instant_from_ns(s.node.published_at_ns));

    const auto back = area.read();
    ASSERT_TRUE(back);
    EXPECT_EQ(json_of(*back), json_of(s));
}

TEST(Snapshot, AnInvalidStateIsUnknown) {
    TrackerRecord tracker = snapshot().trackers[0];
    tracker.state = static_cast<check::Verdict>(200);
    EXPECT_EQ(made_sane(tracker).state, check::Verdict::unknown);
}

TEST(Snapshot, AnOctetThatSaysYesIsOne) {
    PeerRecord peer{};
    peer.routers = 1000;
    peer.list[1].you_are_next = 200;
    EXPECT_EQ(made_sane(peer).list[1].you_are_next, 1);
    EXPECT_EQ(made_sane(peer).routers, peer.list.size());
}

TEST(Text, IsCutToItsField) {
    Text<4> text{};
    text.set("abcdef");
    EXPECT_EQ(text.view(), "abc");
}

}  // namespace
}  // namespace ngx_vrrp::status
