// A process that notifies: when it begins and when it ends, and what reaches
// real scripts in between.

#include "core/node/notify_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "core/os/clock.hpp"
#include "tests/node/notify_process.hpp"
#include "tests/support/events.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::node {
namespace {

using test::state_event;
using ::testing::ElementsAre;

// A process that runs until it is ended.
class Sleeper {
public:
    Sleeper() : pid_(::fork()) {
        if (pid_ == 0) {
            ::pause();
            ::_exit(0);
        }
    }
    Sleeper(const Sleeper &) = delete;
    Sleeper &operator=(const Sleeper &) = delete;
    ~Sleeper() { end(); }

    int pid() const { return pid_; }

    void end() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            ended_ = true;
        }
    }

private:
    int pid_;
    bool ended_ = false;
};

class NotifyNodeTest : public ::testing::Test {
protected:
    void send(const std::string &instance, const std::string &state) {
        sender.send(state_event(instance, state, os::now()), os::now());
    }

    std::size_t told() { return folder.lines("told").size(); }

    bool run_until_told(std::size_t count) {
        return notifier.run_until([&] { return told() >= count; });
    }

    test::ScriptFolder folder;
    std::string path =
        folder.script("hook.sh", "echo \"$@\" >> told; [ ! -e bad ]");
    vrrp_core_str_t hook = text(path.c_str());
    NotifyConfiguration configuration{{script_channel(hook)}};
    SharedArea area{configuration.conf};
    test::RememberingLog log;
    transport::EventSender sender{configuration.conf.event_fds[0], log};
    NotifyProcess notifier{configuration, area};
};

TEST_F(NotifyNodeTest, ReportsInOrder) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "BACKUP");
    send("VI_1", "MASTER");
    send("VI_1", "FAULT");
    ASSERT_TRUE(run_until_told(3));
    EXPECT_THAT(folder.lines("told"), ElementsAre("INSTANCE VI_1 BACKUP 100",
                                                  "INSTANCE VI_1 MASTER 100",
                                                  "INSTANCE VI_1 FAULT 100"));
}

TEST_F(NotifyNodeTest, EndsWhenTheSendersHave) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    notifier.quit();
    send("VI_1", "STOP");
    notifier.run_for(Milliseconds{50});
    EXPECT_FALSE(notifier.finished()) << "somebody may still send";

    configuration.sender_end.reset();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_THAT(folder.lines("told"), ElementsAre("INSTANCE VI_1 STOP 100"));
}

TEST_F(NotifyNodeTest, EndsWhenTheVrrpProcessSaysGoodbye) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "STOP");
    sender.send_goodbye();
    notifier.run_for(Milliseconds{50});
    EXPECT_FALSE(notifier.finished()) << "it may be started again";

    notifier.quit();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_EQ(told(), 1u);
}

TEST_F(NotifyNodeTest, GoodbyeMayComeBeforeItHasToEnd) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    sender.send_goodbye();
    notifier.run_for(Milliseconds{50});
    notifier.quit();
    EXPECT_TRUE(notifier.finished());
}

TEST_F(NotifyNodeTest, ServersMayChangeAfterTheGoodbye) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    sender.send_goodbye();
    transport::EventSender checker{configuration.conf.event_fds[0], log};
    checker.send(test::upstream_event("web", "10.0.0.11:80", "down"),
                 os::now());
    notifier.run_for(Milliseconds{50});
    notifier.quit();
    EXPECT_TRUE(notifier.finished()) << "its vrrp process sends no more";
}

TEST_F(NotifyNodeTest, VrrpProcessMayBeStartedAgainAfterItsGoodbye) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    sender.send_goodbye();
    send("VI_1", "MASTER");
    ASSERT_TRUE(run_until_told(1));
    notifier.quit();
    notifier.run_for(Milliseconds{50});
    EXPECT_FALSE(notifier.finished());
}

TEST_F(NotifyNodeTest, EndsAfterItsMaster) {
    Sleeper master;
    ASSERT_EQ(notifier.start(master.pid()), VRRP_CORE_OK);
    master.end();
    notifier.run_for(Milliseconds{50});
    EXPECT_FALSE(notifier.finished()) << "addresses are still released";

    send("VI_1", "STOP");
    sender.send_goodbye();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_EQ(told(), 1u);
}

TEST_F(NotifyNodeTest, MasterThatIsGoneAlready) {
    Sleeper master;
    master.end();
    ASSERT_EQ(notifier.start(master.pid()), VRRP_CORE_OK);
    sender.send_goodbye();
    EXPECT_TRUE(notifier.run_until_finished());
}

TEST_F(NotifyNodeTest, TerminatedEndsSoon) {
    folder.script("hook.sh", "echo $$ >> told; exec sleep 1000");
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "MASTER");
    ASSERT_TRUE(run_until_told(1));

    const Instant before = os::now();
    notifier.terminate();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_GE(os::now() - before, kTerminateTime);
    EXPECT_LT(os::now() - before, kTerminateTime + Seconds{5});
    EXPECT_TRUE(notifier.has_said("did not finish in time, killed"));
    int status = 0;
    const int pid = std::stoi(folder.lines("told")[0]);
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(NotifyNodeTest, TerminatedReportsWhatWaits) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "FAULT");
    send("VI_1", "STOP");
    sender.send_goodbye();
    notifier.terminate();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_EQ(told(), 2u);
}

TEST_F(NotifyNodeTest, WaitsForTheOneBefore) {
    Sleeper before;
    area.area().begin_notifying(before.pid());
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    EXPECT_EQ(area.area().notifier(), ::getpid());
    send("VI_1", "MASTER");
    notifier.run_for(Milliseconds{100});
    EXPECT_EQ(told(), 0u);

    before.end();
    EXPECT_TRUE(run_until_told(1));
}

TEST_F(NotifyNodeTest, WaitsForTheOneOfAnotherArea) {
    const SharedArea previous(configuration.conf);
    Sleeper before;
    previous.area().begin_notifying(before.pid());
    configuration.conf.previous = previous.get();
    NotifyProcess other(configuration, area);
    ASSERT_EQ(other.start(), VRRP_CORE_OK);
    send("VI_1", "MASTER");
    other.run_for(Milliseconds{100});
    EXPECT_EQ(told(), 0u);

    before.end();
    EXPECT_TRUE(other.run_until([&] { return told() == 1; }));
}

TEST_F(NotifyNodeTest, TerminatedDoesNotWaitForTheOneBefore) {
    Sleeper before;
    area.area().begin_notifying(before.pid());
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "STOP");
    sender.send_goodbye();
    notifier.terminate();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_EQ(told(), 1u);
}

TEST_F(NotifyNodeTest, DoesNotWaitForOneThatCrashed) {
    Sleeper before;
    before.end();
    area.area().begin_notifying(before.pid());
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    send("VI_1", "MASTER");
    EXPECT_TRUE(run_until_told(1));
}

TEST_F(NotifyNodeTest, LeavesTheStatusToTheOneAfterIt) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    Sleeper after;
    area.area().begin_notifying(after.pid());
    send("VI_1", "MASTER");
    ASSERT_TRUE(run_until_told(1));
    notifier.run_for(2 * kChannelsInterval);
    EXPECT_GT(notifier.deadline(), vrrp_core_now()) << "it never rests";
    EXPECT_EQ(area.area().channels().read().at(0).delivered, 0u);
}

TEST_F(NotifyNodeTest, LeavesTheAreaAsItEnds) {
    {
        NotifyProcess other(configuration, area);
        ASSERT_EQ(other.start(), VRRP_CORE_OK);
        EXPECT_EQ(area.area().notifier(), ::getpid());
    }
    EXPECT_EQ(area.area().notifier(), 0);
}

TEST_F(NotifyNodeTest, SaysWhatIsNotAnEvent) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    ASSERT_EQ(::send(configuration.conf.event_fds[0], "hello", 5, 0), 5);
    send("VI_1", "MASTER");
    EXPECT_TRUE(run_until_told(1));
    EXPECT_TRUE(notifier.has_said("ignoring a malformed event"));
}

TEST_F(NotifyNodeTest, StatusSaysHowItWent) {
    const status::Area shared = area.area();
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    ASSERT_EQ(shared.channels().read().size(), 1u) << "at once";
    EXPECT_EQ(shared.channels().read()[0].name.view(), "notify");
    EXPECT_EQ(shared.channels().read()[0].target.view(), path);

    send("VI_1", "MASTER");
    EXPECT_TRUE(notifier.run_until(
        [&] { return shared.channels().read().at(0).delivered == 1; }));
    std::ofstream(folder.path + "/bad") << "\n";
    send("VI_1", "BACKUP");
    EXPECT_TRUE(notifier.run_until(
        [&] { return shared.channels().read().at(0).dropped == 1; }));
    const status::ChannelRecord record = shared.channels().read()[0];
    EXPECT_EQ(record.failures, 1u);
    EXPECT_EQ(record.last_error.view(), "exit status 1");
    EXPECT_EQ(record.waiting, 0u);
}

TEST_F(NotifyNodeTest, ThousandEventsAtOnce) {
    ASSERT_EQ(notifier.start(), VRRP_CORE_OK);
    for (int n = 0; n < 500; ++n) {
        send("VI_1", "MASTER");
        send("VI_1", n < 499 ? "BACKUP" : "FAULT");
        if (n % 20 == 0) {
            notifier.run_for(Milliseconds{1});
        }
    }
    notifier.quit();
    sender.send_goodbye();
    ASSERT_TRUE(notifier.run_until_finished());
    EXPECT_EQ(sender.dropped(), 0u);
    const std::vector<std::string> lines = folder.lines("told");
    EXPECT_LT(lines.size(), 1000u) << "what was superseded is not told";
    EXPECT_EQ(lines.back(), "INSTANCE VI_1 FAULT 100");
}

}  // namespace
}  // namespace ngx_vrrp::node
