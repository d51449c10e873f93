#include "core/node/event_records.hpp"

#include <string_view>
#include <variant>

namespace ngx_vrrp::node {

namespace {

using notify::EventKind;
using notify::EventRecord;
using notify::State;

EventRecord begin_event(EventKind kind, const std::string &router_id,
                        const Moment &moment) {
    EventRecord event{};
    event.kind = kind;
    event.at_ns = to_ns(moment.at);
    event.wall_ns = moment.wall.time_since_epoch().count();
    event.node.set(router_id);
    return event;
}

// As many whole addresses as fit: a truncated address would be another one.
std::string addresses_of(const vrrp::Config &config) {
    constexpr std::size_t kRoom = sizeof(EventRecord::addresses) - 1;
    constexpr std::string_view kMore = " ...";
    std::string list;
    std::vector<vrrp::VirtualAddress> all = config.addresses;
    all.insert(all.end(), config.more_addresses.begin(),
               config.more_addresses.end());
    for (const vrrp::VirtualAddress &address : all) {
        const std::string next =
            (list.empty() ? "" : " ") + address.address.to_string();
        if (list.size() + next.size() + kMore.size() > kRoom) {
            return list.append(kMore);
        }
        list += next;
    }
    return list;
}

State state_of(vrrp::StateName name, State at_end = State::init) {
    switch (name) {
        case vrrp::StateName::backup:
            return State::backup;
        case vrrp::StateName::active:
            return State::master;
        case vrrp::StateName::fault:
            return State::fault;
        case vrrp::StateName::initialize:
            break;
    }
    return at_end;
}

void describe(EventRecord &event, const engine::StateChanged &change) {
    event.kind = EventKind::state;
    event.previous = state_of(change.from);
    event.state = state_of(change.to, change.deleted    ? State::deleted
                                      : change.for_good ? State::stop
                                                        : State::init);
    event.bad = event.state == State::fault;
    event.from.set(vrrp::public_name(change.from));
    event.to.set(to_string(event.state));
}

void describe(EventRecord &event, const engine::TrackerChanged &change) {
    event.kind = EventKind::tracker;
    event.bad = change.to == check::Verdict::down;
    event.from.set(to_string(change.from));
    event.to.set(to_string(change.to));
    event.subject.set(change.type + ' ' + change.name);
}

void describe(EventRecord &event, const engine::SplitBrainChanged &change) {
    event.kind = EventKind::split_brain;
    event.bad = change.suspected;
    event.from.set(change.suspected ? "over" : "suspected");
    event.to.set(change.suspected ? "suspected" : "over");
    event.subject.set(to_words(change.sign));
}

void describe(EventRecord &event, const engine::AdvertsLost &change) {
    event.kind = EventKind::adverts_lost;
    event.bad = change.lost;
    event.from.set(change.lost ? "heard" : "lost");
    event.to.set(change.lost ? "lost" : "heard");
}

// Below the priority from before is not a failure: a tracker may be the cause,
// and reports itself.
void describe(EventRecord &event, const engine::PriorityNews &change) {
    event.kind = EventKind::priority;
    event.bad = 1;
    event.state = event.previous = state_of(change.state);
    event.from.set(std::to_string(change.from.value));
    event.to.set(std::to_string(event.priority));
}

void describe(EventRecord &event, const engine::LosingAdvert &heard) {
    event.kind = EventKind::master_rx_lower_pri;
    event.bad = 1;
    event.state = event.previous = State::master;
    event.from.set(to_string(State::master));
    event.to.set(to_string(State::master));
    event.subject.set(heard.peer.to_string());
}

// As it was written, with the address if the name means several.
std::string server_of(const check::Record &record) {
    const std::string name(record.name.view());
    const std::string address(record.address.view());
    return address.starts_with(name) ? name : name + " (" + address + ')';
}

bool is_of_upstream(const check::Record &record) {
    const std::string_view context = record.context.view();
    return context == "http" || context == "stream";
}

}  // namespace

EventRecord to_event(const engine::Event &event, const vrrp::Config &config,
                     const std::string &router_id, const Moment &moment) {
    EventRecord record = begin_event(EventKind::state, router_id, moment);
    record.vrid = to_number(config.vrid);
    record.priority = event.priority.value;
    record.of_group = event.of_group;
    record.instance.set(event.of_group ? config.sync.group : config.name);
    record.group.set(config.group_name());
    record.interface.set(config.interface);
    record.reason.set(event.reason);
    record.addresses.set(addresses_of(config));
    std::visit([&](const auto &what) { describe(record, what); }, event.what);
    return record;
}

std::optional<EventRecord> to_event(const check::Record &record,
                                    const std::string &router_id,
                                    const Moment &moment) {
    const bool down = record.verdict == check::Verdict::down;
    const bool was_down = record.failed_at_ns != 0;
    if (!is_of_upstream(record) || !(down || was_down)) {
        return std::nullopt;
    }
    EventRecord event = begin_event(EventKind::upstream, router_id, moment);
    event.bad = down;
    event.from.set(down ? "up" : "down");
    event.to.set(down ? "down" : "up");
    event.subject.set(record.group.view());
    event.server.set(server_of(record));
    event.reason.set(down ? failure_text(record) : "");
    return event;
}

// The subject identifies it, so it must be the same at the end.
EventRecord to_event(const peer::DriftNews &news, const std::string &router_id,
                     const Moment &moment) {
    EventRecord event = begin_event(EventKind::drift, router_id, moment);
    event.bad = !news.over;
    event.from.set(news.over ? "found" : "over");
    event.to.set(news.over ? "over" : "found");
    event.subject.set(news.text);
    event.server.set(news.peer);
    return event;
}

std::vector<engine::Event> lasting_events(const engine::VirtualRouter &router) {
    const Priority priority = router.instance().effective_priority();
    std::vector<engine::Event> events;
    const bool second = router.config().is_second();
    if (!second && router.instance().state() == vrrp::StateName::fault) {
        events.push_back({engine::StateChanged{vrrp::StateName::fault,
                                               vrrp::StateName::fault},
                          router.faults().reason(), priority});
    }
    for (const engine::Tracker &tracker : router.trackers()) {
        if (!second && tracker.state() == check::Verdict::down) {
            events.push_back({engine::TrackerChanged{
                                  tracker.config().type, tracker.config().name,
                                  check::Verdict::down, check::Verdict::down},
                              tracker.reason(), priority});
        }
    }
    for (const engine::SuspectedSign &sign : router.signs()) {
        events.push_back({engine::SplitBrainChanged{sign.sign, true},
                          sign.detail, priority});
    }
    if (const auto &lost = router.lost_adverts()) {
        events.push_back({engine::AdvertsLost{true}, lost->detail, priority});
    }
    return events;
}

}  // namespace ngx_vrrp::node
