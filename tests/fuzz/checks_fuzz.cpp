// A compromised checker may write any octets into the table of checks. Other
// processes read no value that is out of range there, and the next generation
// has its own table.
//
// An input: see spoiled_memory.hpp.

#include <algorithm>

#include "core/base/sane_time.hpp"
#include "core/check/monitor.hpp"
#include "core/check/table.hpp"
#include "tests/fuzz/spoiled_memory.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::check {
namespace {

using fuzz::require;

constexpr std::size_t kSlots = 4;
constexpr std::size_t kChecks = 3;
constexpr std::uint64_t kGeneration = 3;
constexpr Instant kNow = instant_from_ns(1'000'000'000'000);

struct Memory {
    test::ZeroedMemory memory{Table::size(kSlots)};

    Table table(std::uint64_t generation) {
        return {memory.get(), kSlots, generation};
    }
};

std::vector<Config> configs() {
    std::vector<Config> list(kChecks, test::default_check());
    for (std::size_t i = 0; i < kChecks; ++i) {
        const std::string name(1, static_cast<char>('a' + i));
        list[i].identity = {"http", "web", name, name + ":80"};
        list[i].initial = Verdict::up;
    }
    return list;
}

// Both halves are in use.
void fill(Memory &memory) {
    Table before = memory.table(kGeneration - 1);
    before.begin(configs(), kSlots, nullptr);
    for (CheckId id = 0; id < kChecks; ++id) {
        Record record = before.load(id).value();
        add_result(record, failed(Reason::l7sts, "status 500"), Milliseconds{2},
                   kNow - Seconds{9});
        change_verdict(record, Verdict::down, kNow - Seconds{9});
        add_result(record, passed(), Milliseconds{2}, kNow - Seconds{8});
        before.store(id, record);
    }
    Table table = memory.table(kGeneration);
    table.begin(configs(), kSlots, &before);
    for (const Role role : kRoles) {
        table.beat(role, {kNow, 1, Milliseconds{1}});
    }
}

void check_sane(const Record &record) {
    require(is_known(record.verdict), "a verdict that is none");
    require(is_known(record.reason), "a reason that is none");
    require(record.history_length <= kHistoryBits, "a history without end");
    for (const std::int64_t time :
         {record.checked_at_ns, record.duration_ns, record.failed_at_ns,
          record.failed_duration_ns, record.changed_at_ns, record.downtime_ns,
          record.recovered_at_ns}) {
        require(time == sane_time(time), "a time that is out of range");
    }
    require(!failure_text(record).empty() || record.reason == Reason::none,
            "a failure without a word");
}

// As the processes that do not check see it.
void read(const Table &table) {
    static_cast<void>(table.changes());
    require(table.slots() <= kSlots, "more checks than there is room for");
    for (CheckId id = 0; id <= kSlots; ++id) {
        require(is_known(table.verdict(id)), "a verdict that is none");
        static_cast<void>(table.recovered_at(id));
        if (const auto record = table.load(id)) {
            check_sane(*record);
        }
    }
    static_cast<void>(table.has_recovered(0, kSlots + 1, "a:80", kNow));
    for (const Role role : kRoles) {
        const Beat beat = table.last_beat(role);
        require(to_ns(beat.at) == sane_time(to_ns(beat.at)),
                "a beat that is out of range");
        require(beat.worst_lag == Duration{sane_time(beat.worst_lag.count())},
                "a lag that is out of range");
    }
}

// As a process that checks continues with it.
void continue_from(Table &table) {
    CheckId id = 0;
    for (const Config &config : configs()) {
        Record record = table.recall(id, config);
        check_sane(record);
        require(is_about(record, config.identity), "results of another check");
        add_result(record, failed(Reason::l4con, "refused"), Milliseconds{1},
                   kNow);
        change_verdict(record, Verdict::down, kNow);
        add_result(record, passed(), Milliseconds{1}, kNow);
        change_verdict(record, Verdict::up, kNow);
        table.store(id++, record);
    }
    table.release(1);
    table.assign(1, configs()[1]);
    table.rearrange(0, configs());
    read(table);
}

void check_next(Memory &memory, const Table &table) {
    Table next = memory.table(kGeneration + 1);
    require(next.begin(configs(), kSlots, &table), "no other generation");
    require(next.is_current() && next.slots() == kSlots, "not a table");
    for (CheckId id = 0; id < kChecks; ++id) {
        const auto record = next.load(id);
        require(record && is_about(*record, configs()[id].identity),
                "a check is missing");
        require(record->verdict == next.verdict(id), "two verdicts");
        check_sane(*record);
    }
    read(next);
}

void run(Bytes steps) {
    static Memory memory;
    static const fuzz::Pristine pristine = [] {
        fill(memory);
        return fuzz::Pristine(memory.memory.words());
    }();
    pristine.restore(memory.memory);
    fuzz::spoil(memory.memory, pristine, steps);

    Table table = memory.table(kGeneration);
    read(table);
    read(memory.table(kGeneration - 1));
    continue_from(table);
    check_next(memory, table);
}

}  // namespace
}  // namespace ngx_vrrp::check

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::check::run(ngx_vrrp::Bytes(data, size));
    return 0;
}
