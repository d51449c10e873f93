#include "core/engine/faults.hpp"

#include <algorithm>

#include "core/base/find.hpp"

namespace ngx_vrrp::engine {

namespace {

bool is_fault(const Faults::Entry &entry) {
    return !entry.text.empty();
}

bool is_timed(const Faults::Entry &entry) {
    return is_fault(entry) && entry.backoff.length != Duration::zero();
}

}  // namespace

void Faults::stay_out(FaultCause cause, const std::string &why, Duration first,
                      Instant now) {
    Entry &e = slot(cause);
    e.backoff.begin(first, now);
    e.text = why + ", " + to_string(e.backoff);
    note();
}

void Faults::stay_out(FaultCause cause, Entry other, Instant now) {
    Entry &e = slot(cause);
    e = std::move(other);
    if (!e.backoff.is_out(now)) {
        e.text.clear();
    }
    note();
}

// Whether there is no fault is checked after each event.
void Faults::note() {
    any_ = std::ranges::any_of(entries_, is_fault);
}

void Faults::end_time_outs(Instant now) {
    for (Entry &e : entries_) {
        if (is_timed(e)) {
            e.backoff.ends_at = std::min(e.backoff.ends_at, now);
        }
    }
    expire(now);
}

void Faults::expire(Instant now) {
    if (!any_) {
        return;
    }
    for (Entry &e : entries_) {
        if (is_timed(e) && !e.backoff.is_out(now)) {
            e.text.clear();
        }
    }
    note();
}

[[gnu::hot]] std::optional<Instant> Faults::deadline() const {
    std::optional<Instant> earliest;
    if (!any_) {
        return earliest;
    }
    for (const Entry &e : entries_) {
        if (is_timed(e)) {
            take_earlier(earliest, e.backoff.ends_at);
        }
    }
    return earliest;
}

// Its text is empty in most events: this costs one comparison then.
const Faults::Entry *Faults::first() const {
    return any_ ? find_first(entries_, is_fault) : nullptr;
}

const std::string &Faults::reason() const {
    const Entry *first = this->first();
    return first ? first->text : entries_.back().text;
}

// The group comes last: with it, or with none, all before it are empty.
const std::string &Faults::own_reason() const {
    const Entry *first = this->first();
    const Entry *group = &entry(FaultCause::group);
    return first && first != group ? first->text : (group - 1)->text;
}

std::optional<Instant> Faults::retry_at() const {
    const Entry *first = this->first();
    return first && is_timed(*first) ? std::optional{first->backoff.ends_at}
                                     : std::nullopt;
}

}  // namespace ngx_vrrp::engine
