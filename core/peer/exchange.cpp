#include "core/peer/exchange.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/find.hpp"
#include "core/base/fingerprint.hpp"

namespace ngx_vrrp::peer {

namespace {

// Clocks that drift are not news.
constexpr Duration kSameClock = Milliseconds{10};

// To one peer in a second, besides the last ones: less than a connection takes.
constexpr std::size_t kMostRelayed = kLargestDetails;

// Of the octets: another process of the same node does not begin again with a
// number that was used.
std::uint32_t revision_of(const Buffer &entries) {
    const std::string_view text{reinterpret_cast<const char *>(entries.data()),
                                entries.size()};
    return static_cast<std::uint32_t>(fingerprint(text)) | 1;
}

bool is_other(Duration a, Duration b) {
    return (a < b ? b - a : a - b) > kSameClock;
}

}  // namespace

bool Exchange::is_linked(NodeId node) const {
    return std::ranges::any_of(receivers_, [&](const Receiver &receiver) {
        return receiver.link.node == node;
    });
}

// It comes by its own link, or from a peer that still relays it.
bool Exchange::is_wanted(const Report &report) const {
    if (report.via == 0) {
        return is_linked(report.node);
    }
    const Report *relay = find_first(reports_, [&](const Report &other) {
        return other.node == report.via && other.via == 0;
    });
    return is_linked(report.via) && !is_linked(report.node) && relay &&
           std::ranges::find(relay->details.relayed, report.node) !=
               relay->details.relayed.end();
}

void Exchange::set_links(const std::vector<Link> &links) {
    std::erase_if(receivers_, [&](const Receiver &receiver) {
        return std::ranges::find(links, receiver.link) == links.end();
    });
    for (const Link &link : links) {
        if (!find_first(receivers_, link, &Receiver::link)) {
            receivers_.push_back({link});
        }
    }
    const auto removed = std::erase_if(
        reports_, [&](const Report &report) { return !is_wanted(report); });
    changed_ = changed_ || removed != 0;
}

void Exchange::set_own(Details details, bool relays) {
    relays_ = relays;
    details.relayed.clear();
    for (const Report &report : reports_) {
        if (relays_ && report.via == 0 && report.revision != 0) {
            details.relayed.push_back(report.node);
        }
    }
    Buffer entries = serialize(details);
    if (entries != entries_) {
        entries_ = std::move(entries);
        // As others see it: texts are cut, and long lists end early.
        const auto read = parse_details(entries_);
        own_ = read ? *read : Details{};
        revision_ = revision_of(entries_);
        changed_ = true;
    }
}

void Exchange::send(const Clocks &now, const Send &send) {
    for (Receiver &to : receivers_) {
        if (now.boot - to.details_at >= kConfirmTime &&
            to.confirmed.value_or(revision_) != revision_) {
            to.revisions.clear();
        }
        if (now.boot - to.details_at >= kDetailsInterval) {
            send_details(to, now, send);
        }
        if (now.boot - to.clocks_at >= kDetailsInterval) {
            to.clocks_at = now.boot;
            send(to.link.node, Type::details,
                 serialize(Chunk{head_for(to.link.node, now), {}}));
        }
    }
}

void Exchange::send_details(Receiver &to, const Clocks &now, const Send &send) {
    std::uint32_t &sent = to.revisions[self_];
    if (sent != revision_) {
        sent = revision_;
        to.details_at = to.clocks_at = now.boot;
        for (const Buffer &payload :
             to_chunks(head_for(to.link.node, now), entries_)) {
            send(to.link.node, Type::details, payload);
        }
    }
    if (relays_) {
        relay(to, now, send);
    }
}

void Exchange::relay(Receiver &to, const Clocks &now, const Send &send) {
    std::size_t octets = 0;
    for (const Report &report : reports_) {
        std::uint32_t &sent = to.revisions[report.node];
        if (report.via != 0 || report.node == to.link.node ||
            sent == report.revision || octets >= kMostRelayed) {
            continue;
        }
        sent = report.revision;
        octets += report.entries.size();
        to.details_at = now.boot;
        const Clocks clocks{now.boot - report.boot_difference,
                            now.wall - report.wall_difference};
        for (const Buffer &payload : to_chunks(
                 {report.node, report.revision, 0, clocks}, report.entries)) {
            send(to.link.node, Type::relayed, payload);
        }
    }
}

ChunkHead Exchange::head_for(NodeId to, const Clocks &now) const {
    return {self_, revision_, seen(to), now};
}

std::uint32_t Exchange::seen(NodeId node) const {
    const auto has_details = [&](NodeId of, NodeId via) {
        return std::ranges::any_of(reports_, [&](const Report &report) {
            return report.node == of && report.via == via &&
                   report.revision != 0;
        });
    };
    const Report *report = find_first(reports_, [&](const Report &r) {
        return r.node == node && r.via == 0;
    });
    const bool whole =
        report &&
        std::ranges::all_of(report->details.relayed, [&](NodeId relayed) {
            return relayed == self_ || is_linked(relayed) ||
                   has_details(relayed, node);
        });
    return whole ? report->revision : 0;
}

void Exchange::receive(NodeId from, Type type, Bytes payload,
                       const Clocks &now) {
    const auto chunk = parse_chunk(payload);
    Receiver *sender = find_first(receivers_, [&](const Receiver &receiver) {
        return receiver.link.node == from;
    });
    if (!chunk || !sender) {
        return;
    }
    const NodeId node = chunk->head.node;
    if (type == Type::details && node == from) {
        sender->confirmed = chunk->head.seen;
        if (Report *report = report_of(node, 0)) {
            take(*report, *chunk, now);
        }
    } else if (type == Type::relayed && node != self_ && !is_linked(node)) {
        if (Report *report = report_of(node, from)) {
            take(*report, *chunk, now);
        }
    }
}

// Nothing: there is no room.
Report *Exchange::report_of(NodeId node, NodeId via) {
    Report *known = find_first(reports_, [&](const Report &report) {
        return report.node == node && report.via == via;
    });
    if (known || reports_.size() >= kMostReports) {
        return known;
    }
    Report &report = reports_.emplace_back();
    report.node = node;
    report.via = via;
    return &report;
}

void Exchange::take(Report &report, const Chunk &chunk, const Clocks &now) {
    const ChunkHead &head = chunk.head;
    const Duration boot = now.boot - head.clocks.boot;
    const Duration wall = now.wall - head.clocks.wall;
    if (is_other(boot, report.boot_difference) ||
        is_other(wall, report.wall_difference)) {
        report.boot_difference = boot;
        report.wall_difference = wall;
        changed_ = true;
    }
    auto entries = report.joiner.take(chunk);
    if (!entries) {
        return;
    }
    if (auto details = parse_details(*entries)) {
        report.details = *std::move(details);
        report.entries = *std::move(entries);
        report.revision = head.revision;
        changed_ = true;
    }
}

std::vector<const Report *> Exchange::reports() const {
    std::vector<const Report *> list;
    for (const Report &report : reports_) {
        if (report.revision != 0 &&
            std::ranges::none_of(list, [&](const Report *other) {
                return other->node == report.node;
            })) {
            list.push_back(&report);
        }
    }
    return list;
}

}  // namespace ngx_vrrp::peer
