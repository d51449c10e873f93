// The page, and what its script makes of the JSON: run by njs.
#include "core/status/page.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "core/status/render.hpp"
#include "tests/status/page_script.hpp"
#include "tests/status/rich_view.hpp"

namespace ngx_vrrp::status {
namespace {

const std::string kHostile =
    "<img src=x onerror=\"alert('1')\"></script><script>&";

std::string body_of(const View &view) {
    return test::run_page_script("render(" + to_json(view) + ")");
}

std::string body_of(const Snapshot &s, const Checks &checks = {}) {
    return body_of(view_of(s, checks));
}

// As a reader sees it: no tags, and a line for each block.
std::string text_of(const std::string &html) {
    const std::regex block(
        "<(?!/|(a|abbr|b|bdi|small|span|strong|td|th|time)[ >])[^>]*>");
    std::string text = std::regex_replace(html, block, "\n");
    text = std::regex_replace(text, std::regex("<[^>]*>"), "");
    return std::regex_replace(text, std::regex("\n+"), "\n");
}

void expect_parts(const std::string &html,
                  std::initializer_list<const char *> parts) {
    for (const char *part : parts) {
        EXPECT_NE(html.find(part), std::string::npos) << part << "\n" << html;
    }
}

check::Record server(const char *name) {
    check::Record record{};
    record.context.set("http");
    record.group.set("web");
    record.name.set(name);
    record.address.set("10.0.0.1:80");
    record.verdict = check::Verdict::up;
    record.history_length = 4;
    record.passes = 4;
    record.checked_at_ns = 9'000'000'000;
    record.duration_ns = 500'000;
    return record;
}

check::Record failed_server(const char *name) {
    check::Record record = server(name);
    record.verdict = check::Verdict::down;
    record.reason = check::Reason::l7sts;
    record.text.set("status 500");
    record.history = 0b0011;
    record.failed_at_ns = 9'000'000'000;
    record.failed_duration_ns = 3'000'000;
    record.changed_at_ns = 8'000'000'000;
    record.fails[static_cast<std::size_t>(check::Reason::l7sts)] = 2;
    return record;
}

class Page : public ::testing::Test {
protected:
    void SetUp() override {
        if (!test::has_njs()) {
            GTEST_SKIP() << "no njs here, run tools/install-deps test";
        }
    }
};

TEST_F(Page, EscapesTexts) {
    EXPECT_EQ(test::run_page_script(
                  R"(html`<b>${'a&<b>"\'\t\x01\x7f\xe9'}</b>`.text)"),
              "<b>a&amp;&lt;b&gt;&quot;&#39;\t\xef\xbf\xbd\xef\xbf\xbd"
              "é</b>");
}

TEST_F(Page, EscapesAttributesAndKeepsHtml) {
    EXPECT_EQ(test::run_page_script("html`<p title=\"${'\"<&'}\">${'1<2'} "
                                    "${[html`<b>${3}</b>`, '<']}</p>`.text"),
              "<p title=\"&quot;&lt;&amp;\">1&lt;2 <b>3</b>&lt;</p>");
}

TEST_F(Page, ReportsDurationsInTwoUnits) {
    const auto human = [](const char *ms) {
        return test::run_page_script(std::string("human(") + ms + ")");
    };
    EXPECT_EQ(human("-1000"), "0 ms");
    EXPECT_EQ(human("999"), "999 ms");
    EXPECT_EQ(human("59999"), "59 s");
    EXPECT_EQ(human("185000"), "3 min 5 s");
    EXPECT_EQ(human("((2 * 60 + 14) * 60 + 59) * 1000"), "2 h 14 min");
    EXPECT_EQ(human("(24 * 5 + 3) * 3600 * 1000"), "5 d 3 h");
}

// It works without njs, too.
TEST(PageDocument, IsOneThatNeedsNoOther) {
    const std::string page = kPage;
    EXPECT_EQ(page.find("<!DOCTYPE html>"), 0u);
    EXPECT_EQ(page.substr(page.size() - 8), "</html>\n");
    EXPECT_EQ(page.find(" src="), std::string::npos);
    EXPECT_EQ(page.find(" style="), std::string::npos);

    const std::regex link("href=\"([^\"]*)\"");
    for (std::sregex_iterator it(page.begin(), page.end(), link), end;
         it != end; ++it) {
        EXPECT_TRUE((*it)[1].str().starts_with("?format=") ||
                    (*it)[1].str().starts_with("data:"))
            << it->str();
    }
}

TEST(PageDocument, LinksTheJsonForReadersWithoutScript) {
    const std::string page = kPage;
    const auto from = page.find("<noscript>");
    const auto to = page.find("</noscript>");
    ASSERT_NE(to, std::string::npos);
    expect_parts(page.substr(from, to - from),
                 {"JavaScript", "<a href=\"?format=json\">"});
}

// Each key that the script reads exists.
TEST_F(Page, KnowsAllThatItShows) {
    const std::string html = body_of(rich_view());
    for (const char *wrong : {"undefined", "NaN", "null", "[object"}) {
        EXPECT_EQ(html.find(wrong), std::string::npos) << wrong << html;
    }
    EXPECT_EQ(html.find("style="), std::string::npos);
}

TEST_F(Page, ClosesWhatItOpens) {
    Checks checks{.records = {server("web1"), failed_server("web2")},
                  .beats = {}};
    const std::string html = body_of(snapshot(), checks);
    std::vector<std::string> open;
    const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
    for (std::sregex_iterator it(html.begin(), html.end(), tag), end; it != end;
         ++it) {
        if ((*it)[1].length() == 0) {
            open.push_back((*it)[2].str());
        } else {
            ASSERT_FALSE(open.empty());
            EXPECT_EQ(open.back(), (*it)[2].str());
            open.pop_back();
        }
    }
    EXPECT_EQ(open, std::vector<std::string>{});
}

TEST_F(Page, SaysTheStateFirst) {
    const std::string text = text_of(body_of(snapshot()));
    EXPECT_EQ(text.find("\nlb01 ● MASTER"), 0u) << text;
    expect_parts(text, {"VI_1 MASTER", "2024-02-29 23:59:56 UTC (2 s)",
                        "no advertisement for 3609 ms", "this node"});
    EXPECT_EQ(text.find("Stale"), std::string::npos);
}

TEST_F(Page, SaysTheWorstState) {
    Snapshot s = snapshot();
    InstanceRecord second = s.instances[0];
    second.name.set("VI_2");
    s.instances.push_back(second);

    const auto state_with = [&](const char *one, const char *other) {
        s.instances[0].state.set(one);
        s.instances[1].state.set(other);
        return test::run_page_script("stateOf(" + to_json(view_of(s)) + ")");
    };
    EXPECT_EQ(state_with("MASTER", "MASTER"), "MASTER");
    EXPECT_EQ(state_with("BACKUP", "MASTER"), "BACKUP");
    EXPECT_EQ(state_with("MASTER", "INIT"), "INIT");
    EXPECT_EQ(state_with("FAULT", "MASTER"), "FAULT");
    expect_parts(text_of(body_of(s)),
                 {"✗ FAULT\n", "✗ VI_1 FAULT\n", "● VI_2 MASTER"});
}

TEST_F(Page, SaysWhyThePriorityIsWhatItIs) {
    const std::string text = text_of(body_of(snapshot()));
    expect_parts(text, {"Priority 80, configured 100",
                        "track_upstream web✗ downweight -20-20"
                        "0 of 2 servers up",
                        "track_interface eth1✓ upfailure is a fault",
                        "effective priority80"});
    EXPECT_EQ(text.find("limited to"), std::string::npos);
}

TEST_F(Page, SaysWhatLimitsThePriority) {
    Snapshot s = snapshot();
    s.instances[0].base_priority = 10;
    s.instances[0].effective_priority = 1;
    expect_parts(text_of(body_of(s)), {"limited to 1-254+11"});

    s.instances[0].base_priority = 255;
    s.instances[0].effective_priority = 255;
    expect_parts(text_of(body_of(s)), {"the address owner always has 255+20"});
}

TEST_F(Page, SaysWhetherAddressesAreReallyThere) {
    Snapshot s = snapshot();
    const auto presence = [&](const char *state, std::uint8_t present) {
        s.instances[0].state.set(state);
        s.addresses[0].present = present;
        return text_of(body_of(s));
    };
    expect_parts(presence("MASTER", 1), {"10.0.1.5/24eth0✓ present\n"});
    expect_parts(presence("MASTER", 0), {"10.0.1.5/24eth0✗ missing"});
    expect_parts(presence("BACKUP", 0), {"10.0.1.5/24eth0– not present"});
    expect_parts(presence("BACKUP", 1), {"✗ present, but not master"});
}

TEST_F(Page, SaysWhetherRoutesAndRulesAreThere) {
    Snapshot s = rich_snapshot();
    EXPECT_EQ(text_of(body_of(snapshot())).find("Routes"), std::string::npos);
    const std::string text = text_of(body_of(s));
    expect_parts(text,
                 {"Routes", "2001:db8:1::/48 via fe80::9 dev eth1✗ present",
                  "default via fe80::9 dev eth1✗ missing"
                  "cannot add &lt;route&gt;: No route to host",
                  "Rules", "100 from 2001:db8::/32– not present"});

    s.instances[1].state.set("MASTER");
    expect_parts(text_of(body_of(s)),
                 {"2001:db8:1::/48 via fe80::9 dev eth1✓ present"});
}

TEST_F(Page, SaysWhoIsMasterAndWhatIsWrong) {
    Snapshot s = snapshot();
    InstanceRecord &instance = s.instances[0];
    instance.state.set("FAULT");
    instance.fault.set("interface eth0 is down");
    instance.retry_at_ns = 15'000'000'000;
    expect_parts(text_of(body_of(s)),
                 {"none heard", "interface eth0 is down", "in 5 s"});

    instance.master_address.set("10.0.0.2");
    instance.master_priority = 200;
    instance.master_heard_ns = 9'688'000'000;
    expect_parts(text_of(body_of(s)),
                 {"10.0.0.2, priority 200, heard 312 ms ago"});
}

TEST_F(Page, ShowsOtherNodes) {
    EXPECT_EQ(body_of(snapshot()).find("Other nodes"), std::string::npos);
    Snapshot s = rich_snapshot();
    expect_parts(
        text_of(body_of(s)),
        {"\nlb2\n", "fe80::2 on eth1",
         "✓ up since 2024-02-29 23:59:57 UTC (1 s)\n",
         "ngx_vrrp 0.1.0, nginx 1.22.1", "Virtual routers of lb2",
         "VRID 61, IPv6MASTER200has named this node as successor",
         "VRID 62, IPv4not configured hereFAULT0", "\nfe80::3\n",
         "✗ down since 2024-02-29 23:59:57 UTC (1 s): connect() failed (111: "
         "Connection refused)"});

    s.peers[0].has_secret = 0;
    expect_parts(text_of(body_of(s)), {"the peer link needs secret_file"});

    s.peers[0].router_id.set(kHostile);
    s.peers[0].state = peer::PeerState::connecting;
    s.peers[1].reason.set(kHostile);
    const std::string html = body_of(s);
    expect_parts(text_of(html), {"… connecting"});
    EXPECT_EQ(html.find("<img"), std::string::npos);
}

TEST_F(Page, ShowsWhatOtherNodesReport) {
    const std::string html = body_of(rich_view());
    EXPECT_EQ(html.find("needs secret_file"), std::string::npos);
    expect_parts(
        text_of(html),
        {"✗ The nodes differ: VI_6: address &lt;fd64::201&gt;/64 is missing on "
         "lb2, since 2024-02-29 23:59:52 UTC (6 s).",
         "2024-02-29 23:59:53 UTC (5 s)", "1 s behind",
         "VI_6 IPv6MASTER2024-02-29 23:59:56 UTC (2 s)advertisement with "
         "&lt;lower&gt; priority",
         "track_upstream webVI_6✗ down1 of 3 servers up",
         "track_interface &lt;eth1&gt;VI_6✓ up", "\nlb3\n",
         "✓ relayed by lb2"});
}

// The node that relays it has no router_id, or is not linked any more.
TEST_F(Page, ARelayMayHaveNoName) {
    View view = rich_view();
    view.peer_reports.nodes.back().via = 99;
    const std::string text = text_of(body_of(view));
    expect_parts(text, {"✓ relayed"});
    EXPECT_EQ(text.find("relayed by"), std::string::npos);
}

TEST_F(Page, WarnsOfASplitBrain) {
    Snapshot s = snapshot();
    expect_parts(text_of(body_of(s)),
                 {"Split brain suspected: foreign owner, since "
                  "2024-02-29 23:59:57 UTC (1 s). "
                  "02:00:00:00:00:0b has 10.0.1.5, too"});

    s.instances[0].signs = {};
    EXPECT_EQ(body_of(s).find("Split brain"), std::string::npos);
}

TEST_F(Page, ShowsServersAndTheirHistory) {
    const Checks checks{.records = {server("web1"), failed_server("web2")},
                        .beats = {}};
    const std::string html = body_of(snapshot(), checks);
    expect_parts(
        html, {"aria-label=\"last 4 checks: 2 failed\"", "▁▁<b>▇</b><b>▇</b>"});
    expect_parts(text_of(html),
                 {"http upstream web: 1 of 2 up", "web1 10.0.0.1:80✓ up",
                  "OK in 0.5 ms▁▁▁▁never", "✗ down for 2 s",
                  "L7STS in 3.0 ms: status 500"});
}

TEST_F(Page, ReportsTheLastFailureOnce) {
    check::Record record = failed_server("web1");
    expect_parts(
        text_of(body_of(snapshot(), {.records = {record}, .beats = {}})),
        {"status 500▁▁▇▇1 s ago4"});
    record.history <<= 1;
    expect_parts(
        text_of(body_of(snapshot(), {.records = {record}, .beats = {}})),
        {"OK in 0.5 ms▁▇▇▁1 s ago, L7STS in 3.0 ms: status 500"});
}

TEST_F(Page, GroupsChecksInTheirOrder) {
    check::Record other = server("db1");
    other.group.set("db");
    const Checks checks{.records = {server("web1"), other, server("web2")},
                        .beats = {}};
    const std::string text = text_of(body_of(snapshot(), checks));
    EXPECT_LT(text.find("web2"), text.find("upstream db"));
    EXPECT_LT(text.find("upstream db"), text.find("db1"));
}

TEST_F(Page, ShowsProcesses) {
    Checks checks;
    checks.beats[0] = {.at = instant_from_ns(9'500'000'000),
                       .late_wakes = 1,
                       .worst_lag = Milliseconds{2}};
    const std::string text = text_of(body_of(snapshot(), checks));
    expect_parts(text, {"vrrp process42100 ms agoat most 20.0 ms late",
                        "vrrp checker process500 ms agoat most 2.0 ms late",
                        "worker process77250 ms ago",
                        "realtime priority 50, memory locked"});
    EXPECT_EQ(text.find("runner"), std::string::npos);
}

TEST_F(Page, ShowsWhichWorkersAreStalled) {
    View view = view_of(snapshot());
    view.workers.push_back({.pid = 78, .beat = instant_from_ns(7'000'000'000)});
    expect_parts(
        text_of(body_of(view)),
        {"worker process77250 ms ago", "worker process78✗ stalled, 3 s ago"});
}

TEST_F(Page, ShowsWhatHasChanged) {
    const std::string html = body_of(snapshot());
    expect_parts(html, {"<time datetime=\"2024-02-29T23:59:56.000Z\">"
                        "2024-02-29 23:59:56 UTC</time> <small>2 s ago",
                        "<span role=\"img\" aria-label=\"to\">→</span>"});
    expect_parts(text_of(html), {"VI_1 BACKUP → MASTER\n"
                                 "no advertisement for 3609 ms process 42\n"});
    EXPECT_EQ(html.find(" earlier"), std::string::npos);

    View view = view_of(snapshot());
    view.transitions.clear();
    expect_parts(text_of(body_of(view)), {"Changes of state\nNone yet."});
}

TEST_F(Page, HidesWhatIsLongAgo) {
    View view = view_of(snapshot());
    view.transitions.assign(TransitionRing::kSize, transition());
    view.transitions[7].reason.set("the eighth");
    view.transitions[8].reason.set("the ninth");
    const std::string html = body_of(view);
    const auto hidden = html.find("<summary>56 earlier</summary>");
    ASSERT_NE(hidden, std::string::npos);
    EXPECT_LT(html.find("the eighth"), hidden);
    EXPECT_GT(html.find("the ninth"), hidden);
    expect_parts(html, {"role=\"list\" start=\"9\""});
}

TEST_F(Page, SaysThatItIsStale) {
    View view = view_of(snapshot());
    view.moment.now += Seconds{12};
    EXPECT_EQ(test::run_page_script("titleOf(" + to_json(view) + ")"),
              "stale: MASTER lb01");
    expect_parts(body_of(view), {"role=\"alert\">", "class=\"banner stale\""});
    expect_parts(text_of(body_of(view)),
                 {"Stale: the last report of the vrrp process was 12 s ago",
                  "MASTER (stale)"});
}

TEST_F(Page, SaysThatAnotherBuildIsInstalled) {
    View view = view_of(snapshot());
    view.builds = {.running = std::string(40, '1'),
                   .installed = std::string(40, '2')};
    expect_parts(
        text_of(body_of(view)),
        {"The module file has changed: this nginx runs the old one until it is "
         "upgraded (USR2) or restarted. Build 111111111111 runs, 222222222222 "
         "is installed.",
         "ngx_vrrp 0.1.0 (build 111111111111), answered"});

    for (const std::string &installed : {std::string(40, '1'), std::string()}) {
        view.builds.installed = installed;
        EXPECT_EQ(text_of(body_of(view)).find("module file"),
                  std::string::npos);
    }
}

TEST_F(Page, TabShowsTheState) {
    const std::string json = to_json(view_of(snapshot()));
    EXPECT_EQ(test::run_page_script("titleOf(" + json + ")"), "MASTER lb01");
    expect_parts(test::run_page_script("iconOf(" + json + ")"),
                 {"data:image/svg+xml,<svg", "fill='%231a7f37'"});
}

TEST_F(Page, ShowsNotificationChannels) {
    View view = view_of(snapshot());
    EXPECT_EQ(body_of(view).find("Notifications"), std::string::npos);

    view.notifier = 99;
    view.channels = {rich_channel("VI_1"), rich_channel(""), rich_channel("")};
    view.channels[1].failed_at_ns = 0;
    view.channels[2].delivered_at_ns = 9'500'000'000;
    const std::string html = body_of(view);
    expect_parts(html, {"hooks.example.org/&lt;a&gt;"});
    expect_parts(text_of(html),
                 {"Notifications", "VI_11221✗ 1 s ago: HTTP 503",
                  "all1221– no delivery yet", "all1221✓ 500 ms ago",
                  "vrrp notifier process99"});
}

TEST_F(Page, EscapesWhatOthersWrote) {
    Snapshot s = snapshot();
    s.node.router_id.set(kHostile);
    s.node.nginx_version.set("<img x>");
    InstanceRecord &instance = s.instances[0];
    instance.name.set(kHostile);
    instance.state.set("\"<img x>");
    instance.reason.set(kHostile);
    instance.fault.set(kHostile);
    instance.source.set(kHostile);
    instance.master_address.set(kHostile);
    instance.signs[1].detail.set(kHostile);
    instance.lost_adverts.since_ns = 4'000'000'000;
    instance.lost_adverts.detail.set(kHostile);
    instance.drain.has_link = 1;
    instance.drain.forwards_since_ns = 4'000'000'000;
    instance.drain.forwards_to.set(kHostile);
    instance.interface.set("<img x>");
    s.addresses[0].address.set(kHostile);
    s.addresses[0].label.set("<img x>");
    s.trackers[0].name.set(kHostile);
    s.trackers[0].reason.set(kHostile);

    check::Record record = failed_server(kHostile.c_str());
    record.group.set(kHostile);
    record.address.set(kHostile + "2");
    record.text.set(kHostile);
    View view = view_of(s, {.records = {record}, .beats = {}});
    view.transitions[0].instance.set(kHostile);
    view.transitions[0].reason.set(kHostile);
    view.transitions[0].to.set("\"<img x>");
    view.notifier = 1;
    view.channels = {rich_channel(kHostile.c_str())};
    view.channels[0].name.set("<img x>");
    view.channels[0].target.set(kHostile);
    view.channels[0].last_error.set(kHostile);
    const std::string page = body_of(view);
    EXPECT_EQ(page.find("<img"), std::string::npos);
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_EQ(page.find("</script"), std::string::npos);
    EXPECT_EQ(page.find("\"alert("), std::string::npos);
    EXPECT_EQ(page.find("class=\"\"<"), std::string::npos);
    expect_parts(page, {"&lt;img src=x onerror=&quot;alert(&#39;1"});
}

}  // namespace
}  // namespace ngx_vrrp::status
