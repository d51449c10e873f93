// Decides which event is delivered to which channel, when, and how often it is
// retried. Sans-I/O: transports deliver, time is passed in.
//
// Order. Events of one instance are delivered in their order: scripts of an
// instance run one after the other, first the one for the event
// ("notify_master"), then the one for all ("notify"); each other channel has
// its own queue, so that a channel that hangs does not delay another. Where a
// message may have several events, a queue has those of all instances.
//
// Failures. A script has one attempt. All other deliveries are retried, at
// first after a second and then less and less often, until the event expires.
// Events that are not delivered in the end are counted and logged.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/dice.hpp"
#include "core/base/log.hpp"
#include "core/base/rate_limit.hpp"
#include "core/base/time.hpp"
#include "core/notify/config.hpp"
#include "core/notify/delivery_policy.hpp"
#include "core/notify/event.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/queue.hpp"

namespace ngx_vrrp::notify {

// Between two attempts: doubled each time.
inline constexpr Duration kFirstBackoff = Seconds{1};
inline constexpr Duration kLongestBackoff = Seconds{30};

// Counters of the events of a channel. Each event is delivered, dropped,
// skipped, or waits.
struct ChannelCounts {
    std::uint64_t delivered = 0;
    std::uint64_t dropped = 0;  // given up
    std::uint64_t skipped = 0;  // superseded
    std::uint64_t waiting = 0;
    std::uint64_t failures = 0;  // of attempts
    std::string last_error;
    Instant failed_at{};     // last; never: 0
    Instant delivered_at{};  // last; never: 0
};

class Dispatcher final : public DeliverySink {
public:
    struct Recipient {
        ChannelConfig config;
        Transport *transport;
    };

    // sink and the transports outlive the dispatcher. seed: for the backoff.
    Dispatcher(std::vector<Recipient> recipients, LogSink &sink,
               std::uint64_t seed);

    void add(const EventRecord &event, Instant now);
    void finished(DeliveryId id, const Outcome &outcome, Instant now) override;
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // Nothing is delivered before release().
    void hold() { held_ = true; }
    void release(Instant now);

    // From now on: one attempt for each event, without any pause.
    void drain(Instant now);

    // The current delivery is cancelled, and waiting events are lost.
    void give_up(Instant now);

    // Nothing waits.
    bool idle() const;

    std::size_t channels() const { return channels_.size(); }
    const ChannelConfig &config(ChannelId id) const {
        return channels_[id].config;
    }
    const ChannelCounts &counts(ChannelId id) const {
        return channels_[id].counts;
    }

private:
    struct Channel {
        ChannelConfig config;
        Transport *transport;
        DeliveryPolicy policy;
        ChannelCounts counts{};
        unsigned failed_in_a_row = 0;
        RateLimit excess_limit{Seconds{10}};
    };

    // Whose events wait one for the other.
    struct StreamKey {
        ChannelId channel;     // kScripts: all scripts
        std::string instance;  // empty: all

        friend auto operator<=>(const StreamKey &, const StreamKey &) = default;
    };

    struct Stream {
        Queue queue;
        DeliveryId delivery = 0;  // under way; 0: none
        Instant times_out{};
        Instant not_before{};   // the next one
        unsigned failures = 0;  // in a row
        bool advancing = false;
    };

    bool waits_already(ChannelId id, const EventRecord &event) const;
    StreamKey key_of(const Channel &channel, ChannelId id,
                     const EventRecord &event) const;
    Stream &put(Entry entry, Instant now);
    void coalesce(Stream &stream, const EventRecord &latest, Instant now);
    void advance(Stream &stream, Instant now);
    bool may_start(const Stream &stream, Instant now) const;
    void start(Stream &stream, Instant now);
    void conclude(Stream &stream, const Outcome &outcome, Instant now);
    void delivered(Stream &stream, Instant now);
    void failed(Stream &stream, const Outcome &outcome, Instant now);
    Duration backoff(unsigned failures);
    void drop(const Entries &entries, const char *why);
    void count_dropped(Channel &channel, std::size_t number);
    void report_excess(const Entries &entries, Instant now);

    std::vector<Channel> channels_;
    std::vector<ChannelId> order_;  // in which an event is delivered
    std::map<StreamKey, Stream> streams_;
    DeliveryId last_delivery_ = 0;
    Log log_;
    Dice dice_;
    bool held_ = false;
    bool draining_ = false;
};

}  // namespace ngx_vrrp::notify
