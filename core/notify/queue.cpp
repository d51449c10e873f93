#include "core/notify/queue.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <variant>

#include "core/notify/words.hpp"

namespace ngx_vrrp::notify {

namespace {

constexpr ChannelId kHooks = std::numeric_limits<ChannelId>::max();

// The number of events lost at once that the log names.
constexpr std::size_t kMostNamed = 8;

// The hook for all events comes after the one for this event.
bool comes_first(const ChannelConfig &config) {
    const auto *script = std::get_if<ScriptChannel>(&config.how);
    return script == nullptr || !script->with_arguments;
}

std::string name_of(const ChannelConfig &config) {
    return config.name + " \"" + config.target + '"';
}

std::string names_of(const Entries &entries) {
    std::string names;
    for (std::size_t i = 0; i < std::min(entries.size(), kMostNamed); ++i) {
        names += (i == 0 ? "" : ", ") + line(*entries[i].event);
    }
    if (entries.size() > kMostNamed) {
        names += format(", and %zu more", entries.size() - kMostNamed);
    }
    return names;
}

Entries of_channel(const Entries &entries, ChannelId id) {
    Entries list;
    std::copy_if(entries.begin(), entries.end(), std::back_inserter(list),
                 [&](const Entry &e) { return e.channel == id; });
    return list;
}

Instant expiry(const ChannelConfig &config, const EventRecord &event,
               Instant now) {
    const Instant happened = std::min(instant_from_ns(event.at_ns), now);
    return config.expire > Duration::zero() ? happened + config.expire
                                            : Instant::max();
}

}  // namespace

Queue::Queue(std::vector<Recipient> recipients, LogSink &sink,
             std::uint64_t seed)
    : order_(recipients.size()), log_(sink), dice_(seed) {
    for (Recipient &recipient : recipients) {
        const Habits habits = habits_of(recipient.config);
        channels_.push_back({.config = std::move(recipient.config),
                             .courier = recipient.courier,
                             .habits = habits});
    }
    std::iota(order_.begin(), order_.end(), ChannelId{0});
    std::stable_partition(order_.begin(), order_.end(), [&](ChannelId id) {
        return comes_first(channels_[id].config);
    });
}

void Queue::add(const EventRecord &event, Instant now) {
    const auto shared = std::make_shared<const EventRecord>(event);
    std::vector<Road *> roads;
    for (const ChannelId id : order_) {
        const ChannelConfig &config = channels_[id].config;
        if (wants(config, event) && !waits_already(id, event)) {
            roads.push_back(&put({.event = shared,
                                  .channel = id,
                                  .expires = expiry(config, event, now)},
                                 now));
        }
    }
    for (Road *road : roads) {
        move_on(*road, now);
    }
}

// A repetition adds nothing to an event that has not been delivered yet.
bool Queue::waits_already(ChannelId id, const EventRecord &event) const {
    if (event.again == 0) {
        return false;
    }
    const auto road = roads_.find(key_of(channels_[id], id, event));
    return road != roads_.end() && road->second.lane.has(id, event);
}

Queue::LaneKey Queue::key_of(const Channel &channel, ChannelId id,
                             const EventRecord &event) const {
    if (channel.habits.batch > 1) {
        return {id, {}};
    }
    const bool is_hook =
        std::holds_alternative<ScriptChannel>(channel.config.how);
    return {is_hook ? kHooks : id, std::string(event.instance.view())};
}

Queue::Road &Queue::put(Entry entry, Instant now) {
    Channel &channel = channels_[entry.channel];
    const auto event = entry.event;
    Road &road = roads_[key_of(channel, entry.channel, *event)];
    ++channel.counts.waiting;
    road.lane.add(std::move(entry));
    thin(road, *event, now);
    return road;
}

void Queue::thin(Road &road, const EventRecord &latest, Instant now) {
    for (const Entry &entry : road.lane.drop_superseded(latest)) {
        ChannelCounts &counts = channels_[entry.channel].counts;
        ++counts.skipped;
        --counts.waiting;
    }
    report_excess(road.lane.drop_excess(latest), now);
}

void Queue::report_excess(const Entries &entries, Instant now) {
    for (const Entry &entry : entries) {
        Channel &channel = channels_[entry.channel];
        ++channel.counts.dropped;
        --channel.counts.waiting;
        if (channel.excess_limit.allow(now)) {
            log_(LogLevel::error,
                 "%s: queue full, dropped %s and %u more events",
                 name_of(channel.config).c_str(), line(*entry.event).c_str(),
                 channel.excess_limit.take_suppressed());
        }
    }
}

// A courier may finish within deliver(): the next delivery starts here, not in
// a nested call.
void Queue::move_on(Road &road, Instant now) {
    if (std::exchange(road.in_motion, true)) {
        return;
    }
    while (may_start(road, now)) {
        start(road, now);
    }
    road.in_motion = false;
}

bool Queue::may_start(const Road &road, Instant now) const {
    return !held_ && road.delivery == 0 && !road.lane.empty() &&
           (in_hurry_ || now >= road.not_before);
}

void Queue::start(Road &road, Instant now) {
    const ChannelId id = road.lane.first().channel;
    Channel &channel = channels_[id];
    Delivery delivery{.id = ++last_delivery_, .channel = id, .events = {}};
    for (const Entry &entry : road.lane.lend(channel.habits.batch)) {
        delivery.events.push_back(*entry.event);
        delivery.skipped += entry.skipped;
    }
    road.delivery = delivery.id;
    road.times_out = now + channel.config.timeout;
    deliveries_[delivery.id] = &road;
    channel.courier->deliver(delivery, channel.config, now);
}

void Queue::finished(DeliveryId id, const Outcome &outcome, Instant now) {
    const auto it = deliveries_.find(id);
    if (it != deliveries_.end()) {
        Road &road = *it->second;
        conclude(road, outcome, now);
        move_on(road, now);
    }
}

void Queue::conclude(Road &road, const Outcome &outcome, Instant now) {
    deliveries_.erase(std::exchange(road.delivery, 0));
    if (outcome.delivered) {
        delivered(road, now);
    } else {
        failed(road, outcome, now);
    }
}

void Queue::delivered(Road &road, Instant now) {
    Channel &channel = channels_[road.lane.first().channel];
    const std::size_t count = road.lane.drop_lent().size();
    channel.counts.delivered += count;
    channel.counts.waiting -= count;
    channel.counts.delivered_at = now;
    road.failures = 0;
    road.not_before = now + channel.habits.pause;
    if (std::exchange(channel.failed_in_a_row, 0) != 0) {
        log_(LogLevel::notice, "%s: delivery recovered",
             name_of(channel.config).c_str());
    }
}

void Queue::failed(Road &road, const Outcome &outcome, Instant now) {
    Channel &channel = channels_[road.lane.first().channel];
    ++channel.counts.failures;
    channel.counts.last_error = outcome.text;
    channel.counts.failed_at = now;

    if (!channel.habits.retries || outcome.permanent || in_hurry_) {
        const Entries lost = road.lane.drop_lent();
        count_lost(channel, lost);
        log_(LogLevel::error, "%s: delivery of %s failed: %s",
             name_of(channel.config).c_str(), names_of(lost).c_str(),
             outcome.text.c_str());
        return;
    }
    road.lane.take_back();
    const Duration wait = backoff(++road.failures);
    road.not_before = now + wait;
    log_(channel.failed_in_a_row++ == 0 ? LogLevel::warn : LogLevel::info,
         "%s: delivery failed: %s, retrying in %lld ms",
         name_of(channel.config).c_str(), outcome.text.c_str(),
         static_cast<long long>(to_ms(wait)));
    const auto first = road.lane.first().event;  // it may leave the lane
    thin(road, *first, now);
    expire(road, now);
}

// Up to a quarter less, so that not all try at the same moment.
Duration Queue::backoff(unsigned failures) {
    Duration wait = kFirstBackoff;
    for (unsigned n = 1; n < failures && wait < kLongestBackoff; ++n) {
        wait *= 2;
    }
    wait = std::min(wait, kLongestBackoff);
    return wait - std::chrono::duration_cast<Duration>(wait * dice_.roll() / 4);
}

void Queue::handle_time(Instant now) {
    for (auto &[key, road] : roads_) {
        if (road.delivery != 0 && now >= road.times_out) {
            const ChannelId id = road.lane.first().channel;
            conclude(road, channels_[id].courier->cancel(road.delivery), now);
        }
        expire(road, now);
        move_on(road, now);
    }
}

std::optional<Instant> Queue::deadline() const {
    std::optional<Instant> next;
    for (const auto &[key, road] : roads_) {
        take_earlier(next, road.lane.expires());
        if (road.delivery != 0) {
            take_earlier(next, road.times_out);
        } else if (!held_ && !road.lane.empty()) {
            take_earlier(next, road.not_before);
        }
    }
    return next;
}

void Queue::expire(Road &road, Instant now) {
    lose(road.lane.drop_expired(now), "expired");
}

void Queue::release(Instant now) {
    held_ = false;
    handle_time(now);
}

void Queue::hurry(Instant now) {
    in_hurry_ = true;
    handle_time(now);
}

void Queue::give_up(Instant now) {
    held_ = true;
    in_hurry_ = true;
    for (auto &[key, road] : roads_) {
        if (road.delivery != 0) {
            const ChannelId id = road.lane.first().channel;
            conclude(road, channels_[id].courier->cancel(road.delivery), now);
        }
        lose(road.lane.drop_all(), "the process is exiting");
    }
}

bool Queue::idle() const {
    return std::all_of(roads_.begin(), roads_.end(),
                       [](const auto &r) { return r.second.lane.empty(); });
}

void Queue::lose(const Entries &entries, const std::string &why) {
    for (ChannelId id = 0; id < channels_.size() && !entries.empty(); ++id) {
        const Entries own = of_channel(entries, id);
        if (!own.empty()) {
            lose(id, own, why);
        }
    }
}

void Queue::lose(ChannelId id, const Entries &entries, const std::string &why) {
    Channel &channel = channels_[id];
    count_lost(channel, entries);
    std::string text = why;
    if (channel.failed_in_a_row != 0) {
        text += ", last failure: " + channel.counts.last_error;
    }
    log_(LogLevel::error, "%s: dropped %s: %s", name_of(channel.config).c_str(),
         names_of(entries).c_str(), text.c_str());
}

void Queue::count_lost(Channel &channel, const Entries &entries) {
    channel.counts.dropped += entries.size();
    channel.counts.waiting -= entries.size();
}

}  // namespace ngx_vrrp::notify
