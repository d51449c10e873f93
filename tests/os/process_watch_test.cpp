// The end of processes, where pidfd_open() is refused, too.
#include "core/os/process_watch.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "core/script/script_runs.hpp"
#include "tests/os/refused_syscall.hpp"
#include "tests/support/script_folder.hpp"
#include "tests/transport/transport_loop.hpp"

namespace ngx_vrrp::os {
namespace {

// Whether the body is true in a child process without pidfds.
template <class F>
bool holds_without_pidfds(int error, F body) {
    const pid_t child = ::fork();
    if (child == 0) {
        const bool refused = refuse_syscall(SYS_pidfd_open, error);
        ::_exit(refused && body() && !::testing::Test::HasFailure() ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status == 0;
}

// Runs the loop until the watch reports an end.
bool sees_end(transport::TransportLoop &loop, ProcessWatch &watch, int pid) {
    bool seen = false;
    loop.on_readable = [&](int fd) {
        seen = seen || watch.take_ended(fd) == pid;
        return true;
    };
    return loop.wait([&] { return seen; });
}

class NoPidfds : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Refused, NoPidfds, ::testing::Values(EPERM, ENOSYS),
                         [](const auto &param) {
                             return param.param == EPERM ? "EPERM" : "ENOSYS";
                         });

// In between: the process that is watched; it ends on request.
TEST_P(NoPidfds, TheDeathOfTheParentIsSeenAtOnce) {
    int result[2];
    int go[2];
    ASSERT_EQ(0, ::pipe(result));
    ASSERT_EQ(0, ::pipe(go));

    const pid_t parent = ::fork();
    if (parent == 0) {
        const pid_t master = ::getpid();
        if (::fork() == 0) {
            transport::TransportLoop loop;
            ProcessWatch watch(loop, loop);
            const bool watching = refuse_syscall(SYS_pidfd_open, GetParam()) &&
                                  watch.watch(master) && watch.watch(master) &&
                                  loop.watched.size() == 1 &&
                                  loop.log.size() == 1;
            // a signal from another process is not a death
            ::raise(SIGURG);
            const bool quiet =
                loop.watched.size() == 1 &&
                !watch.take_ended(loop.watched.front()).has_value();
            [[maybe_unused]] ssize_t n = ::write(go[1], "g", 1);
            const char told =
                watching && quiet && sees_end(loop, watch, master) ? 'y' : 'n';
            n = ::write(result[1], &told, 1);
            ::_exit(0);
        }
        char g = 0;
        [[maybe_unused]] const ssize_t n = ::read(go[0], &g, 1);
        ::_exit(0);
    }
    ASSERT_EQ(parent, ::waitpid(parent, nullptr, 0));
    ::close(result[1]);
    char told = 0;
    ASSERT_EQ(1, ::read(result[0], &told, 1));
    EXPECT_EQ('y', told);
    for (const int fd : {result[0], go[0], go[1]}) {
        ::close(fd);
    }
}

TEST_P(NoPidfds, OthersAreAskedForAgain) {
    EXPECT_TRUE(holds_without_pidfds(GetParam(), [] {
        transport::TransportLoop loop;
        ProcessWatch watch(loop, loop);
        const pid_t worker = ::fork();
        if (worker == 0) {
            ::pause();
            ::_exit(0);
        }
        const bool lives = static_cast<bool>(watch.watch(worker));
        ::kill(worker, SIGKILL);
        ::waitpid(worker, nullptr, 0);
        const Status gone = watch.watch(worker);
        return lives && !gone && gone.error().code == ESRCH &&
               loop.watched.empty();
    }));
}

class Ends : public script::ScriptSink {
public:
    void script_ended(script::RunId id,
                      const script::ScriptResult &result) override {
        text += std::to_string(id) + ": " +
                (result ? result->output + result->to_string() : "error") +
                "\n";
    }

    std::string text;
};

TEST_P(NoPidfds, TheEndOfAScriptIsSeen) {
    test::ScriptFolder folder;
    const std::string path = folder.script("hook.sh", "echo well; exit 3");
    EXPECT_TRUE(holds_without_pidfds(GetParam(), [&] {
        transport::TransportLoop loop;
        Ends ends;
        {
            script::ScriptRuns runs(loop, ends, 100);
            loop.on_readable = [&](int fd) { return runs.on_readable(fd); };
            const script::Program program{.command = {path},
                                          .environment = {},
                                          .uid = ::geteuid(),
                                          .gid = ::getegid()};
            const bool started = static_cast<bool>(runs.start(1, program)) &&
                                 static_cast<bool>(runs.start(2, program));
            loop.wait([&] { return !runs.has(1) && !runs.has(2); });
            EXPECT_TRUE(started);
        }
        return ends.text.size() ==
                   2 * std::string("1: well\nexit status 3\n").size() &&
               loop.watched.empty();
    }));
}

TEST(ProcessWatch, HasABound) {
    transport::TransportLoop loop;
    loop.on_readable = [](int) { return true; };
    ProcessWatch watch(loop, loop);
    loop.most = 0;
    const Status full = watch.watch(::getppid());
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, EMFILE);
}

}  // namespace
}  // namespace ngx_vrrp::os
