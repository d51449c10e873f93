// Mails as they are sent.

#include "core/notify/email.hpp"

#include <gtest/gtest.h>

#include "tests/notify/events.hpp"

namespace ngx_vrrp::notify {
namespace {

using namespace sample;

EmailChannel channel() {
    EmailChannel channel;
    channel.url = "smtp://mail.example.org";
    channel.from = "lb1 <lb1@example.org>";
    channel.to = {"ops@example.org", "Boss <boss@example.org>"};
    return channel;
}

std::string text_of(const Delivery &delivery,
                    const EmailChannel &how = channel()) {
    return make_mail(delivery, how, kNow).text;
}

// The headers and their continuations.
std::string headers_of(const std::string &text) {
    return text.substr(0, text.find("\r\n\r\n") + 2);
}

bool has(const std::string &text, std::string_view part) {
    return text.find(part) != text.npos;
}

TEST(Email, ReportsAnEvent) {
    EXPECT_EQ(text_of(delivery({state_event()})),
              "Date: Fri, 1 Mar 2024 00:00:00 +0000\r\n"
              "From: lb1 <lb1@example.org>\r\n"
              "To: ops@example.org,\r\n"
              " Boss <boss@example.org>\r\n"
              "Subject: [lb1] VRRP Instance VI_1 - Entering MASTER state\r\n"
              "Message-ID: <vrrp.1709251197250000000.4711.7.3@lb1>\r\n"
              "Auto-Submitted: auto-generated\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=UTF-8\r\n"
              "Content-Transfer-Encoding: quoted-printable\r\n"
              "\r\n"
              "lb1: VI_1: BACKUP -> MASTER\r\n"
              "\r\n"
              "  time:      2024-02-29T23:59:57.250Z\r\n"
              "  node:      lb1\r\n"
              "  instance:  VI_1 (vrid 51)\r\n"
              "  interface: eth0\r\n"
              "  reason:    no advertisement for 3609 ms\r\n"
              "  priority:  100\r\n"
              "  addresses: 10.0.1.5/24 10.0.1.6/24\r\n"
              "\r\n");
}

TEST(Email, HasAnEnvelopeOfAddresses) {
    const Mail mail = make_mail(delivery({state_event()}), channel(), kNow);
    EXPECT_EQ(mail.sender, "lb1@example.org");
    EXPECT_EQ(mail.recipients, (std::vector<std::string>{"ops@example.org",
                                                         "boss@example.org"}));
}

TEST(Email, IsADigestOfSeveral) {
    const std::string text =
        text_of(delivery({state_event("MASTER", "FAULT"), tracker_event()}, 3));
    EXPECT_TRUE(has(text,
                    "Subject: [lb1] VRRP Instance VI_1 - track_http "
                    "http://127.0.0.1/ is down (2 events, and 3 older ones "
                    "skipped)\r\n"))
        << text;
    EXPECT_TRUE(has(text,
                    "\r\n\r\n2 events, and 3 older ones skipped, the newest "
                    "one last\r\n\r\nlb1: VI_1: MASTER -> FAULT\r\n"))
        << text;
    EXPECT_LT(text.find("MASTER -> FAULT"),
              text.find("lb1: VI_1: track_http http://127.0.0.1/ is down"));
}

TEST(Email, KeepsItsMessageIdWhenItIsSentAgain) {
    const Delivery again = delivery({state_event()});
    const Mail first = make_mail(again, channel(), kNow);
    const Mail second = make_mail(again, channel(), kNow + Seconds{60});
    const auto id = [](const Mail &mail) {
        const std::size_t begin = mail.text.find("Message-ID:");
        return mail.text.substr(begin, mail.text.find('\r', begin) - begin);
    };
    EXPECT_EQ(id(first), id(second));
    EXPECT_NE(first.text, second.text);
}

TEST(Email, HasSubjectsInEveryLanguage) {
    EventRecord event = upstream_event();
    event.subject.set("Z\xc3\xbcrich");
    const std::string text = text_of(delivery({event}));
    EXPECT_TRUE(has(
        text,
        "\r\nSubject: "
        "=?UTF-8?B?W2xiMV0gVXBzdHJlYW0gWsO8cmljaCAtIHNlcnZlciAxMC4wLjAu?=\r\n"
        " =?UTF-8?B?MTE6ODA4MCBpcyBkb3du?=\r\n"))
        << text;
    EXPECT_TRUE(has(text, "upstream Z=C3=BCrich: server"));
}

TEST(Email, DoesNotCutCharactersOfSubjects) {
    EventRecord event = upstream_event();
    event.subject.set(
        "xx\xe4\xb8\xbb\xe4\xb8\xbb\xe4\xb8\xbb\xe4\xb8\xbb"
        "\xe4\xb8\xbb\xe4\xb8\xbb\xe4\xb8\xbb\xe4\xb8\xbb");
    for (const char *node : {"a", "ab", "abc"}) {
        event.node.set(node);
        const std::string text = headers_of(text_of(delivery({event})));
        const std::size_t begin = text.find("?B?") + 3;
        const std::size_t size = text.find("?=") - begin;
        EXPECT_LE(size, 52u);
        EXPECT_GE(size, 48u);
        EXPECT_EQ(size % 4, 0u);
    }
}

TEST(Email, CannotBeGivenOtherHeaders) {
    EventRecord event = state_event();
    event.node.set("lb1\r\nBcc: all@example.org\r\n\r\n<html>");
    event.instance.set("VI\nX-A: b");
    event.to.set("MASTER\r\n");
    EmailChannel how = channel();
    how.from = "a@b\r\nX-B: c";
    how.to = {"c@d\nX-C: d>\r\n"};

    const Mail mail = make_mail(delivery({event}), how, kNow);
    const std::string headers = headers_of(mail.text);

    for (const char *header :
         {"\nBcc", "\nX-A", "\nX-B", "\nX-C", "\n<html>"}) {
        EXPECT_FALSE(has(headers, header)) << headers;
    }
    EXPECT_TRUE(has(headers, "\r\nContent-Transfer-Encoding:")) << headers;
    EXPECT_TRUE(has(headers,
                    "@lb1--Bcc--all-example-org-----html->\r\nAuto-Submitted:"))
        << headers;
    EXPECT_EQ(mail.sender.find_first_of("\r\n"), mail.sender.npos);
    EXPECT_EQ(mail.recipients.front().find_first_of("\r\n"), mail.sender.npos);
}

// RFC 5322, 2.1.1, and RFC 5321, 4.5.3.1.6, which is about the same.
TEST(Email, HasShortLinesOfAscii) {
    EventRecord event = state_event();
    event.node.set(std::string(63, '\xfc'));
    event.instance.set(std::string(63, '.'));
    event.reason.set(std::string(255, '\xe4'));
    event.addresses.set(std::string(255, 'a'));
    Delivery all = delivery({});
    all.events.assign(50, event);

    const std::string text = text_of(all);

    std::size_t begin = 0;
    for (std::size_t end = text.find("\r\n"); end != text.npos;
         begin = end + 2, end = text.find("\r\n", begin)) {
        const std::string line = text.substr(begin, end - begin);
        const bool can_be_broken = !line.starts_with("Message-ID:");
        ASSERT_LE(line.size(), can_be_broken ? 78u : 128u) << line;
    }
    EXPECT_EQ(begin, text.size());
    for (const char c : text) {
        ASSERT_TRUE((c >= ' ' && c <= '~') || c == '\r' || c == '\n');
    }
}

TEST(Email, IsRefusedForNowOrForGood) {
    const Outcome later = mail_refused(451, "451 4.7.1 Greylisted\r\n");
    EXPECT_FALSE(later.delivered);
    EXPECT_FALSE(later.permanent);
    EXPECT_EQ(later.text, "SMTP 451 4.7.1 Greylisted");
    const Outcome never = mail_refused(550, "550 5.1.1 No such user\xff\r\n");
    EXPECT_TRUE(never.permanent);
    EXPECT_EQ(never.text, "SMTP 550 5.1.1 No such user?");
    EXPECT_EQ(mail_refused(421, "").text, "SMTP 421");
}

}  // namespace
}  // namespace ngx_vrrp::notify
