// Events, as the notifier process reads them.
#include "core/node/event_records.hpp"
#include "tests/support/defaults.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::node {
namespace {

using check::Reason;
using check::Verdict;
using engine::StateChanged;
using notify::EventKind;
using notify::EventRecord;
using vrrp::StateName;

constexpr Moment kMoment{
    instant_from_ns(5'000'000'000),
    std::chrono::sys_time<Duration>{Duration{1'700'000'000'000'000'000}}};

vrrp::Config config() {
    vrrp::Config config = test::default_router();
    config.name = "VI_1";
    config.interface = "eth0";
    config.vrid = Vrid{51};
    for (const char *address : {"10.0.0.5", "10.0.0.6"}) {
        config.addresses.emplace_back().address = *IpAddress::parse(address);
    }
    return config;
}

EventRecord to_event(engine::Event event) {
    return node::to_event(event, config(), "lb01", kMoment);
}

EventRecord state(StateName from, StateName to, bool for_good = false) {
    return to_event({StateChanged{from, to, for_good}, "why", Priority{120}});
}

check::Record peer(const char *name, const char *address) {
    check::Config config = test::default_check();
    config.identity = {"http", "web", name, address};
    check::Record record = check::first_record(config);
    check::add_result(record, check::failed(Reason::l4con, "refused"),
                      Milliseconds{1}, kMoment.at);
    check::change_verdict(record, Verdict::down, kMoment.at);
    return record;
}

std::string server(const char *name, const char *address) {
    const auto event = to_event(peer(name, address), "lb01", kMoment);
    return event ? std::string(event->server.view()) : "none";
}

TEST(EventRecordsTest, ChangeOfState) {
    const EventRecord event = state(StateName::backup, StateName::active);
    EXPECT_EQ(event.kind, EventKind::state);
    EXPECT_EQ(event.vrid, 51);
    EXPECT_EQ(event.priority, 120);
    EXPECT_FALSE(event.bad);
    EXPECT_EQ(event.at_ns, 5'000'000'000);
    EXPECT_EQ(event.wall_ns, 1'700'000'000'000'000'000);
    EXPECT_EQ(event.node.view(), "lb01");
    EXPECT_EQ(event.instance.view(), "VI_1");
    EXPECT_EQ(event.interface.view(), "eth0");
    EXPECT_EQ(event.from.view(), "BACKUP");
    EXPECT_EQ(event.to.view(), "MASTER");
    EXPECT_EQ(event.reason.view(), "why");
    EXPECT_EQ(event.addresses.view(), "10.0.0.5 10.0.0.6");
}

TEST(EventRecordsTest, NoAddressIsCut) {
    vrrp::Config many = config();
    many.addresses.clear();
    for (std::uint8_t n = 100; n < 200; ++n) {
        many.addresses.emplace_back().address = IpAddress::v4({10, 0, 0, n});
    }
    const EventRecord event = node::to_event(
        {StateChanged{StateName::backup, StateName::active}, "", {}}, many,
        "lb01", kMoment);

    const std::string_view list = event.addresses.view();
    EXPECT_TRUE(list.starts_with("10.0.0.100 10.0.0.101 ")) << list;
    EXPECT_TRUE(list.ends_with(" 10.0.0.121 ...")) << list;
}

TEST(EventRecordsTest, FaultIsBad) {
    EXPECT_TRUE(state(StateName::active, StateName::fault).bad);
}

TEST(EventRecordsTest, StopIsTheEnd) {
    EXPECT_EQ(state(StateName::active, StateName::initialize, true).to.view(),
              "STOP");
    EXPECT_EQ(state(StateName::active, StateName::initialize).to.view(),
              "INIT");
    EXPECT_EQ(state(StateName::active, StateName::backup, true).to.view(),
              "BACKUP")
        << "while the address waits for its successor";
}

TEST(EventRecordsTest, RemovedInstanceIsDeleted) {
    const EventRecord event = to_event(
        {StateChanged{StateName::active, StateName::initialize, true, true},
         "nginx has been reconfigured", Priority{100}});
    EXPECT_EQ(event.state, notify::State::deleted);
    EXPECT_EQ(event.to.view(), "DELETED");
}

TEST(EventRecordsTest, PriorityHasTheState) {
    const EventRecord event =
        to_event({engine::PriorityNews{StateName::active, Priority{100}},
                  "track_tcp failed", Priority{80}});
    EXPECT_EQ(event.kind, EventKind::priority);
    EXPECT_EQ(event.state, notify::State::master);
    EXPECT_EQ(event.from.view(), "100");
    EXPECT_EQ(event.to.view(), "80");
}

TEST(EventRecordsTest, LosingAdvert) {
    const EventRecord event =
        to_event({engine::LosingAdvert{*IpAddress::parse("10.0.0.2"), {}},
                  "10.0.0.2 advertises with priority 50", Priority{100}});
    EXPECT_EQ(event.kind, EventKind::master_rx_lower_pri);
    EXPECT_EQ(event.subject.view(), "10.0.0.2");
    EXPECT_EQ(event.to.view(), "MASTER");
}

TEST(EventRecordsTest, Tracker) {
    const EventRecord event =
        to_event({engine::TrackerChanged{"track_http", "http://127.0.0.1/",
                                         Verdict::up, Verdict::down},
                  "L7STS status 500", Priority{80}});
    EXPECT_EQ(event.kind, EventKind::tracker);
    EXPECT_TRUE(event.bad);
    EXPECT_EQ(event.from.view(), "up");
    EXPECT_EQ(event.to.view(), "down");
    EXPECT_EQ(event.subject.view(), "track_http http://127.0.0.1/");
    EXPECT_EQ(event.reason.view(), "L7STS status 500");
}

TEST(EventRecordsTest, Drift) {
    EventRecord event = node::to_event(
        peer::DriftNews{"lb2", "VI_1: track_upstream web is missing on lb2"},
        "lb01", kMoment);
    EXPECT_EQ(event.kind, EventKind::drift);
    EXPECT_TRUE(event.bad);
    EXPECT_EQ(event.to.view(), "found");
    EXPECT_EQ(event.subject.view(),
              "VI_1: track_upstream web is missing on lb2");
    EXPECT_EQ(event.server.view(), "lb2");
    EXPECT_EQ(event.instance.view(), "");

    event = node::to_event(peer::DriftNews{"lb2", "it", true}, "lb01", kMoment);
    EXPECT_FALSE(event.bad);
    EXPECT_EQ(event.to.view(), "over");
}

TEST(EventRecordsTest, SplitBrain) {
    const EventRecord event = to_event(
        {engine::SplitBrainChanged{engine::SplitBrainSign::foreign_owner, true},
         "why", Priority{100}});
    EXPECT_EQ(event.kind, EventKind::split_brain);
    EXPECT_TRUE(event.bad);
    EXPECT_EQ(event.to.view(), "suspected");
    EXPECT_EQ(event.subject.view(), "foreign owner");
}

TEST(EventRecordsTest, LostAdverts) {
    EventRecord event =
        to_event({engine::AdvertsLost{true}, "why", Priority{100}});
    EXPECT_EQ(event.kind, EventKind::adverts_lost);
    EXPECT_TRUE(event.bad);
    EXPECT_EQ(event.to.view(), "lost");

    event = to_event({engine::AdvertsLost{false}, "why", Priority{100}});
    EXPECT_FALSE(event.bad);
    EXPECT_EQ(event.to.view(), "heard");
}

TEST(EventRecordsTest, ServerThatGoesDownAndComesBack) {
    check::Record record = peer("10.0.0.1:80", "10.0.0.1:80");
    const auto down = to_event(record, "lb01", kMoment);
    ASSERT_TRUE(down);
    EXPECT_EQ(down->kind, EventKind::upstream);
    EXPECT_TRUE(down->bad);
    EXPECT_EQ(down->subject.view(), "web");
    EXPECT_EQ(down->server.view(), "10.0.0.1:80");
    EXPECT_EQ(down->to.view(), "down");
    EXPECT_EQ(down->reason.view(), "L4CON refused");
    EXPECT_EQ(down->instance.view(), "");

    check::change_verdict(record, Verdict::up, kMoment.at);
    const auto up = to_event(record, "lb01", kMoment);
    ASSERT_TRUE(up);
    EXPECT_FALSE(up->bad);
    EXPECT_EQ(up->to.view(), "up");
    EXPECT_EQ(up->reason.view(), "");
}

TEST(EventRecordsTest, ServerIsTheOneThatIsMeant) {
    EXPECT_EQ(server("10.0.0.1", "10.0.0.1:80"), "10.0.0.1");
    EXPECT_EQ(server("app.example.org:80", "10.0.0.1:80"),
              "app.example.org:80 (10.0.0.1:80)");
}

TEST(EventRecordsTest, WhatIsNoNews) {
    check::Config config = test::default_check();
    config.identity = {"http", "web", "10.0.0.1:80", "10.0.0.1:80"};
    config.initial = Verdict::unknown;
    check::Record record = check::first_record(config);
    check::add_result(record, check::passed(), Milliseconds{1}, kMoment.at);
    check::change_verdict(record, Verdict::up, kMoment.at);
    EXPECT_FALSE(to_event(record, "lb01", kMoment)) << "up from the beginning";

    record = peer("track_tcp 10.0.0.1:80", "10.0.0.1:80");
    record.context.set("vrrp");
    EXPECT_FALSE(to_event(record, "lb01", kMoment))
        << "the vrrp process tells of its trackers";
}

}  // namespace
}  // namespace ngx_vrrp::node
