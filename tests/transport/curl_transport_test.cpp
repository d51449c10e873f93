// Mails and webhooks, delivered to test servers that accept them, refuse them,
// answer late, too much, or never.

#include "core/transport/curl_transport.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "core/os/clock.hpp"
#include "tests/notify/events.hpp"
#include "tests/os/fake_watcher.hpp"
#include "tests/support/openssl_signer.hpp"
#include "tests/transport/little_server.hpp"
#include "tests/transport/tls_server.hpp"

namespace ngx_vrrp::transport {

using namespace os;
namespace {

using notify::ChannelConfig;
using notify::Delivery;
using notify::EmailChannel;
using notify::Outcome;
using notify::WebhookChannel;
using notify::WebhookFormat;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char *kSecret = "TOP-SECRET";

std::ptrdiff_t threads() {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
}

class Loop : public FakeWatcher, public notify::DeliverySink, public LogSink {
public:
    ~Loop() override { expect_nothing_watched(); }

    void finished(notify::DeliveryId id, const Outcome &outcome,
                  Instant) override {
        results.emplace_back(id, outcome);
        if (on_finished) {
            on_finished();
        }
    }

    void write(LogLevel, std::string_view text) override {
        log.emplace_back(text);
    }

    std::vector<std::pair<notify::DeliveryId, Outcome>> results;
    std::function<void()> on_finished;
    std::vector<std::string> log;
};

class CurlTransportTest : public testing::Test {
protected:
    void SetUp() override {
        ::signal(SIGPIPE, SIG_IGN);
        transport.emplace(loop, signer, loop, loop);
    }

    void TearDown() override { transport.reset(); }

    static ChannelConfig config(Duration timeout = Seconds{20}) {
        ChannelConfig config;
        config.name = "notify";
        config.timeout = timeout;
        return config;
    }

    static ChannelConfig webhook(
        const std::string &url, WebhookFormat format = WebhookFormat::generic) {
        ChannelConfig channel = config();
        WebhookChannel how;
        how.url = url;
        how.format = format;
        channel.how = how;
        return channel;
    }

    static ChannelConfig email(const std::string &url) {
        ChannelConfig channel = config();
        EmailChannel how;
        how.url = url;
        how.from = "lb1@example.org";
        how.to = {"ops@example.org", "boss@example.org"};
        channel.how = how;
        return channel;
    }

    void deliver(const ChannelConfig &channel, notify::DeliveryId id = 1,
                 notify::ChannelId number = 0) {
        Delivery delivery =
            notify::sample::delivery({notify::sample::state_event()});
        delivery.id = id;
        delivery.channel = number;
        transport->deliver(delivery, channel, now());
    }

    void serve(const std::function<void()> &server) {
        servers.push_back(server);
    }

    // One turn of the loop and of all servers.
    void turn() {
        std::vector<pollfd> fds;
        for (const int fd : loop.watched) {
            fds.push_back({fd, POLLIN, 0});
        }
        ::poll(fds.data(), fds.size(), 2);
        for (const pollfd &p : fds) {
            if (p.revents != 0 && std::ranges::count(loop.watched, p.fd) > 0) {
                EXPECT_TRUE(transport->on_readable(p.fd));
            }
        }
        for (const auto &server : servers) {
            server();
        }
    }

    bool wait(const std::function<bool()> &happened,
              Duration patience = Seconds{20}) {
        const Instant end = os::now() + patience;
        while (!happened() && os::now() < end) {
            turn();
        }
        return happened();
    }

    // "delivered", "later: TEXT" or "never: TEXT".
    static std::string text_of(const Outcome &outcome) {
        if (outcome.delivered) {
            return "delivered" + outcome.text;
        }
        EXPECT_THAT(outcome.text, Not(HasSubstr(kSecret)));
        return (outcome.permanent ? "never: " : "later: ") + outcome.text;
    }

    std::string result() {
        if (!wait([&] { return !loop.results.empty(); })) {
            return "no result";
        }
        EXPECT_EQ(loop.results.size(), 1u);
        const std::string text = text_of(loop.results.front().second);
        loop.results.clear();
        return text;
    }

    std::string result(const ChannelConfig &channel) {
        deliver(channel);
        return result();
    }

    std::string result(HttpServer &http, WebhookFormat format) {
        serve([&] { http.server.turn(); });
        return result(
            webhook(http.url(std::string("/hook/") + kSecret), format));
    }

    std::string result(SmtpServer &smtp) {
        serve([&] { smtp.server.turn(); });
        return result(email(smtp.url()));
    }

    Loop loop;
    test::OpensslSigner signer;
    std::optional<CurlTransport> transport;
    std::vector<std::function<void()>> servers;
};

TEST_F(CurlTransportTest, FindsItsLibrary) {
    EXPECT_EQ(CurlTransport::unavailable(), "");
    EXPECT_FALSE(transport->on_readable(0));
}

// webhooks

TEST_F(CurlTransportTest, PostsAWebhook) {
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    EXPECT_EQ(result(http, WebhookFormat::generic), "delivered");

    ASSERT_EQ(http.requests.size(), 1u);
    const std::string request = http.requests.front();
    EXPECT_THAT(request, StartsWith("POST /hook/TOP-SECRET HTTP/1.1\r\n"));
    EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
    EXPECT_THAT(request, HasSubstr("\r\nUser-Agent: ngx_vrrp/"));
    EXPECT_THAT(request, Not(HasSubstr("Expect:")));
    EXPECT_THAT(request, HasSubstr("\r\n\r\n{\"event\":\"state_change\","));
}

TEST_F(CurlTransportTest, SignsAWebhook) {
    HttpServer http(HttpServer::answer("204 No Content"));
    serve([&] { http.server.turn(); });
    ChannelConfig channel = webhook(http.url());
    std::get<WebhookChannel>(channel.how).secret = kSecret;
    EXPECT_EQ(result(channel), "delivered");
    EXPECT_THAT(http.requests.front(),
                HasSubstr("\r\nX-Ngx-Vrrp-Signature: sha256="));
}

TEST_F(CurlTransportTest, SendsNothingUnsignedWhenItMustNot) {
    HttpServer http(HttpServer::answer("204 No Content"));
    serve([&] { http.server.turn(); });
    ChannelConfig channel = webhook(http.url());
    std::get<WebhookChannel>(channel.how).secret = kSecret;
    signer.works = false;
    EXPECT_EQ(result(channel),
              "later: 127.0.0.1: the message cannot be signed");
    EXPECT_TRUE(http.requests.empty());
}

TEST_F(CurlTransportTest, JudgesByTheStatus) {
    HttpServer busy(HttpServer::answer("503 Busy"));
    EXPECT_EQ(result(busy, WebhookFormat::slack), "later: 127.0.0.1: HTTP 503");
    HttpServer gone(HttpServer::answer("410 Gone", "no_service"));
    EXPECT_EQ(result(gone, WebhookFormat::slack), "never: 127.0.0.1: HTTP 410");
}

TEST_F(CurlTransportTest, JudgesByTheBody) {
    HttpServer sign(HttpServer::answer("200 OK", R"({"errcode":310000})"));
    EXPECT_EQ(result(sign, WebhookFormat::dingtalk),
              "never: 127.0.0.1: errcode 310000");
    HttpServer well(HttpServer::answer("200 OK", R"({"errcode":0})"));
    EXPECT_EQ(result(well, WebhookFormat::dingtalk), "delivered");
    HttpServer fast(HttpServer::answer("200 OK", R"({"code":11232})"));
    EXPECT_EQ(result(fast, WebhookFormat::feishu),
              "later: 127.0.0.1: code 11232");
}

TEST_F(CurlTransportTest, NamesWhatIsSaidButNoToken) {
    HttpServer http(HttpServer::answer(
        "200 OK",
        R"({"errcode":310000,"errmsg":"no keywords for TOP-SECRET here"})"));
    serve([&] { http.server.turn(); });
    EXPECT_EQ(result(webhook(http.url(std::string("/send?t=") + kSecret),
                             WebhookFormat::dingtalk)),
              "never: 127.0.0.1: errcode 310000, no keywords for *** here");
}

TEST_F(CurlTransportTest, SendsNothingWithoutASecretThatItShouldHave) {
    HttpServer http(HttpServer::answer("200 OK"));
    ChannelConfig channel = webhook(http.url());
    channel.lacks_secret = true;
    EXPECT_EQ(result(channel),
              "never: the file with its secret could not be read");
    EXPECT_EQ(http.server.connections(), 0u);
}

TEST_F(CurlTransportTest, FollowsNoRedirect) {
    HttpServer other(HttpServer::answer("200 OK"));
    serve([&] { other.server.turn(); });
    HttpServer moved(HttpServer::answer("302 Found", "",
                                        "Location: " + other.url() + "\r\n"));
    EXPECT_EQ(result(moved, WebhookFormat::generic),
              "never: 127.0.0.1: HTTP 302");
    EXPECT_EQ(other.server.connections(), 0u);
}

TEST_F(CurlTransportTest, GoesThroughNoProxy) {
    HttpServer proxy(HttpServer::answer("502 Proxy"));
    serve([&] { proxy.server.turn(); });
    ::setenv("http_proxy", proxy.url().c_str(), 1);
    ::setenv("ALL_PROXY", proxy.url().c_str(), 1);
    HttpServer http(HttpServer::answer("200 OK"));
    EXPECT_EQ(result(http, WebhookFormat::generic), "delivered");
    ::unsetenv("http_proxy");
    ::unsetenv("ALL_PROXY");
}

TEST_F(CurlTransportTest, ReadsSoMuchAndNoMore) {
    HttpServer endless("HTTP/1.1 200 OK\r\n\r\n" +
                       std::string(std::size_t{4} * 1024 * 1024, 'x'));
    EXPECT_EQ(result(endless, WebhookFormat::generic), "delivered");
    EXPECT_EQ(result(webhook(endless.url(), WebhookFormat::feishu)),
              "later: 127.0.0.1: the response has no code");
}

TEST_F(CurlTransportTest, UsesAConnectionAgain) {
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    serve([&] { http.server.turn(); });
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(result(webhook(http.url())), "delivered");
    }
    EXPECT_EQ(http.requests.size(), 3u);
    EXPECT_EQ(http.server.connections(), 1u);
}

TEST_F(CurlTransportTest, NamesWhoRefusesToConnect) {
    HttpServer http("");
    http.server.close();
    EXPECT_EQ(result(webhook(http.url(std::string("/") + kSecret))),
              "later: connect to 127.0.0.1:" + http.server.port() +
                  ": Connection refused");
}

TEST_F(CurlTransportTest, NamesWhoCannotBeFound) {
    EXPECT_EQ(result(webhook("http://user:TOP-SECRET@host.invalid/")),
              "later: host.invalid: Couldn't resolve host name");
}

TEST_F(CurlTransportTest, TakesSchemesInAnyCase) {
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    serve([&] { http.server.turn(); });
    EXPECT_EQ(result(webhook("HTTP" + http.url().substr(4))), "delivered");
    SmtpServer smtp;
    serve([&] { smtp.server.turn(); });
    EXPECT_EQ(result(email("SmTp" + smtp.url().substr(4))), "delivered");
    http.server.close();
    EXPECT_THAT(result(webhook("HTTPS" + http.url().substr(4))),
                StartsWith("later: connect to "));
}

TEST_F(CurlTransportTest, SpeaksNothingElse) {
    EXPECT_THAT(result(webhook("file:///etc/TOP-SECRET")),
                StartsWith("never: "));
    EXPECT_THAT(result(webhook("http://a b/TOP-SECRET")),
                StartsWith("never: "));
}

TEST_F(CurlTransportTest, DoesNotWaitForever) {
    HttpServer silent("");
    serve([&] { silent.server.turn(); });
    ChannelConfig channel = webhook(silent.url());
    channel.timeout = Milliseconds{200};
    EXPECT_EQ(result(channel), "later: wait for a response from 127.0.0.1:" +
                                   silent.server.port() + ": timed out");
}

TEST_F(CurlTransportTest, CanBeCancelled) {
    HttpServer silent("");
    serve([&] { silent.server.turn(); });
    deliver(webhook(silent.url()), 7);
    ASSERT_TRUE(wait([&] { return !silent.requests.empty(); }));

    EXPECT_EQ(text_of(transport->cancel(7)),
              "later: wait for a response from 127.0.0.1:" +
                  silent.server.port() + ": not finished");

    EXPECT_TRUE(wait([&] { return !silent.server.has_clients(); }));
    EXPECT_TRUE(loop.results.empty());
    EXPECT_EQ(text_of(transport->cancel(7)), "later: not started");
}

TEST_F(CurlTransportTest, CanBeCancelledBeforeItBegins) {
    deliver(webhook("http://127.0.0.1:9/"), 7);
    EXPECT_THAT(text_of(transport->cancel(7)), HasSubstr(" 127.0.0.1"));
    EXPECT_FALSE(wait([&] { return !loop.results.empty(); }, Milliseconds{50}));
}

TEST_F(CurlTransportTest, DeliversManyAtOnce) {
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    HttpServer silent("");
    serve([&] { http.server.turn(); });
    serve([&] { silent.server.turn(); });
    const ChannelConfig well = webhook(http.url());
    const ChannelConfig never = webhook(silent.url());
    const std::ptrdiff_t before = threads();

    deliver(never, 100);
    for (notify::DeliveryId id = 1; id <= 20; ++id) {
        deliver(well, id);
    }

    EXPECT_TRUE(wait([&] { return loop.results.size() == 20; }));
    EXPECT_EQ(http.requests.size(), 20u);
    EXPECT_EQ(threads(), before + 1);
}

// The receiver of an outcome starts the next delivery from within the call.
TEST_F(CurlTransportTest, DeliversTheNextFromWithin) {
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    serve([&] { http.server.turn(); });
    const ChannelConfig channel = webhook(http.url());
    loop.on_finished = [&] {
        if (loop.results.size() < 5) {
            deliver(channel, loop.results.size() + 1);
        }
    };
    deliver(channel);
    EXPECT_TRUE(wait([&] { return loop.results.size() == 5; }));
}

TEST_F(CurlTransportTest, EndsWithAllOfItsDeliveries) {
    HttpServer silent("");
    SmtpServer deaf;
    deaf.greeting = "";
    serve([&] { silent.server.turn(); });
    serve([&] { deaf.server.turn(); });
    const ChannelConfig hook = webhook(silent.url());
    const ChannelConfig mail = email(deaf.url());
    deliver(hook, 1);
    deliver(mail, 2);
    ASSERT_TRUE(wait([&] {
        return silent.server.has_clients() && deaf.server.has_clients();
    }));

    const Instant before = now();
    transport.reset();

    EXPECT_LT(os::now() - before, Seconds{10});
    EXPECT_TRUE(loop.results.empty());
    EXPECT_TRUE(loop.watched.empty());
}

TEST_F(CurlTransportTest, SaysThatTheLoopIsFull) {
    loop.full = true;
    EXPECT_THAT(result(webhook("http://127.0.0.1:9/")),
                HasSubstr("adding libcurl to the event loop failed"));
    loop.full = false;
    SmtpServer smtp;
    EXPECT_EQ(result(smtp), "delivered");
}

// mails

TEST_F(CurlTransportTest, SendsAMail) {
    SmtpServer smtp;
    EXPECT_EQ(result(smtp), "delivered");

    EXPECT_THAT(smtp.commands.front(), StartsWith("EHLO "));
    smtp.commands.pop_front();
    EXPECT_THAT(smtp.commands,
                testing::ElementsAre(
                    "MAIL FROM:<lb1@example.org>", "RCPT TO:<ops@example.org>",
                    "RCPT TO:<boss@example.org>", "DATA", "QUIT"));
    EXPECT_THAT(smtp.mail,
                HasSubstr("\r\nSubject: [lb1] VRRP Instance VI_1 - Entering "
                          "MASTER state\r\n"));
    EXPECT_THAT(smtp.mail,
                HasSubstr("\r\n\r\nlb1: VI_1: BACKUP -> MASTER\r\n"));
    EXPECT_TRUE(loop.log.empty());
}

TEST_F(CurlTransportTest, MailsMayBeRefusedForNow) {
    SmtpServer greylist;
    greylist.replies = {{"RCPT", "451 4.7.1 Greylisted"}};
    EXPECT_EQ(result(greylist), "later: 127.0.0.1: SMTP 451 4.7.1 Greylisted");
    SmtpServer full;
    full.replies = {{".", "452 4.3.1 No space"}};
    EXPECT_EQ(result(full), "later: 127.0.0.1: SMTP 452 4.3.1 No space");
    SmtpServer closing;
    closing.greeting = "421 4.3.2 Closing";
    EXPECT_EQ(result(closing), "later: 127.0.0.1: SMTP 421 4.3.2 Closing");
}

TEST_F(CurlTransportTest, MailsMayBeRefusedForGood) {
    SmtpServer sender;
    sender.replies = {{"MAIL", "553 5.1.8 Sender?"}};
    EXPECT_EQ(result(sender), "never: 127.0.0.1: SMTP 553 5.1.8 Sender?");
    SmtpServer recipient;
    recipient.replies = {{"RCPT", "550-5.1.1 No\r\n550 5.1.1 such user"}};
    EXPECT_EQ(result(recipient), "never: 127.0.0.1: SMTP 550 5.1.1 such user");
    SmtpServer spam;
    spam.replies = {{".", "554 5.7.1 Spam"}};
    EXPECT_EQ(result(spam), "never: 127.0.0.1: SMTP 554 5.7.1 Spam");
}

TEST_F(CurlTransportTest, OneRecipientDoesNotKeepTheOthersFromKnowing) {
    SmtpServer smtp;
    smtp.replies = {{"RCPT TO:<ops", "550 5.1.1 No such user"}};
    EXPECT_EQ(result(smtp), "delivered");
    EXPECT_THAT(smtp.mail, HasSubstr("Subject:"));
    EXPECT_THAT(loop.log,
                testing::ElementsAre("a mail was sent, but 127.0.0.1 refused "
                                     "1 recipient: 550 5.1.1 No such user"));
}

// RFC 5321, 4.1.4: then it is HELO, and no recipient was refused.
TEST_F(CurlTransportTest, MailsGoToServersThatKnowHeloOnly) {
    SmtpServer smtp;
    smtp.replies = {{"EHLO", "502 5.5.1 Not implemented"}};
    EXPECT_EQ(result(smtp), "delivered");
    EXPECT_THAT(smtp.mail, HasSubstr("Subject:"));
    EXPECT_THAT(loop.log, testing::IsEmpty());
}

TEST_F(CurlTransportTest, SaysWhoItIs) {
    SmtpServer smtp;
    smtp.replies = {{"EHLO", "502 5.5.1 Not implemented"}};
    serve([&] { smtp.server.turn(); });
    ChannelConfig channel = email(smtp.url());
    std::get<EmailChannel>(channel.how).helo = "lb01.example.org";
    EXPECT_EQ(result(channel), "delivered");
    EXPECT_EQ(smtp.commands.front(), "EHLO lb01.example.org");
    EXPECT_EQ(*std::next(smtp.commands.begin()), "HELO lb01.example.org");
}

// The reply to one recipient is not an answer to later commands.
TEST_F(CurlTransportTest, MailsAreTriedAgainWhenTheServerGoesAway) {
    SmtpServer smtp;
    smtp.replies = {{"RCPT TO:<boss", "550 5.1.1 No such user"}, {"DATA", ""}};
    serve([&] {
        smtp.server.turn();
        if (!smtp.commands.empty() && smtp.commands.back() == "DATA") {
            smtp.server.close();
        }
    });
    EXPECT_THAT(result(email(smtp.url())), StartsWith("later: 127.0.0.1: "));
}

TEST_F(CurlTransportTest, MailsAreTriedAgainWhenTheServerFallsSilent) {
    SmtpServer smtp;
    smtp.replies = {{"RCPT TO:<boss", "550 5.1.1 No such user"}, {"DATA", ""}};
    serve([&] { smtp.server.turn(); });
    ChannelConfig channel = email(smtp.url());
    channel.timeout = Milliseconds{500};
    EXPECT_EQ(result(channel), "later: wait for a response from 127.0.0.1:" +
                                   smtp.server.port() + ": timed out");
}

TEST_F(CurlTransportTest, LogsIn) {
    // Python's base64 of "\0lb1\0TOP-SECRET"
    constexpr const char *kCredentials = "AGxiMQBUT1AtU0VDUkVU";
    SmtpServer smtp;
    smtp.replies = {{"EHLO", "250-test\r\n250 AUTH PLAIN"},
                    {"AUTH PLAIN", "334 "},
                    {kCredentials, "535 5.7.8 Wrong"}};
    serve([&] { smtp.server.turn(); });
    ChannelConfig channel = email(smtp.url());
    std::get<EmailChannel>(channel.how).username = "lb1";
    std::get<EmailChannel>(channel.how).password = kSecret;
    EXPECT_EQ(result(channel), "never: 127.0.0.1: SMTP 535 5.7.8 Wrong");
    smtp.replies.back().second = "235 Hello";
    EXPECT_EQ(result(channel), "delivered");
}

TEST_F(CurlTransportTest, SendsNothingInTheClearWhenItMustNot) {
    SmtpServer smtp;
    serve([&] { smtp.server.turn(); });
    ChannelConfig channel = email(smtp.url());
    std::get<EmailChannel>(channel.how).start_tls = true;
    EXPECT_THAT(result(channel), HasSubstr("127.0.0.1: "));
    EXPECT_TRUE(smtp.mail.empty());
    EXPECT_THAT(smtp.commands, Not(testing::Contains(StartsWith("MAIL"))));
}

// While a mail waits for its server, libcurl is deaf; the others are not.
TEST_F(CurlTransportTest, MailsDelayNoOtherMessage) {
    SmtpServer slow;
    slow.replies = {{".", ""}};
    HttpServer http(HttpServer::answer("200 OK", "ok"));
    serve([&] { slow.server.turn(); });
    serve([&] { http.server.turn(); });
    const ChannelConfig mail = email(slow.url());
    deliver(mail, 7);
    ASSERT_TRUE(wait([&] { return !slow.mail.empty(); }));

    const Instant before = os::now();
    EXPECT_EQ(result(webhook(http.url())), "delivered");
    EXPECT_LT(os::now() - before, Seconds{10});

    EXPECT_EQ(text_of(transport->cancel(7)),
              "later: wait for a response from 127.0.0.1:" +
                  slow.server.port() + ": not finished");
    EXPECT_TRUE(wait([&] { return !slow.server.has_clients(); }));
    EXPECT_TRUE(wait([&] { return loop.watched.size() == 1; }));
    EXPECT_TRUE(loop.results.empty());
}

TEST_F(CurlTransportTest, MailsDelayNoMailOfAnotherChannel) {
    SmtpServer slow;
    slow.replies = {{".", ""}};
    serve([&] { slow.server.turn(); });
    const ChannelConfig mail = email(slow.url());
    deliver(mail, 7);
    ASSERT_TRUE(wait([&] { return !slow.mail.empty(); }));

    SmtpServer smtp;
    serve([&] { smtp.server.turn(); });
    const Instant before = now();
    deliver(email(smtp.url()), 8, 1);
    EXPECT_EQ(result(), "delivered");
    EXPECT_LT(now() - before, Seconds{10});
}

TEST_F(CurlTransportTest, MailsDoNotWaitForever) {
    SmtpServer slow;
    slow.greeting = "";
    serve([&] { slow.server.turn(); });
    ChannelConfig channel = email(slow.url());
    channel.timeout = Milliseconds{300};
    EXPECT_EQ(result(channel), "later: wait for a response from 127.0.0.1:" +
                                   slow.server.port() + ": timed out");
}

// TLS

class CurlTransportTlsTest : public CurlTransportTest {
protected:
    ChannelConfig hook(TlsServer &tls, const std::string &host,
                       const std::string &ca) {
        serve([&] { tls.turn(); });
        ChannelConfig channel =
            webhook("https://" + host + ":" + tls.port() + "/" + kSecret);
        std::get<WebhookChannel>(channel.how).ca = ca;
        return channel;
    }
};

TEST_F(CurlTransportTlsTest, TrustsTheGivenCertificate) {
    TlsServer tls;
    EXPECT_EQ(result(hook(tls, "127.0.0.1", tls.certificate())), "delivered");
    EXPECT_THAT(tls.received(), HasSubstr("POST /TOP-SECRET HTTP/1.1"));
}

TEST_F(CurlTransportTlsTest, TrustsNoOther) {
    TlsServer tls;
    EXPECT_THAT(result(hook(tls, "127.0.0.1", "")),
                StartsWith("later: 127.0.0.1: SSL certificate problem: "));
    EXPECT_THAT(tls.received(), Not(HasSubstr("POST")));
}

TEST_F(CurlTransportTlsTest, TrustsNoOtherName) {
    TlsServer tls;
    EXPECT_THAT(result(hook(tls, "localhost", tls.certificate())),
                StartsWith("later: localhost: SSL: "));
    EXPECT_THAT(tls.received(), Not(HasSubstr("POST")));
}

TEST_F(CurlTransportTlsTest, TrustsAnyServerIfConfigured) {
    TlsServer tls;
    ChannelConfig channel = hook(tls, "localhost", "");
    std::get<WebhookChannel>(channel.how).verify = false;
    EXPECT_EQ(result(channel), "delivered");
}

// Nothing can be loaded from an empty root.
TEST_F(CurlTransportTest, SaysWhichPackageIsMissing) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root changes the root";
    }
    if (::dlopen("libcurl.so.4", RTLD_NOW | RTLD_NOLOAD) != nullptr) {
        GTEST_SKIP() << "libcurl has been loaded, run this test alone";
    }
    std::string root = "/tmp/ngx_vrrp_root.XXXXXX";
    ASSERT_NE(::mkdtemp(root.data()), nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        const bool moved = ::chroot(root.c_str()) == 0 && ::chdir("/") == 0;
        deliver(webhook("http://127.0.0.1:9/"));
        const bool told = loop.results.size() == 1 &&
                          loop.results[0].second.permanent &&
                          loop.results[0].second.text.ends_with(
                              "; install the Debian package libcurl4");
        ::_exit(moved && told ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    ::rmdir(root.c_str());
}

}  // namespace
}  // namespace ngx_vrrp::transport
