// Events that wait for their delivery, one after the other. Bounded: if there
// are too many, superseded events are removed first, and then the oldest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/notify/config.hpp"
#include "core/notify/event.hpp"

namespace ngx_vrrp::notify {

// Limit for one instance in one queue: beyond it, superseded events are
// removed.
inline constexpr std::size_t kBackedUp = 8;

// More never wait.
inline constexpr std::size_t kMostWaiting = 64;

// An event for one channel.
struct Entry {
    std::shared_ptr<const EventRecord> event;
    ChannelId channel = 0;
    Instant expires{};
    std::uint64_t skipped = 0;  // those that it has superseded
};

using Entries = std::vector<Entry>;

class Queue {
public:
    void add(Entry entry) { entries_.push_back(std::move(entry)); }

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }

    // There is one.
    const Entry &first() const { return entries_.front(); }

    // An event with the same subject waits for that channel, or is being
    // delivered.
    bool has(ChannelId channel, const EventRecord &event) const;

    // The first ones, at most `most` and of one channel, are being delivered
    // from now on. The functions below do not change them.
    Entries take_batch(std::size_t most);

    // They have been delivered, or are given up.
    Entries drop_batch();

    // They wait again.
    void return_batch() { batch_ = 0; }

    // Removes events of the instance to which `latest` belongs, if that many
    // wait: superseded ones, which the newer event counts; and the oldest.
    Entries drop_superseded(const EventRecord &latest);
    Entries drop_excess(const EventRecord &latest);

    Entries drop_expired(Instant now);
    Entries drop_all();

    // When the first of those that wait does.
    std::optional<Instant> expires() const;

private:
    // By its number: it waits, and its instance is that of the event.
    bool waits(std::size_t i, const EventRecord &event) const;
    std::size_t waiting(const EventRecord &event) const;

    template <class F>
    Entries remove_if(F &&leaves);

    Entries entries_;
    std::size_t batch_ = 0;  // the first ones
};

}  // namespace ngx_vrrp::notify
