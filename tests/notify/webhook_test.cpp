// Bodies, signatures, and what answers mean. The signatures were computed with
// Python's hmac.

#include "core/notify/webhook.hpp"

#include <gtest/gtest.h>

#include "core/notify/delivery_policy.hpp"
#include "tests/notify/events.hpp"
#include "tests/support/openssl_signer.hpp"

namespace ngx_vrrp::notify {
namespace {

using namespace sample;
using ngx_vrrp::test::OpensslSigner;

WebhookChannel channel(WebhookFormat format, std::string secret = {}) {
    WebhookChannel channel;
    channel.url = "https://hooks.example.org/x?access_token=t";
    channel.format = format;
    channel.secret = std::move(secret);
    return channel;
}

WebhookRequest request(const Delivery &delivery,
                       const WebhookChannel &channel) {
    OpensslSigner signer;
    const auto request = webhook_request(delivery, channel, signer, kNow);
    EXPECT_TRUE(request);
    return request.value_or(WebhookRequest{});
}

WebhookRequest request(WebhookFormat format, const Delivery &delivery,
                       std::string secret = {}) {
    return request(delivery, channel(format, std::move(secret)));
}

std::string body(WebhookFormat format, const Delivery &delivery) {
    return request(format, delivery).body;
}

bool contains(const std::string &text, std::string_view part) {
    return text.find(part) != text.npos;
}

TEST(Webhook, FormatsAreRowsOfATable) {
    const auto name = [](WebhookFormat format) {
        return std::string_view(
            webhook_traits(static_cast<std::size_t>(format))->name);
    };
    EXPECT_EQ(name(WebhookFormat::generic), "generic");
    EXPECT_EQ(name(WebhookFormat::alertmanager), "alertmanager");
    EXPECT_EQ(name(WebhookFormat::slack), "slack");
    EXPECT_EQ(name(WebhookFormat::dingtalk), "dingtalk");
    EXPECT_EQ(name(WebhookFormat::feishu), "feishu");
    EXPECT_EQ(name(WebhookFormat::wecom), "wecom");
    EXPECT_EQ(webhook_traits(6), nullptr);
}

// generic

constexpr std::string_view kStateChange =
    R"({"event":"state_change","node":"lb1","instance":"VI_1","vrid":51,)"
    R"("interface":"eth0","from":"BACKUP","to":"MASTER","priority":100,)"
    R"("reason":"no advertisement for 3609 ms","subject":null,"server":null,)"
    R"("vips":["10.0.1.5/24","10.0.1.6/24"],)"
    R"("time":"2024-02-29T23:59:57.250Z","seq":7,"pid":4711,"skipped":0})";

TEST(GenericWebhook, ReportsAState) {
    const WebhookRequest r =
        request(WebhookFormat::generic, delivery({state_event()}));
    EXPECT_EQ(r.url, "https://hooks.example.org/x?access_token=t");
    EXPECT_TRUE(r.headers.empty());
    EXPECT_EQ(r.body, kStateChange);
}

TEST(GenericWebhook, SignsTheBody) {
    const WebhookRequest r = request(WebhookFormat::generic,
                                     delivery({state_event()}), "hook secret");
    EXPECT_EQ(r.headers,
              std::vector<std::string>{"X-Ngx-Vrrp-Signature: sha256="
                                       "8e67f14e34e6221cf86674538b33d25f"
                                       "d87b06f1af039d15ff9b87e75a753118"});
    EXPECT_EQ(r.body, kStateChange);
}

TEST(GenericWebhook, ReportsAnEventWithoutAnInstance) {
    EXPECT_EQ(
        body(WebhookFormat::generic, delivery({upstream_event()}, 4)),
        R"({"event":"upstream","node":"lb1","instance":null,"vrid":null,)"
        R"("interface":null,"from":"up","to":"down","priority":0,)"
        R"("reason":"L4CON connection refused","subject":"web",)"
        R"("server":"10.0.0.11:8080","vips":[],)"
        R"("time":"2024-02-29T23:59:57.250Z","seq":7,"pid":4711,"skipped":4})");
}

TEST(GenericWebhook, EscapesWhatOthersSay) {
    EventRecord event = tracker_event();
    event.reason.set("\"\\\n\x01\xff</script>");
    EXPECT_TRUE(contains(body(WebhookFormat::generic, delivery({event})),
                         "\"reason\":\"\\\"\\\\\\u000a\\u0001\xef\xbf\xbd"
                         "</script>\","));
}

// Alertmanager

std::string alert(std::string_view labels, std::string_view annotations,
                  std::string_view starts, std::string_view ends) {
    std::string text = R"({"labels":{)";
    text += labels;
    text += R"(},"annotations":{)";
    text += annotations;
    text += R"(},"startsAt":")";
    text += starts;
    text += R"(","endsAt":")";
    text += ends;
    return text + "\"}";
}

constexpr std::string_view kThen = "2024-02-29T23:59:57.250Z";
constexpr std::string_view kInFiveMinutes = "2024-03-01T00:05:00.000Z";

constexpr std::string_view kFaultLabels =
    R"("alertname":"NginxVrrpTransition","node":"lb1","instance":"VI_1",)"
    R"("vrid":"51","interface":"eth0","severity":"critical","state":"FAULT")";

std::string alerts(const Delivery &delivery) {
    return body(WebhookFormat::alertmanager, delivery);
}

TEST(AlertmanagerWebhook, ATransitionPassesAndEndsAFault) {
    const std::string annotations =
        R"("summary":"lb1: VI_1: BACKUP -> MASTER",)"
        R"x("time":"2024-02-29T23:59:57.250Z","instance":"VI_1 (vrid 51)",)x"
        R"("interface":"eth0","reason":"no advertisement for 3609 ms",)"
        R"("priority":"100","addresses":"10.0.1.5/24 10.0.1.6/24")";
    EXPECT_EQ(alerts(delivery({state_event()})),
              "[" + alert(kFaultLabels, annotations, kThen, kThen) + "," +
                  alert(R"("alertname":"NginxVrrpTransition","node":"lb1",)"
                        R"("instance":"VI_1","vrid":"51","interface":"eth0",)"
                        R"("severity":"warning","state":"MASTER")",
                        annotations, kThen, kInFiveMinutes) +
                  "]");
}

// The labels of the first alert.
std::string labels_of(const std::string &alerts) {
    return alerts.substr(0, alerts.find("annotations"));
}

bool lasts(const std::string &alerts) {
    return contains(alerts,
                    "\"endsAt\":\"" + std::string(kInFiveMinutes) + "\"}]");
}

bool has_ended(const std::string &alerts) {
    return contains(alerts, "\"endsAt\":\"" + std::string(kThen) + "\"}");
}

// Alertmanager identifies it by its labels, and gets it more than twice before
// it ends by itself.
TEST(AlertmanagerWebhook, AFaultThatIsSaidAgainIsTheSame) {
    EventRecord again = state_event("FAULT", "FAULT");
    again.again = 1;
    const std::string first =
        alerts(delivery({state_event("MASTER", "FAULT")}));
    const std::string later = alerts(delivery({again}));

    EXPECT_EQ(labels_of(first), labels_of(later));
    EXPECT_TRUE(lasts(later)) << later;
    EXPECT_TRUE(contains(later, R"("summary":"lb1: VI_1: still FAULT")"))
        << later;
    EXPECT_LT(2 * kRepeat, std::chrono::minutes{5});
}

TEST(AlertmanagerWebhook, AFaultLastsUntilItsEnd) {
    EventRecord back = state_event("FAULT", "BACKUP");
    back.reason.set("interface eth0 is up");
    back.priority = 80;
    back.addresses.set("");
    const std::string begin =
        alerts(delivery({state_event("MASTER", "FAULT")}));
    const std::string end = alerts(delivery({back}));

    EXPECT_TRUE(contains(begin, kFaultLabels)) << begin;
    EXPECT_TRUE(lasts(begin)) << begin;
    EXPECT_EQ(labels_of(begin), labels_of(end));
    EXPECT_TRUE(has_ended(end)) << end;
    EXPECT_TRUE(contains(end, R"("severity":"info","state":"BACKUP")")) << end;
}

void expect_same_alert(const EventRecord &begin, const EventRecord &end) {
    const std::string began = alerts(delivery({begin}));
    const std::string ended = alerts(delivery({end}));
    EXPECT_EQ(labels_of(began), labels_of(ended));
    EXPECT_TRUE(lasts(began)) << began;
    EXPECT_TRUE(has_ended(ended)) << ended;
}

TEST(AlertmanagerWebhook, RecoveryEndsTheAlert) {
    EventRecord up = tracker_event("down", "up");
    up.reason.set("");
    up.priority = 120;
    up.sequence = 9;
    up.pid = 5000;
    expect_same_alert(tracker_event(), up);
    expect_same_alert(upstream_event(), upstream_event("down", "up"));
    expect_same_alert(split_brain_event(), split_brain_event("over"));
}

TEST(AlertmanagerWebhook, AlertsHaveTheirOwnNames) {
    EXPECT_TRUE(contains(alerts(delivery({tracker_event()})),
                         R"({"labels":{"alertname":"NginxVrrpTrackerDown",)"
                         R"("node":"lb1","instance":"VI_1","vrid":"51",)"
                         R"("interface":"eth0","severity":"warning",)"
                         R"("tracker":"track_http http://127.0.0.1/"},)"));
    EXPECT_TRUE(
        contains(alerts(delivery({upstream_event()})),
                 R"({"labels":{"alertname":"NginxVrrpUpstreamDown",)"
                 R"("node":"lb1","severity":"warning","upstream":"web",)"
                 R"("server":"10.0.0.11:8080"},)"));
    EXPECT_TRUE(contains(alerts(delivery({split_brain_event()})),
                         R"("alertname":"NginxVrrpSplitBrain")"));
}

TEST(AlertmanagerWebhook, ReportsAllOfSeveralInOrder) {
    const std::string text =
        alerts(delivery({tracker_event(), tracker_event("down", "up")}));
    EXPECT_LT(text.find("is down"), text.find("is up"));
}

// Slack

TEST(SlackWebhook, ReportsAState) {
    EXPECT_EQ(
        body(WebhookFormat::slack, delivery({state_event()})),
        R"({"text":"lb1: VI_1: BACKUP -&gt; MASTER","mrkdwn":false,)"
        R"("attachments":[{"color":"warning",)"
        R"("fallback":"VI_1: BACKUP -&gt; MASTER",)"
        R"("title":"VI_1: BACKUP -&gt; MASTER","fields":[)"
        R"({"title":"time","value":"2024-02-29T23:59:57.250Z","short":true},)"
        R"({"title":"node","value":"lb1","short":true},)"
        R"x({"title":"instance","value":"VI_1 (vrid 51)","short":true},)x"
        R"({"title":"interface","value":"eth0","short":true},)"
        R"({"title":"reason","value":"no advertisement for 3609 ms",)"
        R"("short":false},)"
        R"({"title":"priority","value":"100","short":true},)"
        R"({"title":"addresses","value":"10.0.1.5/24 10.0.1.6/24",)"
        R"("short":false}]}]})");
}

TEST(SlackWebhook, HasAColourForEach) {
    const std::string text = body(
        WebhookFormat::slack,
        delivery({state_event("MASTER", "FAULT"), tracker_event("down", "up"),
                  state_event("INIT", "BACKUP")}));
    EXPECT_LT(text.find("\"danger\""), text.find("\"good\""));
    EXPECT_LT(text.find("\"good\""), text.find("\"#439fe0\""));
    EXPECT_TRUE(contains(text, "BACKUP (3 events)\"")) << text;
}

TEST(SlackWebhook, MentionsNoUser) {
    EventRecord event = tracker_event();
    event.reason.set("<!channel> & <http://x|y> @all");
    const std::string text = body(WebhookFormat::slack, delivery({event}));
    EXPECT_TRUE(contains(text,
                         "&lt;!channel&gt; &amp; &lt;http://x|y&gt; "
                         "@\xe2\x80\x8b"
                         "all"))
        << text;
    EXPECT_FALSE(contains(text, "<"));
}

// DingTalk

TEST(DingtalkWebhook, ReportsAState) {
    const WebhookRequest r =
        request(WebhookFormat::dingtalk, delivery({state_event()}));
    EXPECT_EQ(r.url, "https://hooks.example.org/x?access_token=t");
    EXPECT_EQ(r.body,
              R"({"msgtype":"markdown","markdown":{)"
              R"("title":"lb1: VI_1: BACKUP -> MASTER",)"
              R"("text":"#### lb1: VI_1: BACKUP -\\> MASTER\u000a\u000a)"
              R"(- time: 2024-02-29T23:59:57.250Z\u000a)"
              R"x(- instance: VI_1 (vrid 51)\u000a)x"
              R"(- interface: eth0\u000a)"
              R"(- reason: no advertisement for 3609 ms\u000a)"
              R"(- priority: 100\u000a)"
              R"(- addresses: 10.0.1.5/24 10.0.1.6/24\u000a"}})");
}

TEST(DingtalkWebhook, SignsTheUrl) {
    EXPECT_EQ(request(WebhookFormat::dingtalk, delivery({state_event()}),
                      "SECf00dc0ffee")
                  .url,
              "https://hooks.example.org/x?access_token=t"
              "&timestamp=1709251200000"
              "&sign=65QNGMA6ZpvssPs5EHZbdnmnGLBusCjxPcQErZmIkNQ%3D");
}

TEST(DingtalkWebhook, SignsAUrlWithoutQuery) {
    WebhookChannel how = channel(WebhookFormat::dingtalk, "SECf00dc0ffee");
    how.url = "https://bridge.example.org/dingtalk";
    const std::string url = request(delivery({state_event()}), how).url;
    EXPECT_TRUE(contains(url, "/dingtalk?timestamp=1709251200000&sign=65QN"))
        << url;
}

TEST(DingtalkWebhook, MarksNothingUp) {
    EventRecord event = tracker_event();
    event.reason.set("[a](http://b) ![c](d) **e** `f` <g> # h");
    const std::string text = body(WebhookFormat::dingtalk, delivery({event}));
    EXPECT_TRUE(
        contains(text, R"(\\[a\\](http://b) !\\[c\\](d) \\*\\*e\\*\\* \\`f\\` )"
                       R"(\\<g\\> \\# h)"))
        << text;
}

TEST(DingtalkWebhook, ReportsSeveral) {
    const std::string text = body(
        WebhookFormat::dingtalk, delivery({state_event(), tracker_event()}, 2));
    EXPECT_TRUE(contains(text, R"("title":"lb1: VI_1: track_http )")) << text;
    EXPECT_TRUE(
        contains(text, R"(\u000a2 events, and 2 older ones skipped\u000a"}})"))
        << text;
}

// Feishu

TEST(FeishuWebhook, ReportsAnUpstream) {
    EXPECT_EQ(
        body(WebhookFormat::feishu, delivery({upstream_event()})),
        R"({"msg_type":"post","content":{"post":{"zh_cn":{)"
        R"("title":"lb1: upstream web: server 10.0.0.11:8080 is down",)"
        R"("content":[)"
        R"([{"tag":"text","text":)"
        R"("lb1: upstream web: server 10.0.0.11:8080 is down"}],)"
        R"([{"tag":"text","text":"time: 2024-02-29T23:59:57.250Z"}],)"
        R"([{"tag":"text","text":"reason: L4CON connection refused"}]]}}}})");
}

TEST(FeishuWebhook, SignsInTheBody) {
    const WebhookRequest r = request(
        WebhookFormat::feishu, delivery({state_event()}), "feishu-secret");
    EXPECT_EQ(r.url, "https://hooks.example.org/x?access_token=t");
    EXPECT_TRUE(r.body.starts_with(
        R"({"timestamp":"1709251200",)"
        R"("sign":"GXw3fEbX+kACcOa8Z/UOW94X0bm1RjC2tijmYHmDJkc=",)"
        R"("msg_type":"post",)"))
        << r.body;
}

TEST(Webhooks, AreNotSentWithoutTheirSignature) {
    OpensslSigner signer;
    signer.works = false;
    for (const WebhookFormat format :
         {WebhookFormat::generic, WebhookFormat::dingtalk,
          WebhookFormat::feishu}) {
        EXPECT_FALSE(webhook_request(delivery({state_event()}),
                                     channel(format, "key"), signer, kNow));
        EXPECT_TRUE(webhook_request(delivery({state_event()}), channel(format),
                                    signer, kNow));
    }
}

// WeCom

TEST(WecomWebhook, ReportsAState) {
    EXPECT_EQ(body(WebhookFormat::wecom, delivery({state_event()})),
              R"({"msgtype":"text","text":{"content":")"
              R"(lb1: VI_1: BACKUP -> MASTER\u000a)"
              R"(time: 2024-02-29T23:59:57.250Z\u000a)"
              R"(instance: VI_1 (vrid 51)\u000ainterface: eth0\u000a)"
              R"(reason: no advertisement for 3609 ms\u000apriority: 100\u000a)"
              R"(addresses: 10.0.1.5/24 10.0.1.6/24\u000a"}})");
}

// It takes 2048 octets, and no half characters.
TEST(WecomWebhook, IsNotTooLong) {
    EventRecord event = upstream_event();
    event.reason.set(std::string(255, 'r'));
    Delivery all = delivery({});
    all.events.assign(10, event);
    const std::string brief = body(WebhookFormat::wecom, all);
    EXPECT_LT(brief.size(), 2200u);
    EXPECT_EQ(brief.find("rrr"), brief.npos) << brief;
    EXPECT_TRUE(contains(brief, "10 events")) << brief;

    std::string umlauts;
    while (umlauts.size() < 120) {
        umlauts += "\xc3\xbc";
    }
    event.server.set(umlauts);
    event.subject.set("x" + umlauts);
    all.events.assign(10, event);
    const std::string cut = body(WebhookFormat::wecom, all);
    EXPECT_LT(cut.size(), 2200u);
    EXPECT_EQ(cut.find("\xef\xbf\xbd"), cut.npos) << cut;
}

TEST(ChatWebhooks, BeginWithThePrefix) {
    OpensslSigner signer;
    for (const WebhookFormat format :
         {WebhookFormat::slack, WebhookFormat::dingtalk, WebhookFormat::feishu,
          WebhookFormat::wecom}) {
        WebhookChannel how = channel(format);
        how.prefix = "[nginx]";
        const auto request =
            webhook_request(delivery({state_event()}), how, signer, kNow);
        ASSERT_TRUE(request);
        EXPECT_TRUE(contains(request->body, "[nginx] lb1: VI_1: BACKUP -"))
            << request->body;
    }
}

// The limits of chat services, also when all of it has to be escaped.
TEST(ChatWebhooks, AreNotTooLong) {
    EventRecord event = upstream_event();
    for (auto *text : {&event.reason, &event.addresses}) {
        text->set(std::string(255, 'r'));
    }
    event.subject.set(std::string(127, 's'));
    event.server.set(std::string(127, 't'));
    event.node.set(std::string(63, 'n'));

    for (const WebhookFormat format :
         {WebhookFormat::slack, WebhookFormat::dingtalk, WebhookFormat::feishu,
          WebhookFormat::wecom}) {
        ChannelConfig config;
        config.how = channel(format);
        Delivery all = delivery({});
        all.events.assign(policy_of(config).batch, event);
        EXPECT_LT(body(format, all).size(), 20000u);
    }
}

// answers

std::string answer(WebhookFormat format, long status,
                   std::string_view text = "") {
    const Outcome outcome = webhook_outcome(format, status, text);
    return outcome.delivered
               ? "delivered" + outcome.text
               : (outcome.permanent ? "never: " : "later: ") + outcome.text;
}

TEST(WebhookOutcome, IsThatOfTheStatus) {
    for (const WebhookFormat format :
         {WebhookFormat::generic, WebhookFormat::alertmanager,
          WebhookFormat::slack}) {
        EXPECT_EQ(answer(format, 200, "ok"), "delivered");
        EXPECT_EQ(answer(format, 204), "delivered");
        EXPECT_EQ(answer(format, 200, R"({"errcode":1})"), "delivered");
    }
    EXPECT_EQ(answer(WebhookFormat::generic, 302), "never: HTTP 302");
    EXPECT_EQ(answer(WebhookFormat::generic, 400), "never: HTTP 400");
    EXPECT_EQ(answer(WebhookFormat::generic, 404), "never: HTTP 404");
    EXPECT_EQ(answer(WebhookFormat::generic, 408), "later: HTTP 408");
    EXPECT_EQ(answer(WebhookFormat::generic, 429), "later: HTTP 429");
    EXPECT_EQ(answer(WebhookFormat::generic, 503), "later: HTTP 503");
}

TEST(WebhookOutcome, IsWhatDingtalkSays) {
    const auto said = [](std::string_view text) {
        return answer(WebhookFormat::dingtalk, 200, text);
    };
    EXPECT_EQ(said(R"({"errcode":0,"errmsg":"ok"})"), "delivered");
    EXPECT_EQ(said(R"({"errcode":310000,"errmsg":"sign not match"})"),
              "never: errcode 310000, sign not match");
    EXPECT_EQ(said(R"({"errcode":310000,"errmsg":"\u5173\n\u001b[31m"})"),
              "never: errcode 310000, \xe5\x85\xb3  [31m");
    EXPECT_EQ(
        said("{\"errcode\":1,\"errmsg\":\"" + std::string(300, 'x') + "\"}"),
        "never: errcode 1, " + std::string(200, 'x'));
    EXPECT_EQ(said(R"({"errcode":130101})"), "later: errcode 130101");
    EXPECT_EQ(said(R"({"errcode":-1})"), "later: errcode -1");
    EXPECT_EQ(said("<html>"), "later: the response has no errcode");
    EXPECT_EQ(answer(WebhookFormat::dingtalk, 500, R"({"errcode":0})"),
              "later: HTTP 500");
}

TEST(WebhookOutcome, IsWhatWecomSays) {
    const auto said = [](std::string_view text) {
        return answer(WebhookFormat::wecom, 200, text);
    };
    EXPECT_EQ(said(R"({"errcode":0,"errmsg":"ok"})"), "delivered");
    EXPECT_EQ(said(R"({"errcode":93000,"errmsg":"invalid webhook url"})"),
              "never: errcode 93000, invalid webhook url");
    EXPECT_EQ(said(R"({"errcode":45009,"errmsg":"api freq out of limit"})"),
              "later: errcode 45009, api freq out of limit");
}

TEST(WebhookOutcome, IsWhatFeishuSays) {
    const auto said = [](std::string_view text) {
        return answer(WebhookFormat::feishu, 200, text);
    };
    EXPECT_EQ(said(R"({"StatusCode":0,"StatusMessage":"success","code":0})"),
              "delivered");
    EXPECT_EQ(said(R"({"Extra":null,"StatusCode":0})"), "delivered");
    EXPECT_EQ(said(R"({"code":19021,"msg":"sign match fail"})"),
              "never: code 19021, sign match fail");
    EXPECT_EQ(said(R"({"code":11232})"), "later: code 11232");
    EXPECT_EQ(said(""), "later: the response has no code");
}

}  // namespace
}  // namespace ngx_vrrp::notify
