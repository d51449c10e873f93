// The sockets of peer links, on interfaces of a namespace of the test.
#include "core/net/link_sockets.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/net/ip_message.hpp"
#include "core/os/clock.hpp"
#include "tests/net/lab.hpp"
#include "tests/os/fake_watcher.hpp"
#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::net {
namespace {

class NoLog final : public LogSink {
    void write(LogLevel, std::string_view) override {}
};

class LinkSocketsTest : public OwnNamespace {
protected:
    // A node of these tests.
    struct Node {
        Node(LinkSocketsTest &test, Family family, int fd, peer::NodeId id)
            : sockets({{"lo", family, 30112, fd}}, test),
              links({{"lo", family}}, id, {"node", "", ""}, peer::fake_hmac,
                    sockets, log) {
            links.start();
        }
        bool is_up() const {
            return links.peers().size() == 1 &&
                   links.peers()[0].state == peer::PeerState::up;
        }

        NoLog log;
        LinkSockets sockets;
        peer::Links links;
    };

    Instant now() const { return os::now() + skipped_; }

    template <class Condition>
    bool run(Node &a, Node &b, Condition condition) {
        for (int i = 0; i < 200 && !condition(); ++i) {
            for (Node *node : {&a, &b}) {
                node->sockets.read(node->links, now());
                node->links.handle_time(now());
            }
            ::poll(nullptr, 0, 10);
        }
        return condition();
    }

    Duration skipped_{};
};

TEST_F(LinkSocketsTest, TwoNodesLink) {
    for (const auto &[family, text] : {std::pair(Family::ipv4, "127.0.0.1"),
                                       std::pair(Family::ipv6, "::1")}) {
        const IpAddress address = *IpAddress::parse(text);
        const os::Fd fd = open_link_socket(family);
        Node a(*this, family, fd.get(), 1);
        Node b(*this, family, -1, 2);
        const Status status = a.sockets.listen(0);
        ASSERT_TRUE(status) << status.error().to_string();

        b.links.set_targets({{0, address}}, os::now());
        EXPECT_TRUE(run(a, b, [&] { return a.is_up() && b.is_up(); })) << text;

        a.links.stop(peer::Farewell::reload, os::now());
        EXPECT_TRUE(run(a, b, [&] { return !b.is_up(); }));
        EXPECT_EQ(b.links.peers()[0].reason, "its nginx was reloaded");
    }
}

TEST_F(LinkSocketsTest, AConnectionWaitsForTheNextProcess) {
    const os::Fd fd = open_link_socket(Family::ipv4);
    Node b(*this, Family::ipv4, -1, 2);
    {
        Node a(*this, Family::ipv4, fd.get(), 1);
        ASSERT_TRUE(a.sockets.listen(0));
    }
    b.links.set_targets({{0, IpAddress::v4({127, 0, 0, 1})}}, os::now());
    run(b, b, [] { return false; });
    Node next(*this, Family::ipv4, fd.get(), 3);
    ASSERT_TRUE(next.sockets.listen(0));
    EXPECT_TRUE(run(next, b, [&] { return next.is_up() && b.is_up(); }));
}

TEST_F(LinkSocketsTest, AHostWithoutAPeerLinkRefuses) {
    Node b(*this, Family::ipv4, -1, 2);
    b.links.set_targets({{0, IpAddress::v4({127, 0, 0, 1})}}, os::now());
    run(b, b, [&] { return !b.links.peers()[0].reason.empty(); });
    EXPECT_EQ(b.links.peers()[0].reason,
              "connect() failed (111: Connection refused)");
    EXPECT_EQ(b.links.connections(), 0U);
}

TEST_F(LinkSocketsTest, AnAnswerOfAFirewallIsRecognised) {
    output_of(
        "nft add table inet t; nft 'add chain inet t o { type filter hook "
        "output priority 0; }'; nft add rule inet t o tcp dport 30112 reject");
    Node b(*this, Family::ipv4, -1, 2);
    b.links.set_targets({{0, IpAddress::v4({127, 0, 0, 1})}}, os::now());
    run(b, b, [&] { return !b.links.peers()[0].reason.empty(); });
    EXPECT_EQ(b.links.peers()[0].reason,
              "connect() failed (111: Connection refused), by an ICMP message");
}

TEST_F(LinkSocketsTest, TheSocketIsBoundAgainIfTheInterfaceIsMadeAgain) {
    const os::Fd fd = open_link_socket(Family::ipv4);
    const LinkSocket link{"d0", Family::ipv4, 30112, fd.get()};
    LinkSockets sockets({link}, *this);
    EXPECT_TRUE(sockets.listen(0));
    EXPECT_FALSE(is_link_socket(fd.get(), link));

    for (int i = 0; i < 2; ++i) {
        output_of(
            "ip link del d0 2>/dev/null; ip link add d0 type "
            "veth peer name d1");
        EXPECT_FALSE(is_link_socket(fd.get(), link));
        EXPECT_TRUE(sockets.listen(0));
        EXPECT_TRUE(is_link_socket(fd.get(), link));
    }
}

TEST_F(LinkSocketsTest, ConnectionsASecondAreLimited) {
    const os::Fd fd = open_link_socket(Family::ipv4);
    Node a(*this, Family::ipv4, fd.get(), 1);
    ASSERT_TRUE(a.sockets.listen(0));
    std::vector<os::Fd> hosts;
    const SocketAddress to(IpAddress::v4({127, 0, 0, 1}), 30112);
    for (int i = 0; i < 300; ++i) {
        hosts.push_back(open_link_socket(Family::ipv4));
        const int ttl = 255;
        ::setsockopt(hosts.back().get(), IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
        ::connect(hosts.back().get(), to.data(), to.size());
    }
    const auto seen = [&] {
        return a.links.connections() + a.links.refused()[1];
    };
    run(a, a, [&] { return seen() > 256; });
    EXPECT_EQ(seen(), 256U);
    ASSERT_TRUE(a.sockets.listen(0));
    EXPECT_TRUE(run(a, a, [&] { return seen() == 300; }));
}

TEST_F(LinkSocketsTest, APortOfAnotherProgramIsReported) {
    const os::Fd other = open_link_socket(Family::ipv4);
    const os::Fd fd = open_link_socket(Family::ipv4);
    LinkSockets first({{"lo", Family::ipv4, 30112, other.get()}}, *this);
    LinkSockets second({{"lo", Family::ipv4, 30112, fd.get()}}, *this);
    ASSERT_TRUE(first.listen(0));
    const Status status = second.listen(0);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().to_string(),
              "bind() for peer links at TCP port 30112 of lo failed (98: "
              "Address already in use)");
}

// The death of a node, and what only looks like it.

class DeathOfNodeTest : public LinkSocketsTest,
                        public testing::WithParamInterface<const char *> {
protected:
    void SetUp() override {
        LinkSocketsTest::SetUp();
        fd_ = open_link_socket(family_);
        a_ = std::make_unique<Node>(*this, family_, fd_.get(), 1);
        b_ = std::make_unique<Node>(*this, family_, -1, 2);
        ASSERT_TRUE(a_->sockets.listen(0));
        b_->links.set_targets({{0, address_}}, now());
        ASSERT_TRUE(run(*a_, *b_, [&] { return a_->is_up() && b_->is_up(); }));
        skipped_ += Seconds{2};
    }
    void TearDown() override {
        a_.reset();
        b_.reset();
        LinkSocketsTest::TearDown();
    }

    void kill_vrrp_process() { a_.reset(); }
    void kill_master() { fd_.reset(); }
    void reject(const std::string &how) {
        output_of(
            "nft add table inet t; nft 'add chain inet t o { type filter hook "
            "output priority 0; }'; nft 'add rule inet t o tcp dport 30112 tcp "
            "flags & (syn | ack) == syn " +
            how + "'");
    }
    bool has_answer() {
        return b_->links.has_deaths() ||
               (!b_->is_up() && !b_->links.peers()[0].is_doubted());
    }
    std::string answer() {
        run(*b_, *b_, [&] { return has_answer(); });
        return b_->links.has_deaths() ? b_->links.take_deaths()[0].text
                                      : b_->links.peers()[0].reason;
    }

    IpAddress address_ = *IpAddress::parse(GetParam());
    Family family_ = address_.family();
    os::Fd fd_;
    std::unique_ptr<Node> a_;
    std::unique_ptr<Node> b_;
    std::string death_ = "node (" + address_.to_string() +
                         ") has ended: its kernel refused the connection";
};

INSTANTIATE_TEST_SUITE_P(Family, DeathOfNodeTest,
                         testing::Values("127.0.0.1", "::1"));

TEST_P(DeathOfNodeTest, AllProcessesEnd) {
    kill_vrrp_process();
    kill_master();
    EXPECT_EQ(answer(), death_);
}

TEST_P(DeathOfNodeTest, TheMasterEndsLater) {
    kill_vrrp_process();
    run(*b_, *b_, [&] { return !b_->is_up(); });
    EXPECT_FALSE(has_answer());
    kill_master();
    EXPECT_EQ(answer(), death_);
}

TEST_P(DeathOfNodeTest, AnIcmpMessageIsNoProof) {
    reject("reject");
    kill_vrrp_process();
    kill_master();
    EXPECT_EQ(answer(),
              "connect() failed (111: Connection refused), by an ICMP message");
}

TEST_P(DeathOfNodeTest, NoAnswerIsNoProof) {
    reject("drop");
    kill_vrrp_process();
    kill_master();
    run(*b_, *b_, [&] { return !b_->is_up(); });
    EXPECT_FALSE(has_answer());
    skipped_ += Seconds{3};
    EXPECT_EQ(answer(), "it did not complete the greeting in 3 s");
}

// The kernel answers what arrives after the end with RST.
TEST_P(DeathOfNodeTest, TheGoodbyeBeforeAResetIsRead) {
    a_->links.stop(peer::Farewell::unconfigured, now());
    kill_vrrp_process();
    kill_master();
    b_->links.set_status(0, {{family_, Vrid{1}}}, now());
    ::poll(nullptr, 0, 10);
    b_->sockets.read(b_->links, now());
    EXPECT_FALSE(b_->is_up());
    EXPECT_FALSE(b_->links.peers()[0].is_doubted());
}

TEST_F(LinkSocketsTest, TheNextProcessHasTheSameId) {
    SharedWord id{0};
    LinkSockets first({}, *this, &id);
    LinkSockets next({}, *this, &id);
    EXPECT_NE(first.node_id(), 0U);
    EXPECT_EQ(next.node_id(), first.node_id());
}

TEST_F(LinkSocketsTest, NoncesAndIdsDiffer) {
    LinkSockets sockets({}, *this);
    EXPECT_NE(sockets.nonce(), sockets.nonce());
    EXPECT_NE(sockets.node_id(), sockets.node_id());
}

}  // namespace
}  // namespace ngx_vrrp::net
