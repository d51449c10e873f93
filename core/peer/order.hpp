// The message "order": the nodes that follow a MASTER, for each of its routers.
// It goes to all peers, so that all of them know the same order.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |     Flags     |       0       |            Count              |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// and an entry for each router: its length without this octet, the family, the
// VRID, the number of nodes, and their ids. If not all entries fit into a
// message, the flag "more" is set in all but the last one.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/types.hpp"
#include "core/peer/message.hpp"

namespace ngx_vrrp::peer {

// Those after them are not named.
inline constexpr std::size_t kMostInOrder = 16;

struct RouterOrder {
    Family family = Family::ipv4;
    Vrid vrid{};
    std::vector<NodeId> nodes;  // the successor, and who follows it

    friend bool operator==(const RouterOrder &, const RouterOrder &) = default;
};

using OrderList = std::vector<RouterOrder>;

// A message.
struct OrderPart {
    bool more = false;  // another part follows
    OrderList list;

    friend bool operator==(const OrderPart &, const OrderPart &) = default;
};

Result<OrderPart, NotAMessage> parse_order(Bytes payload);
Buffer serialize(const OrderPart &part);

// As many parts as are needed; one if there is no router.
std::vector<OrderPart> split(const OrderList &list);

// Nothing: it is not in the list.
const RouterOrder *find_order(const OrderList &list, Family family, Vrid vrid);

}  // namespace ngx_vrrp::peer
