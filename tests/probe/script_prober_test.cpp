// Scripts that end well, badly, late and never.

#include "core/probe/script_prober.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/probe/prober_loop.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/script_folder.hpp"

namespace ngx_vrrp::probe {
namespace {

namespace fs = std::filesystem;
using test::is_alive;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint32_t kNobody = 65534;

class ScriptProberTest : public testing::Test {
protected:
    void SetUp() override {
        std::string name = "/tmp/ngx_vrrp_script.XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        ::chmod(name.c_str(), 0755);
        root = name;
    }

    void TearDown() override {
        prober.reset();
        fs::remove_all(root);
    }

    // Writes a script and says how to check it.
    check::Config script(const std::string &body) {
        const std::string path = root + "/check.sh";
        std::ofstream(path) << "#!/bin/sh\ncd " << root << "\n" << body << "\n";
        ::chmod(path.c_str(), 0755);
        return command({path});
    }

    static check::Config command(std::vector<std::string> words) {
        check::Config config = test::default_check();
        config.identity.group = "VI_1";
        config.identity.name = "db lag";
        config.probe = check::ScriptCheck{.command = std::move(words),
                                          .uid = ::geteuid(),
                                          .gid = ::getegid()};
        return config;
    }

    void start(const check::Config &config, check::CheckId id = 1) {
        prober->start(id, config, os::now());
    }

    std::string result(const check::Config &config) {
        start(config);
        return text_of(loop.next());
    }

    std::string result(const std::string &body) { return result(script(body)); }

    // The numbers of processes that a script has written to "pids".
    std::vector<int> pids(std::size_t count) {
        std::vector<int> found;
        loop.wait([&] {
            found.clear();
            std::ifstream file(root + "/pids");
            for (int pid = 0; file >> pid;) {
                found.push_back(pid);
            }
            return found.size() >= count;
        });
        EXPECT_EQ(found.size(), count);
        return found;
    }

    bool die(const std::vector<int> &processes) {
        return loop.wait([&] {
            return std::none_of(processes.begin(), processes.end(), is_alive);
        });
    }

    // All that were waited for have gone from the event loop, too.
    bool nothing_is_left() {
        return loop.wait([&] { return loop.watched.empty(); });
    }

    std::string root;
    ProberLoop loop;
    std::unique_ptr<ScriptProber> prober = [this] {
        loop.on_readable = [this](int fd) { return prober->on_readable(fd); };
        return std::make_unique<ScriptProber>(loop, loop);
    }();
};

TEST_F(ScriptProberTest, StatusZeroPasses) {
    EXPECT_EQ(result("exit 0"), "passed 0");
    EXPECT_EQ(result("echo it is well"), "passed 0");
    EXPECT_EQ(result(command({"/bin/true"})), "passed 0");
    EXPECT_TRUE(loop.watched.empty());
}

TEST_F(ScriptProberTest, AnyOtherStatusFails) {
    EXPECT_EQ(result("exit 2"), "PROCERR 0: exit status 2");
    EXPECT_EQ(result("echo lag 12 s; echo more; exit 1"),
              "PROCERR 0: exit status 1: lag 12 s");
    EXPECT_EQ(result("echo no such host >&2; exit 255"),
              "PROCERR 0: exit status 255: no such host");
    EXPECT_EQ(result("printf 'no end of line'; exit 3"),
              "PROCERR 0: exit status 3: no end of line");
}

TEST_F(ScriptProberTest, SignalFails) {
    EXPECT_EQ(result("kill -9 $$"), "PROCERR 0: killed by signal 9");
    EXPECT_EQ(result("echo why; kill -TERM $$"),
              "PROCERR 0: killed by signal 15: why");
}

TEST_F(ScriptProberTest, HasItsArguments) {
    check::Config config = script("echo \"$# $1 $2\"; exit 1");
    auto &check = std::get<check::ScriptCheck>(config.probe);
    check.command.push_back("one argument");
    check.command.push_back("$HOME");
    EXPECT_EQ(result(config), "PROCERR 0: exit status 1: 2 one argument $HOME");
}

TEST_F(ScriptProberTest, MayWriteALot) {
    EXPECT_EQ(result("echo first; head -c 1000000 /dev/zero; exit 1"),
              "PROCERR 0: exit status 1: first");
    EXPECT_EQ(result("head -c 1000000 /dev/zero | tr '\\0' x; exit 1"),
              "PROCERR 0: exit status 1: " + std::string(256, 'x'));
}

TEST_F(ScriptProberTest, MayWriteSlowly) {
    EXPECT_EQ(result("for i in 1 2 3; do printf $i; sleep 0.02; done; exit 1"),
              "PROCERR 0: exit status 1: 123");
}

TEST_F(ScriptProberTest, MayCloseItsOutput) {
    EXPECT_EQ(result("exec > /dev/null 2>&1 <&-; sleep 0.1; exit 4"),
              "PROCERR 0: exit status 4");
    EXPECT_EQ(result("exec >&- 2>&-; sleep 0.1; exit 0"), "passed 0");
}

// A process that keeps the output open is not waited for.
TEST_F(ScriptProberTest, ChildrenMayOutliveIt) {
    EXPECT_EQ(result("sleep 1000 & echo $! > pids; echo yes; exit 1"),
              "PROCERR 0: exit status 1: yes");
    for (const int pid : pids(1)) {
        EXPECT_TRUE(is_alive(pid));
        ::kill(pid, SIGKILL);
    }
}

TEST_F(ScriptProberTest, TimeoutKillsTheWholeGroup) {
    start(
        script("trap '' TERM HUP INT\n"
               "sleep 1000 & one=$!\n"
               "(trap '' TERM; sleep 1000; sleep 1000) & two=$!\n"
               "echo waiting for it\n"
               "echo $$ $one $two > pids; wait; wait"));
    const std::vector<int> processes = pids(3);
    for (const int pid : processes) {
        EXPECT_TRUE(is_alive(pid));
    }

    EXPECT_EQ(text_of(prober->cancel(1)),
              "PROCTOUT 0: did not finish in time, killed: waiting for it");
    EXPECT_TRUE(die(processes));
    EXPECT_TRUE(nothing_is_left());
    EXPECT_EQ(::waitpid(processes[0], nullptr, WNOHANG), -1)
        << "has been waited for";
    EXPECT_TRUE(loop.results.empty());
}

// The event loop has not read it yet: the node is busy.
TEST_F(ScriptProberTest, TimeoutSaysWhatTheScriptHasWritten) {
    start(script("echo waiting for it; touch written; exec sleep 1000"));
    for (int n = 0; n < 1000 && !fs::exists(root + "/written"); n++) {
        ::poll(nullptr, 0, 10);
    }

    EXPECT_EQ(text_of(prober->cancel(1)),
              "PROCTOUT 0: did not finish in time, killed: waiting for it");
    EXPECT_TRUE(nothing_is_left());
}

TEST_F(ScriptProberTest, EndedInTheLastMomentCounts) {
    start(script("exit 0"));
    ::poll(nullptr, 0, 300);
    EXPECT_EQ(text_of(prober->cancel(1)), "passed 0");
    EXPECT_TRUE(loop.watched.empty());
}

// The lock is held as long as the process is there.
TEST_F(ScriptProberTest, NeverTwoAtOnce) {
    const check::Config config = script(
        "exec 9> lock; flock -n 9 || touch overlap\n"
        "echo . >> runs; exec sleep 1000");
    for (int n = 0; n < 20; n++) {
        start(config);
        loop.run(Milliseconds{20});
        if (loop.results.empty()) {
            EXPECT_EQ(prober->cancel(1).failure.reason,
                      check::Reason::proctout);
        }
        loop.results.clear();
    }
    EXPECT_TRUE(fs::exists(root + "/runs"));
    EXPECT_FALSE(fs::exists(root + "/overlap"));
}

TEST_F(ScriptProberTest, ForgottenIsKilled) {
    start(script("echo $$ > pids; exec sleep 1000"));
    const std::vector<int> processes = pids(1);
    prober->forget(1);
    EXPECT_TRUE(die(processes));
    EXPECT_TRUE(nothing_is_left());
    EXPECT_TRUE(loop.results.empty());
}

TEST_F(ScriptProberTest, EndsWithItsProber) {
    start(script("echo $$ > pids; exec sleep 1000"));
    const std::vector<int> processes = pids(1);
    prober.reset();
    EXPECT_TRUE(loop.watched.empty());
    EXPECT_TRUE(die(processes));
}

TEST_F(ScriptProberTest, EndsWithItsProcess) {
    const check::Config config = script("echo $$ > pids; exec sleep 1000");
    const pid_t runner = ::fork();
    if (runner == 0) {
        start(config);
        ::pause();
        ::_exit(1);
    }
    const std::vector<int> processes = pids(1);
    ::kill(runner, SIGKILL);
    ::waitpid(runner, nullptr, 0);
    EXPECT_TRUE(die(processes));
}

TEST_F(ScriptProberTest, KnowsWhatItIsFor) {
    EXPECT_EQ(result("tr '\\0' ';' < /proc/$$/environ; exit 1"),
              "PROCERR 0: exit status 1: "
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
              "/bin;VRRP_INSTANCE=VI_1;VRRP_TRACKER=db lag;");
}

TEST_F(ScriptProberTest, HasNoDescriptorOfOurs) {
    const int secret = ::open("/dev/null", O_RDONLY);  // no O_CLOEXEC
    ASSERT_EQ(::dup2(secret, 57), 57);
    EXPECT_EQ(result("read word && exit 9\n"
                     "for fd in 3 4 5 6 7 8 57; do\n"
                     "[ -e /proc/$$/fd/$fd ] && echo $fd && exit 1\n"
                     "done; exit 0"),
              "passed 0");
    ::close(secret);
    ::close(57);
}

TEST_F(ScriptProberTest, HasASessionOfItsOwn) {
    EXPECT_EQ(result("set -- $(cat /proc/$$/stat)\n"
                     "[ $5 = $$ ] && [ $6 = $$ ]"),
              "passed 0");
}

TEST_F(ScriptProberTest, HasItsSignals) {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    const auto handler = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(result("grep -E '^Sig(Blk|Ign):' /proc/$$/status | "
                     "grep -v ':[[:space:]]*0*$' && exit 1; exit 0"),
              "passed 0");
    ::signal(SIGPIPE, handler);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(ScriptProberTest, HasNoPrivilegedScheduling) {
    const sched_param urgent{.sched_priority = 1};
    if (::sched_setscheduler(0, SCHED_RR, &urgent) != 0) {
        GTEST_SKIP() << "needs the right to real-time scheduling";
    }
    EXPECT_EQ(result("exit $(cut -d ' ' -f 41 /proc/$$/stat)"), "passed 0");
    const sched_param usual{};
    ::sched_setscheduler(0, SCHED_OTHER, &usual);
}

// nginx's own waits for any child.
TEST_F(ScriptProberTest, OthersHandlersDoNotTakeItsStatus) {
    prober.reset();
    ::signal(SIGCHLD, [](int) { ::waitpid(-1, nullptr, WNOHANG); });
    prober = std::make_unique<ScriptProber>(loop, loop);
    EXPECT_EQ(result("exit 3"), "PROCERR 0: exit status 3");
}

TEST_F(ScriptProberTest, RunsAsAnotherUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    check::Config config =
        script("echo $(id -ru) $(id -rg) $(id -G) $(umask); exit 1");
    auto &check = std::get<check::ScriptCheck>(config.probe);
    check.uid = kNobody;
    check.gid = kNobody;
    EXPECT_EQ(result(config),
              "PROCERR 0: exit status 1: 65534 65534 65534 0022");
}

TEST_F(ScriptProberTest, OnlyRootMayChooseTheUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    const check::Config config = command({"/bin/true"});
    const pid_t child = ::fork();
    if (child == 0) {
        const bool lowered = ::setresuid(kNobody, kNobody, kNobody) == 0;
        const std::string text = result(config);
        ::_exit(lowered && text ==
                               "SOCKERR 0: running it as user 0 failed (1: "
                               "Operation not permitted)"
                    ? 0
                    : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(ScriptProberTest, IsNotRunWhenOthersMayWriteToIt) {
    const check::Config config = script("touch ran");
    ::chmod((root + "/check.sh").c_str(), 0777);
    EXPECT_EQ(result(config), "PROCERR 0: not run: \"" + root +
                                  "/check.sh\" is world-writable");
    ::chmod((root + "/check.sh").c_str(), 0755);
    ::chmod(root.c_str(), 0775);
    EXPECT_EQ(result(config), "PROCERR 0: not run: directory \"" + root +
                                  "\" is group-writable");
    EXPECT_FALSE(fs::exists(root + "/ran"));

    ::chmod(root.c_str(), 0755);
    EXPECT_EQ(result(config), "passed 0");
    EXPECT_TRUE(fs::exists(root + "/ran"));
}

TEST_F(ScriptProberTest, SaysWhyItCannotRun) {
    EXPECT_THAT(result(command({root + "/missing"})),
                StartsWith("PROCERR 0: not run: lstat() of "));

    const std::string path = root + "/no_program";
    std::ofstream(path) << "no program\n";
    ::chmod(path.c_str(), 0755);
    EXPECT_EQ(result(command({path})),
              "PROCERR 0: exit status 127: cannot run: execve() failed (8: "
              "Exec format error)");
}

TEST_F(ScriptProberTest, FullEventLoop) {
    loop.full = true;
    start(script("sleep 1000"));
    EXPECT_THAT(text_of(loop.next()),
                HasSubstr("adding a script to the event loop"));
    EXPECT_TRUE(loop.watched.empty());

    loop.full = false;
    // The previous one ends in the background.
    bool started = false;
    EXPECT_TRUE(loop.wait([&] {
        if (!started) {
            loop.results.clear();
            start(command({"/bin/true"}));
            started = loop.results.empty();
        }
        return started;
    }));
    EXPECT_EQ(text_of(loop.next()), "passed 0");
}

TEST_F(ScriptProberTest, SeveralAtOnce) {
    start(script("sleep 0.1; exit 1"), 1);
    start(command({"/bin/true"}), 2);
    start(command({"/bin/false"}), 3);
    ASSERT_TRUE(loop.wait([&] { return loop.results.size() == 3; }));
    EXPECT_EQ(loop.results[2].id, 1u);
    for (const ProberLoop::Result &r : loop.results) {
        EXPECT_EQ(r.outcome.passed(), r.id == 2u);
    }
}

TEST_F(ScriptProberTest, EveryTenMilliseconds) {
    const check::Config config = script("exit 0");
    for (int n = 0; n < 30; n++) {
        EXPECT_EQ(result(config), "passed 0");
        loop.run(Milliseconds{10});
    }
    EXPECT_TRUE(loop.watched.empty());
    EXPECT_FALSE(prober->on_readable(-1));
}

}  // namespace
}  // namespace ngx_vrrp::probe
