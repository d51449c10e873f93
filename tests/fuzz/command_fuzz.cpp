// A worker may ask for any instance. The vrrp process takes a command only if
// its texts can be logged. It gets the beginning of what was asked, and the
// client gets JSON.
//
// An input: the command (1 octet), the length of the client's address (1), the
// address, the instance.

#include <memory>
#include <string>
#include <string_view>

#include "core/base/plain_text.hpp"
#include "core/capi.h"
#include "core/capi/memory.hpp"
#include "core/os/clock.hpp"
#include "core/status/health.hpp"
#include "tests/fuzz/spoiled_memory.hpp"

namespace ngx_vrrp::status {
namespace {

using fuzz::require;

vrrp_core_str_t to_c(std::string_view text) {
    return {text.data(), text.size()};
}

void append(void *data, const char *text, std::size_t size) {
    static_cast<std::string *>(data)->append(text, size);
}

// Of a configuration with one instance.
vrrp_core_memory_t *memory() {
    static vrrp_core_instance_conf_t instance{};
    static vrrp_core_memory_t *made = [] {
        vrrp_core_conf_t conf{};
        conf.instances = &instance;
        conf.ninstances = 1;
        char notes[512];
        return vrrp_core_memory_create(&conf, nullptr, notes, sizeof(notes));
    }();
    return made;
}

std::string result(const vrrp_core_ticket_t &ticket,
                   vrrp_core_result_e expected) {
    std::string text;
    require(
        vrrp_core_command_result(memory(), &ticket, append, &text) == expected,
        "another result");
    return text;
}

void check(const vrrp_core_command_t &command, std::string_view who,
           std::string_view instance) {
    vrrp_core_conf_t conf{};
    conf.wake_fd = -1;
    conf.demand_fd = -1;
    vrrp_core_ticket_t ticket{};
    require(
        vrrp_core_command(memory(), &conf, &command, &ticket) == VRRP_CORE_OK,
        "no room for a command");
    require(result(ticket, VRRP_CORE_PENDING).empty(), "too many words");

    Commands commands = memory()->worker_area().commands();
    const auto taken = commands.take(os::now());
    const std::string_view cut = instance.substr(0, kLongestName);
    if (!is_line(who.substr(0, kLongestName)) ||
        !(cut.empty() || is_name(cut))) {
        require(taken.size() <= 1, "taken twice");
        if (taken.empty()) {
            vrrp_core_command_forget(memory(), &ticket);
            return;
        }
    }
    require(taken.size() == 1, "not taken");
    const CommandRecord &record = taken[0].record;
    const std::string_view kept = record.instance.view();
    require(instance.starts_with(kept) && who.starts_with(record.who.view()),
            "other words");

    OutcomeRecord outcome{};
    outcome.instance.set(instance);
    outcome.state.set(who);
    outcome.detail.set(instance);
    outcome.done = 1;
    commands.set_answer(taken[0].ticket, {outcome});
    fuzz::require_json(result(ticket, VRRP_CORE_DONE));
}

void check_health(std::string_view instance) {
    const vrrp_core_health_question_t question{.require_master = 1,
                                               .instance = to_c(instance)};
    std::string text;
    require(vrrp_core_health(memory(), &question, append, &text) !=
                VRRP_CORE_HEALTHY,
            "healthy without a vrrp process");
}

}  // namespace
}  // namespace ngx_vrrp::status

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::status;

    const std::string_view input(reinterpret_cast<const char *>(data), size);
    if (size < 2 || size < 2U + data[1]) {
        return 0;
    }
    const std::string_view who = input.substr(2, data[1]);
    const std::string_view instance = input.substr(2U + data[1]);
    const vrrp_core_command_t command{
        .command = static_cast<vrrp_core_command_e>(data[0] % 3),
        .instance = to_c(instance),
        .who = to_c(who),
        .length_ns = (data[0] >> 4) * std::int64_t{1'000'000'000},
        .rescue = static_cast<std::uint8_t>((data[0] >> 3) & 1)};
    check(command, who, instance);
    check_health(instance);
    return 0;
}
