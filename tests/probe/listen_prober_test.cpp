// Listeners of this test's own, which accept or do not.

#include "core/probe/listen_prober.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "core/net/ip_message.hpp"
#include "tests/net/lab.hpp"
#include "tests/probe/prober_loop.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::probe {

using namespace net;
namespace {

constexpr std::uint16_t kPort = 8080;

check::Config listen_check(const std::string &address,
                           std::uint16_t port = kPort) {
    check::Config config = test::default_check();
    config.probe =
        check::ListenCheck{.address = *IpAddress::parse(address), .port = port};
    return config;
}

os::Fd listen_on(const std::string &text, std::uint16_t port = kPort,
                 int backlog = 16) {
    const IpAddress address = *IpAddress::parse(text);
    os::Fd fd(::socket(address.family() == Family::ipv4 ? AF_INET : AF_INET6,
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const SocketAddress name(address, port);
    EXPECT_EQ(0, ::bind(fd.get(), name.data(), name.size()));
    EXPECT_EQ(0, ::listen(fd.get(), backlog));
    return fd;
}

// A process that accepts, and closes when the peer does.
class Acceptor {
public:
    explicit Acceptor(const os::Fd &listening) : listening_(listening.get()) {}

    void accept_all() {
        for (int n = 0; n < 100; n++) {
            os::Fd fd(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) {
                return;
            }
            accepted.push_back(std::move(fd));
        }
    }

    std::vector<os::Fd> accepted;

private:
    int listening_;
};

class ListenProberTest : public Lab {
protected:
    void TearDown() override {
        prober.reset();
        Lab::TearDown();
    }

    void start(const check::Config &config, check::CheckId id = 1) {
        prober->start(id, config, os::now());
    }

    // No process accepts for a while; then one does.
    void expect_accepted_later(const std::string &address,
                               const os::Fd &server) {
        start(listen_check(address));
        loop.run(Milliseconds{30});
        ASSERT_TRUE(loop.results.empty()) << text_of(loop.next());

        Acceptor acceptor(server);
        acceptor.accept_all();
        ASSERT_EQ(acceptor.accepted.size(), 1u);
        EXPECT_EQ(text_of(loop.next()), "passed 0");

        // An accepted connection is reset, and not only closed.
        char byte = 0;
        EXPECT_EQ(::recv(acceptor.accepted[0].get(), &byte, 1, 0), -1);
        EXPECT_EQ(errno, ECONNRESET);
    }

    std::string sockets() {
        return output_of("ss -Htan state time-wait; ss -Htn");
    }

    ProberLoop loop;
    std::unique_ptr<ListenProber> prober = [this] {
        loop.on_readable = [this](int fd) { return prober->on_readable(fd); };
        return std::make_unique<ListenProber>(loop, loop);
    }();
};

TEST_F(ListenProberTest, PassesWhenItIsAccepted) {
    const os::Fd server = listen_on("0.0.0.0");
    expect_accepted_later("0.0.0.0", server);
    EXPECT_EQ(sockets(), "");
}

TEST_F(ListenProberTest, PassesWhenItIsAcceptedOverIpv6) {
    const os::Fd server = listen_on("::");
    expect_accepted_later("::", server);
    EXPECT_EQ(sockets(), "");
}

TEST_F(ListenProberTest, ConnectsFromAndToOneAddress) {
    const os::Fd server = listen_on("10.9.0.1");
    expect_accepted_later("10.9.0.1", server);

    in_a("ip addr add fd00:9::1/64 dev vr0 nodad");
    wait_until_local("fd00:9::1");
    const os::Fd server6 = listen_on("fd00:9::1");
    expect_accepted_later("fd00:9::1", server6);
}

TEST_F(ListenProberTest, PassesWhenItIsClosedAtOnce) {
    const os::Fd server = listen_on("127.0.0.1");
    start(listen_check("127.0.0.1"));
    {
        Acceptor acceptor(server);
        acceptor.accept_all();
    }
    EXPECT_EQ(text_of(loop.next()), "passed 0");
}

TEST_F(ListenProberTest, WithoutAListener) {
    start(listen_check("0.0.0.0"));
    EXPECT_EQ(text_of(loop.next()), "L4CON 0: nothing listens on 0.0.0.0:8080");
    start(listen_check("::"));
    EXPECT_EQ(text_of(loop.next()), "L4CON 0: nothing listens on [::]:8080");
}

TEST_F(ListenProberTest, WithoutAccept) {
    const os::Fd server = listen_on("127.0.0.1");
    start(listen_check("127.0.0.1"));
    loop.run(Milliseconds{50});

    EXPECT_EQ(text_of(prober->cancel(1)),
              "L4TOUT 0: connected to 127.0.0.1:8080, but nginx did not "
              "accept");
    loop.run(Milliseconds{20});
    EXPECT_TRUE(loop.results.empty());
}

TEST_F(ListenProberTest, AcceptedInTheLastMomentPasses) {
    const os::Fd server = listen_on("127.0.0.1");
    start(listen_check("127.0.0.1"));
    Acceptor acceptor(server);
    acceptor.accept_all();
    EXPECT_EQ(text_of(prober->cancel(1)), "passed 0");
}

// The backlog is full: the kernel does not even complete the connection.
TEST_F(ListenProberTest, FullQueue) {
    const os::Fd server = listen_on("127.0.0.1", kPort, 1);
    const SocketAddress name(*IpAddress::parse("127.0.0.1"), kPort);
    std::vector<os::Fd> others;
    for (int n = 0; n < 4; n++) {
        others.emplace_back(
            ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        ::connect(others.back().get(), name.data(), name.size());
    }

    start(listen_check("127.0.0.1"));
    loop.run(Milliseconds{50});
    EXPECT_EQ(text_of(prober->cancel(1)),
              "L4TOUT 0: no connection to 127.0.0.1:8080, its queue may be "
              "full");
}

TEST_F(ListenProberTest, ForeignAddressIsNotChecked) {
    for (const char *address : {"10.9.0.100", "fd00:9::100", "10.20.0.1"}) {
        start(listen_check(address));
        EXPECT_EQ(text_of(loop.next()), "passed 0") << address;
    }
}

// keepalived's users set it on every node.
TEST_F(ListenProberTest, ForeignAddressIsNotCheckedWithNonlocalBind) {
    in_a("ip addr add fd00:9::1/64 dev vr0 nodad");
    wait_until_local("fd00:9::1");
    in_a("echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind");
    in_a("echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind");
    for (const char *address : {"10.9.0.100", "fd00:9::100"}) {
        start(listen_check(address));
        EXPECT_EQ(text_of(loop.next()), "passed 0") << address;
    }

    start(listen_check("10.9.0.1"));
    EXPECT_EQ(text_of(loop.next()),
              "L4CON 0: nothing listens on 10.9.0.1:8080");
}

TEST_F(ListenProberTest, SecondaryAddressIsOurs) {
    in_a("ip addr add 10.9.0.100/24 dev vr0");
    const os::Fd server = listen_on("10.9.0.100");
    expect_accepted_later("10.9.0.100", server);
}

// With its source port equal to the destination a socket connects to itself.
TEST_F(ListenProberTest, ItselfIsNotNginx) {
    in_a("echo '40001 40001' > /proc/sys/net/ipv4/ip_local_port_range");
    start(listen_check("127.0.0.1", 40001));
    EXPECT_EQ(text_of(loop.next()),
              "L4CON 0: nothing listens on 127.0.0.1:40001");
}

TEST_F(ListenProberTest, ManyAtOnce) {
    const os::Fd server = listen_on("0.0.0.0");
    const os::Fd deaf = listen_on("0.0.0.0", 8081);
    start(listen_check("0.0.0.0"), 1);
    start(listen_check("10.9.0.1"), 2);
    start(listen_check("0.0.0.0", 8081), 3);
    start(listen_check("0.0.0.0", 8082), 4);
    Acceptor acceptor(server);
    acceptor.accept_all();

    ASSERT_TRUE(loop.wait([&] { return loop.results.size() == 3; }));
    for (const ProberLoop::Result &result : loop.results) {
        EXPECT_EQ(result.outcome.passed(), result.id != 4u);
    }
    prober->forget(3);
    EXPECT_EQ(sockets(), "") << "what is forgotten is closed";
}

TEST_F(ListenProberTest, EveryTenMilliseconds) {
    const os::Fd server = listen_on("0.0.0.0");
    Acceptor acceptor(server);
    for (int n = 0; n < 50; n++) {
        start(listen_check("0.0.0.0"));
        acceptor.accept_all();
        EXPECT_EQ(text_of(loop.next()), "passed 0");
        loop.run(Milliseconds{10});
    }
    acceptor.accepted.clear();
    EXPECT_EQ(sockets(), "");
}

TEST_F(ListenProberTest, WhenTheListenerGoesAway) {
    os::Fd server = listen_on("127.0.0.1");
    start(listen_check("127.0.0.1"));
    server.reset();
    EXPECT_EQ(loop.next().failure.reason, check::Reason::l4con);
}

TEST_F(ListenProberTest, WithoutDescriptors) {
    loop.full = true;
    start(listen_check("127.0.0.1"));
    EXPECT_EQ(text_of(loop.next()),
              "SOCKERR 0: adding a timer to the event loop failed (24: Too "
              "many open files)");
}

TEST_F(ListenProberTest, NeedsNoCapability) {
    const os::Fd server = listen_on("0.0.0.0");
    EXPECT_TRUE(holds_without(CAP_NET_ADMIN, [&] {
        start(listen_check("0.0.0.0"));
        Acceptor acceptor(server);
        acceptor.accept_all();
        return loop.next().passed();
    }));
}

}  // namespace
}  // namespace ngx_vrrp::probe
