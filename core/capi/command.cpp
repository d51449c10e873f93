// How workers ask the vrrp process for something, and learn what has come of
// it.

#include <algorithm>
#include <string>

#include "core/capi.h"
#include "core/capi/memory.hpp"
#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/os/clock.hpp"
#include "core/os/wake.hpp"
#include "core/status/command_answer.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(static_cast<int>(engine::Command::failback) ==
              VRRP_CORE_FAILBACK);

static_assert(engine::kLongestRelease == Seconds{VRRP_CORE_LONGEST_RELEASE});

engine::Command to_command(vrrp_core_command_e command) {
    return static_cast<engine::Command>(command);
}

status::Commands::Ticket to_ticket(const vrrp_core_ticket_t &ticket) {
    return {ticket.slot, ticket.word};
}

bool all_done(const status::Outcomes &outcomes) {
    return std::all_of(outcomes.begin(), outcomes.end(),
                       [](const auto &outcome) { return outcome.done != 0; });
}

vrrp_core_result_e judge(const status::Outcomes &outcomes) {
    if (outcomes.empty()) {
        return VRRP_CORE_NOT_FOUND;
    }
    return all_done(outcomes) ? VRRP_CORE_DONE : VRRP_CORE_REFUSED;
}

struct CommandResult {
    vrrp_core_result_e result;
    std::string text;
};

CommandResult give_up(status::Commands &commands,
                      const vrrp_core_ticket_t &ticket) {
    const engine::Command command = to_command(ticket.command);
    if (commands.withdraw(to_ticket(ticket))) {
        return {VRRP_CORE_NOT_HEARD,
                status::error_json(command,
                                   "the vrrp process does not respond, "
                                   "nothing was changed")};
    }
    return {VRRP_CORE_NOT_ANSWERED,
            status::error_json(command,
                               "the vrrp process has not reported the result, "
                               "check the status")};
}

CommandResult look(status::Commands &commands, const vrrp_core_ticket_t &ticket,
                   Instant now) {
    using Progress = status::Commands::Progress;
    const engine::Command command = to_command(ticket.command);
    const Duration waited = now - instant_from_ns(ticket.asked_at_ns);
    switch (commands.progress(to_ticket(ticket))) {
        case Progress::asked:
            return waited < status::kNoticedWithin
                       ? CommandResult{VRRP_CORE_PENDING, {}}
                       : give_up(commands, ticket);
        case Progress::taken:
            return waited < status::kNoticedWithin + status::kAnsweredWithin
                       ? CommandResult{VRRP_CORE_PENDING, {}}
                       : give_up(commands, ticket);
        case Progress::answered: {
            const status::Outcomes list = commands.answer(to_ticket(ticket));
            commands.forget(to_ticket(ticket));
            const vrrp_core_result_e result = judge(list);
            return {result,
                    result == VRRP_CORE_NOT_FOUND
                        ? status::error_json(command, "no such instance")
                        : status::to_json(command, list)};
        }
        case Progress::lost:
            break;
    }
    return give_up(commands, ticket);
}

}  // namespace

int vrrp_core_command(vrrp_core_memory_t *memory, const vrrp_core_conf_t *conf,
                      const vrrp_core_command_t *command,
                      vrrp_core_ticket_t *ticket) {
    if (memory == nullptr) {
        return VRRP_CORE_ERROR;
    }
    return guarded(VRRP_CORE_ERROR, [&] {
        const Instant now = os::now();
        status::CommandRecord record{};
        record.instance.set(to_string(command->instance));
        record.who.set(to_string(command->who));
        record.command = to_command(command->command);
        record.rescue = command->rescue;
        record.length_ns = command->length_ns;

        const auto asked = memory->worker_area().commands().ask(record, now);
        if (!asked) {
            return VRRP_CORE_AGAIN;
        }
        *ticket = {command->command, asked->slot, asked->word, to_ns(now)};
        os::wake(conf->wake_fd);
        return VRRP_CORE_OK;
    });
}

vrrp_core_result_e vrrp_core_command_result(vrrp_core_memory_t *memory,
                                            const vrrp_core_ticket_t *ticket,
                                            vrrp_core_append_pt append,
                                            void *data) {
    try {
        status::Commands commands = memory->worker_area().commands();
        const CommandResult result = look(commands, *ticket, os::now());
        append(data, result.text.data(), result.text.size());
        return result.result;
    } catch (...) {
        vrrp_core_command_forget(memory, ticket);
        return VRRP_CORE_NOT_ANSWERED;
    }
}

void vrrp_core_command_forget(vrrp_core_memory_t *memory,
                              const vrrp_core_ticket_t *ticket) {
    memory->worker_area().commands().forget(to_ticket(*ticket));
}
