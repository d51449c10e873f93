// Two nginx with the same virtual router find out about each other.
#include "core/net/router_names.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "core/base/time.hpp"
#include "tests/os/fake_watcher.hpp"

namespace ngx_vrrp::net {
namespace {

class RouterNamesTest : public ::testing::Test, public os::FakeWatcher {
protected:
    void TearDown() override { expect_nothing_watched(); }

    // Of this test only: others may run beside it.
    engine::RouterKey router{"t" + std::to_string(::getpid()), Family::ipv4,
                             Vrid{51}};
    Instant now = instant_from_ns(1'000'000'000);

    RouterNames names(const os::Fd &fd) {
        return {{{router, fd.get()}}, *this};
    }

    static bool is_readable(int fd) {
        pollfd event{.fd = fd, .events = POLLIN, .revents = 0};
        return ::poll(&event, 1, 0) == 1;
    }
};

TEST_F(RouterNamesTest, TheFirstOneHasIt) {
    const os::Fd first = open_name_socket();
    ASSERT_TRUE(take_name(first.get(), router));
    EXPECT_TRUE(has_name(first.get(), router));
    EXPECT_FALSE(
        has_name(first.get(), {router.interface, Family::ipv6, router.vrid}));

    RouterNames one = names(first);
    one.check(now);
    EXPECT_FALSE(one.holder(0));
    EXPECT_FALSE(one.deadline());
    EXPECT_FALSE(one.any_came_free());
}

TEST_F(RouterNamesTest, TheSecondOneSeesItAndItsEnd) {
    os::Fd first = open_name_socket();
    ASSERT_TRUE(take_name(first.get(), router));
    const os::Fd second = open_name_socket();
    EXPECT_EQ(take_name(second.get(), router).error().code, EADDRINUSE);

    RouterNames two = names(second);
    two.check(now);
    ASSERT_TRUE(two.holder(0));
    EXPECT_EQ(two.holder(0)->pid, ::getpid());
    EXPECT_EQ(two.holder(0)->uid, ::getuid());
    EXPECT_TRUE(two.holder(0)->is_own_user);
    ASSERT_EQ(watched.size(), 1u);
    const int fd = watched[0];

    now = *two.deadline();
    two.check(now);
    EXPECT_TRUE(two.holder(0));
    EXPECT_EQ(watched, std::vector{fd});
    EXPECT_FALSE(is_readable(fd));

    first.reset();
    ASSERT_TRUE(is_readable(fd));
    EXPECT_TRUE(two.on_readable(fd, now));
    EXPECT_FALSE(two.holder(0));
    EXPECT_TRUE(two.any_came_free());
    EXPECT_TRUE(has_name(second.get(), router));
    EXPECT_FALSE(two.on_readable(fd, now));
}

// The master and the process that is started again have the same socket.
TEST_F(RouterNamesTest, ItLivesAsLongAsOneCopyOfTheSocket) {
    os::Fd vrrp_process = open_name_socket();
    ASSERT_TRUE(take_name(vrrp_process.get(), router));
    const os::Fd master(::dup(vrrp_process.get()));
    vrrp_process.reset();

    EXPECT_FALSE(take_name(open_name_socket().get(), router));
    EXPECT_TRUE(take_name(master.get(), router));
}

// A bound name that does not listen, or a full queue, costs no time.
TEST_F(RouterNamesTest, NothingIsKnownOfOneThatCannotBeAsked) {
    const os::Fd squatter = open_name_socket();
    ASSERT_TRUE(take_name(squatter.get(), router));
    ASSERT_EQ(::listen(squatter.get(), 0), 0);
    const os::Fd fd = open_name_socket();
    {
        RouterNames filler = names(fd);
        filler.check(now);
        ASSERT_TRUE(filler.holder(0)->uid);

        RouterNames two = names(fd);
        two.check(now);
        ASSERT_TRUE(two.holder(0));
        EXPECT_FALSE(two.holder(0)->uid);
        EXPECT_FALSE(two.holder(0)->may_be_nginx());
        EXPECT_TRUE(two.deadline());
    }
}

// The device of another nginx must not be removed then.
TEST_F(RouterNamesTest, WithoutADescriptorANameMayBeTaken) {
    const std::string name = to_string(router);
    EXPECT_FALSE(is_name_taken(name));

    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_TRUE(is_name_taken(name));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_FALSE(is_name_taken(name));
}

TEST_F(RouterNamesTest, WithoutASocketThereIsNoQuestion) {
    const os::Fd first = open_name_socket();
    ASSERT_TRUE(take_name(first.get(), router));
    RouterNames two = names(os::Fd{});
    two.check(now);
    EXPECT_FALSE(two.holder(0));
    EXPECT_FALSE(two.deadline());
}

}  // namespace
}  // namespace ngx_vrrp::net
