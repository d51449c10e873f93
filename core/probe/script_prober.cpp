#include "core/probe/script_prober.hpp"

#include <utility>
#include <variant>

#include "core/base/first_line.hpp"
#include "core/os/clock.hpp"
#include "core/script/unsafe_path.hpp"

namespace ngx_vrrp::probe {

namespace {

using check::Reason;

constexpr std::size_t kLongestMessage = 256;

script::Program program_of(const check::Config &config) {
    const auto &check = std::get<check::ScriptCheck>(config.probe);
    return {.command = check.command,
            .environment = {script::kScriptPath,
                            "VRRP_INSTANCE=" + config.identity.group,
                            "VRRP_TRACKER=" + config.identity.name},
            .uid = check.uid,
            .gid = check.gid};
}

std::string with_line(std::string text, const std::string &output) {
    const std::string line = first_line(output, kLongestMessage);
    return line.empty() ? text : std::move(text) + ": " + line;
}

check::Outcome system_failure(const SystemError &error) {
    return check::failed(Reason::sockerr, error.to_string());
}

check::Outcome judge(const script::ScriptResult &result) {
    if (!result) {
        return system_failure(result.error());
    }
    return result->well()
               ? check::passed()
               : check::failed(Reason::procerr,
                               with_line(result->to_string(), result->output));
}

}  // namespace

ScriptProber::ScriptProber(os::Watcher &watcher, check::Outcomes &outcomes)
    : outcomes_(outcomes), runs_(watcher, *this, kLongestMessage) {}

void ScriptProber::start(check::CheckId id, const check::Config &config,
                         Instant now) {
    if (const std::optional<check::Outcome> outcome = begin(id, config)) {
        outcomes_.finished(id, *outcome, now);
    }
}

std::optional<check::Outcome> ScriptProber::begin(check::CheckId id,
                                                  const check::Config &config) {
    if (runs_.has(id) && !runs_.reap(id)) {
        return check::failed(Reason::proctout,
                             "not run: the previous run was killed but has "
                             "not exited");
    }

    const script::Program program = program_of(config);
    const std::string wrong =
        script::unsafe_path(program.command.front(), program.uid);
    if (!wrong.empty()) {
        return check::failed(Reason::procerr, "not run: " + wrong);
    }
    const Status started = runs_.start(id, program);
    return started ? std::nullopt
                   : std::optional{system_failure(started.error())};
}

check::Outcome ScriptProber::cancel(check::CheckId id) {
    if (!runs_.has(id)) {
        return check::passed();
    }
    if (const auto result = runs_.reap(id)) {
        return judge(*result);
    }
    return check::failed(
        Reason::proctout,
        with_line("did not finish in time, killed", runs_.kill(id)));
}

void ScriptProber::forget(check::CheckId id) {
    if (runs_.has(id)) {
        static_cast<void>(runs_.kill(id));
    }
}

void ScriptProber::script_ended(script::RunId id,
                                const script::ScriptResult &result) {
    outcomes_.finished(id, judge(result), os::now());
}

}  // namespace ngx_vrrp::probe
