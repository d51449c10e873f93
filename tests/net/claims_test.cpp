// Several processes of one node, here several Claims in one process: what
// they share is the kernel's namespace of abstract sockets.
#include "core/net/claims.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::net {
namespace {

// A name that no other test run on this machine has.
engine::RouterKey key() {
    return {"claim" + std::to_string(::getpid()), Family::ipv4, Vrid{51}};
}

class Process final : public Watcher, public ClaimSink {
public:
    explicit Process(int configured_at)
        : claims(*this, *this, log, instant_from_ns(configured_at)) {}

    bool watch(int fd) override {
        fds_.push_back(fd);
        return true;
    }
    void unwatch(int fd) override { std::erase(fds_, fd); }

    void claim_granted(const engine::RouterKey &,
                       const std::string &handover) override {
        granted.push_back(handover);
    }
    void claim_wanted(const engine::RouterKey &wanted) override {
        ++asked;
        if (answer) {
            claims.pass_on(wanted, "state");
        }
    }

    // Handles what is readable now; false when nothing was.
    bool step() {
        const std::vector<int> fds = fds_;
        bool any = false;
        for (const int fd : fds) {
            pollfd p{.fd = fd, .events = POLLIN, .revents = 0};
            if (::poll(&p, 1, 0) == 1) {
                any |= claims.on_readable(fd);
            }
        }
        return any;
    }

    std::vector<std::string> granted;
    int asked = 0;
    bool answer = true;
    testing::RememberingLog log;

private:
    std::vector<int> fds_;

public:
    Claims claims;
};

void settle(std::initializer_list<Process *> processes) {
    for (int i = 0; i < 100; ++i) {
        bool any = false;
        for (Process *process : processes) {
            any |= process->step();
        }
        if (!any) {
            return;
        }
    }
    FAIL() << "the processes go on talking";
}

TEST(Claims, TheFirstOwnsAtOnce) {
    Process only(1);
    EXPECT_TRUE(only.claims.claim(key()));
    EXPECT_TRUE(only.claims.claim(key()));
    EXPECT_FALSE(only.claims.has_heir(key()));
}

TEST(Claims, OtherRoutersAreOthers) {
    Process a(1);
    Process b(2);
    EXPECT_TRUE(a.claims.claim(key()));
    engine::RouterKey other = key();
    other.family = Family::ipv6;
    EXPECT_TRUE(b.claims.claim(other));
}

TEST(Claims, ANewerConfigurationGetsItWithTheState) {
    Process old(1);
    Process heir(2);
    ASSERT_TRUE(old.claims.claim(key()));
    EXPECT_FALSE(heir.claims.claim(key()));
    settle({&old, &heir});
    EXPECT_EQ(old.asked, 1);
    EXPECT_EQ(heir.granted, std::vector<std::string>{"state"});
    EXPECT_FALSE(old.claims.claim(key())) << "it has to wait now";
}

TEST(Claims, AnOlderOneWaitsForTheOwnersDeath) {
    auto owner = std::make_unique<Process>(5);
    Process older(1);
    ASSERT_TRUE(owner->claims.claim(key()));
    EXPECT_FALSE(older.claims.claim(key()));
    settle({owner.get(), &older});
    EXPECT_EQ(owner->asked, 0);
    EXPECT_TRUE(owner->claims.has_heir(key()));
    EXPECT_TRUE(older.granted.empty());

    owner.reset();
    settle({&older});
    EXPECT_EQ(older.granted, std::vector<std::string>{""});
}

TEST(Claims, AnOlderOneGetsItBackByTheOwnersWill) {
    Process owner(5);
    Process older(1);
    ASSERT_TRUE(owner.claims.claim(key()));
    EXPECT_FALSE(older.claims.claim(key()));
    settle({&owner, &older});
    EXPECT_TRUE(owner.claims.pass_on(key(), "back"));
    settle({&owner, &older});
    EXPECT_EQ(older.granted, std::vector<std::string>{"back"});
}

TEST(Claims, TheNewestOfThoseWhoWaitIsNext) {
    Process owner(1);
    owner.answer = false;
    Process second(2);
    Process third(3);
    ASSERT_TRUE(owner.claims.claim(key()));
    second.claims.claim(key());
    third.claims.claim(key());
    settle({&owner, &second, &third});

    EXPECT_TRUE(owner.claims.pass_on(key(), "state"));
    settle({&owner, &second, &third});
    EXPECT_EQ(third.granted, std::vector<std::string>{"state"});
    EXPECT_TRUE(second.granted.empty());
    EXPECT_TRUE(third.claims.has_heir(key()));
}

TEST(Claims, AnHeirThatDiedGetsNothing) {
    Process owner(1);
    owner.answer = false;
    {
        Process heir(2);
        ASSERT_TRUE(owner.claims.claim(key()));
        heir.claims.claim(key());
        settle({&owner, &heir});
        EXPECT_TRUE(owner.claims.has_heir(key()));
    }
    settle({&owner});
    EXPECT_FALSE(owner.claims.has_heir(key()));
    EXPECT_FALSE(owner.claims.pass_on(key(), "state"));
}

TEST(Claims, WhoEndsLeavesItToOthers) {
    auto a = std::make_unique<Process>(1);
    Process b(2);
    ASSERT_TRUE(a->claims.claim(key()));
    a.reset();
    EXPECT_TRUE(b.claims.claim(key()));
}

TEST(Claims, WhoStopsWaitingIsNoHeir) {
    Process owner(1);
    owner.answer = false;
    Process heir(2);
    ASSERT_TRUE(owner.claims.claim(key()));
    EXPECT_FALSE(heir.claims.claim(key()));
    settle({&owner, &heir});

    EXPECT_EQ(heir.claims.withdraw(key()), std::nullopt);
    EXPECT_FALSE(owner.claims.pass_on(key(), "state"));
}

TEST(Claims, WhatIsOnItsWayIsNotLost) {
    Process owner(1);
    Process heir(2);
    ASSERT_TRUE(owner.claims.claim(key()));
    EXPECT_FALSE(heir.claims.claim(key()));
    settle({&owner});
    ASSERT_EQ(owner.asked, 1);

    EXPECT_EQ(heir.claims.withdraw(key()), "state");
    Process third(3);
    EXPECT_FALSE(third.claims.claim(key())) << "the heir owns it now";
}

TEST(Claims, NonsenseFromAConnectionIsTheEndOfIt) {
    Process owner(1);
    ASSERT_TRUE(owner.claims.claim(key()));

    const std::string name = "ngx_vrrp/" + to_string(key());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const Fd fd(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    ASSERT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr *>(&address),
                        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) +
                                               1 + name.size())),
              0);
    ASSERT_EQ(::send(fd.get(), "hello", 5, 0), 5);
    settle({&owner});
    EXPECT_EQ(owner.asked, 0);
    EXPECT_FALSE(owner.claims.has_heir(key()));

    char byte = 0;
    EXPECT_EQ(::recv(fd.get(), &byte, 1, MSG_DONTWAIT), 0);
}

}  // namespace
}  // namespace ngx_vrrp::net
