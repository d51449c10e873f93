#include "core/transport/script_transport.hpp"

#include <string_view>
#include <utility>
#include <variant>

#include "core/base/first_line.hpp"
#include "core/notify/keepalived_format.hpp"
#include "core/os/clock.hpp"
#include "core/script/unsafe_path.hpp"

namespace ngx_vrrp::transport {

namespace {

using notify::ChannelConfig;
using notify::Delivery;

// Of what one script writes.
constexpr std::size_t kMostLines = 20;
constexpr std::size_t kLongestLine = 512;

script::Program program_of(const notify::ScriptChannel &channel,
                           const notify::EventRecord &event) {
    script::Program program{.command = channel.command,
                            .environment = notify::environment(event),
                            .uid = channel.uid,
                            .gid = channel.gid};
    program.environment.emplace_back(script::kScriptPath);
    if (channel.with_arguments) {
        for (std::string &word : notify::arguments(event)) {
            program.command.push_back(std::move(word));
        }
    }
    return program;
}

notify::Outcome failure(std::string text) {
    return {.delivered = false, .permanent = true, .text = std::move(text)};
}

}  // namespace

ScriptTransport::ScriptTransport(os::Watcher &watcher,
                                 notify::DeliverySink &sink, LogSink &log)
    : sink_(sink),
      log_(log),
      runs_(watcher, *this, kMostLines * kLongestLine) {}

void ScriptTransport::deliver(const Delivery &delivery,
                              const ChannelConfig &config, Instant now) {
    if (const std::optional<notify::Outcome> outcome =
            begin(delivery, config)) {
        sink_.finished(delivery.id, *outcome, now);
    }
}

std::optional<notify::Outcome> ScriptTransport::begin(
    const Delivery &delivery, const ChannelConfig &config) {
    const script::Program program = program_of(
        std::get<notify::ScriptChannel>(config.how), delivery.events.front());
    const std::string wrong =
        script::unsafe_path(program.command.front(), program.uid);
    if (!wrong.empty()) {
        return failure("not run: " + wrong);
    }
    const Status started = runs_.start(delivery.id, program);
    if (!started) {
        return failure(started.error().to_string());
    }
    names_[delivery.id] = config.name + " \"" + config.target + '"';
    return std::nullopt;
}

notify::Outcome ScriptTransport::cancel(notify::DeliveryId id) {
    if (!runs_.has(id)) {
        return failure("not run");
    }
    if (const auto result = runs_.reap(id)) {
        return conclude(id, *result);
    }
    log_output(id, runs_.kill(id));
    names_.erase(id);
    return failure("did not finish in time, killed");
}

void ScriptTransport::script_ended(script::RunId id,
                                   const script::ScriptResult &result) {
    sink_.finished(id, conclude(id, result), os::now());
}

notify::Outcome ScriptTransport::conclude(script::RunId id,
                                          const script::ScriptResult &result) {
    if (!result) {
        names_.erase(id);
        return failure(result.error().to_string());
    }
    log_output(id, result->output);
    names_.erase(id);
    return result->well() ? notify::Outcome{.delivered = true,
                                            .permanent = false,
                                            .text = {}}
                          : failure(result->to_string());
}

void ScriptTransport::log_output(script::RunId id, const std::string &output) {
    std::string_view rest = output;
    for (std::size_t n = 0; n < kMostLines && !rest.empty(); ++n) {
        const std::string line = first_line(rest, kLongestLine);
        if (!line.empty()) {
            log_(LogLevel::notice, "%s: %s", names_[id].c_str(), line.c_str());
        }
        const std::size_t end = rest.find('\n');
        rest.remove_prefix(end == std::string_view::npos ? rest.size()
                                                         : end + 1);
    }
}

}  // namespace ngx_vrrp::transport
