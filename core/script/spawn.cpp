#include "core/script/spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/os/blocked_signals.hpp"
#include "core/os/pidfd.hpp"

namespace ngx_vrrp::script {

namespace {

constexpr int kFirstOther = STDERR_FILENO + 1;
constexpr rlim_t kMostDescriptors = 65536;

// For execve(); strings outlives it.
std::vector<char *> pointers(const std::vector<std::string> &strings) {
    std::vector<char *> list;
    for (const std::string &s : strings) {
        list.push_back(const_cast<char *>(s.c_str()));
    }
    list.push_back(nullptr);
    return list;
}

// For a process with CAP_SETUID and CAP_SETGID: usually root.
bool may_choose_user() {
    constexpr std::uint32_t kNeeded =
        (std::uint32_t{1} << CAP_SETUID) | (std::uint32_t{1} << CAP_SETGID);
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3,
                                    .pid = 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    return ::syscall(SYS_capget, &header, data) == 0 &&
           (data[0].effective & kNeeded) == kNeeded;
}

// From here to exec(), the code runs in the child: no allocation.

[[noreturn]] void cannot_run(const char *call) {
    ::dprintf(STDERR_FILENO, "cannot run: %s failed (%d: %s)\n", call, errno,
              std::strerror(errno));
    ::_exit(kCannotRun);
}

// Through a number above them, because either may be one of the three.
void replace_standard_descriptors(int input, int output) {
    const int in = ::fcntl(input, F_DUPFD, kFirstOther);
    const int out = ::fcntl(output, F_DUPFD, kFirstOther);
    if (in < 0 || out < 0 || ::dup2(out, STDERR_FILENO) < 0 ||
        ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(in, STDIN_FILENO) < 0) {
        cannot_run("dup2()");
    }
}

// close_range() is of Linux 5.9.
void close_others() {
    if (::syscall(SYS_close_range, kFirstOther, ~0U, 0) == 0) {
        return;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t end =
        limit.rlim_cur < kMostDescriptors ? limit.rlim_cur : kMostDescriptors;
    for (int fd = kFirstOther; fd < static_cast<int>(end); fd++) {
        ::close(fd);
    }
}

void reset_signals() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; signal++) {
        ::sigaction(signal, &action, nullptr);
    }
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void reset_scheduling() {
    const sched_param param{};
    if (::sched_setscheduler(0, SCHED_OTHER, &param) != 0) {
        cannot_run("sched_setscheduler()");
    }
    ::setpriority(PRIO_PROCESS, 0, 0);
}

void become_user(uid_t uid, gid_t gid) {
    if (!may_choose_user()) {
        return;
    }
    if (::setgroups(1, &gid) != 0) {
        cannot_run("setgroups()");
    }
    if (::setresgid(gid, gid, gid) != 0) {
        cannot_run("setresgid()");
    }
    if (::setresuid(uid, uid, uid) != 0) {
        cannot_run("setresuid()");
    }
}

// After a change of the user, which would undo it. The parent may have died
// before it.
void end_with(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(kCannotRun);
    }
}

[[noreturn]] void run(const Program &program, char *const *arguments,
                      char *const *environment, int input, int output,
                      pid_t parent) {
    ::setsid();
    replace_standard_descriptors(input, output);
    close_others();
    reset_signals();
    reset_scheduling();
    ::umask(S_IWGRP | S_IWOTH);
    if (::chdir("/") != 0) {
        cannot_run("chdir()");
    }
    become_user(program.uid, program.gid);
    end_with(parent);
    ::execve(arguments[0], arguments, environment);
    cannot_run("execve()");
}

// And this is us again.

// The child failed early: it ends at once.
void discard(pid_t pid) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool may_become(const Program &program) {
    return may_choose_user() ||
           (program.uid == ::geteuid() && program.gid == ::getegid());
}

}  // namespace

Result<Child, SystemError> spawn(const Program &program) {
    if (!may_become(program)) {
        return Unexpected(SystemError{
            "running it as user " + std::to_string(program.uid), EPERM});
    }

    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return Unexpected(SystemError{"pipe2()", errno});
    }
    Child child;
    child.output = os::Fd(ends[0]);
    const os::Fd output(ends[1]);
    const os::Fd input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!input || ::fcntl(child.output.get(), F_SETFL, O_NONBLOCK) != 0) {
        return Unexpected(SystemError{"open() of \"/dev/null\"", errno});
    }

    const pid_t self = ::getpid();
    const auto arguments = pointers(program.command);
    const auto environment = pointers(program.environment);
    {
        const os::BlockedSignals blocked;  // no handler of ours in the child
        child.pid = ::fork();
        if (child.pid == 0) {
            run(program, arguments.data(), environment.data(), input.get(),
                output.get(), self);
        }
    }
    if (child.pid < 0) {
        return Unexpected(SystemError{"fork()", errno});
    }

    child.process = os::open_pidfd(child.pid);
    const int error = errno;
    if (!child.process && !os::is_refused(error)) {
        discard(child.pid);
        return Unexpected(SystemError{"pidfd_open()", error});
    }
    return child;
}

}  // namespace ngx_vrrp::script
