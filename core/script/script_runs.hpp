// core/script runs programs of the user: track_script and notify scripts. A
// Program is a command with its environment and user; spawn() starts it,
// ScriptRuns owns all that run and reports the end of each to a ScriptSink,
// with its output. unsafe_path() refuses a program that others can replace. The
// meaning of an exit status is up to core/probe and core/transport.
//
// Running scripts: starts them, reads their output, waits for them, and kills
// them with their whole process group. It also waits for a killed one before it
// removes it. Used in processes without other children: SIGCHLD is set to its
// default there, since nginx's handler would wait for ours, and it is blocked
// if there are no pidfds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"
#include "core/script/spawn.hpp"

namespace ngx_vrrp::script {

using RunId = std::uint64_t;

struct ScriptEnd {
    int status = 0;      // waitpid()'s
    std::string output;  // the beginning of what it has written

    bool well() const;  // exit status 0

    // "exit status 1", "killed by signal 9"
    std::string to_string() const;
};

using ScriptResult = Result<ScriptEnd, SystemError>;

class ScriptSink {
public:
    virtual ~ScriptSink() = default;

    // Not of one that was killed.
    virtual void script_ended(RunId id, const ScriptResult &result) = 0;
};

// The search path of every script: NAME=value.
inline constexpr const char *kScriptPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

class ScriptRuns {
public:
    // Both outlive the runs, whose end kills every script. `most_output` octets
    // of each output are kept.
    ScriptRuns(os::Watcher &watcher, ScriptSink &sink, std::size_t most_output);
    ScriptRuns(const ScriptRuns &) = delete;
    ScriptRuns &operator=(const ScriptRuns &) = delete;
    ~ScriptRuns();

    // There must not be one with this id. EMFILE: the event loop is full, and
    // the script is killed.
    Status start(RunId id, const Program &program);

    // Is there one, even if it was killed?
    bool has(RunId id) const { return runs_.count(id) != 0; }

    // There is one with this id. If it has ended, it is removed, and the sink
    // is not called. Nothing: not yet.
    std::optional<ScriptResult> reap(RunId id);

    // There is one; what it had written.
    std::string kill(RunId id);

    // False: not one of theirs.
    bool on_readable(int fd);

private:
    // Until it has been waited for.
    struct Run {
        Child child;
        std::string output;
        bool killed = false;
    };

    using Runs = std::map<RunId, Run>;

    bool watch(Run &run);
    void take_ends();
    void take_end(Runs::iterator run);
    std::optional<ScriptResult> reap(Runs::iterator run);
    void read_output(Run &run);
    void kill(Run &run);
    void close(os::Fd &fd);

    os::Watcher &watcher_;
    ScriptSink &sink_;
    std::size_t most_output_;
    os::Fd ends_;  // readable after SIGCHLD, where there are no pidfds
    Runs runs_;
};

}  // namespace ngx_vrrp::script
