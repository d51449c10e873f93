// The sockets of BFD, on the loopback of a namespace of the test.
#include "core/net/bfd_sockets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/net/ip_message.hpp"
#include "tests/net/lab.hpp"
#include "tests/os/fake_watcher.hpp"

namespace ngx_vrrp::net {
namespace {

const Buffer kPayload{1, 2, 3, 4};

class BfdSocketsTest : public OwnNamespace {
protected:
    static bfd::SessionConfig to(const char *peer, bool multihop = false) {
        return {.peer = *IpAddress::parse(peer), .multihop = multihop};
    }

    // What arrives at the socket of this number.
    std::vector<bfd::Arrival> read(const BfdSockets &sockets, int fd) {
        pollfd event{.fd = fd, .events = POLLIN, .revents = 0};
        ::poll(&event, 1, 2000);
        std::vector<bfd::Arrival> all;
        sockets.read(fd, [&](const bfd::Arrival &arrival) {
            all.push_back(arrival);
            payload.assign(arrival.payload.begin(), arrival.payload.end());
        });
        return all;
    }

    Buffer payload;
};

TEST_F(BfdSocketsTest, APacketHasItsAddressesAndTtl) {
    for (const char *address : {"127.0.0.1", "::1"}) {
        for (const bool multihop : {false, true}) {
            const bfd::SessionConfig peer = to(address, multihop);
            const std::size_t which =
                bfd_socket_of(peer.peer.family(), multihop);
            const os::Fd fd = open_bfd_socket(which);
            BfdSockets::Descriptors fds{-1, -1, -1, -1};
            fds[which] = fd.get();
            BfdSockets sockets(fds, 1, *this);
            EXPECT_FALSE(is_bfd_socket(fd.get(), which));
            ASSERT_TRUE(sockets.listen(which));
            EXPECT_TRUE(is_bfd_socket(fd.get(), which));
            EXPECT_FALSE(is_bfd_socket(fd.get(), which ^ 1U));
            ASSERT_TRUE(sockets.open_session(0, peer, 0));
            EXPECT_GE(sockets.port(0), 49152);

            ASSERT_TRUE(sockets.send(0, peer, kPayload));
            const auto arrived = read(sockets, fd.get());

            ASSERT_EQ(arrived.size(), 1u);
            EXPECT_EQ(arrived[0].source, peer.peer);
            EXPECT_EQ(arrived[0].destination, peer.peer);
            EXPECT_EQ(arrived[0].ttl, 255);
            EXPECT_EQ(arrived[0].multihop, multihop);
            EXPECT_EQ(payload, kPayload);
        }
    }
}

// Of two processes of this nginx, which overlap.
TEST_F(BfdSocketsTest, TheNextProcessHasTheSameSocketAndSourcePort) {
    const os::Fd fd = open_bfd_socket(0);
    const BfdSockets::Descriptors fds{fd.get(), -1, -1, -1};
    BfdSockets old(fds, 1, *this);
    ASSERT_TRUE(old.listen(0));
    ASSERT_TRUE(old.open_session(0, to("127.0.0.1"), 0));
    ASSERT_TRUE(old.send(0, to("127.0.0.1"), kPayload));
    old.stop_listening();

    BfdSockets next(fds, 1, *this);
    ASSERT_TRUE(next.listen(0));
    ASSERT_TRUE(next.open_session(0, to("127.0.0.1"), old.port(0)));

    EXPECT_EQ(next.port(0), old.port(0));
    EXPECT_EQ(read(next, fd.get()).size(), 1u) << "it has waited";
}

TEST_F(BfdSocketsTest, APortOfAnotherProgramIsAnError) {
    const os::Fd other(::socket(AF_INET, SOCK_DGRAM, 0));
    const int yes = 1;
    ::setsockopt(other.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    const SocketAddress port(IpAddress::v4({}), 3784);
    ASSERT_EQ(::bind(other.get(), port.data(), port.size()), 0);
    const os::Fd fd = open_bfd_socket(0);
    BfdSockets sockets({fd.get(), -1, -1, -1}, 1, *this);

    const Status status = sockets.listen(0);

    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, EADDRINUSE);
    EXPECT_EQ(status.error().what, "bind() to UDP port 3784 of 0.0.0.0");
    EXPECT_THAT(
        find_bfd_holder(fd.get(), 0, os::now() + Seconds{10}),
        ::testing::EndsWith(" (process " + std::to_string(::getpid()) + ")"));
    EXPECT_EQ(find_bfd_holder(fd.get(), 0, os::now()), "") << "no time";
    const Instant later = os::now() + Seconds{10};
    EXPECT_EQ(find_bfd_holder(-1, 0, later), "") << "no session needs it";
    const os::Fd multihop = open_bfd_socket(2);
    EXPECT_EQ(find_bfd_holder(multihop.get(), 2, later), "") << "it is free";
    ASSERT_TRUE(BfdSockets({-1, -1, multihop.get(), -1}, 1, *this).listen(2));
    EXPECT_EQ(find_bfd_holder(multihop.get(), 2, later), "") << "it is ours";
}

TEST_F(BfdSocketsTest, NothingArrivesAtASourcePort) {
    BfdSockets sockets({-1, -1, -1, -1}, 2, *this);
    ASSERT_TRUE(sockets.open_session(0, to("127.0.0.1"), 0));
    const os::Fd other(::socket(AF_INET, SOCK_DGRAM, 0));
    const SocketAddress target(IpAddress::v4({127, 0, 0, 1}), sockets.port(0));
    EXPECT_EQ(::sendto(other.get(), kPayload.data(), kPayload.size(), 0,
                       target.data(), target.size()),
              4);

    ASSERT_TRUE(sockets.open_session(1, to("127.0.0.1"), 0));
    EXPECT_NE(sockets.port(0), sockets.port(1));
    EXPECT_FALSE(sockets.listen(0)) << "there is no socket";
}

}  // namespace
}  // namespace ngx_vrrp::net
