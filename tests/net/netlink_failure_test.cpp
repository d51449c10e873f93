// netlink on a bad day: answers that do not come, dumps that are interrupted,
// messages of others. This file's recvfrom() is called in place of the C
// library's.
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/net/lab.hpp"
#include "tests/node/router_process.hpp"

namespace {

// The error of the next call, or 0; what becomes of a datagram.
std::function<int(bool for_events)> fail_next;
std::function<void(std::uint8_t *, std::size_t)> change;

}  // namespace

extern "C" ssize_t recvfrom(int fd, void *buffer, std::size_t size, int flags,
                            sockaddr *from, socklen_t *from_size) {
    const bool for_events = (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    if (const int error = fail_next ? fail_next(for_events) : 0; error != 0) {
        errno = error;
        return -1;
    }
    const ssize_t n =
        ::syscall(SYS_recvfrom, fd, buffer, size, flags, from, from_size);
    if (n > 0 && change) {
        change(static_cast<std::uint8_t *>(buffer), static_cast<size_t>(n));
    }
    return n;
}

namespace ngx_vrrp::net {
namespace {

class NetlinkFailure : public Lab {
protected:
    void TearDown() override {
        fail_next = nullptr;
        change = nullptr;
        Lab::TearDown();
    }

    // The next answers to requests, after the loss of events.
    static void fail(int times, int error, bool lost = false) {
        fail_next = [times, error, lost](bool for_events) mutable {
            if (for_events) {
                return std::exchange(lost, false) ? ENOBUFS : 0;
            }
            return times-- > 0 ? error : 0;
        };
    }

    // Every message from now on.
    template <class Change>
    static void change_each(Change change_one) {
        change = [change_one](std::uint8_t *bytes, std::size_t size) {
            int rest = static_cast<int>(size);
            auto *message = reinterpret_cast<nlmsghdr *>(bytes);
            for (; nlmsg_ok(message, rest);
                 message = nlmsg_next(message, &rest)) {
                change_one(*message);
            }
        };
    }

    // As the kernel marks a dump while something changes.
    static void interrupt_dumps() {
        change_each([](nlmsghdr &message) {
            if ((message.nlmsg_flags & NLM_F_MULTI) != 0) {
                message.nlmsg_flags |= NLM_F_DUMP_INTR;
            }
        });
    }

    static void refuse_routes(int error) {
        change_each([error](nlmsghdr &message) {
            if (message.nlmsg_type == RTM_NEWROUTE) {
                message.nlmsg_type = NLMSG_ERROR;
                static_cast<nlmsgerr *>(nlmsg_data(&message))->error = -error;
            }
        });
    }

    bool vr0_is_up() {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && vr0->up;
    }

    // The event loop when nothing can be read.
    void pass_deadlines() {
        for (int n = 0; n < 20 && a().host->deadline(); n++) {
            a().host->handle_time(*a().host->deadline());
        }
    }
};

TEST_F(NetlinkFailure, ADumpThatFailsAfterALossIsTriedAgain) {
    in_a("ip link set vr0 down");
    fail(3, ENOBUFS, true);
    a().turn(Milliseconds{100});
    EXPECT_TRUE(a().host->deadline());
    EXPECT_EQ(a().log.size(), 2u);

    fail_next = nullptr;
    const int before = a().changes;
    in_a("ip link set vr0 up");
    pass_deadlines();
    EXPECT_TRUE(a().wait([&] { return vr0_is_up(); }));
    EXPECT_GT(a().changes, before);
    pass_deadlines();
    EXPECT_FALSE(a().host->deadline());
}

TEST_F(NetlinkFailure, FailuresAreLoggedOnceInAWhile) {
    in_a("ip link set vr0 down");
    for (int n = 0; n < 100; n++) {
        fail(1 << 30, ENOMEM, true);
        a().host->catch_up();
    }
    ASSERT_EQ(a().log.size(), 2u);
    EXPECT_EQ(a().log[1].second,
              "reading links and addresses failed (12: Cannot allocate "
              "memory), retrying in 10 ms");

    // the pauses become longer
    const Instant last = *a().host->deadline();
    EXPECT_GT(last, os::now() + Milliseconds{500});
}

// One that is interrupted without end is not complete, and is taken.
TEST_F(NetlinkFailure, InterruptedDumpIsUsedAndRepeated) {
    interrupt_dumps();
    const auto read = a().host->interfaces();
    ASSERT_TRUE(read);
    EXPECT_NE(read->find("vr0"), nullptr);
    EXPECT_TRUE(a().host->deadline());

    change = nullptr;
    pass_deadlines();
    EXPECT_FALSE(a().host->deadline());
}

TEST_F(NetlinkFailure, InterruptedDumpTakesNothingAway) {
    ASSERT_TRUE(a().host->interfaces());
    in_a("ip addr add 10.7.0.1/32 dev vr0");
    a().settle();
    ASSERT_NE(find_address(*a().interfaces.find("vr0"), "10.7.0.1"), nullptr);

    // one in which no address was found
    change_each([](nlmsghdr &message) {
        if (message.nlmsg_type == RTM_NEWADDR) {
            message.nlmsg_type = NLMSG_NOOP;
            message.nlmsg_flags |= NLM_F_DUMP_INTR;
        }
    });
    in_a("ip link set vr0 down");
    fail(0, 0, true);
    a().turn(Milliseconds{100});
    ASSERT_NE(a().interfaces.find("vr0"), nullptr);
    EXPECT_NE(find_address(*a().interfaces.find("vr0"), "10.7.0.1"), nullptr);
    EXPECT_FALSE(vr0_is_up());
}

TEST_F(NetlinkFailure, ADumpOfRoutesThatFailsIsTriedAgain) {
    ASSERT_TRUE(a().host->watch_routes(true));
    ASSERT_TRUE(a().host->interfaces());
    ASSERT_FALSE(a().host->deadline());

    in_a("ip route add 198.51.100.0/24 dev vr0 proto 112");
    fail(1 << 30, ENOBUFS);
    a().turn(Milliseconds{100});
    ASSERT_EQ(a().log.size(), 1u);
    EXPECT_EQ(a().log[0].second,
              "reading routes and rules failed (105: No buffer space "
              "available), retrying in 10 ms");
    EXPECT_TRUE(a().interfaces.routes.empty());

    // the pauses become longer
    for (int n = 0; n < 10; n++) {
        a().host->handle_time(*a().host->deadline());
    }
    EXPECT_GT(*a().host->deadline(), os::now() + Milliseconds{500});

    // at first the kernel is still busy with a dump that was not read
    fail_next = nullptr;
    pass_deadlines();
    EXPECT_EQ(a().interfaces.routes.size(), 1u);
    EXPECT_FALSE(a().host->deadline());
    EXPECT_EQ(a().log.size(), 1u);
}

// A start without them would leave those of an earlier process behind.
TEST_F(NetlinkFailure, AStartNeedsTheRoutesIfTheKernelHasThem) {
    in_a("ip route add 198.51.100.0/24 dev vr0 proto 112");
    ASSERT_TRUE(a().host->watch_routes(true));

    refuse_routes(ENOBUFS);
    const auto read = a().host->interfaces();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ENOBUFS);
    EXPECT_TRUE(a().log.empty());

    refuse_routes(EINVAL);
    EXPECT_TRUE(a().host->interfaces());
    EXPECT_TRUE(a().host->deadline());
    EXPECT_EQ(a().log.size(), 1u);

    change = nullptr;
    ASSERT_TRUE(a().host->interfaces());
    EXPECT_EQ(a().host->interfaces()->routes.size(), 1u);
    EXPECT_FALSE(a().host->deadline());
}

// Each attempt may block the process for a second.
TEST_F(NetlinkFailure, ADumpOfRoutesWithoutAnswerIsNotRepeatedAtOnce) {
    ASSERT_TRUE(a().host->watch_routes(true));
    ASSERT_TRUE(a().host->interfaces());
    in_a("ip route add 198.51.100.0/24 dev vr0 proto 112");
    refuse_routes(ETIMEDOUT);
    a().turn(Milliseconds{100});

    ASSERT_TRUE(a().host->deadline());
    EXPECT_GT(*a().host->deadline(), os::now() + Seconds{5});
}

TEST_F(NetlinkFailure, RoutesHoldUpNothingWhereNoneIsConfigured) {
    in_a("ip route add 198.51.100.0/24 dev vr0 proto 112");
    ASSERT_TRUE(a().host->watch_routes(false));

    refuse_routes(EINVAL);
    EXPECT_TRUE(a().host->interfaces());
    EXPECT_FALSE(a().host->deadline()) << "the kernel has none";
    refuse_routes(ENOBUFS);
    EXPECT_TRUE(a().host->interfaces());
    ASSERT_TRUE(a().host->deadline());
    EXPECT_GT(*a().host->deadline(), os::now() + Seconds{5});

    // those of an earlier process are found, and followed until they are gone
    change = nullptr;
    a().host->handle_time(*a().host->deadline());
    EXPECT_EQ(a().interfaces.routes.size(), 1u);
    EXPECT_FALSE(a().host->deadline());
    in_a("ip route del 198.51.100.0/24 dev vr0 proto 112");
    a().settle();
    EXPECT_TRUE(a().interfaces.routes.empty());
    const int before = a().changes;
    refuse_routes(ENOBUFS);
    in_a("ip link set vr0 address 02:00:00:00:00:07");
    a().settle();
    EXPECT_GT(a().changes, before);
    EXPECT_FALSE(a().host->deadline());
}

// An address of another program keeps its mark when we prolong it.
TEST_F(NetlinkFailure, AnEventCostsNoDumpForAnAddressThatWasThereBefore) {
    in_a("ip addr add 10.9.0.77/24 dev vr0 valid_lft 900 preferred_lft 900");
    a().settle();
    const engine::Interface vr0 = a().look("vr0");
    const vrrp::VirtualAddress theirs{*IpAddress::parse("10.9.0.77"), 24, "vr0",
                                      ""};
    int dumps = 0;
    change_each([&](nlmsghdr &message) {
        dumps += message.nlmsg_type == NLMSG_DONE;
        if (message.nlmsg_type == RTM_NEWADDR) {
            nlattr *mark = nlmsg_find_attr(&message, sizeof(ifaddrmsg), 11);
            if (mark != nullptr) {
                mark->nla_type = 1000;  // not IFA_PROTO
            }
        }
    });

    for (int n = 0; n < 3; ++n) {
        ASSERT_DONE(a().add(vr0, theirs, Seconds{500}));
    }
    const int before = a().changes;
    in_a("ip link set vr0 address 02:00:00:00:00:07");
    a().settle();

    EXPECT_GT(a().changes, before);
    EXPECT_EQ(dumps, 0);
}

// Any process may send to our socket, if it is privileged in its own
// namespace.
TEST_F(NetlinkFailure, MessagesOfOtherProcessesAreIgnored) {
    ASSERT_TRUE(a().host->interfaces());
    sockaddr_nl to{};
    socklen_t size = sizeof(to);
    ASSERT_EQ(0, ::getsockname(a().watched.at(0),
                               reinterpret_cast<sockaddr *>(&to), &size));
    const os::Fd forger(
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));

    struct {
        nlmsghdr header{};
        ifaddrmsg body{};
        nlattr attribute{};
        std::uint8_t address[4] = {10, 66, 0, 1};
    } forged;
    forged.header.nlmsg_len = sizeof(forged);
    forged.header.nlmsg_type = RTM_NEWADDR;
    forged.body.ifa_family = AF_INET;
    forged.body.ifa_prefixlen = 32;
    forged.body.ifa_index = ::if_nametoindex("vr0");
    forged.attribute.nla_len = sizeof(nlattr) + 4;
    forged.attribute.nla_type = IFA_LOCAL;
    ASSERT_EQ(static_cast<ssize_t>(sizeof(forged)),
              ::sendto(forger.get(), &forged, sizeof(forged), 0,
                       reinterpret_cast<const sockaddr *>(&to), sizeof(to)));

    a().turn(Milliseconds{1000});
    EXPECT_EQ(a().changes, 0);
}

// 1000 addresses come and go without end: the link is seen, and the log is
// short.
TEST_F(NetlinkFailure, LinkIsSeenWhileOthersChangeAddresses) {
    ASSERT_TRUE(a().host->interfaces());
    in_a(
        "for n in $(seq 1 1000); do echo addr add "
        "10.8.$((n / 200)).$((n % 200 + 1))/32 dev lo; done > /tmp/net_batch_"
        "add.$$; sed s/add/del/ /tmp/net_batch_add.$$ > /tmp/net_batch_del.$$;"
        "(timeout 4 sh -c 'while :; do ip -force -batch /tmp/net_batch_add.'$$'"
        "; ip -force -batch /tmp/net_batch_del.'$$'; done' > /dev/null 2>&1; "
        "rm -f /tmp/net_batch_*.$$) > /dev/null 2>&1 &");
    const Instant churn = os::now();
    a().wait([&] { return os::now() > churn + Seconds{1}; });

    in_a("ip link set vr0 down");
    const Instant down = os::now();
    EXPECT_TRUE(a().wait([&] {
        const engine::Interface *vr0 = a().interfaces.find("vr0");
        return vr0 && !vr0->up;
    }));
    EXPECT_LT(os::now() - down, Milliseconds{500});

    const auto through = [&] {
        if (const auto due = a().host->deadline(); due && os::now() >= *due) {
            a().host->handle_time(os::now());
        }
        return os::now() > churn + Seconds{5};
    };
    a().wait(through);
    EXPECT_LE(a().log.size(), 3u);

    // and when it is over, all is as the kernel has it
    a().wait([&] {
        through();
        return !a().host->deadline();
    });
    const std::vector<engine::Interface> seen = a().interfaces.list;
    EXPECT_EQ(seen.size(), a().host->interfaces()->list.size());
    for (const engine::Interface &link : seen) {
        EXPECT_EQ(link.addresses.size(), a().look(link.name).addresses.size());
    }
}

// The whole of it: a vrrp process that starts on such a day.
class StartFailure : public NetlinkFailure {
protected:
    StartFailure() {
        instance_.put_into(configuration_.conf);
        area_.emplace(configuration_.conf);
        EXPECT_EQ(configuration_.begin(*area_), VRRP_CORE_OK);
    }

    std::unique_ptr<node::RouterProcess> create() {
        return std::make_unique<node::RouterProcess>(configuration_, *area_,
                                                     ::getpid());
    }

private:
    node::OneInstance instance_{"vr0", {4, {10, 9, 0, 200}}};
    node::Configuration configuration_{{}};
    std::optional<node::SharedArea> area_;
};

TEST_F(StartFailure, WhatMayPassIsTriedAgain) {
    for (const int error : {ENOBUFS, ENOMEM, EAGAIN}) {
        fail(1 << 30, error);
        const auto process = create();
        EXPECT_EQ(process->start(::getppid()), VRRP_CORE_OK);
        const std::size_t before = process->watched.size();

        // its deadlines pass faster than time does
        process->on_timer();
        EXPECT_EQ(process->lines_with("VRRP is not running yet"), 1);
        fail_next = nullptr;
        const Instant end = os::now() + kPatience;
        while (process->watched.size() == before && os::now() < end) {
            ::usleep(10000);
            process->on_timer();
        }
        EXPECT_GT(process->watched.size(), before) << "no VRRP socket";
        EXPECT_EQ(process->lines_with("failed"), 1);
        process->terminate();
    }
}

TEST_F(StartFailure, WhatIsForbiddenIsNot) {
    fail(1 << 30, EPERM);
    const auto process = create();
    EXPECT_EQ(process->start(::getppid()), VRRP_CORE_ERROR);
    EXPECT_FALSE(process->finished());
    EXPECT_EQ(process->lines_with("VRRP is disabled"), 1);
    EXPECT_EQ(process->lines_with("yet"), 0);
    EXPECT_EQ(process->lines_with("Operation not permitted"), 2);
    process->terminate();
}

}  // namespace
}  // namespace ngx_vrrp::net
