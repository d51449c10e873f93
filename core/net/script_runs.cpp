#include "core/net/script_runs.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "core/base/log.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr std::size_t kReadSize = 4096;
constexpr unsigned kMaxReadsPerWakeup = 16;

}  // namespace

bool ScriptEnd::well() const {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string ScriptEnd::to_string() const {
    return WIFEXITED(status) ? format("exit status %d", WEXITSTATUS(status))
                             : format("killed by signal %d", WTERMSIG(status));
}

ScriptRuns::ScriptRuns(Watcher &watcher, ScriptSink &sink,
                       std::size_t most_output)
    : watcher_(watcher), sink_(sink), most_output_(most_output) {
    ::signal(SIGCHLD, SIG_DFL);
}

ScriptRuns::~ScriptRuns() {
    for (auto &[id, run] : runs_) {
        kill(run);
        close(run.child.process);
        ::waitpid(run.child.pid, nullptr, WNOHANG);
    }
}

Status ScriptRuns::start(RunId id, const Program &program) {
    Result<Child, SystemError> child = spawn(program);
    if (!child) {
        return Unexpected(child.error());
    }
    Run &run = runs_[id];
    run.child = std::move(child.value());
    if (!watch(run)) {
        kill(run);
        return Unexpected(
            SystemError{"adding a script to the event loop", EMFILE});
    }
    return success();
}

// Without its process being watched, it is waited for by reap() only.
bool ScriptRuns::watch(Run &run) {
    if (!watcher_.watch(run.child.process.get())) {
        run.child.process.reset();
        run.child.output.reset();
        return false;
    }
    if (!watcher_.watch(run.child.output.get())) {
        run.child.output.reset();
        return false;
    }
    return true;
}

std::optional<ScriptResult> ScriptRuns::reap(RunId id) {
    return reap(runs_.find(id));
}

std::string ScriptRuns::kill(RunId id) {
    Run &run = runs_.find(id)->second;
    kill(run);
    return run.output;
}

bool ScriptRuns::on_readable(int fd) {
    const auto it =
        std::find_if(runs_.begin(), runs_.end(), [&](const auto &entry) {
            const Child &child = entry.second.child;
            return child.process.get() == fd || child.output.get() == fd;
        });
    if (fd < 0 || it == runs_.end()) {
        return false;
    }
    if (fd == it->second.child.output.get()) {
        read_output(it->second);
        return true;
    }

    const RunId id = it->first;
    const bool killed = it->second.killed;
    const std::optional<ScriptResult> result = reap(it);
    if (result && !killed) {
        sink_.script_ended(id, *result);
    }
    return true;
}

// What it has left in the pipe is read; children that go on writing there are
// not waited for.
std::optional<ScriptResult> ScriptRuns::reap(Runs::iterator it) {
    Run &run = it->second;
    int status = 0;
    const pid_t ended = ::waitpid(run.child.pid, &status, WNOHANG);
    const int error = errno;
    if (ended == 0) {
        return std::nullopt;
    }
    read_output(run);
    close(run.child.output);
    close(run.child.process);
    ScriptEnd end{status, std::move(run.output)};
    runs_.erase(it);
    if (ended < 0) {
        return Unexpected(SystemError{"waitpid()", error});
    }
    return end;
}

void ScriptRuns::read_output(Run &run) {
    for (unsigned n = 0; n < kMaxReadsPerWakeup && run.child.output; n++) {
        std::array<char, kReadSize> buffer;
        const ssize_t size =
            ::read(run.child.output.get(), buffer.data(), buffer.size());
        if (size < 0) {
            return;
        }
        if (size == 0) {
            close(run.child.output);
            return;
        }
        const std::size_t room = most_output_ - run.output.size();
        run.output.append(buffer.data(),
                          std::min(room, static_cast<std::size_t>(size)));
    }
}

// The group is there as long as the process has not been waited for. Before
// the process has made its group, it has no children either.
void ScriptRuns::kill(Run &run) {
    run.killed = true;
    ::kill(-run.child.pid, SIGKILL);
    ::kill(run.child.pid, SIGKILL);
    close(run.child.output);
}

void ScriptRuns::close(Fd &fd) {
    if (fd) {
        watcher_.unwatch(fd.get());
        fd.reset();
    }
}

}  // namespace ngx_vrrp::net
