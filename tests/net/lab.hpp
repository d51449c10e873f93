// Two machines on a cable: network namespaces A and B, made by the test
// itself, with the veth pair vr0 (in A) and vr1 (in B). The machine's own
// interfaces are out of reach from there.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/net/host.hpp"
#include "core/os/clock.hpp"
#include "core/os/fd.hpp"
#include "tests/os/fake_watcher.hpp"

namespace ngx_vrrp::net {

inline constexpr Seconds kPatience{10};

inline os::Fd current_namespace() {
    return os::Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

inline bool same_namespace(const os::Fd &a, const os::Fd &b) {
    struct stat first {};
    struct stat second {};
    return ::fstat(a.get(), &first) == 0 && ::fstat(b.get(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

// The output of a shell command with ip(8) in reach.
inline std::string output_of(const std::string &command) {
    const std::string line = "PATH=$PATH:/usr/sbin:/sbin; " + command;
    std::string output;
    FILE *pipe = ::popen(line.c_str(), "r");
    std::array<char, 4096> buffer;
    while (pipe && std::fgets(buffer.data(), buffer.size(), pipe)) {
        output += buffer.data();
    }
    if (pipe) {
        ::pclose(pipe);
    }
    return output;
}

// A test that runs in a new network namespace, where only "lo" is up.
class OwnNamespace : public ::testing::Test, public os::FakeWatcher {
protected:
    void SetUp() override {
        before_ = current_namespace();
        if (::unshare(CLONE_NEWNET) != 0) {
            GTEST_SKIP() << "root is needed";
        }
        output_of("ip link set lo up");
    }
    void TearDown() override {
        ::setns(before_.get(), CLONE_NEWNET);
        expect_nothing_watched();
    }

private:
    os::Fd before_;
};

inline void run(const std::string &command) {
    const std::string line = "PATH=$PATH:/usr/sbin:/sbin; " + command;
    ASSERT_EQ(0, std::system(line.c_str())) << command;
}

// A process that is not root may do all this in its own user namespace.
inline bool become_root_of_user_namespace() {
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    if (uid == 0) {
        return true;
    }
    if (::unshare(CLONE_NEWUSER) < 0) {
        return false;
    }
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
    return ::getuid() == 0;
}

// An nginx of the lab: event loop, engine and error.log around a Host.
class Station : public os::FakeWatcher, public Sink, public LogSink {
public:
    struct Packet {
        std::string interface;
        vrrp::PacketInfo info;
        Buffer payload;
    };

    Station() : host(std::make_unique<Host>(*this, *this, *this)) {
        on_readable = [this](int fd) {
            host->on_readable(fd);
            return true;
        };
    }
    ~Station() override {
        host.reset();
        expect_nothing_watched();
    }

    void packet_received(const engine::ReceivedPacket &packet) override {
        packets.push_back(
            {std::string(packet.interface), packet.info,
             Buffer(packet.payload.begin(), packet.payload.end())});
        if (on_packet) {
            on_packet();
        }
    }

    void interfaces_changed(const engine::Interfaces &now_there) override {
        changes++;
        packets_before_change = packets.size();
        interfaces = now_there;
    }

    void process_ended(int) override { deaths++; }

    void neighbour_claimed(const engine::NeighbourClaim &claim) override {
        claims.push_back(claim);
    }

    void write(LogLevel level, std::string_view text) override {
        log.emplace_back(level, text);
    }

    // Runs the event loop until something is true.
    bool wait(const std::function<bool()> &happened,
              Duration patience = kPatience) {
        const Instant end = os::now() + patience;
        while (!happened() && os::now() < end) {
            turn(Milliseconds{20});
            if (const auto due = host->deadline(); due && os::now() >= *due) {
                host->handle_time(os::now());
            }
        }
        return happened();
    }

    // Everything that is there already.
    void settle() {
        for (int n = 0; n < 1000 && turn(Milliseconds{0}); n++) {
        }
    }

    // As the kernel has it now.
    engine::Interface look(const std::string &name) {
        const Result<engine::Interfaces, SystemError> all = host->interfaces();
        if (!all) {
            ADD_FAILURE() << all.error().to_string();
            return {};
        }
        const engine::Interface *found = all->find(name);
        return found ? *found : engine::Interface{};
    }

    Status send(const engine::Interface &interface,
                const wire::Endpoints &endpoints, Bytes pdu,
                std::uint8_t ttl = 255) {
        std::vector<Status> answers;
        const engine::OutgoingPacket packet{&interface, endpoints, pdu, ttl};
        host->send({&packet, 1}, answers);
        return answers.front();
    }

    Status add(const engine::LeaseRequest &request) {
        std::vector<Status> answers;
        host->add({&request, 1}, answers);
        return answers.front();
    }

    Status add(const engine::Interface &interface,
               const vrrp::VirtualAddress &address, Seconds lease) {
        return add({&interface, &address, lease});
    }

    std::unique_ptr<Host> host;

    std::vector<Packet> packets;
    std::function<void()> on_packet;
    engine::Interfaces interfaces;
    int changes = 0;
    std::size_t packets_before_change = 0;
    int deaths = 0;
    std::vector<engine::NeighbourClaim> claims;
    std::vector<std::pair<LogLevel, std::string>> log;
};

inline const engine::InterfaceAddress *find_address(
    const engine::Interface &interface, const std::string &text) {
    const auto it =
        std::find_if(interface.addresses.begin(), interface.addresses.end(),
                     [&](const engine::InterfaceAddress &a) {
                         return a.address == *IpAddress::parse(text);
                     });
    return it == interface.addresses.end() ? nullptr : &*it;
}

inline std::string failure_of(const Status &status) {
    return status ? "success" : status.error().to_string();
}

#define ASSERT_DONE(status) ASSERT_EQ("success", failure_of(status))
#define EXPECT_DONE(status) EXPECT_EQ("success", failure_of(status))

class Lab : public testing::Test {
protected:
    void SetUp() override {
        home_ = current_namespace();
        if (!become_root_of_user_namespace()) {
            GTEST_SKIP() << "needs root or user namespaces";
        }
        if (!make_namespace(a_) || !make_namespace(b_)) {
            GTEST_SKIP() << "needs network namespaces";
        }
        enter(a_);
        run("ip link set lo up");
        lay_cable();
        ASSERT_DONE(a().host->open());
        enter(b_);
        ASSERT_DONE(b().host->open());
        enter(a_);
        ASSERT_TRUE(a().wait([&] { return a().look("vr0").up; }));
        ASSERT_TRUE(b().wait([&] { return b().look("vr1").up; }));
        a().settle();
        b().settle();
    }

    void TearDown() override {
        station_a_.reset();
        station_b_.reset();
        if (home_) {
            ::setns(home_.get(), CLONE_NEWNET);
        }
    }

    Station &a() { return *station_a_; }
    Station &b() { return *station_b_; }

    void in_a(const std::string &command) { run_in(a_, command); }
    void in_b(const std::string &command) { run_in(b_, command); }
    void enter_a() { enter(a_); }
    void enter_b() { enter(b_); }

    // Both ends up, with an IPv4 and a link-local address each, and no other.
    void lay_cable() {
        in_a("ip link add vr0 type veth peer name vr1 netns /proc/" +
             std::to_string(::getpid()) + "/fd/" + std::to_string(b_.get()));
        in_a("ip link set vr0 addrgenmode none up");
        in_b("ip link set vr1 addrgenmode none up");
        in_a("ip addr add 10.9.0.1/24 dev vr0");
        in_b("ip addr add 10.9.0.2/24 dev vr1");
        in_a("ip addr add fe80::1/64 dev vr0 nodad");
        in_b("ip addr add fe80::2/64 dev vr1 nodad");
    }

private:
    void enter(const os::Fd &space) {
        ASSERT_FALSE(same_namespace(space, home_));
        ASSERT_EQ(0, ::setns(space.get(), CLONE_NEWNET));
    }

    void run_in(const os::Fd &space, const std::string &command) {
        const os::Fd back = current_namespace();
        enter(space);
        run(command);
        ASSERT_EQ(0, ::setns(back.get(), CLONE_NEWNET));
    }

    bool make_namespace(os::Fd &space) {
        if (::unshare(CLONE_NEWNET) < 0) {
            return false;
        }
        space = current_namespace();
        return space && !same_namespace(space, home_);
    }

    os::Fd home_;
    os::Fd a_;
    os::Fd b_;
    std::unique_ptr<Station> station_a_ = std::make_unique<Station>();
    std::unique_ptr<Station> station_b_ = std::make_unique<Station>();
};

// Whether the body is true in a child process that lacks the capability.
inline bool holds_without(int capability, const std::function<bool()> &body) {
    const pid_t child = ::fork();
    if (child == 0) {
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct data[2];
        ::syscall(SYS_capget, &header, data);
        data[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
        const bool dropped = ::syscall(SYS_capset, &header, data) == 0;
        ::_exit(dropped && body() ? 0 : 1);
    }

    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
}

}  // namespace ngx_vrrp::net
