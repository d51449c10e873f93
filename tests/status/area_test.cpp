#include "core/status/area.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/status/view.hpp"
#include "tests/status/rich_view.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::status {
namespace {

constexpr Room kRoom{
    .instances = 3, .addresses = 4, .trackers = 6, .routes = 3, .checks = 2};
constexpr Instant kNow = instant_from_ns(7'000'000'000);

class AreaTest : public ::testing::Test {
protected:
    // As a process of this pid publishes: an instance for each name, with an
    // address, two trackers and a route that have its name.
    void publish(std::int32_t pid, const std::vector<std::string> &names,
                 const char *state = "MASTER") {
        const unsigned bank = area.free_bank();
        for (std::uint32_t i = 0; i < names.size(); ++i) {
            publish_instance(bank, pid, i, names[i], state);
        }
        publish_node(bank, pid, names.size());
    }

    void publish_instance(unsigned bank, std::int32_t pid, std::uint32_t index,
                          std::string_view name, const char *state = "MASTER") {
        InstanceRecord record = snapshot().instances[0];
        record.pid = pid;
        record.name.set(name);
        record.state.set(state);
        record.first_address = index;
        record.addresses = 1;
        record.first_tracker = 2 * index;
        record.trackers = 2;
        std::vector<AddressRecord> addresses(1);
        addresses[0].label.set(name);
        std::vector<TrackerRecord> trackers(2);
        trackers[1].name.set(name);
        record.first_route = index;
        record.routes = 1;
        std::vector<RouteRecord> routes(1);
        routes[0].text.set(name);
        area.publish(bank, index, record, addresses, trackers, routes);
    }

    void publish_node(unsigned bank, std::int32_t pid, std::size_t instances) {
        NodeRecord node{};
        node.pid = pid;
        node.instances = static_cast<std::uint32_t>(instances);
        area.publish(bank, node);
        area.set_alive(kNow);
    }

    std::vector<std::string> names() const {
        std::vector<std::string> list;
        const auto all = area.read().value_or(Snapshot{});
        for (const InstanceRecord &instance : all.instances) {
            const std::string name{instance.name.view()};
            list.push_back(name);
            EXPECT_EQ(all.addresses.at(instance.first_address).label.view(),
                      name);
            EXPECT_EQ(all.trackers.at(instance.first_tracker + 1).name.view(),
                      name);
            EXPECT_EQ(all.routes.at(instance.first_route).text.view(), name);
        }
        return list;
    }

    using Names = std::vector<std::string>;

    test::ZeroedMemory memory{Area::size(kRoom)};
    Area area{memory.get(), kRoom};
};

TEST_F(AreaTest, NothingIsReadBeforeThePublish) {
    EXPECT_FALSE(area.read());
}

TEST_F(AreaTest, ReadsWhatWasPublished) {
    publish(42, {"VI_1", "VI_2"});
    EXPECT_EQ(names(), (Names{"VI_1", "VI_2"}));
    const auto read = area.read();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->node.pid, 42);
    EXPECT_EQ(read->node.published_at_ns, to_ns(kNow));
    EXPECT_EQ(read->addresses.size(), 2u);
    EXPECT_EQ(read->trackers.size(), 4u);
}

TEST_F(AreaTest, UnknownRoutersAreReadWithTheirLimits) {
    publish(42, {"VI_1"});
    EXPECT_TRUE(area.read()->unknown_routers.empty());

    UnknownRouterRecords records{};
    records.count = 2;
    records.list[0].sender.set("10.0.1.9");
    records.list[1].heard_ns = -1;
    area.publish(records);
    const auto read = area.read()->unknown_routers;
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read[0].sender.view(), "10.0.1.9");
    EXPECT_EQ(read[1].heard_ns, 0);

    records.count = 1'000'000;
    area.publish(records);
    EXPECT_EQ(area.read()->unknown_routers.size(), records.list.size());
}

TEST_F(AreaTest, PeerReportsAreReadAsWritten) {
    EXPECT_EQ(area.read_peer_reports(), PeerReports{});
    area.publish(rich_reports());
    EXPECT_EQ(area.read_peer_reports(), rich_reports());
    area.publish(PeerReports{});
    EXPECT_EQ(area.read_peer_reports(), PeerReports{});
}

TEST(PeerReportsTest, WithoutRoomAreLeftOut) {
    PeerReports reports = rich_reports();
    reports.nodes[0].details.upstreams[0].servers.assign(500, "10.0.0.1:80");
    reports.nodes.resize(20, reports.nodes[0]);
    const Buffer octets = serialize(reports);
    EXPECT_LE(octets.size(), kPeerReportsRoom);
    const PeerReports read = parse_peer_reports(octets);
    EXPECT_EQ(read.drift, reports.drift);
    EXPECT_GT(read.nodes.size(), 8u);
    EXPECT_EQ(read.nodes[0], reports.nodes[0]);
}

TEST(PeerReportsTest, ThatAreCutAreReadUpToThere) {
    const Buffer octets = serialize(rich_reports());
    for (std::size_t size = 0; size < octets.size(); ++size) {
        EXPECT_LT(parse_peer_reports(Bytes(octets).first(size)).nodes.size(),
                  2u);
    }
}

TEST_F(AreaTest, PeersAreReadWithTheirLimits) {
    publish(42, {"VI_1"});
    EXPECT_TRUE(area.read()->peers.empty());

    PeerRecords records{};
    records.count = 1'000'000;
    records.connections = 3;
    records.refused[2] = 7;
    records.list[0].router_id.set("lb2");
    records.list[0].routers = 1'000'000;
    records.list[1].since_ns = -1;
    area.publish(records);
    const auto read = area.read();
    ASSERT_EQ(read->peers.size(), records.list.size());
    EXPECT_EQ(read->peers[0].router_id.view(), "lb2");
    EXPECT_EQ(read->peers[0].routers, records.list[0].list.size());
    EXPECT_EQ(read->peers[1].since_ns, 0);
    EXPECT_EQ(read->peer_connections, 3u);
    EXPECT_EQ(read->peers_refused[2], 7u);
}

// A worker: from memory that it cannot write.
TEST_F(AreaTest, ReadersNeedNoMoreThanToRead) {
    publish(42, {"VI_1"});
    const Area reader = Area::readable(memory.get(), kRoom);
    ASSERT_TRUE(reader.read());
    EXPECT_EQ(reader.read()->instances[0].name.view(), "VI_1");
}

TEST_F(AreaTest, NumbersArePublishedAlone) {
    publish(42, {"VI_1"});
    InstanceNumbers numbers{};
    numbers.counters.adverts_sent = 99;
    numbers.master_heard_ns = 98;
    area.publish(area.free_bank() ^ 1U, 0, numbers);

    const auto read = area.read();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->instances[0].name.view(), "VI_1");
    EXPECT_EQ(read->instances[0].counters.adverts_sent, 99u);
    EXPECT_EQ(read->instances[0].master_heard_ns, 98);
}

// A reload: the old status is there until the new one is complete.
TEST_F(AreaTest, AnotherProcessTakesTheOtherBank) {
    publish(42, {"VI_1", "VI_2"});
    const unsigned bank = area.free_bank();
    publish_instance(bank, 43, 0, "VI_3");
    EXPECT_EQ(names(), (Names{"VI_1", "VI_2"}));

    publish_node(bank, 43, 1);
    EXPECT_EQ(names(), Names{"VI_3"});
    EXPECT_NE(area.free_bank(), bank);
}

// It died before it had published all.
TEST_F(AreaTest, WhatIsOfTwoProcessesIsNoStatus) {
    publish(42, {"VI_1", "VI_2"});
    publish_instance(area.free_bank() ^ 1U, 43, 1, "VI_3");
    EXPECT_FALSE(area.read());
}

TEST_F(AreaTest, WhatThereIsNoRoomForIsLeftOut) {
    publish(42, {"VI_1", "VI_2", "VI_3"});
    const unsigned bank = area.free_bank() ^ 1U;
    publish_instance(bank, 42, 3, "VI_4");
    area.publish(bank, 3, InstanceNumbers{});

    InstanceRecord record{};
    record.first_address = 2;
    area.publish(bank, 0, record, std::vector<AddressRecord>(3), {});
    record.first_address = 0;
    record.first_tracker = 6;
    area.publish(bank, 0, record, {}, std::vector<TrackerRecord>(1));
    record.first_tracker = 0;
    record.first_route = 2;
    area.publish(bank, 0, record, {}, {}, std::vector<RouteRecord>(2));
    EXPECT_EQ(names(), (Names{"VI_1", "VI_2", "VI_3"}));
}

TEST_F(AreaTest, ChecksAndStatusDoNotTouchEachOther) {
    check::Table checks = area.checks(1);
    ASSERT_TRUE(checks.begin({kRoom.checks, test::default_check()},
                             kRoom.checks, nullptr));
    publish(42, {"VI_1", "VI_2"});
    publish(43, {"VI_1", "VI_2"});
    checks.release(0);

    EXPECT_EQ(names(), (Names{"VI_1", "VI_2"}));
    EXPECT_EQ(checks.verdict(0), check::Verdict::unused);
    EXPECT_EQ(area.checks(1).verdict(kRoom.checks - 1), check::Verdict::up);
}

TEST_F(AreaTest, LifeThatDoesNotEndIsACrash) {
    EXPECT_FALSE(area.mark_started(1));
    EXPECT_TRUE(area.mark_started(1));
    area.mark_stopped(1);
    EXPECT_FALSE(area.mark_started(1));
}

// A reload: the new process begins while the old one lives.
TEST_F(AreaTest, LifeOfAnotherGenerationIsNoCrash) {
    EXPECT_FALSE(area.mark_started(1));
    EXPECT_FALSE(area.mark_started(2));
    area.mark_stopped(1);
    EXPECT_TRUE(area.mark_started(2));
}

TEST_F(AreaTest, CrashHistoryOutlivesAProcess) {
    engine::CrashHistory history = area.crash_history(kNow);
    EXPECT_EQ(history.crashes, 0u);
    EXPECT_FALSE(history.out.is_out(instant_from_ns(1)));
    for (int i = 1; i <= 3; ++i) {
        history.add_crash(instant_from_ns(i));
    }
    area.set_crash_history(history);

    const engine::CrashHistory back =
        Area(memory.get(), kRoom).crash_history(kNow);
    EXPECT_EQ(back.crashes, 3u);
    EXPECT_EQ(back.last.at, history.last.at);
    EXPECT_EQ(back.out.ends_at, history.out.ends_at);
    EXPECT_EQ(back.reason(), history.reason());
}

TEST_F(AreaTest, ViewHasTheNewestTransitionFirst) {
    publish(42, {});
    for (const std::int64_t at_ns : {1, 3, 2, 3}) {
        TransitionRecord record{};
        record.at_ns = at_ns;
        record.pid = static_cast<std::int32_t>(area.transitions().count());
        area.transitions().add(record);
    }

    const test::ZeroedMemory workers(WorkerArea::size(kRoom));
    const auto view = take_view(area, {workers.get(), kRoom}, {});
    ASSERT_TRUE(view);
    std::vector<std::int32_t> pids;
    for (const TransitionRecord &record : view->transitions) {
        pids.push_back(record.pid);
    }
    EXPECT_EQ(pids, (std::vector<std::int32_t>{3, 1, 2, 0}));
}

// A binary upgrade that was taken back: nginx starts workers only.
TEST_F(AreaTest, AVrrpProcessThatHasEndedIsReported) {
    area.set_generation(1);
    area.mark_started(1);
    publish(42, {"VI_1"});
    area.confirm(1);
    EXPECT_EQ(take_snapshot(area)->instances.at(0).state.view(), "MASTER");

    area.mark_stopped(1);
    const auto ended = take_snapshot(area);
    EXPECT_EQ(ended->node.pid, 0);
    EXPECT_EQ(ended->instances.at(0).state.view(), "FAULT");
    EXPECT_EQ(ended->instances.at(0).fault.view(),
              "this nginx has no vrrp process: reload it when no other nginx "
              "binary runs");

    area.set_generation(2);
    EXPECT_EQ(take_snapshot(area)->instances.at(0).state.view(), "MASTER")
        << "a reload starts another one";
}

// All texts of an instance that was published are one name; a torn one's are
// not.
TEST_F(AreaTest, ReadersNeverSeeATornStatus) {
    publish(42, {"VI_0", "VI_1"});  // the writer may start late
    const unsigned bank = area.free_bank() ^ 1U;
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (unsigned i = 1; !stop.load(); ++i) {
            publish_instance(bank, 42, i % 2, "VI_" + std::to_string(i));
        }
    });

    std::size_t seen = 0;
    for (int i = 0; i < 20000 && seen < 2000; ++i) {
        seen += names().size();  // which compares them
    }
    stop.store(true);
    writer.join();
    EXPECT_GT(seen, 0u);
}

// A compromised process of ours may write any bytes.
class HostileAreaTest : public AreaTest {
protected:
    // Each reader, on what is there now.
    void read_all() const {
        const auto snapshot = area.read();
        if (snapshot) {
            EXPECT_LE(snapshot->instances.size(), kRoom.instances);
            for (const InstanceRecord &i : snapshot->instances) {
                EXPECT_LE(i.addresses, kRoom.addresses);
                EXPECT_LE(i.trackers, kRoom.trackers);
                EXPECT_LE(i.first_address + i.addresses,
                          snapshot->addresses.size());
                EXPECT_LE(i.first_tracker + i.trackers,
                          snapshot->trackers.size());
            }
        }
        EXPECT_LE(area.crash_history(kNow).out.ends_at,
                  kNow + engine::kLongestBackoff);
        EXPECT_LE(area.transitions().read().size(), TransitionRing::kSize);
        EXPECT_LE(area.channels().read().size(), ChannelBoard::kMost);
        EXPECT_LE(area.free_bank(), 1u);
        EXPECT_LE(take_checks(area.checks(1)).records.size(), kRoom.checks);
        static_cast<void>(area.released().contains("x"));
        static_cast<void>(area.has_ended(1));
    }
};

TEST_F(HostileAreaTest, AllReadersStayInside) {
    for (const std::uint64_t value :
         {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{0x0202020202020202},
          std::uint64_t{0x7fffffffffffffff}, ~std::uint64_t{0} - 1,
          ~std::uint64_t{0}}) {
        std::ranges::fill(memory.words(), value);
        read_all();
    }
}

// One word after the other, in an area that is in use.
TEST_F(HostileAreaTest, EachWordMayBeAnything) {
    ASSERT_TRUE(area.checks(1).begin({kRoom.checks, test::default_check()},
                                     kRoom.checks, nullptr));
    area.transitions().add(transition());
    publish(42, {"VI_1", "VI_2"});

    constexpr std::array<std::uint64_t, 3> kValues{
        0x0000000900000009, 0xffffffff00000002, ~std::uint64_t{0} - 1};
    int readable = 0;
    const std::span<std::uint64_t> words = memory.words();
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint64_t before =
            std::exchange(words[i], kValues[i % kValues.size()]);
        read_all();
        readable += area.read().has_value();
        words[i] = before;
    }
    EXPECT_GT(readable, 0);
    EXPECT_EQ(names(), (Names{"VI_1", "VI_2"}));
}

TEST_F(AreaTest, WhatIsWrittenIsNoDamage) {
    area.begin();
    EXPECT_FALSE(area.is_damaged());
    area.set_generation(2);
    area.mark_started(2);
    area.confirm(2);
    area.hold(4'194'304);
    area.begin_notifying(4'194'304);
    area.set_alive(kNow);
    publish(1, {"a", "b", "c"});
    publish(2, {"a"});
    EXPECT_FALSE(area.is_damaged());
    area.mark_stopped(2);
    area.set_generation(3);
    EXPECT_FALSE(area.is_damaged());
}

TEST_F(AreaTest, DamageIsSeen) {
    EXPECT_TRUE(area.is_damaged()) << "no mark";
    area.begin();
    area.set_generation(2);
    area.confirm(3);
    EXPECT_TRUE(area.is_damaged()) << "a generation that has not begun";
    area.confirm(2);
    area.mark_started(3);
    EXPECT_TRUE(area.is_damaged()) << "its process";
    area.mark_started(2);
    area.mark_quit(3);
    EXPECT_TRUE(area.is_damaged()) << "its end";
    area.mark_quit(2);
    area.hold(-1);
    EXPECT_TRUE(area.is_damaged()) << "no pid";
    area.hold(1);
    area.begin_notifying(-1);
    EXPECT_TRUE(area.is_damaged()) << "no pid";
    area.begin_notifying(1);
    area.set_alive(instant_from_ns(INT64_MIN));
    EXPECT_TRUE(area.is_damaged()) << "no time";
    area.set_alive(kNow);
    EXPECT_FALSE(area.is_damaged());

    for (const std::uint64_t value :
         {std::uint64_t{1}, std::uint64_t{0x7777777777777777},
          ~std::uint64_t{0}}) {
        std::ranges::fill(memory.words(), value);
        EXPECT_TRUE(area.is_damaged()) << value;
    }
}

}  // namespace
}  // namespace ngx_vrrp::status
