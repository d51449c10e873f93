// What the vrrp process writes to shared memory, and when. The engine is real.
#include "core/node/publisher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/status/area.hpp"
#include "core/status/view.hpp"
#include "tests/engine/engine_fixture.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

constexpr status::Room kRoom{.instances = 2, .addresses = 2};

class PublisherTest : public engine::EngineTest {
protected:
    PublisherTest() { facts.pid = 42; }

    // What the vrrp process does after each event.
    void share() { publisher.publish(*engine, facts, now); }

    status::Snapshot read() const {
        return area.read().value_or(status::Snapshot{});
    }
    const status::InstanceRecord &instance() {
        last = read();
        return last.instances.at(0);
    }

    // How many words of the memory this changes.
    template <class F>
    std::size_t writes(F &&f) {
        const std::span<std::uint64_t> words = memory.words();
        const std::vector<std::uint64_t> before(words.begin(), words.end());
        f();
        std::size_t count = 0;
        for (std::size_t i = 0; i < words.size(); ++i) {
            count += words[i] != before[i];
        }
        return count;
    }

    test::ZeroedMemory memory{status::Area::size(kRoom)};
    status::Area area{memory.get(), kRoom};
    status::NodeFacts facts;
    Publisher publisher{area};
    status::Snapshot last;
};

TEST_F(PublisherTest, TellsAllThatThereIs) {
    become_active();
    receive(50);
    share();

    EXPECT_EQ(read().node.pid, 42);
    EXPECT_EQ(read().node.instances, 1u);
    EXPECT_EQ(read().node.published_at_ns, to_ns(now));
    EXPECT_EQ(instance().name.view(), "VI_1");
    EXPECT_EQ(instance().state.view(), "MASTER");
    EXPECT_EQ(instance().source.view(), "10.0.1.1");
    EXPECT_EQ(instance().master_address.view(), "");
    EXPECT_EQ(instance().counters.adverts_sent,
              engine->routers()[0].counters().adverts_sent);
    EXPECT_EQ(read().addresses.at(0).address.view(), "10.0.1.5/24");
    EXPECT_EQ(read().addresses.at(0).present, 1);
}

TEST_F(PublisherTest, TellsAChangeOfStateAtOnce) {
    become_active();
    share();
    now += Milliseconds{1};
    receive(200);
    share();

    EXPECT_EQ(instance().state.view(), "BACKUP");
    EXPECT_EQ(instance().master_address.view(), "10.0.1.2");
    EXPECT_EQ(instance().master_priority, 200);
    EXPECT_EQ(read().addresses.at(0).present, 0);
}

TEST_F(PublisherTest, WritesNothingThatHasNotChanged) {
    become_active();
    share();
    EXPECT_EQ(writes([&] {
                  now += Milliseconds{1};
                  share();
              }),
              1u)
        << "only that it lives";
    EXPECT_EQ(read().node.published_at_ns, to_ns(now));
}

// As a backup: each advert is heard, counted and no reason to write.
TEST_F(PublisherTest, CountersWaitForAWhile) {
    become_active();
    receive(200);
    share();
    const std::uint64_t before = instance().counters.adverts_received;

    EXPECT_EQ(writes([&] {
                  for (int i = 0; i < 9; ++i) {
                      now += Milliseconds{10};
                      receive(200);
                      share();
                  }
              }),
              1u);
    EXPECT_EQ(instance().counters.adverts_received, before);

    now += Milliseconds{10};
    const std::size_t words = writes([&] { share(); });
    EXPECT_EQ(instance().counters.adverts_received, before + 9);
    EXPECT_EQ(instance().master_heard_ns, to_ns(now - Milliseconds{10}));
    EXPECT_LT(words, 12u) << "what has changed, and two sequences";
}

TEST_F(PublisherTest, IsInNoHurryUnlessItIsTold) {
    become_active();
    receive(200);
    share();
    now += Milliseconds{1};
    receive(200);
    publisher.hurry();
    share();
    EXPECT_EQ(instance().master_heard_ns, to_ns(now));
}

TEST_F(PublisherTest, SaysThatItLivesWhenNothingElseWakesIt) {
    become_active();
    share();
    EXPECT_EQ(publisher.deadline(), now + kPublishInterval);
    EXPECT_LE(2 * kPublishInterval, status::kFresh);

    now += Milliseconds{10};
    receive(50);
    share();
    EXPECT_EQ(publisher.deadline(), now + kPublishInterval);
}

// The process after this one, and readers meanwhile.
TEST_F(PublisherTest, GoesOnInTheOtherBank) {
    become_active();
    share();
    facts.pid = 43;
    Publisher next(area);
    EXPECT_EQ(read().node.pid, 42);
    receive(200);
    next.publish(*engine, facts, now);

    EXPECT_EQ(read().node.pid, 43);
    EXPECT_EQ(instance().state.view(), "BACKUP");
}

// Each thing that the status tells marks its router.
TEST_F(PublisherTest, ARouterMarksItselfWhenItMayHaveChanged) {
    const auto takes = [&] {
        std::size_t count = 0;
        engine->touched().take([&](std::size_t) { ++count; });
        return count;
    };
    become_active();
    EXPECT_EQ(takes(), 1u);
    EXPECT_EQ(takes(), 0u);

    run(Milliseconds{100});
    EXPECT_EQ(takes(), 1u) << "an advert";
    receive(50);
    EXPECT_EQ(takes(), 1u) << "a packet";
    engine->handle_interfaces(engine::interfaces(true, true), now);
    EXPECT_EQ(takes(), 1u) << "addresses";
    engine->handle_checks(now);
    EXPECT_EQ(takes(), 1u) << "trackers";
    engine->obey(engine::Command::release, "", now);
    EXPECT_EQ(takes(), 1u) << "an operator";
    engine->stop("nginx is shutting down", false, now);
    EXPECT_EQ(takes(), 1u) << "the end";
    engine->handle_time(now);
    EXPECT_EQ(takes(), 0u) << "nothing is due";
}

}  // namespace
}  // namespace ngx_vrrp::node
