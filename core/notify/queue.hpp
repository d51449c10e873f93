// Decides which event is delivered to which channel, when, and how often it is
// retried. Sans-I/O: couriers deliver, time is passed in.
//
// Order. Events of one instance are delivered in their order: hooks of an
// instance run one after the other, first the one for the event
// ("notify_master"), then the one for all ("notify"); each other channel has
// its own lane, so that a channel that hangs does not delay another. Where a
// message may have several events, a lane has those of all instances.
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
#include "core/notify/event.hpp"
#include "core/notify/habits.hpp"
#include "core/notify/lane.hpp"
#include "core/notify/ports.hpp"

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

class Queue final : public Outcomes {
public:
    struct Recipient {
        ChannelConfig config;
        Courier *courier;
    };

    // sink and the couriers outlive the queue. seed: for the backoff.
    Queue(std::vector<Recipient> recipients, LogSink &sink, std::uint64_t seed);

    void add(const EventRecord &event, Instant now);
    void finished(DeliveryId id, const Outcome &outcome, Instant now) override;
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // Nothing is delivered before release().
    void hold() { held_ = true; }
    void release(Instant now);

    // From now on: one attempt for each event, without any pause.
    void hurry(Instant now);

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
        Courier *courier;
        Habits habits;
        ChannelCounts counts{};
        unsigned failed_in_a_row = 0;
        RateLimit excess_limit{Seconds{10}};
    };

    // Whose events wait one for the other.
    struct LaneKey {
        ChannelId channel;     // kHooks: all scripts
        std::string instance;  // empty: all

        friend auto operator<=>(const LaneKey &, const LaneKey &) = default;
    };

    struct Road {
        Lane lane;
        DeliveryId delivery = 0;  // under way; 0: none
        Instant times_out{};
        Instant not_before{};   // the next one
        unsigned failures = 0;  // in a row
        bool in_motion = false;
    };

    bool waits_already(ChannelId id, const EventRecord &event) const;
    LaneKey key_of(const Channel &channel, ChannelId id,
                   const EventRecord &event) const;
    Road &put(Entry entry, Instant now);
    void thin(Road &road, const EventRecord &latest, Instant now);
    void move_on(Road &road, Instant now);
    bool may_start(const Road &road, Instant now) const;
    void start(Road &road, Instant now);
    void conclude(Road &road, const Outcome &outcome, Instant now);
    void delivered(Road &road, Instant now);
    void failed(Road &road, const Outcome &outcome, Instant now);
    Duration backoff(unsigned failures);
    void expire(Road &road, Instant now);
    void lose(const Entries &entries, const std::string &why);
    void lose(ChannelId id, const Entries &entries, const std::string &why);
    void count_lost(Channel &channel, const Entries &entries);
    void report_excess(const Entries &entries, Instant now);

    std::vector<Channel> channels_;
    std::vector<ChannelId> order_;  // in which an event is delivered
    std::map<LaneKey, Road> roads_;
    std::map<DeliveryId, Road *> deliveries_;
    DeliveryId last_delivery_ = 0;
    Log log_;
    Dice dice_;
    bool held_ = false;
    bool in_hurry_ = false;
};

}  // namespace ngx_vrrp::notify
