#include "core/notify/refusals.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::notify {
namespace {

TEST(Refusals, CountsRecipientsThatAreRefused) {
    Refusals refusals;
    refusals.on_command("MAIL FROM:<a@b>\r\n");
    refusals.on_reply("250 ok\r\n");
    refusals.on_command("RCPT TO:<c@d>\r\n");
    refusals.on_reply("250 ok\r\n");
    EXPECT_EQ(refusals.of_recipients(), "");

    refusals.on_command("RCPT TO:<e@f>\r\n");
    refusals.on_reply("550-5.1.1 There is\r\n");
    refusals.on_reply("550 5.1.1 no such user\r\n");
    EXPECT_EQ(refusals.of_recipients(), "1 recipient: 550 5.1.1 no such user");

    refusals.on_command("RCPT TO:<g@h>\r\n");
    refusals.on_reply("451 4.7.1 later\xff\r\n");
    EXPECT_EQ(refusals.of_recipients(),
              "2 recipients, the last one: 451 4.7.1 later?");
}

// A refused EHLO or login is followed by another attempt.
TEST(Refusals, OtherCommandsAreNoRecipients) {
    Refusals refusals;
    refusals.on_command("EHLO lb1\r\n");
    refusals.on_reply("502 5.5.1 what?\r\n");
    EXPECT_EQ(refusals.of_recipients(), "");
    EXPECT_EQ(refusals.outcome(502).text, "SMTP 502 5.5.1 what?");
    EXPECT_TRUE(refusals.outcome(502).permanent);
}

TEST(Refusals, ALineWithoutEndIsCut) {
    Refusals refusals;
    refusals.on_command("RCPT TO:<a@b>\r\n");
    refusals.on_reply("550 " + std::string(100'000, 'x'));
    EXPECT_LE(refusals.of_recipients().size(), 300u);
    EXPECT_LE(refusals.outcome(550).text.size(), 300u);
}

}  // namespace
}  // namespace ngx_vrrp::notify
