#include "core/notify/queue.hpp"

#include <algorithm>
#include <utility>

#include "core/notify/delivery_policy.hpp"

namespace ngx_vrrp::notify {

namespace {

bool supersedes(const Entry &newer, const Entry &older) {
    return newer.channel == older.channel &&
           is_same_subject(*newer.event, *older.event);
}

}  // namespace

bool Queue::has(ChannelId channel, const EventRecord &event) const {
    return std::ranges::any_of(entries_, [&](const Entry &entry) {
        return entry.channel == channel && is_same_subject(*entry.event, event);
    });
}

Entries Queue::take_batch(std::size_t most) {
    const ChannelId channel = first().channel;
    batch_ = 0;
    while (batch_ < std::min(most, entries_.size()) &&
           entries_[batch_].channel == channel) {
        ++batch_;
    }
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(batch_);
    return {entries_.begin(), end};
}

Entries Queue::drop_batch() {
    const std::size_t size = std::exchange(batch_, 0);
    return remove_if([&](std::size_t i) { return i < size; });
}

Entries Queue::drop_superseded(const EventRecord &latest) {
    if (waiting(latest) <= kBackedUp) {
        return {};
    }
    return remove_if([&](std::size_t i) {
        for (std::size_t k = i + 1; k < entries_.size() && waits(i, latest);
             ++k) {
            if (supersedes(entries_[k], entries_[i])) {
                entries_[k].skipped += entries_[i].skipped + 1;
                return true;
            }
        }
        return false;
    });
}

Entries Queue::drop_excess(const EventRecord &latest) {
    std::size_t number = waiting(latest);
    return remove_if([&](std::size_t i) {
        const bool leaves = waits(i, latest) && number > kMostWaiting;
        number -= leaves;
        return leaves;
    });
}

Entries Queue::drop_expired(Instant now) {
    return remove_if([&](std::size_t i) {
        return i >= batch_ && now >= entries_[i].expires;
    });
}

Entries Queue::drop_all() {
    batch_ = 0;
    return std::exchange(entries_, {});
}

std::optional<Instant> Queue::expires() const {
    std::optional<Instant> first;
    for (std::size_t i = batch_; i < entries_.size(); ++i) {
        take_earlier(first, entries_[i].expires);
    }
    return first;
}

bool Queue::waits(std::size_t i, const EventRecord &event) const {
    return i >= batch_ &&
           entries_[i].event->instance.view() == event.instance.view();
}

std::size_t Queue::waiting(const EventRecord &event) const {
    std::size_t number = 0;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        number += waits(i, event);
    }
    return number;
}

template <class F>
Entries Queue::remove_if(F &&leaves) {
    Entries removed;
    Entries rest;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        Entries &list = leaves(i) ? removed : rest;
        list.push_back(std::move(entries_[i]));
    }
    entries_ = std::move(rest);
    return removed;
}

}  // namespace ngx_vrrp::notify
