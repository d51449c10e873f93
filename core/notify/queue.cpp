#include "core/notify/queue.hpp"

#include <algorithm>
#include <iterator>
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
    std::vector<bool> leaves(entries_.size());
    std::fill_n(leaves.begin(), std::exchange(batch_, 0), true);
    return remove(leaves);
}

Entries Queue::drop_superseded(const EventRecord &latest) {
    const std::vector<std::size_t> waiting = waiting_of(latest);
    if (waiting.size() <= kBackedUp) {
        return {};
    }
    std::vector<bool> leaves(entries_.size());
    for (auto older = waiting.begin(); older != waiting.end(); ++older) {
        const auto newer =
            std::find_if(older + 1, waiting.end(), [&](std::size_t i) {
                return supersedes(entries_[i], entries_[*older]);
            });
        if (newer != waiting.end()) {
            leaves[*older] = true;
            entries_[*newer].skipped += entries_[*older].skipped + 1;
        }
    }
    return remove(leaves);
}

Entries Queue::drop_excess(const EventRecord &latest) {
    const std::vector<std::size_t> waiting = waiting_of(latest);
    if (waiting.size() <= kMostWaiting) {
        return {};
    }
    std::vector<bool> leaves(entries_.size());
    for (std::size_t i = 0; i < waiting.size() - kMostWaiting; ++i) {
        leaves[waiting[i]] = true;
    }
    return remove(leaves);
}

Entries Queue::drop_expired(Instant now) {
    std::vector<bool> leaves(entries_.size());
    for (std::size_t i = batch_; i < entries_.size(); ++i) {
        leaves[i] = now >= entries_[i].expires;
    }
    return remove(leaves);
}

Entries Queue::drop_all() {
    batch_ = 0;
    Entries all(std::make_move_iterator(entries_.begin()),
                std::make_move_iterator(entries_.end()));
    entries_.clear();
    return all;
}

std::optional<Instant> Queue::expires() const {
    std::optional<Instant> first;
    for (std::size_t i = batch_; i < entries_.size(); ++i) {
        take_earlier(first, entries_[i].expires);
    }
    return first;
}

std::vector<std::size_t> Queue::waiting_of(const EventRecord &event) const {
    std::vector<std::size_t> list;
    for (std::size_t i = batch_; i < entries_.size(); ++i) {
        if (entries_[i].event->instance.view() == event.instance.view()) {
            list.push_back(i);
        }
    }
    return list;
}

Entries Queue::remove(const std::vector<bool> &leaves) {
    Entries removed;
    std::deque<Entry> rest;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (leaves[i]) {
            removed.push_back(std::move(entries_[i]));
        } else {
            rest.push_back(std::move(entries_[i]));
        }
    }
    entries_ = std::move(rest);
    return removed;
}

}  // namespace ngx_vrrp::notify
