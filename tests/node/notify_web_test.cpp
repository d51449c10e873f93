// A process that notifies, with a mail server and a receiver of webhooks that
// is down for a while.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>

#include "core/os/clock.hpp"
#include "tests/node/notify_process.hpp"
#include "tests/support/events.hpp"
#include "tests/support/fake_ports.hpp"
#include "tests/transport/little_server.hpp"

namespace ngx_vrrp::node {
namespace {

using test::state_event;
using ::testing::HasSubstr;
using transport::HttpServer;
using transport::SmtpServer;

class NotifyWebTest : public ::testing::Test {
protected:
    void SetUp() override { ::signal(SIGPIPE, SIG_IGN); }

    vrrp_core_notify_conf_t channel(vrrp_core_notify_kind_e kind,
                                    const std::string &url) {
        urls.push_back(url);
        vrrp_core_notify_conf_t conf = script_channel(text(""));
        conf.kind = kind;
        conf.command = nullptr;
        conf.ncommand = 0;
        conf.target = text("127.0.0.1");
        conf.url = text(urls.back().c_str());
        conf.from = text("lb01@example.org");
        conf.to = to;
        conf.verify = 1;
        return conf;
    }

    void start(std::vector<vrrp_core_notify_conf_t> channels) {
        configuration.emplace(std::move(channels));
        area.emplace(configuration->conf);
        sender.emplace(configuration->conf.event_fds[0], log);
        notifier.emplace(*configuration, *area);
        ASSERT_EQ(notifier->start(), VRRP_CORE_OK);
    }

    void send(const std::string &state) {
        sender->send(state_event("VI_1", state, os::now()), os::now());
    }

    // With all servers.
    bool run_until(const std::function<bool()> &condition) {
        return notifier->run_until(
            [&] {
                http.server.turn();
                smtp.server.turn();
                return condition();
            },
            Seconds{20});
    }

    std::list<std::string> urls;
    vrrp_core_str_t to = text("ops@example.org");
    HttpServer http{HttpServer::answer("503 Busy")};
    SmtpServer smtp;
    test::RememberingLog log;
    std::optional<NotifyConfiguration> configuration;
    std::optional<SharedArea> area;
    std::optional<transport::EventSender> sender;
    std::optional<NotifyProcess> notifier;
};

TEST_F(NotifyWebTest, ReportsBothOfAnEvent) {
    http.answer_with(HttpServer::answer("200 OK", "ok"));
    start({channel(VRRP_CORE_NOTIFY_WEBHOOK, http.url()),
           channel(VRRP_CORE_NOTIFY_EMAIL, smtp.url())});
    send("MASTER");
    ASSERT_TRUE(run_until(
        [&] { return !http.requests.empty() && !smtp.mail.empty(); }));
    EXPECT_THAT(http.requests.front(), HasSubstr("\"to\":\"MASTER\""));
    EXPECT_THAT(smtp.mail, HasSubstr("Entering MASTER state"));
}

TEST_F(NotifyWebTest, TriesAgain) {
    start({channel(VRRP_CORE_NOTIFY_WEBHOOK, http.url())});
    send("MASTER");
    ASSERT_TRUE(run_until([&] { return http.requests.size() == 1; }));
    http.answer_with(HttpServer::answer("200 OK", "ok"));
    ASSERT_TRUE(run_until([&] { return http.requests.size() == 2; }));
    EXPECT_THAT(http.requests.back(), HasSubstr("\"to\":\"MASTER\""));
    EXPECT_TRUE(notifier->has_said("127.0.0.1: HTTP 503"));
}

TEST_F(NotifyWebTest, EndsWhileAReceiverIsSilent) {
    http.answer_with("");
    smtp.greeting = "";
    start({channel(VRRP_CORE_NOTIFY_WEBHOOK, http.url()),
           channel(VRRP_CORE_NOTIFY_EMAIL, smtp.url())});
    send("STOP");
    ASSERT_TRUE(run_until(
        [&] { return !http.requests.empty() && smtp.server.has_clients(); }));
    notifier->terminate();
    EXPECT_TRUE(run_until([&] { return notifier->finished(); }));
}

TEST_F(NotifyWebTest, IsPossibleWhereLibcurlIs) {
    const NotifyConfiguration conf(
        {channel(VRRP_CORE_NOTIFY_WEBHOOK, http.url())});
    char why[256] = "?";
    EXPECT_EQ(vrrp_notifier_possible(&conf.conf, why, sizeof(why)),
              VRRP_CORE_OK);
    EXPECT_STREQ(why, "");
}

}  // namespace
}  // namespace ngx_vrrp::node
