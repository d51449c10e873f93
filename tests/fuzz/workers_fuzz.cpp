// A compromised worker may write any octets into the memory in which workers
// write. The vrrp process treats them as hints: no computation with them
// overflows, its answers are JSON, and other workers are still served.
//
// An input: see spoiled_memory.hpp.

#include <algorithm>

#include "core/base/sane_time.hpp"
#include "core/engine/timer_lag.hpp"
#include "core/engine/worker_watch.hpp"
#include "core/status/command_answer.hpp"
#include "core/status/worker_area.hpp"
#include "tests/fuzz/spoiled_memory.hpp"

namespace ngx_vrrp::status {
namespace {

using fuzz::require;

constexpr Room kRoom{
    .instances = 2, .addresses = 0, .trackers = 0, .checks = 0};
constexpr Instant kNow = instant_from_ns(1'000'000'000'000);

struct Memory {
    test::ZeroedMemory workers{WorkerArea::size(kRoom)};
    WorkerArea area{workers.get(), kRoom};
    std::vector<Commands::Ticket> tickets;
};

OutcomeRecord outcome() {
    OutcomeRecord record{};
    record.instance.set("VI_1");
    record.state.set("FAULT");
    record.detail.set("released by the operator");
    record.done = 1;
    return record;
}

// In each phase that a command may be in.
void fill(Memory &memory) {
    memory.area.begin();
    for (const std::int32_t worker : {1, 2, 3}) {
        memory.area.beat(static_cast<std::size_t>(worker), worker, kNow);
    }
    Commands commands = memory.area.commands();
    CommandRecord record{};
    record.instance.set("VI_1");
    record.who.set("127.0.0.1");
    record.command = engine::Command::failback;
    for (int i = 0; i < 3; ++i) {
        memory.tickets.push_back(commands.ask(record, kNow).value());
    }
    commands.take(kNow);
    commands.set_answer(memory.tickets[0], {outcome(), outcome()});
    for (int i = 0; i < 2; ++i) {
        memory.tickets.push_back(commands.ask(record, kNow).value());
    }
}

void check_heartbeats(const WorkerArea &area) {
    engine::TimerLagWatch lags;
    lags.next(kNow - Seconds{2}, kNow - Seconds{3});
    lags.next(kNow, kNow);
    auto heartbeats = area.heartbeats();
    for (engine::Heartbeat &heartbeat : heartbeats) {
        require(heartbeat.pid > 0, "no process, or all of them");
        require(to_ns(heartbeat.beat) == sane_time(to_ns(heartbeat.beat)),
                "a time that is out of range");
        heartbeat.beat += lags.lost_since(heartbeat.beat, kNow);
    }
    for (const unsigned required : {0U, 1U, 3U}) {
        const auto verdict =
            engine::judge_workers(heartbeats, required, Seconds{2}, kNow);
        require(verdict.fresh <= heartbeats.size(), "workers from nowhere");
    }
}

// The view of a worker on its command.
void check_answer(const Commands &commands, const Commands::Ticket &ticket) {
    static_cast<void>(commands.progress(ticket));
    const Outcomes list = commands.answer(ticket);
    require(list.size() <= kRoom.instances, "an answer without end");
    fuzz::require_json(to_json(engine::Command::release, list));
}

void check_commands(Commands commands,
                    const std::vector<Commands::Ticket> &tickets) {
    static_cast<void>(commands.is_damaged());
    for (const Commands::Ticket &ticket : tickets) {
        check_answer(commands, ticket);
    }
    for (const Commands::Asked &asked : commands.take(kNow)) {
        require(is_known(asked.record.command), "a command that is none");
        require(asked.ticket.slot < Commands::kSlots, "no slot");
        fuzz::require_json(
            error_json(asked.record.command, asked.record.instance.view()));
        commands.set_answer(asked.ticket, {outcome(), outcome(), outcome()});
    }
    for (const Commands::Ticket &ticket : tickets) {
        check_answer(commands, ticket);
        commands.forget(ticket);
    }

    // A command that was given up makes room.
    CommandRecord record{};
    require(
        commands.ask(record, kNow) || commands.ask(record, kNow + Seconds{12}),
        "no room for a command");
}

void run(Bytes steps) {
    static Memory memory;
    static const fuzz::Pristine pristine = [] {
        fill(memory);
        return fuzz::Pristine(memory.workers.words());
    }();
    pristine.restore(memory.workers);
    fuzz::spoil(memory.workers, pristine, steps);

    static_cast<void>(memory.area.is_damaged());
    check_heartbeats(memory.area);
    check_commands(memory.area.commands(), memory.tickets);
    memory.area.beat(1, 99, kNow);
    const auto heartbeats = memory.area.heartbeats();
    require(std::ranges::any_of(
                heartbeats,
                [](const auto &h) { return h.pid == 99 && h.beat == kNow; }),
            "a worker that is not heard");
}

}  // namespace
}  // namespace ngx_vrrp::status

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::status::run(ngx_vrrp::Bytes(data, size));
    return 0;
}
