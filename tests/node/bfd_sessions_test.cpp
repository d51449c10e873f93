// The BFD sessions of two vrrp processes, of which one replaces the other, with
// real sockets in a namespace of the test.
#include "core/node/bfd_sessions.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/net/ip_message.hpp"
#include "core/os/clock.hpp"
#include "tests/net/lab.hpp"
#include "tests/support/fake_ports.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

class BfdSessionsTest : public net::OwnNamespace, public engine::Processes {
protected:
    bool is_alive(int, Instant) override { return true; }
    void wake() override {}

    // Of a process with this configuration, the higher one is newer.
    BfdSessions process(int number, const std::vector<const char *> &peers,
                        BfdSessions::Ports ports = {{-1, -1, -1, -1}}) {
        std::vector<bfd::SessionConfig> configs;
        for (const char *peer : peers) {
            configs.push_back({.peer = *IpAddress::parse(peer)});
        }
        return {configs,      std::move(ports),
                memory.get(), {Instant{Seconds{number}}, number},
                *this,        *this,
                log};
    }

    // A router with BFD: what it receives.
    static os::Fd peer(const char *address) {
        os::Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
        const net::SocketAddress port(*IpAddress::parse(address), 3784);
        EXPECT_EQ(::bind(fd.get(), port.data(), port.size()), 0);
        return fd;
    }
    static std::vector<bfd::State> received(const os::Fd &fd) {
        std::vector<bfd::State> states;
        std::array<std::uint8_t, 64> data{};
        ssize_t size = 0;
        while ((size = ::recv(fd.get(), data.data(), data.size(), 0)) > 0) {
            states.push_back(
                bfd::parse({data.data(), static_cast<std::size_t>(size)})
                    .value()
                    .state);
        }
        return states;
    }

    test::ZeroedMemory memory{engine::OwnershipMemory::kSize};
    test::RememberingLog log;
};

// It may end before it has looked at a timer or a packet.
TEST_F(BfdSessionsTest, ARemovedSessionEndsWithAdminDown) {
    const os::Fd kept = peer("127.0.0.2");
    const os::Fd removed = peer("127.0.0.3");
    BfdSessions old = process(1, {"127.0.0.2", "127.0.0.3"});
    BfdSessions next = process(2, {"127.0.0.2"});
    old.start(os::now());
    next.start(os::now());
    received(kept);
    received(removed);

    old.stop(os::now());

    EXPECT_EQ(received(removed), std::vector{bfd::State::admin_down});
    EXPECT_EQ(received(kept), std::vector<bfd::State>{});
}

TEST_F(BfdSessionsTest, TheErrorNamesTheProgramThatHasThePort) {
    const os::Fd other = peer("0.0.0.0");
    const os::Fd fd = net::open_bfd_socket(0);
    int number = 0;
    const std::pair<const char *, const char *> cases[] = {
        {"bird (process 7)",
         ": when this process started, bird (process 7) had the port of BFD: "
         "switch BFD off there, or"},
        {"nginx (process 7)",
         ": when this process started, nginx (process 7) had the port of BFD: "
         "wait until it has ended, switch BFD off there, or"},
        {"",
         ": another program on this machine, usually bird or bfdd of FRR, has "
         "the port of BFD: switch BFD off there, or"}};
    for (const auto &[holder, text] : cases) {
        BfdSessions sessions =
            process(++number, {"127.0.0.2"}, {{fd.get(), -1, -1, -1}, holder});
        sessions.start(os::now());
        const std::string trouble = sessions.status(0).trouble;
        EXPECT_NE(trouble.find(text), std::string::npos) << trouble;
    }
}

TEST_F(BfdSessionsTest, DropsAreCountedByReason) {
    const os::Fd fd = net::open_bfd_socket(0);
    BfdSessions sessions =
        process(1, {"127.0.0.2"}, {{fd.get(), -1, -1, -1}, ""});
    sessions.start(os::now());
    const os::Fd other(::socket(AF_INET, SOCK_DGRAM, 0));
    const net::SocketAddress port(IpAddress::v4({127, 0, 0, 1}), 3784);
    EXPECT_EQ(::sendto(other.get(), "x", 1, 0, port.data(), port.size()), 1);
    pollfd event{.fd = fd.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&event, 1, 2000), 1);

    EXPECT_TRUE(sessions.on_readable(fd.get(), os::now()));

    EXPECT_EQ((*sessions.drops())[static_cast<std::size_t>(bfd::Drop::ttl)],
              1u);
    EXPECT_EQ(process(2, {}).drops(), nullptr);
    sessions.stop(os::now());
}

}  // namespace
}  // namespace ngx_vrrp::node
