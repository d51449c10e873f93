#include "core/engine/shared_ownership.hpp"

#include <algorithm>
#include <cstring>

namespace ngx_vrrp::engine {

namespace {

// An owner that is silent for a shorter time is only slow.
constexpr Duration kShortestPatience = Milliseconds{200};

// How often a waiter checks: at first, while a reload is in progress, and
// later.
constexpr Duration kFirstLooks = Milliseconds{100};
constexpr Duration kFirstPeriod = Milliseconds{1};
constexpr Duration kShortestPeriod = Milliseconds{5};
constexpr Duration kLongestPeriod = Milliseconds{100};

// If a check is late by more, this process did not run, and others may not have
// run either.
constexpr Duration kLate = Milliseconds{50};

// How often an owner reports that it runs, while another process waits.
constexpr Duration kLongestRun = Milliseconds{100};

// A waiter that has not run for longer gets nothing, and another waiter may
// take its place.
constexpr Duration kFresh = Milliseconds{250};
static_assert(kFresh > kLongestPeriod + kLate);

// A binary that has not asked for its routers after this time has another
// reason, or has died, and another process has its pid.
constexpr Duration kLongestStart = Seconds{30};

ProcessId load(const SharedWord &word) {
    return ProcessId::from_word(word.load());
}

Instant load_time(const SharedWord &word) {
    return instant_from_ns(static_cast<std::int64_t>(word.load()));
}

void store(SharedWord &word, Instant time) {
    word.store(static_cast<std::uint64_t>(to_ns(time)));
}

// True: it named `from`, and names `to` now.
bool replace(SharedWord &word, ProcessId from, ProcessId to) {
    std::uint64_t expected = from.word();
    return word.compare_exchange_strong(expected, to.word());
}

std::uint64_t checksum_of(const HandoverRecord &record) {
    const Bytes bytes = bytes_of(record);
    return fingerprint(
        {reinterpret_cast<const char *>(bytes.data()), bytes.size()});
}

}  // namespace

bool another_starts(const OwnershipMemory &memory, ProcessId self,
                    Processes &processes, Instant now) {
    const ProcessId next = load(memory.starting());
    return next.is_newer_than(self) &&
           now - next.configured_at() < kLongestStart &&
           processes.is_alive(next.pid(), now);
}

void SharedOwnership::end_start(int master_pid) {
    const ProcessId starting = load(memory_.starting());
    if (starting.pid() == master_pid) {
        replace(memory_.starting(), starting, {});
    }
}

OwnershipId SharedOwnership::open(const RouterKey &key, Duration interval) {
    Router router{};
    router.slot = memory_.find(key);
    router.interval = interval;
    router.patience = std::max(interval, kShortestPatience);
    router.period = std::clamp(interval / 8, kShortestPeriod, kLongestPeriod);
    if (router.slot == nullptr) {
        log_(LogLevel::alert,
             "no room to record the owner of virtual router %s: a reload may "
             "interrupt it until nginx is restarted",
             to_string(key).c_str());
    }
    routers_.push_back(router);
    slots_.push_back(router.slot);
    return OwnershipId{routers_.size() - 1};
}

[[gnu::hot]] bool SharedOwnership::owns(OwnershipId id) const {
    const OwnershipSlot *slot = slots_[static_cast<std::size_t>(id)];
    return slot == nullptr || load(slot->owner) == self_;
}

bool SharedOwnership::is_dead(ProcessId id, Instant now) const {
    return !processes_.is_alive(id.pid(), now);
}

// Waiting

std::optional<Inheritance> SharedOwnership::request(OwnershipId id,
                                                    Instant now) {
    Router &r = router(id);
    if (r.slot == nullptr) {
        return Inheritance{};
    }
    const ProcessId owner = load(r.slot->owner);
    if (owner == self_) {
        return receive(r, now);
    }
    watch(r, owner, now);
    if (owner.is_none() || is_dead(owner, now) || is_silent(r, now)) {
        if (replace(r.slot->owner, owner, self_)) {
            return take(r, now);
        }
    }
    want(r, now);
    schedule(r, now);
    return std::nullopt;
}

// A process that stops waiting owns what it received in the meantime.
std::optional<Inheritance> SharedOwnership::withdraw(OwnershipId id,
                                                     Instant now) {
    Router &r = router(id);
    if (r.slot == nullptr) {
        return std::nullopt;
    }
    replace(r.slot->wanted, self_, {});
    return owns(id) ? std::optional{receive(r, now)} : std::nullopt;
}

void SharedOwnership::watch_owner(OwnershipId id, Instant now) {
    Router &r = router(id);
    if (r.slot != nullptr) {
        replace(r.slot->wanted, self_, {});
        r.owner = load(r.slot->owner);
        r.watched_from = now;
        r.asked_at = now;
        r.woken_at = now;
        schedule(r, now);
        processes_.wake();
    }
}

// A new owner gets the full time; so does an owner that we could not watch,
// because we did not run.
void SharedOwnership::watch(Router &r, ProcessId owner, Instant now) const {
    const bool was_late = !r.next_check || now > *r.next_check + kLate;
    if (owner != r.owner || was_late) {
        r.owner = owner;
        r.awake_since = now;
    }
}

bool SharedOwnership::is_silent(const Router &r, Instant now) const {
    const Instant ran_at = load_time(r.slot->ran_at);
    if (now - std::max(r.awake_since, ran_at) >= r.patience) {
        return true;
    }
    // One that is not active has no reason to run.
    const bool is_active = r.slot->active_at.load() != 0;
    return is_active && now - ran_at >= r.interval + r.patience &&
           now - r.awake_since >= r.patience / 2;
}

void SharedOwnership::want(Router &r, Instant now) const {
    OwnershipSlot &slot = *r.slot;
    const ProcessId waiter = load(slot.wanted);
    if (waiter == self_) {
        store(slot.asked_at, now);
    } else if (may_replace(slot, waiter, now)) {
        if (replace(slot.wanted, waiter, self_)) {
            store(slot.asked_at, now);
            r.asked_at = now;
            r.woken_at = now;
            processes_.wake();
        }
    }

    // Another process may have read the last wake-up.
    const Instant heard = std::max(load_time(slot.ran_at), r.woken_at);
    if (now - heard >= r.patience / 3) {
        r.woken_at = now;
        processes_.wake();
    }
}

bool SharedOwnership::may_replace(const OwnershipSlot &slot, ProcessId waiter,
                                  Instant now) const {
    return waiter.is_none() || self_.is_newer_than(waiter) ||
           is_dead(waiter, now) || now - load_time(slot.asked_at) > kFresh;
}

void SharedOwnership::schedule(Router &r, Instant now) const {
    const bool first = now - r.asked_at < kFirstLooks;
    r.next_check = now + (first ? kFirstPeriod : r.period);
}

// We own it.
Inheritance SharedOwnership::begin(Router &r, Instant now) const {
    OwnershipSlot &slot = *r.slot;
    store(slot.ran_at, now);
    replace(slot.wanted, self_, {});
    r.next_check.reset();
    r.next_run = now;

    Inheritance got;
    const std::uint64_t active_at = slot.active_at.load();
    if (active_at != 0) {
        got.active_at = std::min(load_time(slot.active_at), now);
    }
    return got;
}

Inheritance SharedOwnership::take(Router &r, Instant now) const {
    Inheritance got = begin(r, now);
    if (!r.owner.is_none()) {
        got.from = is_dead(r.owner, now) ? Inheritance::From::dead
                                         : Inheritance::From::silent;
    }
    if (got.from == Inheritance::From::silent) {
        // When it runs again, it wants the router back: we need not end without
        // a successor.
        r.slot->asked_at.store(0);
        replace(r.slot->wanted, {}, r.owner);
    }
    return got;
}

// The owner has passed it on.
Inheritance SharedOwnership::receive(Router &r, Instant now) const {
    Inheritance passed = begin(r, now);
    passed.handover = read_record(r, now);
    return passed;
}

// An owner that is stopped while it writes may finish when another one has
// passed the router on: its record has the right waiter, but an old state. So
// it has to be that of the owner that we have seen last, or of a newer process,
// which may have had the router for a moment only.
std::optional<Handover> SharedOwnership::read_record(const Router &r,
                                                     Instant now) const {
    const OwnershipSlot &slot = *r.slot;
    HandoverRecord record{};
    load_words(memory_.record_of(slot).data(), writable_bytes_of(record));
    if (load(slot.given_to) != self_ ||
        slot.checksum.load() != checksum_of(record)) {
        return std::nullopt;
    }
    const auto writer = ProcessId::from_word(record.written_by);
    return writer == r.owner || writer.is_newer_than(r.owner)
               ? to_handover(record, now)
               : std::nullopt;
}

// Owning

[[gnu::hot]] Ownership::Demand SharedOwnership::demand(OwnershipId id,
                                                       bool ending,
                                                       Instant now) {
    Router &r = router(id);
    if (r.slot == nullptr) {
        return Demand::none;
    }
    OwnershipSlot &slot = *r.slot;
    const ProcessId waiter = load(slot.wanted);
    store(slot.ran_at, now);
    r.next_run.reset();
    const Instant next_run = now + std::min(r.patience / 4, kLongestRun);
    if (waiter.is_none()) {
        if (!ending || !another_starts(memory_, self_, processes_, now)) {
            return Demand::none;
        }
        r.next_run = next_run;
        return Demand::waits;
    }
    if (waiter == self_ || is_dead(waiter, now)) {
        replace(slot.wanted, waiter, {});
        return waiter == self_ ? Demand::none : Demand::died;
    }

    r.next_run = next_run;
    if (!ending && !waiter.is_newer_than(self_)) {
        return Demand::waits;
    }
    return now - load_time(slot.asked_at) <= kFresh ? Demand::due
                                                    : Demand::waits;
}

bool SharedOwnership::pass_on(OwnershipId id, const Handover &handover,
                              bool ending, Instant now) {
    Router &r = router(id);
    if (r.slot == nullptr || !owns(id)) {
        return false;
    }
    OwnershipSlot &slot = *r.slot;
    const ProcessId waiter = load(slot.wanted);
    if (waiter.is_none() || waiter == self_) {
        return false;
    }

    // From now on this process is the waiter: the next owner may end at once.
    if (!replace(slot.wanted, waiter, ending ? ProcessId{} : self_)) {
        return false;
    }
    store(slot.asked_at, now);

    HandoverRecord record = to_record(handover);
    record.written_by = self_.word();
    store_words(memory_.record_of(slot).data(), bytes_of(record));
    slot.checksum.store(checksum_of(record));
    slot.given_to.store(waiter.word());

    slot.ran_at.store(0);
    replace(slot.owner, self_, waiter);

    r.next_run.reset();
    r.owner = waiter;
    r.watched_from = {};
    r.awake_since = now;
    r.asked_at = now;
    schedule(r, now);
    return true;
}

bool SharedOwnership::has_successor(OwnershipId id) const {
    const Router &r = router(id);
    if (r.slot == nullptr) {
        return true;
    }
    const ProcessId owner = load(r.slot->owner);
    return owner != r.owner || owner.is_none() ||
           load_time(r.slot->ran_at) > r.watched_from;
}

std::optional<Inheritance> SharedOwnership::take_back(OwnershipId id,
                                                      Instant now) {
    Router &r = router(id);
    if (r.slot == nullptr) {
        return std::nullopt;
    }
    watch(r, r.owner, now);
    if ((is_dead(r.owner, now) || is_silent(r, now)) &&
        replace(r.slot->owner, r.owner, self_)) {
        return take(r, now);
    }
    schedule(r, now);
    return std::nullopt;
}

[[gnu::hot]] void SharedOwnership::advertised(OwnershipId id, Instant now) {
    OwnershipSlot *slot = router(id).slot;
    if (slot != nullptr && owns(id)) {
        store(slot->active_at, now);
        store(slot->ran_at, now);
    }
}

void SharedOwnership::left(OwnershipId id) {
    OwnershipSlot *slot = router(id).slot;
    if (slot != nullptr && owns(id)) {
        slot->active_at.store(0);
    }
}

void SharedOwnership::give_up(OwnershipId id) {
    Router &r = router(id);
    if (r.slot != nullptr && owns(id)) {
        r.slot->active_at.store(0);
        replace(r.slot->owner, self_, {});
    }
    r.next_run.reset();
}

[[gnu::hot]] std::optional<Instant> SharedOwnership::deadline(
    OwnershipId id) const {
    const Router &r = router(id);
    if (r.slot == nullptr) {
        return std::nullopt;
    }
    if (r.next_check || owns(id)) {
        // A waiter that has just received the router must find out.
        return r.next_check ? r.next_check : r.next_run;
    }
    return Instant{};
}

}  // namespace ngx_vrrp::engine
