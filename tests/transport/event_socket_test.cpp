// Events from one process to another: in order, never waiting, the last one of
// each subject is kept, and what is lost is counted.
#include "core/transport/event_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/os/fd.hpp"
#include "tests/support/events.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::transport {

using namespace os;
namespace {

using Kind = Incoming::Kind;
using test::state_event;

class EventSocketTest : public ::testing::Test {
protected:
    EventSocketTest() {
        int fds[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                  0);
        ours = os::Fd(fds[0]);
        theirs = os::Fd(fds[1]);
    }

    // One event is kept.
    void fill(EventSender &sender) const {
        while (!sender.deadline()) {
            sender.send(state_event("VI_1", "MASTER"), now);
        }
    }

    std::vector<notify::EventRecord> receive_all() {
        std::vector<notify::EventRecord> events;
        for (Incoming incoming = receive_event(theirs.get());
             incoming.kind == Kind::event;
             incoming = receive_event(theirs.get())) {
            events.push_back(incoming.event);
        }
        return events;
    }

    Kind receive_kind() { return receive_event(theirs.get()).kind; }

    os::Fd ours;
    os::Fd theirs;
    Instant now = instant_from_ns(1'000'000'000);
    test::RememberingLog log;
};

TEST_F(EventSocketTest, EventsComeInOrder) {
    EventSender sender(ours.get(), log);
    EXPECT_TRUE(sender.has_listener());
    EXPECT_EQ(receive_kind(), Kind::nothing) << "it does not wait";

    sender.send(state_event("VI_1", "MASTER"), now);
    sender.send(state_event("VI_1", "BACKUP"), now);
    const Incoming first = receive_event(theirs.get());
    const Incoming second = receive_event(theirs.get());
    ASSERT_EQ(first.kind, Kind::event);
    EXPECT_EQ(first.event.to.view(), "MASTER");
    EXPECT_EQ(first.event.instance.view(), "VI_1");
    EXPECT_EQ(first.event.sequence, 1u);
    EXPECT_EQ(first.event.pid, ::getpid());
    ASSERT_EQ(second.kind, Kind::event);
    EXPECT_EQ(second.event.to.view(), "BACKUP");
    EXPECT_EQ(second.event.sequence, 2u);
    EXPECT_EQ(receive_kind(), Kind::nothing);
}

// Other processes do not get this event, and must not count it as lost.
TEST_F(EventSocketTest, WhatIsSaidAgainIsNotCounted) {
    EventSender sender(ours.get(), log);
    notify::EventRecord again = state_event("VI_1", "FAULT");
    again.again = 1;
    sender.send(state_event("VI_1", "FAULT"), now);
    sender.send(again, now);
    sender.send(state_event("VI_1", "BACKUP"), now);
    EXPECT_EQ(receive_event(theirs.get()).event.sequence, 1u);
    EXPECT_EQ(receive_event(theirs.get()).event.sequence, 1u);
    EXPECT_EQ(receive_event(theirs.get()).event.sequence, 2u);
}

TEST_F(EventSocketTest, GoodbyeAndTheEnd) {
    EventSender sender(ours.get(), log);
    sender.send(state_event("VI_1", "STOP"), now);
    sender.send_goodbye();
    ours.reset();
    EXPECT_EQ(receive_kind(), Kind::event);
    EXPECT_EQ(receive_kind(), Kind::goodbye);
    EXPECT_EQ(receive_kind(), Kind::closed);
    EXPECT_EQ(receive_kind(), Kind::closed);
}

TEST_F(EventSocketTest, FullSocketLosesEventsAndSaysSo) {
    EventSender sender(ours.get(), log);
    constexpr int kMany = 10000;
    for (int i = 0; i < kMany; ++i) {
        sender.send(state_event("VI_1", "MASTER"), now);
    }
    sender.send(state_event("VI_1", "FAULT"), now);
    EXPECT_GT(sender.dropped(), 0u);
    EXPECT_EQ(log.count("send() to the vrrp notifier process failed"), 1u);

    EXPECT_GE(receive_all().size() + sender.dropped(), std::uint64_t{kMany});
    ASSERT_TRUE(sender.deadline());
    now = *sender.deadline();
    sender.handle_time(now);
    EXPECT_FALSE(sender.deadline());
    const auto last = receive_all();
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(last[0].to.view(), "FAULT");
    EXPECT_EQ(last[0].sequence, std::uint64_t{kMany} + 1);
}

TEST_F(EventSocketTest, TheLastEventOfEachSubjectIsSentWhenThereIsRoom) {
    EventSender sender(ours.get(), log);
    fill(sender);
    for (const char *to : {"BACKUP", "FAULT"}) {
        for (const char *instance : {"VI_2", "VI_3"}) {
            sender.send(state_event(instance, to), now);
        }
    }
    now = *sender.deadline();
    sender.handle_time(now);
    ASSERT_TRUE(sender.deadline()) << "there is still no room";
    EXPECT_GT(*sender.deadline(), now);

    receive_all();
    sender.send(state_event("VI_4", "MASTER"), now);
    EXPECT_TRUE(receive_all().empty()) << "in order";
    now = *sender.deadline();
    sender.handle_time(now);
    std::string texts;
    for (const notify::EventRecord &event : receive_all()) {
        texts += std::string(event.instance.view()) + ' ' +
                 std::string(event.to.view()) + ", ";
    }
    EXPECT_EQ(texts, "VI_1 MASTER, VI_2 FAULT, VI_3 FAULT, VI_4 MASTER, ");
}

TEST_F(EventSocketTest, WhatIsKeptIsBounded) {
    EventSender sender(ours.get(), log);
    fill(sender);
    const std::uint64_t before = sender.dropped();
    for (std::size_t i = 0; i < EventSender::kMostKept; ++i) {
        sender.send(state_event("VI_" + std::to_string(i + 2), "MASTER"), now);
    }
    EXPECT_EQ(sender.dropped(), before + 1) << "the first one";
}

TEST_F(EventSocketTest, WhatIsKeptIsSentBeforeTheGoodbyeOrReported) {
    {
        EventSender sender(ours.get(), log);
        fill(sender);
        receive_all();
        sender.send_goodbye();
        EXPECT_EQ(receive_kind(), Kind::event);
        EXPECT_EQ(receive_kind(), Kind::goodbye);
        fill(sender);
    }
    EXPECT_EQ(log.count("the last 1 of this process are lost"), 1u);
}

TEST_F(EventSocketTest, WithoutAReceiver) {
    EventSender sender(ours.get(), log);
    theirs.reset();
    sender.send(state_event("VI_1", "MASTER"), now);
    EXPECT_EQ(sender.dropped(), 1u);
    sender.send_goodbye();
}

TEST_F(EventSocketTest, WithoutNotifications) {
    EventSender sender(-1, log);
    EXPECT_FALSE(sender.has_listener());
    sender.send(state_event("VI_1", "MASTER"), now);
    sender.send_goodbye();
    EXPECT_EQ(sender.dropped(), 0u);
    EXPECT_TRUE(log.lines.empty());
}

TEST_F(EventSocketTest, WhatIsNoEvent) {
    ASSERT_EQ(::send(ours.get(), "x", 1, 0), 1);
    EXPECT_EQ(receive_kind(), Kind::garbage);

    notify::EventRecord event = state_event("VI_1", "MASTER");
    event.kind = notify::EventKind{99};
    EventSender(ours.get(), log).send(event, now);
    EXPECT_EQ(receive_kind(), Kind::garbage);

    event = state_event("VI_1", "MASTER");
    event.state = notify::State{99};
    EventSender(ours.get(), log).send(event, now);
    EXPECT_EQ(receive_kind(), Kind::garbage);

    const std::string long_one(sizeof(notify::EventRecord) + 100, 'x');
    ASSERT_GT(::send(ours.get(), long_one.data(), long_one.size(), 0), 0);
    EXPECT_EQ(receive_kind(), Kind::garbage);
}

}  // namespace
}  // namespace ngx_vrrp::transport
