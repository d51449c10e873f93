#include "core/net/script_prober.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "core/base/first_line.hpp"
#include "core/base/log.hpp"
#include "core/net/clock.hpp"
#include "core/net/unsafe_path.hpp"

namespace ngx_vrrp::net {

namespace {

using check::Outcome;
using check::Reason;

constexpr std::size_t kLongestLine = 256;
constexpr std::size_t kReadSize = 4096;
constexpr unsigned kMaxReadsPerWakeup = 16;

constexpr const char *kPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Program program_of(const check::Config &config) {
    const auto &check = std::get<check::ScriptCheck>(config.probe);
    return {.command = check.command,
            .environment = {kPath, "VRRP_INSTANCE=" + config.identity.group,
                            "VRRP_TRACKER=" + config.identity.name},
            .uid = check.uid,
            .gid = check.gid};
}

std::string with_line(std::string text, const std::string &output) {
    const std::string line = first_line(output, kLongestLine);
    return line.empty() ? text : std::move(text) + ": " + line;
}

Outcome judge(int status, const std::string &output) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return check::passed();
    }
    const std::string text =
        WIFEXITED(status) ? format("exit status %d", WEXITSTATUS(status))
                          : format("killed by signal %d", WTERMSIG(status));
    return check::failed(Reason::procerr, with_line(text, output));
}

Outcome system_failure(SystemError error) {
    return check::failed(Reason::sockerr, error.to_string());
}

}  // namespace

ScriptProber::ScriptProber(Watcher &watcher, check::Outcomes &outcomes)
    : watcher_(watcher), outcomes_(outcomes) {
    ::signal(SIGCHLD, SIG_DFL);
}

ScriptProber::~ScriptProber() {
    for (auto &[id, run] : runs_) {
        kill(run);
        close(run.child.process);
        ::waitpid(run.child.pid, nullptr, WNOHANG);
    }
}

void ScriptProber::start(check::CheckId id, const check::Config &config,
                         Instant now) {
    if (const std::optional<Outcome> outcome = begin(id, config)) {
        outcomes_.finished(id, *outcome, now);
    }
}

std::optional<Outcome> ScriptProber::begin(check::CheckId id,
                                           const check::Config &config) {
    const auto before = runs_.find(id);
    if (before != runs_.end() && !reap(before)) {
        return check::failed(Reason::proctout,
                             "not run: the run before has been killed but "
                             "does not end");
    }

    const Program program = program_of(config);
    const std::string wrong = unsafe_path(program.command.front(), program.uid);
    if (!wrong.empty()) {
        return check::failed(Reason::procerr, "not run: " + wrong);
    }

    Result<Child, SystemError> child = spawn(program);
    if (!child) {
        return system_failure(child.error());
    }
    Run &run = runs_[id];
    run.child = std::move(child.value());
    if (!watch(run)) {
        kill(run);
        return system_failure({"adding a script to the event loop", EMFILE});
    }
    return std::nullopt;
}

// Without its process being watched, it is waited for before the next run.
bool ScriptProber::watch(Run &run) {
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

Outcome ScriptProber::cancel(check::CheckId id) {
    const auto it = runs_.find(id);
    if (it == runs_.end()) {
        return check::passed();
    }
    if (const std::optional<Outcome> outcome = reap(it)) {
        return *outcome;
    }
    kill(it->second);
    return check::failed(
        Reason::proctout,
        with_line("did not end in time, killed", it->second.line));
}

void ScriptProber::forget(check::CheckId id) {
    const auto it = runs_.find(id);
    if (it != runs_.end()) {
        kill(it->second);
    }
}

bool ScriptProber::on_readable(int fd) {
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

    const check::CheckId id = it->first;
    const bool killed = it->second.killed;
    const std::optional<Outcome> outcome = reap(it);
    if (outcome && !killed) {
        outcomes_.finished(id, *outcome, now());
    }
    return true;
}

// Nothing while it runs. What it has left in the pipe is read; children that
// go on writing there are not waited for.
std::optional<Outcome> ScriptProber::reap(Runs::iterator it) {
    Run &run = it->second;
    int status = 0;
    const pid_t ended = ::waitpid(run.child.pid, &status, WNOHANG);
    const int error = errno;
    if (ended == 0) {
        return std::nullopt;
    }
    read_output(run);
    Outcome outcome = ended < 0 ? system_failure({"waitpid()", error})
                                : judge(status, run.line);
    close(run.child.output);
    close(run.child.process);
    runs_.erase(it);
    return outcome;
}

void ScriptProber::read_output(Run &run) {
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
        const std::string_view text(buffer.data(),
                                    static_cast<std::size_t>(size));
        if (run.line.find('\n') == std::string::npos) {
            run.line += text.substr(0, kLongestLine);
        }
        run.line.resize(std::min(run.line.size(), kLongestLine));
    }
}

// The group is there as long as the process has not been waited for. Before
// the process has made its group, it has no children either.
void ScriptProber::kill(Run &run) {
    run.killed = true;
    ::kill(-run.child.pid, SIGKILL);
    ::kill(run.child.pid, SIGKILL);
    close(run.child.output);
}

void ScriptProber::close(Fd &fd) {
    if (fd) {
        watcher_.unwatch(fd.get());
        fd.reset();
    }
}

}  // namespace ngx_vrrp::net
