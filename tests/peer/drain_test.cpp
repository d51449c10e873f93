#include "core/peer/drain.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::peer {
namespace {

const MacAddress kMac{2, 0, 0, 0, 0, 7};

TEST(PeerDrain, IsReadAsItWasWritten) {
    const Drain drain{kMac,
                      {{Family::ipv4, Vrid{51}, DrainStep::asks, 70'000, 600},
                       {Family::ipv6, Vrid{52}, DrainStep::ended, 0, 0}}};

    EXPECT_EQ(*parse_drain(serialize(drain)), drain);
    EXPECT_EQ(serialize(Drain{
                  kMac, {{Family::ipv4, Vrid{51}, DrainStep::drains, 3, 9}}}),
              (Buffer{12, 0,  0, 1, 2, 0, 0, 0, 0, 7, 0, 0,  //
                      4,  51, 2, 0, 0, 0, 0, 3, 0, 0, 0, 9}));
}

TEST(PeerDrain, OfALaterVersionIsReadAsFarAsItIsKnown) {
    const Buffer payload{13, 0, 0, 4, 2, 0, 0, 0, 0, 7, 0, 0,      //
                         4,  1, 2, 0, 0, 0, 0, 3, 0, 0, 0, 9, 99,  //
                         9,  1, 2, 0, 0, 0, 0, 3, 0, 0, 0, 9, 99,  //
                         4,  1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 99,  //
                         4,  1, 4, 0, 0, 0, 0, 3, 0, 0, 0, 9, 99,  //
                         1,  2, 3};

    const auto drain = parse_drain(payload);
    ASSERT_TRUE(drain);
    EXPECT_EQ(
        *drain,
        (Drain{kMac, {{Family::ipv4, Vrid{1}, DrainStep::drains, 3, 9}}}));
}

TEST(PeerDrain, IsBounded) {
    EXPECT_FALSE(parse_drain({}));
    EXPECT_FALSE(parse_drain(Buffer{12, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0}));
    EXPECT_FALSE(parse_drain(Buffer{11, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0}));
    EXPECT_FALSE(parse_drain(Buffer{12, 0, 0, 1, 2, 0, 0, 0, 0, 7, 0, 0, 4}));
    EXPECT_TRUE(parse_drain(Buffer{12, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0}));

    const Drain many{kMac, std::vector<RouterDrain>(
                               kMostDrains + 1,
                               {Family::ipv4, Vrid{1}, DrainStep::asks, 1, 1})};
    Buffer payload = serialize(many);
    EXPECT_LE(payload.size(), kLargestPayload);
    EXPECT_EQ(parse_drain(payload)->routers.size(), kMostDrains);
    payload[2] = 1;
    payload[3] = 0;
    payload.resize(payload.size() + 12);
    EXPECT_FALSE(parse_drain(payload));
}

const RouterForward kForward{Family::ipv4, Vrid{51}, true, 258};

TEST(PeerForwards, IsReadAsItWasWritten) {
    const Forwards forwards{
        kMac, "no", {kForward, {Family::ipv6, Vrid{52}, false, 0}}};

    EXPECT_EQ(*parse_forwards(serialize(forwards)), forwards);
    EXPECT_EQ(serialize(Forwards{kMac, "no", {kForward}}),
              (Buffer{12, 0,   0,   1, 2, 0, 0, 0, 0, 7, 0, 0,  //
                      2,  'n', 'o',                             //
                      4,  51,  1,   0, 0, 0, 0, 0, 0, 0, 1, 2}));
}

TEST(PeerForwards, OfALaterVersionIsReadAsFarAsItIsKnown) {
    const auto forwards =
        parse_forwards(Buffer{13, 0,  0, 2, 2, 0, 0, 0, 0, 7, 0, 0, 0,   //
                              4,  51, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 99,  //
                              9,  51, 7, 0, 0, 0, 0, 0, 0, 0, 1, 2, 99, 1});
    ASSERT_TRUE(forwards);
    EXPECT_EQ(*forwards, (Forwards{kMac, "", {kForward}}));
}

TEST(PeerForwards, IsBounded) {
    const Buffer none{12, 0, 0, 0, 2, 0, 0, 0, 0, 7, 0, 0, 0};
    EXPECT_TRUE(parse_forwards(none));
    EXPECT_FALSE(parse_forwards({}));
    EXPECT_FALSE(parse_forwards(Bytes(none).first(12)));
    Buffer other = none;
    other[0] = 11;
    EXPECT_FALSE(parse_forwards(other));
    other = none;
    other[3] = 1;
    EXPECT_FALSE(parse_forwards(other)) << "an entry is missing";
    other = none;
    other[12] = 1;
    EXPECT_FALSE(parse_forwards(other)) << "the text is missing";
    other.push_back('\n');
    EXPECT_EQ(parse_forwards(other)->why_not, "?");

    const Forwards many{kMac, std::string(200, 'x'),
                        std::vector<RouterForward>(kMostDrains + 1, kForward)};
    Buffer payload = serialize(many);
    EXPECT_LE(payload.size(), kLargestPayload);
    EXPECT_EQ(parse_forwards(payload)->routers.size(), kMostDrains);
    EXPECT_EQ(parse_forwards(payload)->why_not, std::string(127, 'x'));
    payload[2] = 1;
    payload[3] = 0;
    payload.resize(payload.size() + 12);
    EXPECT_FALSE(parse_forwards(payload));
}

}  // namespace
}  // namespace ngx_vrrp::peer
