// Nodes whose connections are queues: they can be cut, half-open, refused.

#include "core/peer/links.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <set>

#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::peer {
namespace {

using namespace std::chrono_literals;

class Lines final : public LogSink {
public:
    void write(LogLevel, std::string_view text) override {
        lines.emplace_back(text);
    }
    std::size_t count(std::string_view part) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(lines, [&](const std::string &line) {
                return line.find(part) != std::string::npos;
            }));
    }

    std::vector<std::string> lines;
};

IpAddress address(std::uint8_t host) {
    return IpAddress::v4({192, 168, 64, host});
}

class Lan;

struct Machine final : Transport {
    Machine(Lan &l, std::uint8_t h, NodeId id, Buffer secret)
        : lan(l), host(h), node(id) {
        config.interface = "eth0";
        config.secret = std::move(secret);
        config.virtual_addresses = {address(200)};
        begin();
    }
    void begin() {
        LinkConfig other = config;
        other.interface = "eth1";
        links = std::make_unique<Links>(
            std::vector<LinkConfig>{config, other}, node,
            About{"lb" + std::to_string(host), "1.22.1", "0.1.0"}, fake_hmac,
            *this, log);
        links->start();
    }

    std::string connect(ConnectionId id, std::size_t,
                        const IpAddress &to) override;
    bool send(ConnectionId id, Bytes octets) override;
    void set_greeted(ConnectionId id) override { greeted.insert(id); }
    void close(ConnectionId id) override;
    Nonce nonce() override {
        Nonce n{};
        n[0] = ++nonces;
        n[1] = host;
        return n;
    }

    const Peer *peer(std::uint8_t other) const {
        for (const Peer &p : links->peers()) {
            if (p.address == address(other)) {
                return &p;
            }
        }
        return nullptr;
    }
    bool is_up(std::uint8_t other) const {
        return peer(other) && peer(other)->state == PeerState::up;
    }

    Lan &lan;
    std::uint8_t host;
    NodeId node;
    LinkConfig config;
    Lines log;
    std::unique_ptr<Links> links;
    std::set<ConnectionId> greeted;
    std::uint8_t nonces = 0;
    bool listens = true;
    bool silent = false;            // its kernel accepts, and nothing reads
    Ended answer = Ended::refused;  // of its kernel, if nothing listens
};

// A pipe between two machines; each end has the id that its owner uses.
struct Pipe {
    Machine *ends[2];
    std::optional<ConnectionId> ids[2];
    std::deque<Buffer> queue[2];      // to that end
    bool closed[2] = {false, false};  // by that end
    std::size_t link = 0;
    Ended how = Ended::closed;
    IpAddress to{};  // an address of the second end
};

class Lan {
public:
    Machine &add(std::uint8_t host, NodeId id, Buffer secret = {}) {
        auto machine =
            std::make_unique<Machine>(*this, host, id, std::move(secret));
        return *machines.emplace(host, std::move(machine)).first->second;
    }

    void connect(Machine &from, ConnectionId id, std::size_t link, Machine &to,
                 const IpAddress &at) {
        pipes.push_back({{&from, &to}, {id, std::nullopt}, {}, {}, link});
        pipes.back().to = at;
        ++connects;
    }

    // All processes of the machine end, or a firewall behaves like that.
    void kill(Machine &machine, Ended answer = Ended::refused) {
        machine.listens = false;
        machine.answer = answer;
        for (Pipe &pipe : pipes) {
            for (int end = 0; end < 2; ++end) {
                if (pipe.ends[end] == &machine && !pipe.closed[end]) {
                    pipe.closed[end] = true;
                    pipe.how = pipe.ids[end] ? Ended::closed : Ended::reset;
                }
            }
        }
    }

    // The vrrp process ends, and another one begins.
    void replace(Machine &machine) {
        kill(machine);
        machine.listens = true;
        machine.node += 100;
        machine.begin();
    }

    Pipe *find(const Machine &machine, ConnectionId id, int &end) {
        for (Pipe &pipe : pipes) {
            for (end = 0; end < 2; ++end) {
                if (pipe.ends[end] == &machine && pipe.ids[end] == id &&
                    !pipe.closed[end]) {
                    return &pipe;
                }
            }
        }
        return nullptr;
    }

    void run(Duration time) {
        const Instant until = now + time;
        for (; now < until; now += 10ms) {
            for (std::size_t i = 0; i < pipes.size(); ++i) {
                step(i);
            }
            std::erase_if(pipes, [](const Pipe &p) {
                return p.closed[0] && p.closed[1];
            });
            for (auto &[host, machine] : machines) {
                const auto due = machine->links->deadline();
                if (due && now >= *due && !machine->silent) {
                    machine->links->handle_time(now);
                }
            }
        }
    }

    void follow(Machine &machine, std::vector<std::uint8_t> hosts) {
        std::vector<Target> targets;
        for (const std::uint8_t host : hosts) {
            targets.push_back({0, address(host)});
        }
        machine.links->set_targets(targets, now);
    }

    Instant now = instant_from_ns(1'000'000'000);
    std::map<std::uint8_t, std::unique_ptr<Machine>> machines;
    std::deque<Pipe> pipes;
    std::size_t connects = 0;
    std::map<std::uint8_t, Machine *> same;  // more addresses
    bool cut = false;  // nothing arrives, and no end is noticed

private:
    void step(std::size_t i) {
        if (cut) {
            return;
        }
        Pipe &pipe = pipes[i];
        if (!pipe.ids[1] && !pipe.closed[1]) {
            arrive(pipe);
        }
        for (int end = 0; end < 2; ++end) {
            while (!pipe.queue[end].empty() && pipe.ids[end] &&
                   !pipe.closed[end] && !pipe.ends[end]->silent) {
                const Buffer octets = pipe.queue[end].front();
                pipe.queue[end].pop_front();
                pipe.ends[end]->links->receive(*pipe.ids[end], octets, now);
            }
            if (pipe.closed[1 - end] && !pipe.closed[end] && pipe.ids[end] &&
                !pipe.ends[end]->silent) {
                const ConnectionId id = *pipe.ids[end];
                pipe.ends[end]->links->handle_end(
                    id, pipe.how, "it has closed the connection", now);
                pipe.closed[end] = true;
            }
        }
    }

    void arrive(Pipe &pipe) {
        Machine &to = *pipe.ends[1];
        if (!to.listens) {
            pipe.closed[1] = true;
            pipe.how = to.answer;
            return;
        }
        if (to.silent) {
            return;
        }
        const auto id = to.links->accept(pipe.link, address(pipe.ends[0]->host),
                                         pipe.to, now);
        if (id) {
            pipe.ids[1] = id;
            to.links->begin(*id, now);
        } else {
            pipe.closed[1] = true;
        }
    }
};

std::string Machine::connect(ConnectionId id, std::size_t link,
                             const IpAddress &to) {
    for (auto &[other, machine] : lan.same) {
        if (address(other) == to) {
            lan.connect(*this, id, link, *machine, to);
            return {};
        }
    }
    for (auto &[other, machine] : lan.machines) {
        if (address(other) == to) {
            lan.connect(*this, id, link, *machine, to);
            return {};
        }
    }
    return "connect() failed (113: No route to host)";
}

bool Machine::send(ConnectionId id, Bytes octets) {
    int end = 0;
    if (Pipe *pipe = lan.find(*this, id, end); pipe && !octets.empty()) {
        pipe->queue[1 - end].emplace_back(octets.begin(), octets.end());
    }
    return true;
}

void Machine::close(ConnectionId id) {
    int end = 0;
    if (Pipe *pipe = lan.find(*this, id, end)) {
        pipe->closed[end] = true;
    }
}

const StatusList kLeader{
    {Family::ipv4, Vrid{51}, RouterState::master, Priority{200}}};

struct PeerLinksTest : testing::Test {
    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    Machine &lb2 = lan.add(2, 20);
};

TEST_F(PeerLinksTest, ABackupLinksToItsMaster) {
    lb1.links->set_status(0, kLeader, lan.now);
    lan.follow(lb2, {1});
    lan.run(100ms);

    ASSERT_TRUE(lb2.is_up(1));
    ASSERT_TRUE(lb1.is_up(2));
    EXPECT_EQ(lb2.peer(1)->about.router_id, "lb1");
    EXPECT_EQ(lb2.peer(1)->status, kLeader);
    EXPECT_EQ(lb1.log.count("peer link with lb2 (192.168.64.2) on eth0 is up"),
              1U);
    EXPECT_EQ(lb2.greeted.size(), 1U);
    lan.run(60s);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lan.connects, 1U);
}

TEST_F(PeerLinksTest, AChangeIsSeenByTheOther) {
    lan.follow(lb2, {1});
    lan.run(100ms);
    lb1.links->take_changed();
    lb2.links->take_changed();
    lb1.links->set_status(0, kLeader, lan.now);
    lan.run(50ms);
    EXPECT_EQ(lb2.peer(1)->status, kLeader);
    EXPECT_TRUE(lb2.links->take_changed());
    EXPECT_FALSE(lb1.links->take_changed());
}

// Its machine has lost its power: nothing ends the first connection here.
TEST_F(PeerLinksTest, ANodeThatIsBackSoonHasItsNewId) {
    lan.follow(lb2, {1});
    lan.run(2s);
    lan.pipes.clear();
    lb1.node = 110;
    lb1.begin();
    lan.follow(lb1, {2});
    lan.run(100ms);
    EXPECT_TRUE(lb2.links->send(110, 0, Type{77}, {}, lan.now));
    lan.run(5s);
    EXPECT_EQ(lb2.links->connections(), 1U);
    EXPECT_EQ(lb2.peer(1)->node, 110U);
}

// Its process was restarted, and the end of the first connection is late.
TEST_F(PeerLinksTest, ANewConnectionFromAnAddressReplacesTheOldOne) {
    lan.follow(lb1, {2});
    lan.run(2s);
    lan.pipes.clear();
    lb1.begin();
    lan.follow(lb1, {2});
    lan.run(100ms);
    EXPECT_EQ(lb2.links->connections(), 1U);
    EXPECT_TRUE(lb2.links->send(10, 0, Type{77}, {}, lan.now));
    lan.run(50ms);
    EXPECT_EQ(lb1.links->take_received().size(), 1U);
}

StatusList backup(std::uint8_t priority) {
    return {{Family::ipv4, Vrid{51}, RouterState::backup, Priority{priority}}};
}

// Whether lb1 has named this peer as its successor.
bool is_named(const Machine &machine) {
    const StatusList &status = machine.peer(1)->status;
    return !status.empty() && status[0].you_are_next != 0;
}

TEST_F(PeerLinksTest, AMessageOfAnotherTypeArrivesBeforeTheBye) {
    EXPECT_FALSE(lb1.links->send(20, 0, Type{77}, {}, lan.now)) << "no link";
    lan.follow(lb2, {1});
    lan.run(100ms);
    EXPECT_TRUE(lb1.links->send(20, 0, Type{77}, Buffer{1}, lan.now));
    EXPECT_FALSE(lb1.links->send(30, 0, Type{77}, Buffer{1}, lan.now));
    lb1.links->stop(Farewell::quit, lan.now);
    EXPECT_FALSE(lb1.links->send(20, 0, Type{77}, Buffer{1}, lan.now));
    lan.run(100ms);

    ASSERT_FALSE(lb2.is_up(1));
    const auto received = lb2.links->take_received();
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(received[0].node, 10U);
    EXPECT_EQ(received[0].address, address(1));
    EXPECT_EQ(received[0].message.type, Type{77});
    EXPECT_EQ(received[0].message.payload, Buffer{1});
    EXPECT_TRUE(lb2.links->take_received().empty());
}

TEST_F(PeerLinksTest, MessagesThatAreNotTakenAreBounded) {
    lan.follow(lb2, {1});
    lan.run(100ms);
    for (int second = 0; second < 3; ++second) {
        for (int i = 0; i < 900; ++i) {
            lb1.links->send(20, 0, Type{77}, {}, lan.now);
        }
        lan.run(1100ms);
    }
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.links->take_received().size(), kMostReceived);
}

TEST_F(PeerLinksTest, TheMasterNamesTheBestBackup) {
    Machine &lb3 = lan.add(3, 30);
    lb1.links->set_status(0, kLeader, lan.now);
    lb2.links->set_status(0, backup(100), lan.now);
    lb3.links->set_status(0, backup(90), lan.now);
    lan.follow(lb2, {1});
    lan.follow(lb3, {1});
    lan.run(100ms);
    EXPECT_TRUE(is_named(lb2));
    EXPECT_FALSE(is_named(lb3));

    lb2.links->set_status(0, backup(80), lan.now);
    lan.run(50ms);
    EXPECT_FALSE(is_named(lb2));
    EXPECT_TRUE(is_named(lb3));

    lb3.links->stop(Farewell::quit, lan.now);
    lan.run(50ms);
    EXPECT_TRUE(is_named(lb2));
}

TEST_F(PeerLinksTest, AllPeersKnowTheOrderOfSuccessors) {
    Machine &lb3 = lan.add(3, 30);
    Machine &lb4 = lan.add(4, 5);
    lb1.links->set_status(0, kLeader, lan.now);
    lb2.links->set_status(0, backup(100), lan.now);
    lb3.links->set_status(0, backup(90), lan.now);
    lb4.links->set_status(0, backup(90), lan.now);
    for (Machine *machine : {&lb2, &lb3, &lb4}) {
        lan.follow(*machine, {1});
    }
    lan.run(100ms);
    const auto order = [&](const Machine &machine) {
        const OrderList &list = machine.peer(1)->order;
        return list.size() == 1 ? list[0].nodes : std::vector<NodeId>{};
    };
    // with equal priority, the higher address is the better one
    for (const Machine *machine : {&lb2, &lb3, &lb4}) {
        EXPECT_EQ(order(*machine), (std::vector<NodeId>{20, 5, 30}));
        EXPECT_EQ(machine->links->is_named_by(*machine->peer(1), Family::ipv4,
                                              Vrid{51}),
                  machine == &lb2);
    }

    lb2.links->set_status(0, backup(80), lan.now);
    lan.run(50ms);
    EXPECT_EQ(order(lb3), (std::vector<NodeId>{5, 30, 20}));
    lb4.links->stop(Farewell::quit, lan.now);
    lan.run(50ms);
    EXPECT_EQ(order(lb2), (std::vector<NodeId>{30, 20}));

    lb1.links->set_status(0, backup(200), lan.now);
    lan.run(50ms);
    EXPECT_EQ(order(lb2), std::vector<NodeId>{}) << "it is no MASTER";
    EXPECT_EQ(lb3.links->is_named_by(*lb3.peer(1), Family::ipv4, Vrid{51}),
              std::nullopt);
}

// On eth0, lb3 has the higher address; on eth1, lb2 has it.
TEST_F(PeerLinksTest, AGroupHasOneSuccessor) {
    Machine &lb3 = lan.add(3, 30);
    lan.same[102] = &lb2;
    const auto first = [&](std::size_t link) {
        const OrderList list = lb1.links->order_of(link);
        return list.empty() ? NodeId{0} : list[0].nodes.front();
    };
    for (const std::size_t link : {std::size_t{0}, std::size_t{1}}) {
        lb1.links->set_status(link, kLeader, lan.now);
        lb2.links->set_status(link, backup(100), lan.now);
        lb3.links->set_status(link, backup(100), lan.now);
    }
    lb1.links->set_targets(
        {{0, address(2)}, {0, address(3)}, {1, address(102)}, {1, address(3)}},
        lan.now);
    lan.run(100ms);
    EXPECT_EQ(first(0), 30U);
    EXPECT_EQ(first(1), 20U);

    const Member on_eth0{"eth0", Family::ipv4, Vrid{51}};
    const Member on_eth1{"eth1", Family::ipv4, Vrid{51}};
    for (const Group &group :
         {Group{on_eth0, on_eth1}, Group{on_eth1, on_eth0}}) {
        lb1.links->set_groups({group});
        const NodeId best = group.front() == on_eth0 ? 30 : 20;
        EXPECT_EQ(first(0), best);
        EXPECT_EQ(first(1), best);
    }

    // it cannot take the group over
    lb2.links->set_status(0, {}, lan.now);
    lan.run(100ms);
    EXPECT_EQ(first(0), 30U);
    EXPECT_EQ(first(1), 30U);
    for (const Peer &peer : lb3.links->peers()) {
        EXPECT_EQ(lb3.links->is_named_by(peer, Family::ipv4, Vrid{51})
                      .value_or(false),
                  true)
            << "a change on eth0 is sent on eth1, too";
    }
}

TEST_F(PeerLinksTest, OnlyAMasterNamesASuccessorAndOnlyABackup) {
    lb1.links->set_status(0, backup(200), lan.now);
    lb2.links->set_status(0, backup(100), lan.now);
    lan.follow(lb2, {1});
    lan.run(100ms);
    EXPECT_FALSE(is_named(lb2));
    lb1.links->set_status(0, kLeader, lan.now);
    lan.run(50ms);
    EXPECT_TRUE(is_named(lb2));
    lb2.links->set_status(
        0, {{Family::ipv4, Vrid{51}, RouterState::fault, Priority{100}}},
        lan.now);
    lan.run(50ms);
    EXPECT_FALSE(is_named(lb2));
}

// Otherwise two of them would take over at once.
TEST_F(PeerLinksTest, AMasterThatLeavesNamesNoOther) {
    Machine &lb3 = lan.add(3, 30);
    lb1.links->set_status(0, kLeader, lan.now);
    lb2.links->set_status(0, backup(100), lan.now);
    lb3.links->set_status(0, backup(90), lan.now);
    lan.follow(lb2, {1});
    lan.follow(lb3, {1});
    lan.run(100ms);
    std::size_t sent = 0;
    for (const Pipe &pipe : lan.pipes) {
        sent += pipe.queue[0].size() + pipe.queue[1].size();
    }
    EXPECT_EQ(sent, 0U);
    lb1.links->stop(Farewell::quit, lan.now);
    for (const Pipe &pipe : lan.pipes) {
        EXPECT_LE(pipe.queue[0].size(), 1U);  // bye
    }
}

TEST_F(PeerLinksTest, OfTwoConnectionsTheOneOfTheLowerIdEnds) {
    lan.follow(lb1, {2});
    lan.follow(lb2, {1});
    lan.run(10s);
    EXPECT_TRUE(lb1.is_up(2));
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb1.links->connections(), 1U);
    EXPECT_EQ(lb2.links->connections(), 1U);
    ASSERT_EQ(lan.pipes.size(), 1U);
    EXPECT_EQ(lan.pipes[0].ends[0], &lb2);
    EXPECT_EQ(lan.connects, 2U);
    EXPECT_EQ(lb1.log.count("is down"), 0U);
}

TEST_F(PeerLinksTest, APeerThatRefusesIsTriedAfterPausesThatDouble) {
    lb1.listens = false;
    lan.follow(lb2, {1});
    lan.run(10min);
    // At 0, 1, 3, 7, 15, 31, 63 and 123 s, and then each minute.
    EXPECT_GE(lan.connects, 14U);
    EXPECT_LE(lan.connects, 17U);
    EXPECT_EQ(lb2.peer(1)->state, PeerState::down);
    EXPECT_EQ(lb2.log.lines.size(), 0U);

    lb1.listens = true;
    lan.run(61s);
    EXPECT_TRUE(lb2.is_up(1));
}

TEST_F(PeerLinksTest, AfterTheEndOfALinkItConnectsAtOnce) {
    lan.follow(lb2, {1});
    lan.run(5s);
    lb1.links->stop(Farewell::reload, lan.now);
    lb1.begin();
    lan.run(100ms);
    EXPECT_EQ(lan.connects, 2U);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.log.count("is down: its nginx was reloaded"), 1U);
}

TEST_F(PeerLinksTest, ALinkThatNeverLastsIsNotTriedWithoutPauses) {
    lan.follow(lb2, {1});
    for (int i = 0; i < 100; ++i) {
        lan.run(100ms);
        lb1.links->stop(Farewell::quit, lan.now);
        lb1.links->start();
    }
    EXPECT_LE(lan.connects, 20U);
}

TEST_F(PeerLinksTest, ACutLinkEndsByTheTimer) {
    lan.follow(lb2, {1});
    lan.run(1s);
    lan.cut = true;
    lan.run(3s);
    EXPECT_TRUE(lb2.is_up(1));
    lan.run(2s);
    EXPECT_FALSE(lb2.is_up(1));
    EXPECT_EQ(lb1.peer(2)->state, PeerState::down);
    lan.cut = false;
    lan.run(70s);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.links->connections(), 1U);
}

TEST_F(PeerLinksTest, AFrozenPeerIsNoPeer) {
    lan.follow(lb2, {1});
    lan.run(1s);
    lb1.silent = true;
    lan.run(10s);
    EXPECT_FALSE(lb2.is_up(1));
    lb1.silent = false;
    lan.run(20s);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_TRUE(lb1.is_up(2));
}

TEST_F(PeerLinksTest, APeerWithoutALinkIsRememberedForAWhile) {
    lan.follow(lb2, {1});
    lan.run(1s);
    lan.follow(lb2, {});
    lb1.links->stop(Farewell::quit, lan.now);
    lan.run(9min);
    ASSERT_NE(lb2.peer(1), nullptr);
    EXPECT_EQ(lb2.peer(1)->reason, "its nginx is shutting down");
    lb2.links->handle_time(lan.now + 2min);
    EXPECT_EQ(lb2.peer(1), nullptr);
}

// It had no link, so it is not shown any more.
TEST_F(PeerLinksTest, ARouterThatWasFollowedIsTrustedLater) {
    lan.follow(lb2, {9});
    lan.follow(lb2, {});
    ASSERT_EQ(lb2.peer(9), nullptr);
    EXPECT_TRUE(lb2.links->is_trusted(0, address(9)));
    EXPECT_FALSE(lb2.links->is_trusted(0, address(10)));
}

TEST_F(PeerLinksTest, RoutersThatWereFollowedAreBounded) {
    for (std::uint8_t host = 10; host < 10 + kMostFollowed; ++host) {
        lan.follow(lb2, {9, host});
    }
    EXPECT_TRUE(lb2.links->is_trusted(0, address(9))) << "it is followed now";
    EXPECT_FALSE(lb2.links->is_trusted(0, address(10)));
    EXPECT_TRUE(lb2.links->is_trusted(0, address(11)));
    EXPECT_TRUE(lb2.links->is_trusted(0, address(9 + kMostFollowed)));
}

TEST(PeerLinks, AWrongSecretIsCountedAndLoggedOnceAMinute) {
    Lan lan;
    Machine &lb1 = lan.add(1, 10, Buffer(32, 1));
    Machine &lb2 = lan.add(2, 20, Buffer(32, 2));
    lan.follow(lb2, {1});
    lan.run(50s);
    const auto refused = lb1.links->refused()[1 + 1];
    EXPECT_GE(refused, 4U);
    EXPECT_EQ(lb1.log.count("its secret is wrong"), 1U);
    EXPECT_FALSE(lb1.is_up(2));
    EXPECT_FALSE(lb2.is_up(1));
}

// Without a secret, any host of the LAN can be a peer.
TEST(PeerLinks, AHostWithManyNodesLeavesRoom) {
    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    unsigned accepted = 0;
    for (NodeId node = 100; node < 200; ++node) {
        const auto id = lb1.links->accept(0, address(66), address(1), lan.now);
        if (id) {
            ++accepted;
            Hello hello;
            hello.node = node;
            lb1.links->receive(
                *id, serialize({Type::hello, 0}, serialize(hello), 0), lan.now);
            lb1.links->receive(
                *id, serialize({Type::about, 1}, serialize(About{}), 0),
                lan.now);
        }
    }
    EXPECT_EQ(accepted, kMostOfHost);
    EXPECT_EQ(lb1.links->connections(), kMostOfHost);
}

// A greeting with this id, and one message, in one segment.
void greet(Machine &at, ConnectionId id, NodeId node, Instant now) {
    Hello hello;
    hello.node = node;
    Buffer all = serialize({Type::hello, 0}, serialize(hello), 0);
    for (const Buffer &next :
         {serialize({Type::about, 1}, serialize(About{}), 0),
          serialize({Type{77}, 2}, {}, 0)}) {
        all.insert(all.end(), next.begin(), next.end());
    }
    at.links->receive(id, all, now);
}

std::optional<ConnectionId> claim(Machine &at, std::uint8_t host, NodeId node,
                                  Instant now) {
    const auto id = at.links->accept(0, address(host), address(at.host), now);
    if (id) {
        greet(at, *id, node, now);
    }
    return id;
}

TEST_F(PeerLinksTest, AnOldConnectionThatGreetsLateReplacesNoNewOne) {
    const auto old = lb2.links->accept(0, address(1), address(2), lan.now);
    ASSERT_TRUE(old);
    const auto id = claim(lb2, 1, 10, lan.now + 1s);
    ASSERT_TRUE(id);
    lb2.links->take_received();
    greet(lb2, *old, 10, lan.now + 2s);
    ASSERT_EQ(lb2.links->connections(), 1U);
    EXPECT_TRUE(lb2.links->take_received().empty()) << "of the old one";
    lb2.links->receive(*id, serialize({Type{77}, 3}, {}, 0), lan.now + 2s);
    EXPECT_EQ(lb2.links->take_received().size(), 1U);
}

// It was the last one with this address, and the link has another one.
TEST_F(PeerLinksTest, AnAddressIsNotUpWhenItsSpareLinkHasEnded) {
    const auto first = claim(lb2, 1, 10, lan.now);
    const auto used = claim(lb2, 3, 10, lan.now);
    const auto spare = lb2.links->accept(0, address(1), address(102), lan.now);
    ASSERT_TRUE(first && used && spare);
    greet(lb2, *spare, 10, lan.now);
    lb2.links->handle_end(*first, Ended::closed, "", lan.now);
    ASSERT_TRUE(lb2.is_up(3));
    ASSERT_TRUE(lb2.is_up(1));
    lb2.links->handle_end(*spare, Ended::closed, "", lan.now);
    EXPECT_FALSE(lb2.is_up(1));
    EXPECT_TRUE(lb2.is_up(3));
}

// Of the earlier nginx: its last status comes late, before the connection ends.
TEST_F(PeerLinksTest, AnEarlierNginxIsNotShownWhenItsConnectionHasEnded) {
    const auto earlier = claim(lb2, 1, 10, lan.now);
    ASSERT_TRUE(earlier);
    ASSERT_TRUE(claim(lb2, 1, 110, lan.now));
    lb2.links->receive(
        *earlier, serialize({Type::status, 3}, serialize(kLeader), 0), lan.now);
    lb2.links->handle_end(*earlier, Ended::closed, "", lan.now);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.peer(1)->node, 110U);
    EXPECT_EQ(lb2.peer(1)->status, StatusList{});
}

// lb1 has connected to two addresses of lb2, and ends the first connection. Its
// next message comes a second later.
TEST_F(PeerLinksTest, ASpareLinkIsUsedAtOnceWhenTheOtherEnds) {
    const auto first = claim(lb2, 1, 10, lan.now);
    const auto spare = lb2.links->accept(0, address(1), address(102), lan.now);
    ASSERT_TRUE(first && spare);
    greet(lb2, *spare, 10, lan.now);
    lb2.links->receive(
        *spare, serialize({Type::status, 3}, serialize(kLeader), 0), lan.now);
    ASSERT_EQ(lb2.links->connections(), 2U);
    lb2.links->receive(
        *first, serialize({Type::bye, 3}, serialize(Farewell::duplicate), 0),
        lan.now);
    ASSERT_EQ(lb2.links->connections(), 1U);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.peer(1)->status, kLeader);
}

TEST_F(PeerLinksTest, TheEndOfASpareLinkKeepsTheIdOfTheNextNginx) {
    ASSERT_TRUE(claim(lb2, 66, 10, lan.now));
    const auto spare = claim(lb2, 1, 10, lan.now);
    ASSERT_TRUE(spare);
    ASSERT_TRUE(claim(lb2, 1, 110, lan.now));
    ASSERT_EQ(lb2.peer(1)->node, 110U);
    lb2.links->handle_end(*spare, Ended::closed, "", lan.now);
    EXPECT_EQ(lb2.peer(1)->node, 110U);
}

// Another host has connected first, with the id of lb1.
TEST_F(PeerLinksTest, AReplyGoesBackOverTheConnectionOfItsQuestion) {
    ASSERT_TRUE(claim(lb2, 66, 10, lan.now));
    lan.follow(lb1, {2});
    lan.run(100ms);
    lb2.links->take_received();
    ASSERT_TRUE(lb1.links->send(20, 0, Type{77}, {}, lan.now));
    lan.run(50ms);
    const auto questions = lb2.links->take_received();
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_TRUE(lb2.links->reply(questions[0], Type{78}, {}, lan.now));
    lan.run(50ms);
    EXPECT_EQ(lb1.links->take_received().size(), 1U);

    lb2.links->handle_end(questions[0].connection, Ended::closed, "", lan.now);
    EXPECT_TRUE(lb2.links->reply(questions[0], Type{78}, {}, lan.now))
        << "by the one that is left";
}

TEST_F(PeerLinksTest, AnIdWithoutASecretEndsNoLinkOfAnotherAddress) {
    Machine &lb3 = lan.add(3, 30);
    ASSERT_TRUE(claim(lb2, 66, 30, lan.now));
    lan.follow(lb2, {3});
    lan.run(100ms);
    EXPECT_TRUE(lb2.is_up(3)) << "it is connected in spite of the other one";
    ASSERT_TRUE(claim(lb2, 67, 30, lan.now));
    lan.run(100ms);
    EXPECT_TRUE(lb2.is_up(3));
    EXPECT_TRUE(lb3.is_up(2));
    EXPECT_TRUE(lb2.links->is_trusted(0, address(3)));
    EXPECT_FALSE(lb2.links->is_trusted(0, address(66)));

    EXPECT_TRUE(lb2.links->send(30, 0, Type{78}, {}, lan.now));
    lan.run(50ms);
    EXPECT_EQ(lb3.links->take_received().size(), 1U) << "to the real one";
    lan.kill(lb3);
    lan.run(50ms);
    EXPECT_EQ(lb2.peer(3)->state, PeerState::down);
}

// It was the later one with its id, and is followed now.
TEST_F(PeerLinksTest, ALinkThatWasHiddenByAnotherHostIsUsedWhenFollowed) {
    ASSERT_TRUE(claim(lb1, 66, 20, lan.now));
    lan.follow(lb2, {1});
    lan.run(100ms);
    EXPECT_FALSE(lb1.is_up(2));
    lan.follow(lb1, {2});
    lb2.links->set_status(0, backup(100), lan.now);
    lan.run(100ms);
    EXPECT_TRUE(lb1.is_up(2));
}

TEST_F(PeerLinksTest, AConnectionThatEndsAtOnceDeliversNothing) {
    lan.follow(lb2, {1});
    lan.run(100ms);
    ASSERT_TRUE(claim(lb2, 1, 10, lan.now));
    EXPECT_EQ(lb2.links->connections(), 1U);
    EXPECT_TRUE(lb2.links->take_received().empty());
    EXPECT_TRUE(lb2.is_up(1));
}

TEST(PeerLinks, HostsThatOnlyConnectLeaveRoom) {
    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    unsigned accepted = 0;
    for (int i = 0; i < 100; ++i) {
        accepted +=
            lb1.links->accept(0, address(66), address(1), lan.now) ? 1U : 0U;
    }
    EXPECT_EQ(accepted, kMostGreetingOfHost);
    EXPECT_EQ(lb1.links->refused()[1], 100 - kMostGreetingOfHost);
    EXPECT_EQ(lb1.log.count("too many connections"), 1U);
    Machine &lb2 = lan.add(2, 20);
    lan.follow(lb2, {1});
    lan.run(100ms);
    EXPECT_TRUE(lb1.is_up(2));
    lan.run(4s);
    EXPECT_EQ(lb1.links->connections(), 1U);
}

TEST(PeerLinks, NoConnectionToAVirtualAddressOrFromAStranger) {
    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    EXPECT_FALSE(lb1.links->accept(0, address(2), address(200), lan.now));
    lb1.config.peers = {address(3)};
    lb1.begin();
    EXPECT_FALSE(lb1.links->accept(0, address(2), address(1), lan.now));
    EXPECT_TRUE(lb1.links->accept(0, address(3), address(1), lan.now));
    EXPECT_EQ(lb1.links->refused()[0], 1U);
}

// lb2 connects to both addresses of lb1, by IPv4 and by IPv6.
TEST(PeerLinks, TwoAddressesOfANodeAreOneLink) {
    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    Machine &lb2 = lan.add(2, 20);
    lan.same[101] = &lb1;
    lan.follow(lb2, {1, 101});
    lan.run(20s);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb1.links->connections(), 1U);
    EXPECT_EQ(lb2.links->connections(), 1U);
    EXPECT_TRUE(lb2.peer(101)->alias);
    EXPECT_TRUE(lb2.links->has_address(10, 0, address(101)));
    EXPECT_FALSE(lb2.links->has_address(20, 0, address(101)));
    lan.follow(lb2, {1});
    lan.run(1s);
    EXPECT_TRUE(lb2.links->has_address(10, 0, address(101)));
    lan.follow(lb2, {1, 101});
    lan.run(1s);
    EXPECT_EQ(lan.connects, 2U);
    EXPECT_EQ(lb1.log.count("is up"), 1U);
    EXPECT_EQ(lb1.log.count("is down"), 0U);
    EXPECT_EQ(lb2.log.count("is up"), 1U);
}

// As soon as one of its addresses is connected again, also by another nginx.
TEST(PeerLinks, ANodeThatIsBackHasNotLeftAtAnyAddress) {
    for (const NodeId next : {NodeId{10}, NodeId{110}}) {
        Lan lan;
        Machine &lb1 = lan.add(1, 10);
        Machine &lb2 = lan.add(2, 20);
        lan.same[101] = &lb1;
        lan.follow(lb2, {1, 101});
        lan.run(2s);
        lb1.links->stop(next == 10 ? Farewell::reload : Farewell::quit,
                        lan.now);
        lan.run(20ms);
        const Instant until = next == 10 ? lan.now + 50s : Instant::max() - 1ns;
        EXPECT_GT(lb2.peer(1)->left_until, until);
        EXPECT_GT(lb2.peer(101)->left_until, until);
        lb1.node = next;
        lb1.begin();
        lan.run(5s);
        EXPECT_TRUE(lb2.is_up(1) || lb2.is_up(101));
        EXPECT_EQ(lb2.peer(1)->left_until, Instant{});
        EXPECT_EQ(lb2.peer(101)->left_until, Instant{});
    }
}

// It is linked again before the goodbye of its earlier process arrives.
TEST_F(PeerLinksTest, ALateGoodbyeIsNotOneOfTheNextProcess) {
    const auto earlier = claim(lb2, 1, 10, lan.now);
    const auto next = lb2.links->accept(0, address(1), address(102), lan.now);
    ASSERT_TRUE(earlier && next);
    greet(lb2, *next, 10, lan.now);
    for (const auto &[id, left] : {std::pair{*earlier, false}, {*next, true}}) {
        lb2.links->receive(
            id, serialize({Type::bye, 3}, serialize(Farewell::reload), 0),
            lan.now);
        EXPECT_EQ(lb2.peer(1)->left_until > lan.now, left);
    }
}

// Each is MASTER of some routers, of one family: lb1 trusts both addresses of
// lb2, lb2 only one of lb1. If only one of them ended a connection, the other
// one would connect again for ever.
TEST(PeerLinks, WithoutASecretTwoAddressesMayBeTwoLinks) {
    Lan lan;
    Machine &lb1 = lan.add(1, 30);
    Machine &lb2 = lan.add(2, 20);
    lan.same[101] = &lb1;
    lan.same[102] = &lb2;
    lb1.config.peers = {address(2), address(102)};
    lb1.begin();
    lan.follow(lb1, {102});
    lan.follow(lb2, {101});
    lan.run(20s);
    EXPECT_TRUE(lb1.is_up(102));
    EXPECT_TRUE(lb2.is_up(101));
    EXPECT_EQ(lan.connects, 2U);
    EXPECT_EQ(lb2.log.count("is down"), 0U);

    // one of them may be cut, and the other one not
    for (const std::uint8_t host : {std::uint8_t{1}, std::uint8_t{101}}) {
        ASSERT_TRUE(lb2.peer(host));
        ASSERT_TRUE(lb2.links->ask(*lb2.peer(host), Type{77}, {}, lan.now));
        lan.run(50ms);
        const auto received = lb1.links->take_received();
        ASSERT_EQ(received.size(), 1U);
        EXPECT_EQ(received[0].address, address(host == 1 ? 102 : 2));
    }
}

TEST(PeerLinks, SixteenBackupsHaveALinkToTheMaster) {
    Lan lan;
    Machine &lb1 = lan.add(1, 1);
    for (std::uint8_t host = 2; host < 18; ++host) {
        lan.follow(lan.add(host, host), {1});
    }
    lan.run(5s);
    EXPECT_EQ(lb1.links->connections(), 16U);
    for (std::uint8_t host = 2; host < 18; ++host) {
        EXPECT_TRUE(lb1.is_up(host));
    }
}

// The kernel's word

struct DeathTest : testing::Test {
    void SetUp() override {
        lb1.links->set_status(0, kLeader, lan.now);
        lan.follow(lb2, {1});
        lan.run(2s);
    }
    // Connections wait for the next one.
    void kill_vrrp_process() {
        lan.kill(lb1);
        lb1.listens = true;
        lb1.silent = true;
    }
    std::vector<Death> deaths() { return lb2.links->take_deaths(); }

    Lan lan;
    Machine &lb1 = lan.add(1, 10);
    Machine &lb2 = lan.add(2, 20);
};

TEST_F(DeathTest, ARefusalAfterTheEndOfTheLinkIsAProof) {
    lan.kill(lb1);
    lan.run(30ms);
    const auto found = deaths();
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].address, address(1));
    EXPECT_EQ(found[0].node, 10U);
    EXPECT_EQ(found[0].text,
              "lb1 (192.168.64.1) has ended: its kernel refused the "
              "connection");
    EXPECT_EQ(lb2.log.count("peer link on eth0: lb1 (192.168.64.1) has ended"),
              1U);

    // once, and the reason stays while it is tried again
    lan.run(60s);
    EXPECT_TRUE(deaths().empty());
    EXPECT_EQ(lb2.peer(1)->reason,
              "its nginx has ended: its kernel refused the connection");
    lb2.links->contradict(0, address(1));
    EXPECT_EQ(lb2.peer(1)->reason,
              "its kernel refused the connection, but it advertises");
    lb1.listens = true;
    lan.run(60s);
    EXPECT_TRUE(lb2.is_up(1));
    EXPECT_EQ(lb2.peer(1)->reason, "");
}

TEST_F(DeathTest, WhatTheMasterHasSaidIsKnownUntilItIsProved) {
    lb2.links->set_status(0, backup(100), lan.now);
    lan.run(50ms);
    ASSERT_TRUE(is_named(lb2));
    kill_vrrp_process();
    lan.run(2s);
    EXPECT_TRUE(lb2.peer(1)->is_doubted());
    EXPECT_TRUE(is_named(lb2));
    lan.run(2s);
    EXPECT_FALSE(lb2.peer(1)->is_doubted());
    EXPECT_TRUE(lb2.peer(1)->status.empty());
}

TEST_F(DeathTest, TheDeathOfTheVrrpProcessAloneIsNoProof) {
    for (int i = 0; i < 100; ++i) {
        lan.replace(lb1);
        lan.run(1500ms);
        EXPECT_TRUE(lb2.is_up(1));
    }
    EXPECT_TRUE(deaths().empty());
}

// The process that has accepted it may die as well, or the queue is full.
TEST_F(DeathTest, AConnectionThatIsResetWhileItWaitsIsTriedAgain) {
    kill_vrrp_process();
    lan.run(1s);
    EXPECT_TRUE(deaths().empty());
    lan.kill(lb1);
    lan.run(30ms);
    EXPECT_EQ(deaths().size(), 1U);
}

TEST_F(DeathTest, AFullQueueIsNoProof) {
    lan.kill(lb1, Ended::reset);
    const std::size_t before = lan.connects;
    lan.run(500ms);
    EXPECT_LE(lan.connects - before, 5U);
    lan.run(1min);
    EXPECT_TRUE(deaths().empty());
    EXPECT_LE(lan.connects - before, 14U);
}

TEST_F(DeathTest, AnythingElseIsNoProof) {
    for (const Ended answer : {Ended::icmp, Ended::timeout, Ended::closed,
                               Ended::reset, Ended::here}) {
        lan.kill(lb1, answer);
        lan.run(500ms);
        // too late
        lb1.answer = Ended::refused;
        lan.run(10s);
        EXPECT_TRUE(deaths().empty()) << static_cast<int>(answer);
        lb1.listens = true;
        lan.run(1min);
        EXPECT_TRUE(lb2.is_up(1));
    }
}

TEST_F(DeathTest, ARefusalAfterAGoodbyeIsNoProof) {
    lb1.links->stop(Farewell::unconfigured, lan.now);
    lan.kill(lb1);
    lan.run(10s);
    EXPECT_TRUE(deaths().empty());
}

TEST_F(DeathTest, ARefusalOfAHostThatNeverGreetedIsNoProof) {
    Machine &keepalived = lan.add(3, 30);
    keepalived.listens = false;
    lan.follow(lb2, {1, 3});
    lan.run(1min);
    EXPECT_TRUE(deaths().empty());
}

TEST_F(DeathTest, ASilentLinkIsNoProof) {
    lan.cut = true;
    lan.run(5s);
    lan.cut = false;
    lan.kill(lb1);
    lan.run(1min);
    EXPECT_TRUE(deaths().empty());
}

// It was not followed when it ended; another nginx has no link.
TEST_F(DeathTest, ALaterRefusalIsNoProof) {
    lan.follow(lb2, {});
    lan.kill(lb1);
    lan.run(10s);
    lan.follow(lb2, {1});
    lan.run(1min);
    EXPECT_TRUE(deaths().empty());
}

// This process did not run in time.
TEST_F(DeathTest, ALateRefusalIsNoProof) {
    kill_vrrp_process();
    lan.run(20ms);
    ASSERT_TRUE(lb2.peer(1)->cut_at);
    lb2.links->handle_end(*lan.pipes.back().ids[0], Ended::refused, "",
                          lan.now + kProofTime);
    EXPECT_TRUE(deaths().empty());
}

TEST_F(DeathTest, TheLinkThatThePeerHasOpenedEndsLikeThat) {
    Machine &lb3 = lan.add(3, 5);
    lan.follow(lb3, {2});
    lan.run(2s);
    lan.follow(lb2, {1, 3});
    lan.run(2s);
    ASSERT_TRUE(lb2.is_up(3));
    lan.kill(lb3);
    lan.run(50ms);
    ASSERT_EQ(deaths().size(), 1U);
}

// By another interface.
TEST_F(DeathTest, ABackupThatDiedIsNotShownAsIfItLived) {
    lb2.links->set_status(
        0, {{Family::ipv4, Vrid{51}, RouterState::backup, Priority{100}}},
        lan.now);
    lan.run(1s);
    ASSERT_EQ(lb1.peer(2)->status.size(), 1U);
    lan.kill(lb2);
    lan.run(20ms);
    EXPECT_TRUE(lb1.peer(2)->status.empty());
}

TEST_F(DeathTest, AMasterInDoubtThatIsNotFollowedAnyMoreIsForgotten) {
    kill_vrrp_process();
    lan.run(20ms);
    ASSERT_FALSE(lb2.peer(1)->status.empty());
    lb2.links->set_targets({}, lan.now);
    lan.run(5s);
    EXPECT_TRUE(lb2.peer(1)->status.empty());
    EXPECT_TRUE(deaths().empty());
}

TEST_F(DeathTest, AHelloAloneDoesNotChangeTheNodeOfAPeer) {
    ASSERT_EQ(lb2.peer(1)->node, 10U);
    const auto id = lb2.links->accept(0, address(1), address(2), lan.now);
    ASSERT_TRUE(id);
    lan.pipes.push_back({{&lb2, &lb1}, {*id, std::nullopt}, {}, {}, 0});
    const Hello claim{.node = 99};
    lb2.links->receive(
        *id, serialize(Header{Type::hello, 0}, serialize(claim), 0), lan.now);
    lb2.links->handle_end(*id, Ended::closed, "", lan.now);
    EXPECT_EQ(lb2.peer(1)->node, 10U);
}

class OtherLinkTest : public DeathTest,
                      public testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(Stays, OtherLinkTest, testing::Bool());

TEST_P(OtherLinkTest, ContradictsWhileItIsUp) {
    const bool stays = GetParam();
    lb2.links->set_targets({{0, address(1)}, {1, address(1)}}, lan.now);
    lan.run(2s);
    ASSERT_EQ(lb2.links->connections(), 2U);
    Pipe &first = lan.pipes.front();
    ASSERT_EQ(first.link, 0U);

    lb1.listens = false;
    first.closed[1] = true;
    lan.run(100ms);
    EXPECT_TRUE(deaths().empty());
    if (stays) {
        lan.run(2 * kProofTime);
        EXPECT_TRUE(deaths().empty());
        return;
    }
    lan.kill(lb1);
    lan.run(30ms);
    const auto found = deaths();
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].node, found[1].node);
}

}  // namespace
}  // namespace ngx_vrrp::peer
