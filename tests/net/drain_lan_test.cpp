// Two nodes and a client on a bridge: an address moves, and the node that left
// finishes its connections.
#include <gmock/gmock.h>
#include <linux/if_packet.h>

#include <cstdint>

#include "tests/net/drain_lab.hpp"

namespace ngx_vrrp::net::drain {
namespace {

// Frames of the tap

class DrainFrameShapes : public Node {
protected:
    static Buffer tagged(const Buffer &frame, std::uint16_t tag) {
        Buffer with = frame;
        const std::array<std::uint8_t, 4> q{0x81, 0,
                                            static_cast<std::uint8_t>(tag >> 8),
                                            static_cast<std::uint8_t>(tag)};
        with.insert(with.begin() + 12, q.begin(), q.end());
        return with;
    }

    // What goes to the node that left, or to the client: a reset.
    std::optional<Buffer> answer() {
        return tap_.read([](const Buffer &frame) {
            return is_to(frame, kLeaverMac) || is_to(frame, kClientMac);
        });
    }

    static Segment forwarded() {
        return {.ttl = 63, .from_mac = kNodeMac, .to_mac = kLeaverMac};
    }
};

TEST_F(DrainFrameShapes, SendsThemOut) {
    forward();
    tap_.hand_over(frame_of(Segment{}));

    EXPECT_EQ(frame_of(forwarded()), answer());
}

// Otherwise the kernel resets the connection.
TEST_F(DrainFrameShapes, ReadsPacketsInPieces) {
    forward();
    tap_.hand_over_in_pieces(frame_of(Segment{.payload = 5000}));

    Segment whole = forwarded();
    whole.payload = 5000;
    EXPECT_EQ(frame_of(whole), answer());
}

TEST_F(DrainFrameShapes, KeepsTheTagOfAPriority) {
    forward();
    tap_.hand_over(tagged(frame_of(Segment{}), 0xa000));

    EXPECT_EQ(tagged(frame_of(forwarded()), 0xa000), answer());
}

// They are for the interface of the VLAN.
TEST_F(DrainFrameShapes, LeavesFramesOfVlans) {
    forward();
    tap_.hand_over(tagged(frame_of(Segment{.from_port = 7}), 7));
    tap_.hand_over(frame_of(Segment{}));

    EXPECT_EQ(frame_of(forwarded()), answer());
}

TEST_F(DrainFrameShapes, KeepsTheTagOfAVlan) {
    if (output_of("ip link add link vr0 name vr0.7 type vlan id 7 2>&1") !=
        "") {
        GTEST_SKIP() << "this kernel has no VLANs";
    }
    run("ip link set vr0.7 addrgenmode none up");
    run("ip addr add 10.9.0.100/24 dev vr0.7");
    run("ip neigh add 10.9.0.9 lladdr 02:00:00:00:00:0c dev vr0.7");
    ASSERT_DONE(programs_.forward(look("vr0.7"), {kVip}, kLeaverMac, kNodeMac,
                                  Seconds{60}));
    tap_.hand_over(tagged(frame_of(Segment{}), 7));

    EXPECT_EQ(tagged(frame_of(forwarded()), 7), answer());
}

// With use_vmac, the frame still has the MAC address that the other node knows.
TEST_F(DrainFrameShapes, GoOutOfADeviceWithTheVirtualMac) {
    run("ip link add link vr0 name vrrp.51 address 00:00:5e:00:01:33"
        " type macvlan mode private");
    run("ip link set vrrp.51 addrgenmode none up");
    ASSERT_DONE(programs_.forward(look("vrrp.51"), {kVip}, kLeaverMac, kNodeMac,
                                  Seconds{60}));
    tap_.hand_over(frame_of(Segment{.to_mac = {0, 0, 0x5e, 0, 1, 0x33}}));

    EXPECT_EQ(frame_of(forwarded()), answer());
}

// The LAN

struct Machine {
    os::Fd space;
    engine::Interface interface;
    DrainPrograms programs;
};

class DrainLan : public OwnNamespace {
protected:
    void SetUp() override {
        OwnNamespace::SetUp();
        if (IsSkipped()) {
            return;
        }
        if (kDrainObjectSize == 0) {
            GTEST_SKIP() << "built without clang";
        }
        lan_ = current_namespace();
        run("ip link add br0 type bridge forward_delay 0");
        run("ip link set br0 addrgenmode none address 02:00:00:00:00:0c up");
        run("ip addr add 10.9.0.9/24 dev br0");
        run("ip addr add fd09::9/64 dev br0 nodad");
        add_machine(a_, "a", "10.9.0.1", "fd09::1", kLeaverMac);
        add_machine(b_, "b", "10.9.0.2", "fd09::2", kNodeMac);
        in(a_, "ip addr add 10.9.0.100/24 dev vr0");
        in(a_, "ip addr add fd09::100/64 dev vr0 nodad");
    }

    void TearDown() override {
        a_ = {};
        b_ = {};
        OwnNamespace::TearDown();
    }

    void add_machine(Machine &machine, const std::string &name,
                     const std::string &address, const std::string &address6,
                     const MacAddress &mac) {
        ASSERT_EQ(0, ::unshare(CLONE_NEWNET));
        machine.space = current_namespace();
        ASSERT_EQ(0, ::setns(lan_.get(), CLONE_NEWNET));
        run("ip link add node-" + name +
            " type veth peer name vr0 netns /proc/" +
            std::to_string(::getpid()) + "/fd/" +
            std::to_string(machine.space.get()));
        run("ip link set node-" + name + " master br0 addrgenmode none up");
        in(machine, "ip link set lo up");
        in(machine,
           "ip link set vr0 addrgenmode none address 02:00:00:00:00:0" + name +
               " up");
        in(machine, "ip addr add " + address + "/24 dev vr0");
        in(machine, "ip addr add " + address6 + "/64 dev vr0 nodad");
        const Inside inside(machine, lan_);
        machine.interface = {
            .name = "vr0",
            .index = IfIndex{::if_nametoindex("vr0")},
            .mac = mac,
            .addresses = {
                {.address = *IpAddress::parse(address), .prefix_length = 24}}};
        machine.programs = DrainPrograms::load();
        ASSERT_EQ("", machine.programs.why_unavailable());
    }

    class Inside {
    public:
        Inside(const Machine &machine, const os::Fd &back) : back_(back) {
            EXPECT_EQ(0, ::setns(machine.space.get(), CLONE_NEWNET));
        }
        ~Inside() { ::setns(back_.get(), CLONE_NEWNET); }
        Inside(const Inside &) = delete;
        Inside &operator=(const Inside &) = delete;

    private:
        const os::Fd &back_;
    };

    void in(const Machine &machine, const std::string &command) {
        const Inside inside(machine, lan_);
        run(command);
    }

    static void set_patience(const os::Fd &fd) {
        const timeval patience{kPatience.count(), 0};
        for (const int direction : {SO_RCVTIMEO, SO_SNDTIMEO}) {
            ::setsockopt(fd.get(), SOL_SOCKET, direction, &patience,
                         sizeof(patience));
        }
    }

    os::Fd listen_at(const Machine &machine) {
        const Inside inside(machine, lan_);
        os::Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int off = 0;
        ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
        set_patience(fd);
        sockaddr_in6 any{};
        any.sin6_family = AF_INET6;
        any.sin6_port = htons(kPort);
        EXPECT_EQ(0, ::bind(fd.get(), reinterpret_cast<sockaddr *>(&any),
                            sizeof(any)));
        EXPECT_EQ(0, ::listen(fd.get(), 16));
        return fd;
    }

    static os::Fd socket_of_client(int domain) {
        os::Fd fd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
        set_patience(fd);
        return fd;
    }

    os::Fd connect_to_vip(Family family) {
        if (family == Family::ipv4) {
            os::Fd fd = socket_of_client(AF_INET);
            sockaddr_in to{};
            to.sin_family = AF_INET;
            to.sin_port = htons(kPort);
            ::inet_pton(AF_INET, "10.9.0.100", &to.sin_addr);
            EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr *>(&to),
                                   sizeof(to)));
            return fd;
        }
        os::Fd fd = socket_of_client(AF_INET6);
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(kPort);
        ::inet_pton(AF_INET6, "fd09::100", &to.sin6_addr);
        EXPECT_EQ(0, ::connect(fd.get(), reinterpret_cast<sockaddr *>(&to),
                               sizeof(to)));
        return fd;
    }

    static os::Fd accept_from(const os::Fd &listening) {
        os::Fd fd(::accept(listening.get(), nullptr, nullptr));
        EXPECT_TRUE(fd);
        set_patience(fd);
        return fd;
    }

    // A to B, as the agreement of the drain does it.
    void move() {
        ASSERT_DONE(b_.programs.forward(b_.interface, {kVip, kVip6}, kLeaverMac,
                                        kNodeMac, Seconds{60}));
        ASSERT_DONE(a_.programs.hide(a_.interface, {kVip, kVip6}, kNodeMac,
                                     Seconds{60}));
        in(a_, "ip addr add 10.9.0.100/32 dev lo");
        in(a_, "ip addr del 10.9.0.100/24 dev vr0");
        in(a_, "ip addr add fd09::100/128 dev lo nodad");
        in(a_, "ip addr del fd09::100/64 dev vr0");
        in(b_, "ip addr add 10.9.0.100/24 dev vr0");
        in(b_, "ip addr add fd09::100/64 dev vr0 nodad");
        run("ip neigh flush dev br0");
    }

    static std::string say(const os::Fd &from, const os::Fd &to,
                           const std::string &text) {
        EXPECT_EQ(static_cast<ssize_t>(text.size()),
                  ::send(from.get(), text.data(), text.size(), MSG_NOSIGNAL));
        std::string heard(text.size(), '\0');
        const ssize_t n =
            ::recv(to.get(), heard.data(), heard.size(), MSG_WAITALL);
        heard.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
        return heard;
    }

    static std::string neighbour() {
        return output_of("ip -o neigh show 10.9.0.100 dev br0");
    }

    DrainCounts counts(const Machine &machine, const IpAddress &address) {
        return machine.programs.counts(machine.interface, address);
    }

    os::Fd lan_;
    Machine a_;
    Machine b_;
};

class DrainMove : public DrainLan,
                  public ::testing::WithParamInterface<Family> {
protected:
    const IpAddress &vip() const {
        return GetParam() == Family::ipv4 ? kVip : kVip6;
    }
};

INSTANTIATE_TEST_SUITE_P(Both, DrainMove,
                         ::testing::Values(Family::ipv4, Family::ipv6),
                         [](const auto &p) {
                             return p.param == Family::ipv4 ? "IPv4" : "IPv6";
                         });

TEST_P(DrainMove, CutsNoConnection) {
    const os::Fd listening_a = listen_at(a_);
    const os::Fd listening_b = listen_at(b_);
    const os::Fd client = connect_to_vip(GetParam());
    const os::Fd server = accept_from(listening_a);
    EXPECT_EQ("before", say(client, server, "before"));
    move();

    EXPECT_EQ("after", say(client, server, "after"));
    EXPECT_EQ("answer", say(server, client, "answer"));
    const std::string much(60000, 'x');
    EXPECT_EQ(much, say(server, client, much));
    EXPECT_EQ(much, say(client, server, much));

    EXPECT_LT(0u, counts(b_, vip()).forwarded);
    EXPECT_EQ(counts(b_, vip()).forwarded, counts(a_, vip()).received);

    const os::Fd next = connect_to_vip(GetParam());
    const os::Fd next_server = accept_from(listening_b);
    EXPECT_EQ("new", say(next, next_server, "new"));
}

// Both nodes have to ask again who has which address.
TEST_F(DrainLan, TheAddressStaysWithItsOwner) {
    const os::Fd listening_a = listen_at(a_);
    const os::Fd client = connect_to_vip(Family::ipv4);
    const os::Fd server = accept_from(listening_a);
    move();
    EXPECT_EQ("after", say(client, server, "after"));
    EXPECT_THAT(neighbour(), ::testing::HasSubstr("02:00:00:00:00:0b"));

    in(a_, "ip neigh flush dev vr0");
    EXPECT_EQ("answer", say(server, client, "answer"));
    EXPECT_THAT(neighbour(), ::testing::HasSubstr("02:00:00:00:00:0b"));

    run("ip neigh flush dev br0");
    EXPECT_EQ("again", say(client, server, "again"));
    EXPECT_THAT(neighbour(), ::testing::HasSubstr("02:00:00:00:00:0b"));
}

TEST_F(DrainLan, ASegmentOfNobodyIsForwardedOnce) {
    move();
    ASSERT_DONE(a_.programs.forward(a_.interface, {kVip}, kNodeMac, kLeaverMac,
                                    Seconds{60}));
    const os::Fd wire(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex("br0"));
    to.sll_halen = 6;
    const Buffer frame = frame_of(Segment{});
    ASSERT_EQ(static_cast<ssize_t>(frame.size()),
              ::sendto(wire.get(), frame.data(), frame.size(), 0,
                       reinterpret_cast<sockaddr *>(&to), sizeof(to)));

    EXPECT_TRUE(wait([&] { return counts(a_, kVip).returned == 1; }));
    EXPECT_EQ(1u, counts(b_, kVip).forwarded);
    EXPECT_EQ(0u, counts(a_, kVip).forwarded);
}

}  // namespace
}  // namespace ngx_vrrp::net::drain
