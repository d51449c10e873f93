#include "core/check/table.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <unordered_map>

#include "core/base/sane_time.hpp"
#include "core/base/seqlock.hpp"

namespace ngx_vrrp::check {

namespace {

// A verdict and the generation that has found it, in one word: a process of an
// old generation cannot write it, and cannot read another generation's verdict
// as its own.
constexpr unsigned kVerdictBits = 8;

constexpr std::uint64_t stamp(std::uint64_t generation, Verdict verdict) {
    return generation << kVerdictBits | static_cast<std::uint64_t>(verdict);
}

constexpr std::uint64_t generation_of(std::uint64_t stamped) {
    return stamped >> kVerdictBits;
}

constexpr Verdict verdict_of(std::uint64_t stamped) {
    const auto verdict =
        static_cast<Verdict>(stamped & ((1U << kVerdictBits) - 1));
    return is_known(verdict) ? verdict : Verdict::unknown;
}

// Others may have written it.
Instant load_time(const std::atomic<std::int64_t> &ns,
                  std::memory_order order) {
    return instant_from_ns(sane_time(ns.load(order)));
}

}  // namespace

struct Table::SharedBeat {
    std::atomic<std::int64_t> at_ns;
    std::atomic<std::uint64_t> late_wakes;
    std::atomic<std::int64_t> worst_lag_ns;

    void store(const Beat &beat) {
        late_wakes.store(beat.late_wakes, std::memory_order_relaxed);
        worst_lag_ns.store(beat.worst_lag.count(), std::memory_order_relaxed);
        at_ns.store(to_ns(beat.at), std::memory_order_relaxed);
    }

    Beat load() const {
        return {
            .at = load_time(at_ns, std::memory_order_relaxed),
            .late_wakes = late_wakes.load(std::memory_order_relaxed),
            .worst_lag =
                load_time(worst_lag_ns, std::memory_order_relaxed) - Instant{}};
    }
};

struct alignas(Table::kAlignment) Table::Header {
    std::atomic<std::uint64_t> generation;
    std::atomic<std::uint64_t> slots;
    std::atomic<std::uint64_t> changes;
    std::array<SharedBeat, kRoles.size()> beats;
};

struct alignas(Table::kAlignment) Table::Slot {
    std::atomic<std::uint64_t> verdict;  // stamped
    Seqlock lock;
    SharedWord record[words(sizeof(Record))];
    std::atomic<std::int64_t> recovered_at_ns;
    std::atomic<std::int64_t> demanded_at_ns;
};

std::size_t Table::size(std::size_t checks) {
    return 2 * (sizeof(Header) + checks * sizeof(Slot));
}

Table::Table(void *memory, std::size_t checks, std::uint64_t generation)
    : memory_(static_cast<std::uint8_t *>(memory)),
      generation_(generation),
      capacity_(checks) {}

Table::Header &Table::header() const {
    const std::size_t half = sizeof(Header) + capacity_ * sizeof(Slot);
    return *reinterpret_cast<Header *>(memory_ + generation_ % 2 * half);
}

Table::Slot &Table::slot(CheckId id) const {
    return reinterpret_cast<Slot *>(&header() + 1)[id];
}

bool Table::is_current() const {
    return generation_ != 0 &&
           header().generation.load(std::memory_order_acquire) == generation_;
}

std::size_t Table::slots() const {
    const std::uint64_t n = header().slots.load(std::memory_order_acquire);
    return is_current() ? std::min(n, capacity_) : 0;
}

bool Table::has(CheckId id) const {
    return id < slots();
}

// It does not change while a check is there, so it is never torn.
std::uint64_t Table::key(CheckId id) const {
    static_assert(offsetof(Record, key) == 0);
    return slot(id).record[0].load(std::memory_order_relaxed);
}

std::optional<CheckId> Table::find(std::uint64_t key) const {
    for (CheckId id = 0, n = slots(); id < n; ++id) {
        if (this->key(id) == key) {
            return id;
        }
    }
    return std::nullopt;
}

std::optional<Record> Table::load(CheckId id) const {
    Record record{};
    const bool whole = has(id) && slot(id).lock.read([&] {
        load_words(slot(id).record, writable_bytes_of(record));
    });
    return whole && is_current() ? std::optional(made_sane(record))
                                 : std::nullopt;
}

Record Table::recall(CheckId id, const Config &config) const {
    Record first = first_record(config);
    std::optional<Record> known = load(id);
    if (known && known->checked_at_ns != 0 &&
        is_about(*known, config.identity)) {
        known->backup = config.backup;
        return *known;
    }
    // A writer died in the middle: only the verdict is left.
    if (!known && has(id) && key(id) == first.key) {
        first.verdict = verdict(id);
    }
    return first;
}

void Table::store(CheckId id, const Record &record) {
    if (!has(id)) {
        return;
    }
    Slot &place = slot(id);
    std::uint64_t before = place.verdict.load(std::memory_order_relaxed);
    if (generation_of(before) != generation_) {
        return;
    }

    place.lock.write([&] { store_words(place.record, bytes_of(record)); });

    // Not if a later table is laid out at this moment.
    const std::uint64_t after = stamp(generation_, record.verdict);
    const bool recovered =
        place.recovered_at_ns.exchange(record.recovered_at_ns,
                                       std::memory_order_release) !=
        record.recovered_at_ns;
    const bool changed =
        before != after && place.verdict.compare_exchange_strong(
                               before, after, std::memory_order_release,
                               std::memory_order_relaxed);
    if (changed || recovered) {
        header().changes.fetch_add(1, std::memory_order_release);
    }
}

Verdict Table::verdict(CheckId id) const {
    if (id >= capacity_) {
        return Verdict::unused;
    }
    const std::uint64_t stamped =
        slot(id).verdict.load(std::memory_order_acquire);
    return generation_of(stamped) == generation_ ? verdict_of(stamped)
                                                 : Verdict::unused;
}

std::uint64_t Table::changes() const {
    const std::uint64_t n = header().changes.load(std::memory_order_acquire);
    return is_current() ? n : 0;
}

Instant Table::recovered_at(CheckId id) const {
    return has(id)
               ? load_time(slot(id).recovered_at_ns, std::memory_order_acquire)
               : Instant{};
}

bool Table::has_recovered(CheckId first, std::size_t n,
                          std::string_view address, Instant since) const {
    for (CheckId id = first; id < first + n; ++id) {
        if (recovered_at(id) < since) {
            continue;
        }
        const std::optional<Record> record = load(id);
        if (record && is_at(*record, address)) {
            return true;
        }
    }
    return false;
}

void Table::demand(CheckId id, Instant now) {
    if (has(id)) {
        slot(id).demanded_at_ns.store(to_ns(now), std::memory_order_release);
    }
}

Instant Table::demanded_at(CheckId id) const {
    return has(id)
               ? load_time(slot(id).demanded_at_ns, std::memory_order_acquire)
               : Instant{};
}

void Table::assign(CheckId id, const Config &config) {
    Record record = recall(id, config);
    if (record.checked_at_ns == 0) {
        const Table before(memory_, capacity_, generation_ - 1);
        if (const auto found = before.find(record.key)) {
            record = before.recall(*found, config);
        }
    }
    store(id, record);
}

void Table::release(CheckId id) {
    store(id, Record{});
}

void Table::rearrange(CheckId first, const std::vector<Config> &checks) {
    for (const Record &record :
         recall_all(checks, first, first + checks.size())) {
        store(first++, record);
    }
}

void Table::beat(Role role, const Beat &beat) {
    if (is_current()) {
        header().beats[index_of(role)].store(beat);
    }
}

Beat Table::last_beat(Role role) const {
    return is_current() ? header().beats[index_of(role)].load() : Beat{};
}

std::vector<Record> Table::recall_all(const std::vector<Config> &checks,
                                      CheckId first, CheckId end) const {
    std::unordered_map<std::uint64_t, CheckId> places;
    for (CheckId id = first, n = std::min(end, slots()); id < n; ++id) {
        places.emplace(key(id), id);
    }

    std::vector<Record> list;
    list.reserve(checks.size());
    for (const Config &config : checks) {
        const auto found = places.find(key_of(config.identity));
        list.push_back(found == places.end() ? first_record(config)
                                             : recall(found->second, config));
    }
    return list;
}

bool Table::begin(const std::vector<Config> &checks, std::size_t slots,
                  const Table *before) {
    if (checks.size() > slots || slots > capacity_) {
        return false;
    }
    // Reads all of it first: `before` may be in the same half. Generation 0 has
    // no records.
    const Table none(memory_, capacity_, 0);
    std::vector<Record> records =
        (before != nullptr ? *before : none)
            .recall_all(checks, 0, std::numeric_limits<CheckId>::max());
    records.resize(slots);

    Header &h = header();
    h.generation.store(0);
    h.slots.store(0, std::memory_order_release);
    for (CheckId id = 0; id < slots; ++id) {
        lay_out(id, records[id]);
    }
    for (SharedBeat &beat : h.beats) {
        beat.store({});
    }
    h.changes.store(1, std::memory_order_release);
    h.slots.store(slots, std::memory_order_release);
    h.generation.store(generation_, std::memory_order_release);
    return true;
}

void Table::lay_out(CheckId id, const Record &record) {
    Slot &place = slot(id);
    place.lock.write([&] { store_words(place.record, bytes_of(record)); });
    place.recovered_at_ns.store(record.recovered_at_ns,
                                std::memory_order_relaxed);
    place.demanded_at_ns.store(0, std::memory_order_relaxed);
    place.verdict.store(stamp(generation_, record.verdict),
                        std::memory_order_release);
}

}  // namespace ngx_vrrp::check
