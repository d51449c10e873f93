#include "core/peer/order.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::peer {
namespace {

const RouterOrder kOne{Family::ipv4, Vrid{51}, {0x0102030405060708, 7}};

TEST(PeerOrder, IsReadAsItWasWritten) {
    const OrderPart part{true, {kOne, {Family::ipv6, Vrid{52}, {}}}};

    EXPECT_EQ(*parse_order(serialize(part)), part);
    EXPECT_EQ(serialize(OrderPart{false, {{Family::ipv4, Vrid{51}, {7}}}}),
              (Buffer{0, 0, 0, 1, 11, 4, 51, 1, 0, 0, 0, 0, 0, 0, 0, 7}));
}

TEST(PeerOrder, OfALaterVersionIsReadAsFarAsItIsKnown) {
    const Buffer payload{0,  0, 0,  2,                                   //
                         12, 4, 51, 1, 0, 0, 0, 0, 0, 0, 0, 7, 99,       //
                         11, 9, 51, 1, 0, 0, 0, 0, 0, 0, 0, 7, 77, 78};  //

    const auto part = parse_order(payload);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->list, (OrderList{{Family::ipv4, Vrid{51}, {7}}}));
}

TEST(PeerOrder, IsBounded) {
    EXPECT_FALSE(parse_order({}));
    EXPECT_FALSE(parse_order(Buffer{0, 0, 0, 1}));
    EXPECT_FALSE(parse_order(Buffer{0, 0, 0, 1, 3, 4, 51}));
    EXPECT_FALSE(parse_order(Buffer{0, 0, 0, 1, 3, 4, 51, 1}));
    EXPECT_FALSE(parse_order(Buffer{0, 0, 0, 1, 0}));
    EXPECT_FALSE(parse_order(Buffer{0, 0, 1, 255}));

    const RouterOrder many{Family::ipv4, Vrid{51}, std::vector<NodeId>(17, 7)};
    EXPECT_EQ(parse_order(serialize({false, {many}}))->list[0].nodes.size(),
              kMostInOrder);
}

TEST(PeerOrder, HasAsManyPartsAsItNeeds) {
    EXPECT_EQ(split({}).size(), 1U);
    EXPECT_EQ(split({kOne}), (std::vector<OrderPart>{{false, {kOne}}}));

    const OrderList all(kMostRouters,
                        {Family::ipv4, Vrid{1}, std::vector<NodeId>(16, 7)});
    OrderList read;
    const std::vector<OrderPart> parts = split(all);
    for (const OrderPart &part : parts) {
        const Buffer payload = serialize(part);
        EXPECT_LE(payload.size(), kLargestPayload);
        EXPECT_EQ(part.more, &part != &parts.back());
        const OrderList list = parse_order(payload)->list;
        read.insert(read.end(), list.begin(), list.end());
    }
    EXPECT_EQ(read, all);
}

}  // namespace
}  // namespace ngx_vrrp::peer
