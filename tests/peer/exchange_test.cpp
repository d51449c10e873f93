// The exchange of details: a MASTER and two BACKUPs, which have links with the
// MASTER only.
#include "core/peer/exchange.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace ngx_vrrp::peer {
namespace {

constexpr NodeId kRelay = 1;

struct SentMessage {
    NodeId from;
    NodeId to;
    Type type;
    Buffer payload;
};

class ExchangeTest : public ::testing::Test {
protected:
    struct Node {
        explicit Node(NodeId id) : exchange(id) {}

        Exchange exchange;
        Details details;
        std::vector<Exchange::Link> links;
        Duration boot{0};  // its clock minus that of the test
        Duration wall{0};
    };

    void SetUp() override {
        for (NodeId id = 1; id <= 3; ++id) {
            nodes.emplace_back(id);
            nodes.back().details.about.router_id = "lb" + std::to_string(id);
        }
        of(1).links = {{2, now}, {3, now}};
        of(2).links = {{1, now}};
        of(3).links = {{1, now}};
    }

    Node &of(NodeId id) { return nodes[id - 1]; }

    Clocks clocks_of(const Node &node) {
        return {now + node.boot,
                WallTime{now.time_since_epoch() + Seconds{100} + node.wall}};
    }

    // All nodes look, and what they send arrives.
    void look(Duration time = Seconds{1}) {
        now += time;
        sent.clear();
        for (NodeId id = 1; id <= 3; ++id) {
            Node &node = of(id);
            node.exchange.set_links(node.links);
            node.exchange.set_own(node.details, id == kRelay);
            node.exchange.send(clocks_of(node), [&](NodeId to, Type type,
                                                    const Buffer &payload) {
                sent.push_back({id, to, type, payload});
            });
        }
        for (const SentMessage &message : sent) {
            if (!lost) {
                Node &to = of(message.to);
                to.exchange.receive(message.from, message.type, message.payload,
                                    clocks_of(to));
            }
        }
    }

    std::string seen_by(NodeId id) {
        std::string names;
        for (const Report *report : of(id).exchange.reports()) {
            names += (names.empty() ? "" : " ") +
                     report->details.about.router_id +
                     (report->via == 0 ? "" : "*");
        }
        return names;
    }

    // Octets of entries that were sent.
    std::size_t details_sent() {
        return static_cast<std::size_t>(
            std::ranges::count_if(sent, [](const SentMessage &message) {
                return !parse_chunk(message.payload)->octets.empty();
            }));
    }

    Instant now = instant_from_ns(1'000'000'000'000);
    std::deque<Node> nodes;
    std::vector<SentMessage> sent;
    bool lost = false;
};

TEST_F(ExchangeTest, EachNodeSeesAll) {
    look();
    EXPECT_EQ(seen_by(1), "lb2 lb3");
    EXPECT_EQ(seen_by(2), "lb1");
    look();
    EXPECT_EQ(seen_by(1), "lb2 lb3");
    EXPECT_EQ(seen_by(2), "lb1 lb3*");
    EXPECT_EQ(seen_by(3), "lb1 lb2*");
}

// After a reload of nginx: it has the id of the one before.
TEST_F(ExchangeTest, TheNextProcessOfANodeIsRelayed) {
    for (int i = 0; i < 3; ++i) {
        look();
    }
    ASSERT_EQ(seen_by(3), "lb1 lb2*");

    of(2).exchange = Exchange(2);
    of(2).details.about.router_id = "other";
    of(1).links.front().since = now;
    of(2).links = {{1, now}};
    for (int i = 0; i < 3; ++i) {
        look();
    }
    EXPECT_EQ(seen_by(3), "lb1 other*");
}

TEST_F(ExchangeTest, AtRestOnlyClocksAreSent) {
    for (int i = 0; i < 5; ++i) {
        look();
    }
    for (int i = 0; i < 20; ++i) {
        look();
        EXPECT_EQ(details_sent(), 0u);
        EXPECT_EQ(sent.size(), 4u);
    }
    look(Milliseconds{500});
    EXPECT_TRUE(sent.empty());
}

TEST_F(ExchangeTest, ChangesAreSentAtMostOnceASecond) {
    look();
    look();
    look();
    of(3).details.upstreams = {{"http", "web", {"a"}}};
    look(Milliseconds{400});
    EXPECT_EQ(details_sent(), 1u);
    EXPECT_EQ(of(1).exchange.reports()[1]->details.upstreams.size(), 1u);
    of(3).details.upstreams.clear();
    look(Milliseconds{400});
    look(Milliseconds{400});
    EXPECT_EQ(of(1).exchange.reports()[1]->details.upstreams.size(), 1u);
    look(Milliseconds{400});
    EXPECT_EQ(of(1).exchange.reports()[1]->details.upstreams.size(), 0u);
    look();
    EXPECT_EQ(of(2).exchange.reports()[1]->details.upstreams.size(), 0u);
}

TEST_F(ExchangeTest, ClocksAreCompared) {
    of(3).boot = Seconds{1000};
    of(3).wall = Seconds{-7};
    of(1).boot = Seconds{-50};
    of(1).wall = Seconds{30};
    look();
    look();
    const Report *direct = of(1).exchange.reports()[1];
    EXPECT_EQ(direct->boot_difference, Seconds{-1050});
    EXPECT_EQ(direct->wall_difference, Seconds{37});
    const Report *relayed = of(2).exchange.reports()[1];
    EXPECT_EQ(relayed->boot_difference, Seconds{-1000});
    EXPECT_EQ(relayed->wall_difference, Seconds{7});
}

TEST_F(ExchangeTest, ANodeThatIsGoneIsForgotten) {
    look();
    look();
    of(1).links = {{2, now}};
    look();
    EXPECT_EQ(seen_by(1), "lb2");
    look();
    EXPECT_EQ(seen_by(2), "lb1");
    of(2).links.clear();
    look();
    EXPECT_EQ(seen_by(2), "");
}

TEST_F(ExchangeTest, ANewLinkGetsAllAgain) {
    look();
    look();
    of(2).links.clear();
    look();
    EXPECT_EQ(seen_by(2), "");
    of(2).links = {{1, now}};
    of(1).links[0].since = now;
    look();
    look();
    EXPECT_EQ(seen_by(2), "lb1 lb3*");
}

TEST_F(ExchangeTest, ALinkOfItsOwnIsBetter) {
    look();
    look();
    of(2).links.push_back({3, now});
    of(3).links.push_back({2, now});
    look();
    look();
    EXPECT_EQ(seen_by(2), "lb1 lb3");
    EXPECT_EQ(seen_by(3), "lb1 lb2");
}

TEST_F(ExchangeTest, LostDetailsAreSentAgain) {
    lost = true;
    look();
    look();
    lost = false;
    for (int i = 0; i < 12; ++i) {
        look();
    }
    EXPECT_EQ(seen_by(1), "lb2 lb3");
    EXPECT_EQ(seen_by(2), "lb1 lb3*");
    look();
    EXPECT_EQ(details_sent(), 0u);
}

// Of its own details under another id, of this node, of a node without a link.
TEST_F(ExchangeTest, OthersAreNotBelieved) {
    look();
    look();
    Details lie = of(2).details;
    lie.about.router_id = "lie";
    const auto payload_of = [&](NodeId node) {
        return to_chunks({node, 99, 0, {}}, serialize(lie)).front();
    };
    Exchange &exchange = of(2).exchange;
    exchange.receive(1, Type::details, payload_of(3), {});
    exchange.receive(1, Type::relayed, payload_of(2), {});
    exchange.receive(1, Type::relayed, payload_of(1), {});
    exchange.receive(7, Type::details, payload_of(7), {});
    exchange.receive(1, Type::relayed, payload_of(9), {});
    look();
    EXPECT_EQ(seen_by(2), "lb1 lb3*");
}

// A comparison of a long text with the one that was sent finds no difference.
TEST_F(ExchangeTest, OwnDetailsAreAsOthersSeeThem) {
    of(1).details.upstreams = {{"http", std::string(100, 'x'), {"a"}}};
    look();
    EXPECT_EQ(of(1).exchange.own().upstreams[0].name.size(), 63u);
    EXPECT_EQ(of(2).exchange.reports()[0]->details, of(1).exchange.own());
}

TEST_F(ExchangeTest, ReportsHaveABound) {
    look();
    Exchange &exchange = of(2).exchange;
    for (NodeId node = 100; node < 300; ++node) {
        exchange.receive(
            1, Type::relayed,
            to_chunks({node, 1, 0, {}}, serialize(Details{})).front(), {});
    }
    EXPECT_EQ(exchange.reports().size(), kMostReports);
}

TEST_F(ExchangeTest, ManyChangesAreNoFlood) {
    Details large = of(2).details;
    for (int i = 0; i < 300; ++i) {
        large.upstreams.push_back({"http", std::to_string(i), {"10.0.0.1:80"}});
    }
    of(1).details = of(2).details = of(3).details = large;
    for (int i = 0; i < 10; ++i) {
        look();
        std::size_t octets = 0;
        for (const SentMessage &message : sent) {
            octets += message.to == 2 ? message.payload.size() : 0;
        }
        EXPECT_LE(octets, 2 * kLargestDetails + 1000);
    }
}

}  // namespace
}  // namespace ngx_vrrp::peer
