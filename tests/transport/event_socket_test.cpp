// Events from one process to another: in order, never waiting, and what is
// lost is counted.
#include "core/transport/event_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

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
    EXPECT_GT(sender.dropped(), 0u);
    EXPECT_EQ(log.count("send() to the vrrp notifier process failed"), 1u);

    std::uint64_t received = 0;
    while (receive_kind() == Kind::event) {
        ++received;
    }
    EXPECT_GE(received, 64u);
    EXPECT_EQ(received + sender.dropped(), std::uint64_t{kMany});

    sender.send(state_event("VI_1", "FAULT"), now);
    EXPECT_EQ(receive_event(theirs.get()).event.to.view(), "FAULT");
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
