#include "core/notify/dispatcher.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <variant>

#include "core/notify/keepalived_format.hpp"

namespace ngx_vrrp::notify {

namespace {

constexpr ChannelId kScripts = std::numeric_limits<ChannelId>::max();

constexpr const char *kExpired = "expired";

// The number of events lost at once that the log names.
constexpr std::size_t kMostNamed = 8;

// The script for all events comes after the one for this event.
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

Instant expiry(const ChannelConfig &config, const EventRecord &event,
               Instant now) {
    const Instant occurred = std::min(instant_from_ns(event.at_ns), now);
    return config.expire > Duration::zero() ? occurred + config.expire
                                            : Instant::max();
}

}  // namespace

Dispatcher::Dispatcher(std::vector<Recipient> recipients, LogSink &sink,
                       std::uint64_t seed)
    : order_(recipients.size()), log_(sink), dice_(seed) {
    for (Recipient &recipient : recipients) {
        const DeliveryPolicy policy = policy_of(recipient.config);
        channels_.push_back({.config = std::move(recipient.config),
                             .transport = recipient.transport,
                             .policy = policy});
    }
    std::iota(order_.begin(), order_.end(), ChannelId{0});
    std::stable_partition(order_.begin(), order_.end(), [&](ChannelId id) {
        return comes_first(channels_[id].config);
    });
}

void Dispatcher::add(const EventRecord &event, Instant now) {
    const auto shared = std::make_shared<const EventRecord>(event);
    std::vector<Stream *> streams;
    for (const ChannelId id : order_) {
        const ChannelConfig &config = channels_[id].config;
        if (wants(config, event) && !waits_already(id, event)) {
            streams.push_back(&put({.event = shared,
                                    .channel = id,
                                    .expires = expiry(config, event, now)},
                                   now));
        }
    }
    for (Stream *stream : streams) {
        advance(*stream, now);
    }
}

// A repetition adds nothing to an event that has not been delivered yet.
bool Dispatcher::waits_already(ChannelId id, const EventRecord &event) const {
    if (event.again == 0) {
        return false;
    }
    const auto stream = streams_.find(key_of(channels_[id], id, event));
    return stream != streams_.end() && stream->second.queue.has(id, event);
}

Dispatcher::StreamKey Dispatcher::key_of(const Channel &channel, ChannelId id,
                                         const EventRecord &event) const {
    if (channel.policy.batch > 1) {
        return {id, {}};
    }
    const bool is_hook =
        std::holds_alternative<ScriptChannel>(channel.config.how);
    return {is_hook ? kScripts : id, std::string(event.instance.view())};
}

Dispatcher::Stream &Dispatcher::put(Entry entry, Instant now) {
    Channel &channel = channels_[entry.channel];
    const auto event = entry.event;
    Stream &stream = streams_[key_of(channel, entry.channel, *event)];
    ++channel.counts.waiting;
    stream.queue.add(std::move(entry));
    coalesce(stream, *event, now);
    return stream;
}

void Dispatcher::coalesce(Stream &stream, const EventRecord &latest,
                          Instant now) {
    for (const Entry &entry : stream.queue.drop_superseded(latest)) {
        ChannelCounts &counts = channels_[entry.channel].counts;
        ++counts.skipped;
        --counts.waiting;
    }
    report_excess(stream.queue.drop_excess(latest), now);
}

void Dispatcher::report_excess(const Entries &entries, Instant now) {
    for (const Entry &entry : entries) {
        Channel &channel = channels_[entry.channel];
        count_dropped(channel, 1);
        if (channel.excess_limit.allow(now)) {
            log_(LogLevel::error,
                 "%s: queue full, dropped %s and %u more events",
                 name_of(channel.config).c_str(), line(*entry.event).c_str(),
                 channel.excess_limit.take_suppressed());
        }
    }
}

// A transport may finish within deliver(): the next delivery starts here, not
// in a nested call.
void Dispatcher::advance(Stream &stream, Instant now) {
    if (std::exchange(stream.advancing, true)) {
        return;
    }
    while (may_start(stream, now)) {
        start(stream, now);
    }
    stream.advancing = false;
}

bool Dispatcher::may_start(const Stream &stream, Instant now) const {
    return !held_ && stream.delivery == 0 && !stream.queue.empty() &&
           (draining_ || now >= stream.not_before);
}

void Dispatcher::start(Stream &stream, Instant now) {
    const ChannelId id = stream.queue.first().channel;
    Channel &channel = channels_[id];
    Delivery delivery{.id = ++last_delivery_, .channel = id, .events = {}};
    for (const Entry &entry : stream.queue.take_batch(channel.policy.batch)) {
        delivery.events.push_back(*entry.event);
        delivery.skipped += entry.skipped;
    }
    stream.delivery = delivery.id;
    stream.times_out = now + channel.config.timeout;
    channel.transport->deliver(delivery, channel.config, now);
}

void Dispatcher::finished(DeliveryId id, const Outcome &outcome, Instant now) {
    const auto it = std::ranges::find_if(
        streams_, [&](const auto &s) { return s.second.delivery == id; });
    if (it != streams_.end()) {
        conclude(it->second, outcome, now);
        advance(it->second, now);
    }
}

void Dispatcher::conclude(Stream &stream, const Outcome &outcome, Instant now) {
    stream.delivery = 0;
    if (outcome.delivered) {
        delivered(stream, now);
    } else {
        failed(stream, outcome, now);
    }
}

void Dispatcher::delivered(Stream &stream, Instant now) {
    Channel &channel = channels_[stream.queue.first().channel];
    const std::size_t count = stream.queue.drop_batch().size();
    channel.counts.delivered += count;
    channel.counts.waiting -= count;
    channel.counts.delivered_at = now;
    stream.failures = 0;
    stream.not_before = now + channel.policy.pause;
    if (std::exchange(channel.failed_in_a_row, 0) != 0) {
        log_(LogLevel::notice, "%s: delivery recovered",
             name_of(channel.config).c_str());
    }
}

void Dispatcher::failed(Stream &stream, const Outcome &outcome, Instant now) {
    Channel &channel = channels_[stream.queue.first().channel];
    ++channel.counts.failures;
    channel.counts.last_error = outcome.text;
    channel.counts.failed_at = now;

    if (!channel.policy.retries || outcome.permanent || draining_) {
        const Entries lost = stream.queue.drop_batch();
        count_dropped(channel, lost.size());
        log_(LogLevel::error, "%s: delivery of %s failed: %s",
             name_of(channel.config).c_str(), names_of(lost).c_str(),
             outcome.text.c_str());
        return;
    }
    stream.queue.return_batch();
    const Duration wait = backoff(++stream.failures);
    stream.not_before = now + wait;
    log_(channel.failed_in_a_row++ == 0 ? LogLevel::warn : LogLevel::info,
         "%s: delivery failed: %s, retrying in %lld ms",
         name_of(channel.config).c_str(), outcome.text.c_str(),
         static_cast<long long>(to_ms(wait)));
    const auto first = stream.queue.first().event;  // it may leave the queue
    coalesce(stream, *first, now);
    drop(stream.queue.drop_expired(now), kExpired);
}

// Up to a quarter less, so that not all try at the same moment.
Duration Dispatcher::backoff(unsigned failures) {
    Duration wait = kFirstBackoff;
    for (unsigned n = 1; n < failures && wait < kLongestBackoff; ++n) {
        wait *= 2;
    }
    wait = std::min(wait, kLongestBackoff);
    return wait - std::chrono::duration_cast<Duration>(wait * dice_.roll() / 4);
}

void Dispatcher::handle_time(Instant now) {
    for (auto &[key, stream] : streams_) {
        if (stream.delivery != 0 && now >= stream.times_out) {
            const ChannelId id = stream.queue.first().channel;
            conclude(stream, channels_[id].transport->cancel(stream.delivery),
                     now);
        }
        drop(stream.queue.drop_expired(now), kExpired);
        advance(stream, now);
    }
}

std::optional<Instant> Dispatcher::deadline() const {
    std::optional<Instant> next;
    for (const auto &[key, stream] : streams_) {
        take_earlier(next, stream.queue.expires());
        if (stream.delivery != 0) {
            take_earlier(next, stream.times_out);
        } else if (!held_ && !stream.queue.empty()) {
            take_earlier(next, stream.not_before);
        }
    }
    return next;
}

void Dispatcher::release(Instant now) {
    held_ = false;
    handle_time(now);
}

void Dispatcher::drain(Instant now) {
    draining_ = true;
    handle_time(now);
}

void Dispatcher::give_up(Instant now) {
    held_ = true;
    draining_ = true;
    for (auto &[key, stream] : streams_) {
        if (stream.delivery != 0) {
            const ChannelId id = stream.queue.first().channel;
            conclude(stream, channels_[id].transport->cancel(stream.delivery),
                     now);
        }
        drop(stream.queue.drop_all(), "the process is exiting");
    }
}

bool Dispatcher::idle() const {
    return std::all_of(streams_.begin(), streams_.end(),
                       [](const auto &r) { return r.second.queue.empty(); });
}

void Dispatcher::drop(const Entries &entries, const char *why) {
    for (ChannelId id = 0; id < channels_.size() && !entries.empty(); ++id) {
        Entries own;
        std::ranges::copy_if(entries, std::back_inserter(own),
                             [&](const Entry &e) { return e.channel == id; });
        if (own.empty()) {
            continue;
        }
        Channel &channel = channels_[id];
        count_dropped(channel, own.size());
        const std::string last =
            channel.failed_in_a_row == 0
                ? ""
                : ", last failure: " + channel.counts.last_error;
        log_(LogLevel::error, "%s: dropped %s: %s%s",
             name_of(channel.config).c_str(), names_of(own).c_str(), why,
             last.c_str());
    }
}

void Dispatcher::count_dropped(Channel &channel, std::size_t number) {
    channel.counts.dropped += number;
    channel.counts.waiting -= number;
}

}  // namespace ngx_vrrp::notify
