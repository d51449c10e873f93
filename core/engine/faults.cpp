#include "core/engine/faults.hpp"

#include <algorithm>

namespace ngx_vrrp::engine {

namespace {

bool is_timed(const Faults::Entry &entry) {
    return !entry.text.empty() && entry.backoff.length != Duration::zero();
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
    any_ = std::ranges::any_of(entries_,
                               [](const Entry &e) { return !e.text.empty(); });
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

std::optional<Instant> Faults::deadline() const {
    std::optional<Instant> earliest;
    if (!any_) {
        return earliest;
    }
    for (const Entry &e : entries_) {
        if (is_timed(e)) {
            earliest = std::min(earliest.value_or(e.backoff.ends_at),
                                e.backoff.ends_at);
        }
    }
    return earliest;
}

const std::string &Faults::reason() const {
    if (!any_) {
        return entries_.back().text;
    }
    for (const Entry &e : entries_) {
        if (!e.text.empty()) {
            return e.text;
        }
    }
    return entries_.back().text;
}

std::optional<Instant> Faults::retry_at() const {
    if (!any_) {
        return std::nullopt;
    }
    const auto it =
        std::find_if(entries_.begin(), entries_.end(),
                     [](const Entry &e) { return !e.text.empty(); });
    return it != entries_.end() && is_timed(*it)
               ? std::optional{it->backoff.ends_at}
               : std::nullopt;
}

}  // namespace ngx_vrrp::engine
