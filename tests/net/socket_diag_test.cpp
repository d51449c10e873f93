// Connections end on the machine that was asked, and their clients learn of it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/net/socket_diag.hpp"
#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

const IpAddress kServer = *IpAddress::parse("10.9.0.1");
const IpAddress kServer6 = *IpAddress::parse("fd09::1");

class SocketDiag : public Lab {
protected:
    struct Connection {
        os::Fd client;
        os::Fd server;
    };

    void SetUp() override {
        Lab::SetUp();
        if (IsSkipped()) {
            return;
        }
        in_a("ip addr add fd09::1/64 dev vr0 nodad");
        in_b("ip addr add fd09::2/64 dev vr1 nodad");
    }

    // In A, on all addresses; AF_INET6 takes IPv4, too.
    os::Fd listen(int family, std::uint16_t port) {
        enter_a();
        os::Fd fd(::socket(family, SOCK_STREAM, 0));
        const int off = 0;
        sockaddr_in6 any6{};
        any6.sin6_family = AF_INET6;
        any6.sin6_port = htons(port);
        sockaddr_in any{};
        any.sin_family = AF_INET;
        any.sin_port = htons(port);
        if (family == AF_INET6) {
            ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off,
                         sizeof(off));
        }
        const auto *address = family == AF_INET6
                                  ? reinterpret_cast<const sockaddr *>(&any6)
                                  : reinterpret_cast<const sockaddr *>(&any);
        const socklen_t size = family == AF_INET6 ? sizeof(any6) : sizeof(any);
        EXPECT_EQ(0, ::bind(fd.get(), address, size));
        EXPECT_EQ(0, ::listen(fd.get(), 1000));
        return fd;
    }

    // From B.
    Connection connect(const os::Fd &listening, const char *text,
                       std::uint16_t port) {
        enter_b();
        Connection c;
        sockaddr_in to{};
        sockaddr_in6 to6{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to6.sin6_family = AF_INET6;
        to6.sin6_port = htons(port);
        if (::inet_pton(AF_INET, text, &to.sin_addr) == 1) {
            c.client = os::Fd(::socket(AF_INET, SOCK_STREAM, 0));
            EXPECT_EQ(
                0, ::connect(c.client.get(), reinterpret_cast<sockaddr *>(&to),
                             sizeof(to)));
        } else {
            ::inet_pton(AF_INET6, text, &to6.sin6_addr);
            c.client = os::Fd(::socket(AF_INET6, SOCK_STREAM, 0));
            EXPECT_EQ(
                0, ::connect(c.client.get(), reinterpret_cast<sockaddr *>(&to6),
                             sizeof(to6)));
        }
        enter_a();
        c.server = os::Fd(::accept(listening.get(), nullptr, nullptr));
        EXPECT_TRUE(c.server);
        return c;
    }

    // errno of a read, within a moment; 0: nothing happened.
    static int reset_of(const os::Fd &fd) {
        pollfd p{fd.get(), POLLIN, 0};
        char byte = 0;
        if (::poll(&p, 1, 500) <= 0 || ::read(fd.get(), &byte, 1) >= 0) {
            return 0;
        }
        return errno;
    }

    static engine::Closed close(const std::vector<IpAddress> &addresses,
                                const std::vector<std::uint16_t> &ports) {
        const auto closed = close_connections(addresses, ports);
        EXPECT_TRUE(closed) << closed.error().to_string();
        return closed ? *closed : engine::Closed{};
    }
};

TEST_F(SocketDiag, ClientGetsAReset) {
    const os::Fd listening = listen(AF_INET, 8080);
    const Connection c = connect(listening, "10.9.0.1", 8080);

    EXPECT_EQ(1u, close({kServer}, {80, 8080}).connections);

    EXPECT_EQ(ECONNRESET, reset_of(c.client));
    EXPECT_EQ(ECONNABORTED, reset_of(c.server));
    EXPECT_EQ(0u, close({kServer}, {80, 8080}).connections);
    EXPECT_TRUE(connect(listening, "10.9.0.1", 8080).server) << "still open";
}

TEST_F(SocketDiag, OthersAreLeftAlone) {
    in_a("ip addr add 10.9.0.3/24 dev vr0");
    const os::Fd nginx = listen(AF_INET, 8080);
    const os::Fd other = listen(AF_INET, 2222);
    const Connection other_address = connect(nginx, "10.9.0.3", 8080);
    const Connection other_port = connect(other, "10.9.0.1", 2222);

    EXPECT_EQ(0u, close({kServer}, {8080}).connections);

    for (const Connection *c : {&other_address, &other_port}) {
        EXPECT_EQ(1, ::write(c->client.get(), "x", 1));
        char byte = 0;
        EXPECT_EQ(1, ::read(c->server.get(), &byte, 1));
    }
}

TEST_F(SocketDiag, FindsBothFamiliesAndMappedAddresses) {
    const os::Fd listening = listen(AF_INET6, 8080);
    const Connection four = connect(listening, "10.9.0.1", 8080);
    const Connection six = connect(listening, "fd09::1", 8080);

    EXPECT_EQ(1u, close({kServer}, {8080}).connections);
    EXPECT_EQ(ECONNRESET, reset_of(four.client));
    EXPECT_EQ(0, reset_of(six.client));

    EXPECT_EQ(1u, close({kServer6}, {8080}).connections);
    EXPECT_EQ(ECONNRESET, reset_of(six.client));
}

// One among as many addresses and ports as there may be.
TEST_F(SocketDiag, FindsOneOfMany) {
    const os::Fd listening = listen(AF_INET, 8080);
    const Connection c = connect(listening, "10.9.0.1", 8080);
    std::vector<IpAddress> addresses;
    for (std::uint8_t n = 0; n < 127; ++n) {
        addresses.push_back(IpAddress::v4({10, 7, 0, n}));
        addresses.push_back(kServer6);
    }
    addresses.insert(addresses.begin() + 200, kServer);
    std::vector<std::uint16_t> ports;
    for (std::uint16_t n = 0; n < 1023; ++n) {
        ports.push_back(static_cast<std::uint16_t>(9000 + n));
    }
    ports.insert(ports.begin() + 500, 8080);

    EXPECT_EQ(1u, close(addresses, ports).connections);
    EXPECT_EQ(ECONNRESET, reset_of(c.client));
}

TEST_F(SocketDiag, ManyAreEndedInSlices) {
    const os::Fd listening = listen(AF_INET, 8080);
    std::vector<Connection> all;
    for (int i = 0; i < 400; ++i) {
        all.push_back(connect(listening, "10.9.0.1", 8080));
    }

    const engine::Closed first = close({kServer}, {8080});
    EXPECT_EQ(256u, first.connections);
    EXPECT_FALSE(first.all);
    const engine::Closed rest = close({kServer}, {8080});
    EXPECT_EQ(144u, rest.connections);
    EXPECT_TRUE(rest.all);
}

using Counts = std::vector<unsigned>;

Counts count_each(const std::vector<IpAddress> &addresses,
                  std::size_t most = kCountedConnections) {
    const auto counted = count_connections(addresses, most);
    EXPECT_TRUE(counted) << counted.error().to_string();
    return counted ? *counted : Counts{};
}

unsigned count(const std::vector<IpAddress> &addresses) {
    unsigned sum = 0;
    for (const unsigned number : count_each(addresses)) {
        sum += number;
    }
    return sum;
}

TEST_F(SocketDiag, CountsBothFamiliesAndAllPorts) {
    const os::Fd listening = listen(AF_INET6, 8080);
    const os::Fd other = listen(AF_INET, 2222);
    EXPECT_EQ(0u, count({kServer, kServer6})) << "those that listen";
    const Connection four = connect(listening, "10.9.0.1", 8080);
    const Connection six = connect(listening, "fd09::1", 8080);
    const Connection ssh = connect(other, "10.9.0.1", 2222);

    EXPECT_EQ(2u, count({kServer}));
    EXPECT_EQ(1u, count({kServer6}));
    EXPECT_EQ(3u, count({kServer, kServer6}));
    EXPECT_EQ(0u, count({*IpAddress::parse("10.9.0.3")}));
    EXPECT_EQ(0u, count({}));
}

TEST_F(SocketDiag, CountsThoseOfEachAddress) {
    in_a("ip addr add 10.9.0.3/24 dev vr0");
    const IpAddress other = *IpAddress::parse("10.9.0.3");
    const IpAddress unused = *IpAddress::parse("10.9.0.4");
    const os::Fd listening = listen(AF_INET6, 8080);
    const Connection first = connect(listening, "10.9.0.1", 8080);
    const Connection second = connect(listening, "10.9.0.3", 8080);
    const Connection third = connect(listening, "10.9.0.3", 8080);
    const Connection six = connect(listening, "fd09::1", 8080);

    EXPECT_EQ((Counts{1, 0, 2, 1, 2}),
              count_each({kServer, unused, other, kServer6, other}));

    std::vector<IpAddress> many(300, unused);
    many.push_back(other);
    EXPECT_EQ(2u, count_each(many).back());
}

TEST_F(SocketDiag, TooManyToCountAreNotNone) {
    const os::Fd listening = listen(AF_INET, 8080);
    std::vector<Connection> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(connect(listening, "10.9.0.1", 8080));
    }
    const IpAddress unused = *IpAddress::parse("10.9.0.4");
    EXPECT_EQ((Counts{3, 1}), count_each({kServer, unused}, 3));
    EXPECT_EQ((Counts{5, 0}), count_each({kServer, unused}, 6));
}

// The process has exited, and the client has not read the answer yet.
TEST_F(SocketDiag, CountsConnectionsOfNoProcess) {
    const os::Fd listening = listen(AF_INET, 8080);
    Connection slow = connect(listening, "10.9.0.1", 8080);
    const std::vector<char> answer(8'000'000);
    EXPECT_GT(
        ::send(slow.server.get(), answer.data(), answer.size(), MSG_DONTWAIT),
        0);
    slow.server = os::Fd();
    EXPECT_EQ(1u, count({kServer})) << "FIN-WAIT-1";
}

// The client has all of the answer, and keeps its side open.
TEST_F(SocketDiag, DoesNotCountWhatOnlyTheClientCanEnd) {
    const os::Fd listening = listen(AF_INET, 8080);
    Connection idle = connect(listening, "10.9.0.1", 8080);
    ::shutdown(idle.server.get(), SHUT_WR);
    char byte = 0;
    EXPECT_EQ(0, ::read(idle.client.get(), &byte, 1)) << "FIN has arrived";
    ::usleep(100'000);
    EXPECT_EQ(1u, count({kServer})) << "the server still reads";
    idle.server = os::Fd();
    EXPECT_EQ(0u, count({kServer})) << "FIN-WAIT-2";
    idle.client = os::Fd();
    ::usleep(100'000);
    EXPECT_EQ(0u, count({kServer})) << "TIME-WAIT";
}

// Workers have closed idle connections, and one is left.
TEST_F(SocketDiag, ThoseOfClientsDoNotHideOthers) {
    const os::Fd listening = listen(AF_INET, 8080);
    std::vector<Connection> idle;
    for (int i = 0; i < 40; ++i) {
        idle.push_back(connect(listening, "10.9.0.1", 8080));
        idle.back().server = os::Fd();
    }
    ::usleep(100'000);
    EXPECT_EQ(Counts{0}, count_each({kServer}, 2)) << "FIN-WAIT-2";

    const Connection open = connect(listening, "10.9.0.1", 8080);
    EXPECT_EQ(Counts{1}, count_each({kServer}, 2));
}

TEST_F(SocketDiag, NeedsNetAdmin) {
    const os::Fd listening = listen(AF_INET, 8080);
    const Connection c = connect(listening, "10.9.0.1", 8080);

    EXPECT_TRUE(holds_without(CAP_NET_ADMIN, [&] {
        const auto closed = close_connections({kServer}, {8080});
        return !closed && closed.error().code == EPERM;
    }));
}

}  // namespace
}  // namespace ngx_vrrp::net
