// Two nodes with a real engine each. Advertisements and messages of the link
// arrive, or are lost.
#include "core/node/peer_handover.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "tests/node/peer_side.hpp"

namespace ngx_vrrp::node {
namespace {

using engine::Command;
using engine::Engine;
using vrrp::StateName;

struct Side final : PeerSide {
    Side(const IpAddress &own, std::uint8_t rank, peer::NodeId id)
        : PeerSide(own, rank, id) {
        std::vector<engine::RouterConfig> routers;
        for (const std::uint8_t vrid : {std::uint8_t{51}, std::uint8_t{52}}) {
            vrrp::Config c = engine::config();
            c.name = "VI_" + std::to_string(vrid);
            c.vrid = Vrid{vrid};
            c.priority = Priority{priority};
            c.peer_link = true;
            c.sync.group = "G";
            c.addresses[0].address =
                *IpAddress::parse("10.0.1." + std::to_string(vrid));
            routers.push_back({c, {}});
        }
        router = std::make_unique<Engine>(routers, machine.ports(), log);
    }

    void start(Instant now) {
        machine.beats = {{.pid = 1, .beat = now}};
        engine::Interfaces world = engine::interfaces();
        world.list[0].addresses[0].address = address;
        router->start(world, now);
    }

    std::string states() const {
        std::string all;
        for (const engine::VirtualRouter &r : router->routers()) {
            all += r.is_leaving()
                       ? 'L'
                       : vrrp::public_name(r.instance().state()).at(0);
        }
        return all;
    }
};

class PeerHandoverTest : public ::testing::Test {
protected:
    void SetUp() override {
        lb1.start(now);
        run(Seconds{1});
        lb2.start(now);
        run(Seconds{1});
        ASSERT_EQ(lb1.states() + lb2.states(), "MMBB");

        lb2.links->set_targets({{0, lb1.address}}, now);
        ASSERT_TRUE(lb1.links->accept(0, lb2.address, lb1.address, now));
        lb1.links->begin(0, now);
        pass();
        lb1.links->set_status(0, status(peer::RouterState::master, 100), now);
        lb2.links->set_status(0, status(peer::RouterState::backup, 90), now);
        pass();
    }

    static peer::StatusList status(peer::RouterState state,
                                   std::uint8_t priority) {
        return {{Family::ipv4, Vrid{51}, state, Priority{priority}},
                {Family::ipv4, Vrid{52}, state, Priority{priority}}};
    }

    // What each node does after an event, until nothing is under way.
    void pass() {
        for (int i = 0; i < 8; ++i) {
            for (Side *from : {&lb1, &lb2}) {
                Side &to = from == &lb1 ? lb2 : lb1;
                from->handover->notify(*from->router, now);
                from->handover->confirm(*from->router, now);
                for (const Buffer &octets : std::exchange(from->out, {})) {
                    if (link_works) {
                        to.links->receive(0, octets, now);
                    }
                }
                for (const peer::Received &one : to.links->take_received()) {
                    to.handover->receive(one, *to.router, now);
                }
                for (const Buffer &pdu :
                     std::exchange(from->machine.sent, {})) {
                    if (adverts_arrive) {
                        to.router->handle_packet(
                            {"eth0",
                             {{from->address,
                               vrrp::multicast_group(Family::ipv4)},
                              255},
                             pdu},
                            now);
                    }
                }
            }
        }
    }

    void run(Duration time) {
        const Instant end = now + time;
        for (; now < end; now += Milliseconds{1}) {
            for (Side *side : {&lb1, &lb2}) {
                side->machine.beats = {{.pid = 1, .beat = now}};
                const auto due = side->router->deadline();
                if (due && now >= *due) {
                    side->router->handle_time(now);
                }
            }
            pass();
        }
    }

    Instant now = instant_from_ns(1'000'000'000);
    bool adverts_arrive = true;
    bool link_works = true;
    Side lb1{*IpAddress::parse("10.0.1.1"), 100, 10};
    Side lb2{*IpAddress::parse("10.0.1.2"), 90, 20};
};

TEST_F(PeerHandoverTest, MovesAllRoutersAndWaitsForTheConfirmation) {
    for (const bool arrive : {true, false}) {
        adverts_arrive = arrive;
        lb1.router->execute(Command::release, "", now);
        pass();
        EXPECT_EQ(lb1.states() + lb2.states(), "LLMM") << arrive;
        run(vrrp::kLastRequests + Milliseconds{2});
        EXPECT_EQ(lb1.states() + lb2.states(), "FFMM") << arrive;

        adverts_arrive = true;
        lb1.router->execute(Command::resume, "", now);
        run(Seconds{1});
        ASSERT_EQ(lb1.states() + lb2.states(), "MMBB");
    }
}

TEST_F(PeerHandoverTest, PriorityZeroIsEnough) {
    link_works = false;
    lb1.router->execute(Command::release, "", now);
    pass();
    EXPECT_EQ(lb1.states() + lb2.states(), "LLBB");
    run(Milliseconds{70});
    EXPECT_EQ(lb1.states() + lb2.states(), "LLMM") << "after the skew time";
    run(vrrp::kSuccessorReports);
    EXPECT_EQ(lb1.states() + lb2.states(), "FFMM");
}

TEST_F(PeerHandoverTest, AFaultIsReportedToo) {
    adverts_arrive = false;
    lb1.router->handle_interfaces(engine::interfaces(false), now);
    pass();
    EXPECT_EQ(lb1.states() + lb2.states(), "FFMM");
}

// Without addresses there is nothing to confirm.
TEST_F(PeerHandoverTest, ASuccessorThatCannotAddAnAddressConfirmsNothing) {
    lb2.machine.fail("add 10.0.1.52", EPERM);
    lb1.router->execute(Command::release, "", now);
    run(vrrp::kLastRequests + Milliseconds{20});
    EXPECT_EQ(lb1.states() + lb2.states(), "FLMM");
    run(vrrp::kSuccessorReports);
    EXPECT_EQ(lb1.states() + lb2.states(), "FFMM");
}

TEST_F(PeerHandoverTest, OnlyTheFollowedNodeIsBelieved) {
    const Buffer all = serialize(
        peer::RouterIds{{Family::ipv4, Vrid{51}}, {Family::ipv4, Vrid{52}}});
    peer::Received stranger{
        30, 0, *IpAddress::parse("10.0.1.3"), {peer::Type::leaving, all}};

    lb2.handover->receive(stranger, *lb2.router, now);
    EXPECT_EQ(lb2.states(), "BB");
    stranger.node = 10;
    lb2.handover->receive(stranger, *lb2.router, now);
    EXPECT_EQ(lb2.states(), "BB") << "its id is not proved";
    stranger.node = 30;
    stranger.address = lb1.address;
    lb2.handover->receive(stranger, *lb2.router, now);
    EXPECT_EQ(lb2.states(), "MM");

    lb1.router->execute(Command::release, "", now);
    lb1.handover->notify(*lb1.router, now);
    stranger.message.type = peer::Type::taken;
    lb1.handover->receive(stranger, *lb1.router, now);
    lb1.handover->receive({20, 0, lb2.address, {peer::Type::taken, {9}}},
                          *lb1.router, now);
    EXPECT_EQ(lb1.router->routers()[0].instance().may_return(), true);
}

}  // namespace
}  // namespace ngx_vrrp::node
