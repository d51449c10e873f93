#include "core/peer/message.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::peer {
namespace {

Hello hello() {
    Hello h;
    h.has_secret = true;
    h.node = 0x0102030405060708;
    h.nonce.fill(9);
    return h;
}

TEST(PeerMessage, HasItsLengthTypeAndSequence) {
    const Buffer message =
        serialize({Type::alive, 0x01020304}, Buffer{}, kMacSize);

    EXPECT_EQ(message, (Buffer{0, 40, 4, 0, 1, 2, 3, 4}));
    EXPECT_EQ(parse_header(message).type, Type::alive);
    EXPECT_EQ(parse_header(message).sequence, 0x01020304U);
}

TEST(PeerMessage, LengthIsKnownWhenTheMessageIsComplete) {
    const Buffer message = serialize({Type::bye, 0}, Buffer{1}, 0);

    for (std::size_t n = 0; n < message.size(); ++n) {
        EXPECT_EQ(*message_length(Bytes(message).first(n)), 0U);
    }
    EXPECT_EQ(*message_length(message), message.size());
}

TEST(PeerMessage, LengthIsBounded) {
    EXPECT_FALSE(message_length(Buffer{0, 7, 1, 0, 0, 0, 0, 0}));
    EXPECT_TRUE(message_length(Buffer{0, 8, 1, 0, 0, 0, 0, 0}));
    EXPECT_TRUE(message_length(Buffer{0x10, 0, 1, 0, 0, 0, 0, 0}));
    EXPECT_FALSE(message_length(Buffer{0x10, 1, 1, 0, 0, 0, 0, 0}));
}

TEST(PeerMessage, HelloIsReadAsItWasWritten) {
    EXPECT_EQ(*parse_hello(serialize(hello())), hello());
}

TEST(PeerMessage, HelloOfALaterVersionMayBeLonger) {
    Buffer payload = serialize(hello());
    payload.push_back(1);
    payload[4] = 2;

    EXPECT_EQ(parse_hello(payload)->version, 2);
}

TEST(PeerMessage, HelloNeedsMagicVersionAndNode) {
    for (const std::size_t octet : {0U, 3U}) {
        Buffer payload = serialize(hello());
        payload[octet] ^= 1;
        EXPECT_FALSE(parse_hello(payload)) << octet;
    }
    Hello none = hello();
    none.node = 0;
    EXPECT_FALSE(parse_hello(serialize(none)));
    none = hello();
    none.version = 0;
    EXPECT_FALSE(parse_hello(serialize(none)));
    Buffer cut = serialize(hello());
    cut.pop_back();
    EXPECT_FALSE(parse_hello(cut));
}

TEST(PeerMessage, AboutIsReadAsItWasWritten) {
    const About about{"lb1", "1.22.1", "0.1.0"};
    EXPECT_EQ(*parse_about(serialize(about)), about);
}

TEST(PeerMessage, TextsOfAPeerAreFitForALog) {
    const About about{"a\nb", "", std::string(200, 'x')};
    const auto read = parse_about(serialize(about));

    ASSERT_TRUE(read);
    EXPECT_EQ(read->router_id, "?");
    EXPECT_EQ(read->nginx_version, "");
    EXPECT_EQ(read->version, std::string(63, 'x'));
}

TEST(PeerMessage, StatusIsReadAsItWasWritten) {
    const StatusList list{
        {Family::ipv4, Vrid{51}, RouterState::master, Priority{200}, true},
        {Family::ipv6, Vrid{52}, RouterState::fault, Priority{0}}};
    EXPECT_EQ(*parse_status(serialize(list)), list);
    EXPECT_EQ(parse_status(serialize(StatusList{}))->size(), 0U);
}

TEST(PeerMessage, StatusOfALaterVersionIsReadAsFarAsItIsKnown) {
    const Buffer payload{6, 0,  0, 3,               //
                         4, 51, 2, 200, 77, 78,     //
                         9, 51, 2, 200, 77, 78,     // a family
                         4, 52, 9, 100, 77, 78, 1,  // a state, and the rest
                         2};

    const auto list = parse_status(payload);
    ASSERT_TRUE(list);
    ASSERT_EQ(list->size(), 1U);
    EXPECT_EQ(list->front().vrid, Vrid{51});
}

TEST(PeerMessage, AnAnswerRepeatsItsQuestion) {
    const Token token = 0x0102030405060708;
    EXPECT_EQ(parse_question(serialize(token)), token);

    const Answer answer{
        {{Family::ipv4, Vrid{51}, RouterState::master, Priority{200}}}, token};
    EXPECT_EQ(*parse_answer(serialize(answer)), answer);
    EXPECT_EQ(parse_status(serialize(answer))->size(), 1U);
}

TEST(PeerMessage, AnEarlierVersionRepeatsNoQuestion) {
    EXPECT_EQ(parse_question({}), std::nullopt);
    const auto answer = parse_answer(serialize(StatusList{{}}));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->question, std::nullopt);
    EXPECT_EQ(serialize(Answer{{{}}, {}}), serialize(StatusList{{}}));
}

TEST(PeerMessage, StatusIsBounded) {
    EXPECT_FALSE(parse_status(Buffer{5, 0, 0, 1, 4, 51, 2, 200}));
    EXPECT_FALSE(parse_status(Buffer{4, 0, 0, 0}));
    EXPECT_FALSE(parse_status(Buffer{5, 0, 1, 255}));

    const StatusList most(kMostRouters + 1);
    const Buffer payload = serialize(most);
    EXPECT_EQ(parse_status(payload)->size(), kMostRouters);
    EXPECT_LE(kHeaderSize + payload.size() + kMacSize, kLargestMessage);
}

TEST(PeerMessage, ByeHasAReason) {
    EXPECT_EQ(parse_bye(serialize(Farewell::reload)), Farewell::reload);
    EXPECT_EQ(parse_bye(Buffer{}), Farewell::unknown);
    EXPECT_EQ(parse_bye(Buffer{99}), Farewell::unknown);
}

}  // namespace
}  // namespace ngx_vrrp::peer
