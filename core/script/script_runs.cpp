#include "core/script/script_runs.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/os/pidfd.hpp"
#include "core/os/signal_fd.hpp"

namespace ngx_vrrp::script {

namespace {

constexpr std::size_t kReadSize = 4096;
constexpr unsigned kMaxReadsPerWakeup = 16;

bool has_pidfds() {
    return os::open_pidfd(::getpid()) || !os::is_refused(errno);
}

}  // namespace

bool ScriptEnd::well() const {
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string ScriptEnd::to_string() const {
    return WIFEXITED(status) ? format("exit status %d", WEXITSTATUS(status))
                             : format("killed by signal %d", WTERMSIG(status));
}

ScriptRuns::ScriptRuns(os::Watcher &watcher, ScriptSink &sink,
                       std::size_t most_output)
    : watcher_(watcher), sink_(sink), most_output_(most_output) {
    ::signal(SIGCHLD, SIG_DFL);
    if (has_pidfds()) {
        return;
    }
    ends_ = os::open_signal_fd(SIGCHLD);
    if (ends_ && !watcher_.watch(ends_.get())) {
        ends_.reset();
    }
}

ScriptRuns::~ScriptRuns() {
    for (auto &[id, run] : runs_) {
        kill(run);
        close(run.child.process);
        ::waitpid(run.child.pid, nullptr, WNOHANG);
    }
    close(ends_);
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

// If its process cannot be watched, only reap() waits for it.
bool ScriptRuns::watch(Run &run) {
    const bool is_watched = run.child.process
                                ? watcher_.watch(run.child.process.get())
                                : static_cast<bool>(ends_);
    if (!is_watched) {
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
    if (fd >= 0 && fd == ends_.get()) {
        take_ends();
        return true;
    }
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

    take_end(it);
    return true;
}

void ScriptRuns::take_end(Runs::iterator it) {
    const RunId id = it->first;
    const bool killed = it->second.killed;
    const std::optional<ScriptResult> result = reap(it);
    if (result && !killed) {
        sink_.script_ended(id, *result);
    }
}

// One signal may stand for several. The sink may start other scripts.
void ScriptRuns::take_ends() {
    os::take_signals(ends_.get());
    std::vector<RunId> ids;
    for (const auto &[id, run] : runs_) {
        ids.push_back(id);
    }
    for (const RunId id : ids) {
        if (const auto it = runs_.find(id); it != runs_.end()) {
            take_end(it);
        }
    }
}

// The rest in the pipe is read; children that continue to write there are not
// waited for.
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

// Its output so far may still be in the pipe. The group exists until the
// process has been waited for. Before the process has created its group, it has
// no children either.
void ScriptRuns::kill(Run &run) {
    read_output(run);
    run.killed = true;
    ::kill(-run.child.pid, SIGKILL);
    ::kill(run.child.pid, SIGKILL);
    close(run.child.output);
}

void ScriptRuns::close(os::Fd &fd) {
    if (fd) {
        watcher_.unwatch(fd.get());
        fd.reset();
    }
}

}  // namespace ngx_vrrp::script
