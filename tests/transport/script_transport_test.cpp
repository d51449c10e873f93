// Hooks: their arguments and input, their output, and their end.
#include "core/transport/script_transport.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/events.hpp"
#include "tests/support/script_folder.hpp"
#include "tests/transport/transport_loop.hpp"

namespace ngx_vrrp::transport {

using namespace os;
namespace {

using notify::ChannelConfig;
using notify::ScriptChannel;
using test::state_event;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ScriptTransportTest : public ::testing::Test {
protected:
    ChannelConfig script(const std::string &body, bool with_arguments = false) {
        const std::string path = folder.script("hook.sh", body);
        return {.name = "notify_master",
                .target = "hook.sh",
                .instance = {},
                .events = 1,
                .states = 1,
                .how = ScriptChannel{.command = {path, "first"},
                                     .uid = ::geteuid(),
                                     .gid = ::getegid(),
                                     .with_arguments = with_arguments}};
    }

    void deliver(const ChannelConfig &config) {
        transport->deliver(
            {.id = 1, .channel = 0, .events = {state_event("VI_1", "MASTER")}},
            config, os::now());
    }

    std::string result(const ChannelConfig &config) {
        deliver(config);
        return loop.next();
    }

    test::ScriptFolder folder;
    TransportLoop loop;
    std::unique_ptr<ScriptTransport> transport = [this] {
        loop.on_readable = [this](int fd) {
            return transport->on_readable(fd);
        };
        return std::make_unique<ScriptTransport>(loop, loop, loop);
    }();
};

TEST_F(ScriptTransportTest, StatusZeroIsDelivered) {
    EXPECT_EQ(result(script("exit 0")), "delivered");
    EXPECT_THAT(loop.log, IsEmpty());
}

TEST_F(ScriptTransportTest, AnyOtherStatusIsAFailure) {
    EXPECT_EQ(result(script("exit 3")), "exit status 3");
    EXPECT_EQ(result(script("kill -9 $$")), "killed by signal 9");
}

TEST_F(ScriptTransportTest, HooksOfAnEventHaveTheirOwnArgumentsOnly) {
    result(script("echo \"$@\" > arguments"));
    EXPECT_THAT(folder.lines("arguments"), ElementsAre("first"));
}

TEST_F(ScriptTransportTest, HooksOfAllEventsHaveKeepalivedsArguments) {
    result(script("echo \"$@\" > arguments", true));
    EXPECT_THAT(folder.lines("arguments"),
                ElementsAre("first INSTANCE VI_1 MASTER 100"));
}

TEST_F(ScriptTransportTest, HasTheRestInItsEnvironment) {
    result(
        script("env | grep -E '^(VRRP_(STATE|REASON|VIPS)|PATH)=' | sort "
               "> variables"));
    EXPECT_THAT(
        folder.lines("variables"),
        ElementsAre("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                    "/usr/bin:/sbin:/bin",
                    "VRRP_REASON=priority 0 from 10.0.0.2", "VRRP_STATE=MASTER",
                    "VRRP_VIPS=10.0.0.5 10.0.0.6"));
}

TEST_F(ScriptTransportTest, WhatItWritesIsLogged) {
    EXPECT_EQ(result(script("echo one; echo; echo two >&2; exit 1")),
              "exit status 1");
    EXPECT_THAT(loop.log, ElementsAre("notify_master \"hook.sh\": one",
                                      "notify_master \"hook.sh\": two"));
}

TEST_F(ScriptTransportTest, WhatItWritesIsBounded) {
    EXPECT_EQ(result(script("yes | head -n 100000")), "delivered");
    EXPECT_EQ(loop.log.size(), 20u);
    loop.log.clear();
    EXPECT_EQ(result(script("head -c 100000 /dev/zero | tr '\\0' x")),
              "delivered");
    ASSERT_EQ(loop.log.size(), 1u);
    EXPECT_LT(loop.log[0].size(), 600u);
}

TEST_F(ScriptTransportTest, TimeoutKillsTheWholeGroup) {
    deliver(script("sleep 1000 & echo $$ $! > pids; echo working; wait"));
    ASSERT_TRUE(loop.wait([&] { return !folder.lines("pids").empty(); }));

    const notify::Outcome outcome = transport->cancel(1);
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.text, "did not finish in time, killed");
    EXPECT_TRUE(loop.wait([&] { return loop.watched.empty(); }));
    EXPECT_THAT(loop.results, IsEmpty());
    const std::string pids = folder.lines("pids")[0];
    const int child = std::stoi(pids.substr(pids.find(' ')));
    EXPECT_TRUE(loop.wait([&] { return !test::is_alive(child); }));
}

TEST_F(ScriptTransportTest, EndedInTheLastMomentCounts) {
    deliver(script("exit 0"));
    ::poll(nullptr, 0, 500);
    EXPECT_TRUE(transport->cancel(1).delivered);
    EXPECT_THAT(loop.watched, IsEmpty());
}

TEST_F(ScriptTransportTest, IsNotRunWhenOthersMayWriteToIt) {
    const ChannelConfig config = script("touch ran");
    std::filesystem::permissions(folder.path + "/hook.sh",
                                 std::filesystem::perms{0777});
    EXPECT_EQ(result(config),
              "not run: \"" + folder.path + "/hook.sh\" is world-writable");
    EXPECT_FALSE(std::filesystem::exists(folder.path + "/ran"));
}

TEST_F(ScriptTransportTest, FullEventLoop) {
    loop.full = true;
    deliver(script("sleep 1000"));
    ASSERT_EQ(loop.results.size(), 1u);
    EXPECT_FALSE(loop.results[0].outcome.delivered);
    EXPECT_THAT(loop.watched, IsEmpty());
}

}  // namespace
}  // namespace ngx_vrrp::transport
