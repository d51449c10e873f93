#include "tests/simulation/wires.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ngx_vrrp::simulation {

namespace {

constexpr Duration kLongestWay = std::chrono::microseconds{300};
// TCP sends again after pauses that double.
constexpr Duration kFirstRetry = Milliseconds{200};
constexpr unsigned kMostDoublings = 5;
// A kernel gives up, too.
constexpr unsigned kMostAttempts = 12;

constexpr const char *kRefused = "connect() failed (111: Connection refused)";
constexpr const char *kReset = "recv() failed (104: Connection reset by peer)";
constexpr const char *kClosed = "it has closed the connection";

}  // namespace

Wires::Wires(Lan &lan, const Plan &plan)
    : lan_(lan),
      plan_(plan),
      listens_(plan.nodes.size()),
      cut_(plan.network_count * plan.nodes.size()) {}

void Wires::set_cut(std::size_t network, NodeNumber a, NodeNumber b) {
    cut_[network * plan_.nodes.size() + a] |= 1u << b;
    cut_[network * plan_.nodes.size() + b] |= 1u << a;
}

void Wires::heal() {
    std::ranges::fill(cut_, 0u);
    for (const auto &wire : wires_) {
        wire->disturbed_at = lan_.now();
    }
}

void Wires::reset_all(std::size_t network) {
    const auto wires = wires_;
    for (const auto &wire : wires) {
        if (wire->network == network) {
            for (const int end : {0, 1}) {
                wire->ends[end].under_way.clear();
                arrive(wire, end, {Wire::What::reset, {}});
            }
        }
    }
}

void Wires::listen(NodeNumber node) {
    listens_[node] = true;
}

void Wires::close_listeners(NodeNumber node) {
    if (!listens_[node]) {
        return;
    }
    listens_[node] = false;
    const auto wires = wires_;
    for (const auto &wire : wires) {
        if (wire->ends[1].node == node && wire->ends[1].is_known &&
            !wire->ends[1].process) {
            send(wire, 0, {Wire::What::reset, {}});
            forget(wire, 1);
        }
    }
}

// Nothing leaves it, and it remembers nothing.
void Wires::power_off(NodeNumber node) {
    listens_[node] = false;
    const auto wires = wires_;
    for (const auto &wire : wires) {
        for (const int end : {0, 1}) {
            if (wire->ends[end].node == node) {
                wire->ends[1 - end].under_way.clear();
                forget(wire, end);
            }
        }
    }
}

std::optional<NodeNumber> Wires::node_at(std::size_t link,
                                         const IpAddress &address) const {
    for (NodeNumber node = 0; node < plan_.nodes.size(); ++node) {
        if (plan_.source_of(link, node) == address) {
            return node;
        }
    }
    return std::nullopt;
}

std::shared_ptr<Wire> Wires::connect(LinkSockets &process, NodeNumber from,
                                     std::size_t link, const IpAddress &source,
                                     const IpAddress &to) {
    const auto node = node_at(link, to);
    if (!node || *node == from) {
        return nullptr;
    }
    std::erase_if(wires_, [](const auto &one) {
        return std::ranges::none_of(one->ends, [](const Wire::End &end) {
            return end.is_known || !end.under_way.empty();
        });
    });
    auto wire = std::make_shared<Wire>();
    wire->link = link;
    wire->network = plan_.links[link].network;
    wire->ends[0] = {.node = from,
                     .address = source,
                     .process = &process,
                     .is_known = true,
                     .arrived = {},
                     .under_way = {}};
    wire->ends[1].node = *node;
    wire->ends[1].address = to;
    wires_.push_back(wire);
    send(wire, 1, {Wire::What::open, {}});
    return wire;
}

std::vector<std::shared_ptr<Wire>> Wires::waiting(NodeNumber node,
                                                  std::size_t link) const {
    std::vector<std::shared_ptr<Wire>> list;
    std::ranges::copy_if(wires_, std::back_inserter(list),
                         [&](const auto &wire) {
                             const Wire::End &end = wire->ends[1];
                             return end.node == node && wire->link == link &&
                                    end.is_known && !end.process;
                         });
    return list;
}

bool Wires::is_connected(const Wire &wire) const {
    const NodeNumber a = wire.ends[0].node;
    const NodeNumber b = wire.ends[1].node;
    return lan_.are_connected(wire.network, a, b) && is_running(a) &&
           is_running(b) &&
           (cut_[wire.network * plan_.nodes.size() + a] >> b & 1u) == 0;
}

bool Wires::passes(const Wire &wire) const {
    return is_connected(wire) && !lan_.is_lost(wire.network);
}

std::optional<Instant> Wires::flows_since(std::size_t link,
                                          const LinkSockets &a,
                                          const LinkSockets &b) const {
    std::optional<Instant> since;
    for (const auto &wire : wires_) {
        const auto &[first, second] = wire->ends;
        const bool theirs = (first.process == &a && second.process == &b) ||
                            (first.process == &b && second.process == &a);
        if (wire->link == link && theirs && wire->is_open &&
            first.attempts == 0 && second.attempts == 0 &&
            is_connected(*wire) && !lan_.is_lossy(wire->network)) {
            take_earlier(since, std::max(wire->disturbed_at,
                                         lan_.disturbed_at(wire->network)));
        }
    }
    return since;
}

void Wires::send(const std::shared_ptr<Wire> &wire, int to, Wire::Item item) {
    auto &under_way = wire->ends[to].under_way;
    under_way.push_back(std::move(item));
    if (under_way.size() == 1) {
        wire->ends[to].attempts = 0;
        lan_.after(lan_.dice().up_to(kLongestWay),
                   [this, wire, to] { pump(wire, to); });
    }
}

// The kernel has everything, whether its process reads it or not.
void Wires::pump(const std::shared_ptr<Wire> &wire, int to) {
    Wire::End &end = wire->ends[to];
    if (end.under_way.empty()) {
        return;
    }
    if (!passes(*wire)) {
        wire->disturbed_at = lan_.now();
        const unsigned attempts = end.attempts++;
        if (attempts < kMostAttempts) {
            lan_.after(kFirstRetry * (1u << std::min(attempts, kMostDoublings)),
                       [this, wire, to] { pump(wire, to); });
        } else {
            end.under_way.clear();
            forget(wire, to);
        }
        return;
    }
    if (std::exchange(end.attempts, 0) != 0) {
        wire->disturbed_at = lan_.now();
    }
    auto items = std::exchange(end.under_way, {});
    for (Wire::Item &item : items) {
        arrive(wire, to, std::move(item));
    }
}

void Wires::arrive(const std::shared_ptr<Wire> &wire, int to, Wire::Item item) {
    Wire::End &end = wire->ends[to];
    if (item.what == Wire::What::open) {
        if (!listens_[end.node]) {
            send(wire, 0, {Wire::What::reset, {}});
            return;
        }
        wire->is_open = end.is_known = true;
        readable(end.node);
        return;
    }
    if (!end.is_known) {
        if (item.what == Wire::What::octets) {
            send(wire, 1 - to, {Wire::What::reset, {}});
        }
        return;
    }
    end.arrived.push_back(std::move(item));
    readable(end.node);
}

void Wires::forget(const std::shared_ptr<Wire> &wire, int end) {
    wire->ends[end].is_known = false;
    wire->ends[end].process = nullptr;
    wire->ends[end].arrived.clear();
}

// The sockets of a process

LinkSockets::LinkSockets(Wires &wires, Lan &lan, const Plan &plan,
                         NodeNumber node, peer::NodeId &id)
    : wires_(wires),
      lan_(lan),
      node_(node),
      id_(id),
      listens_(plan.links.size()),
      sources_(plan.links.size()) {}

// The kernel closes what a process leaves open; if it has not read everything,
// by a reset.
LinkSockets::~LinkSockets() {
    for (const auto &[id, place] : places_) {
        const auto &[wire, end] = place;
        if (wire->ends[end].is_known) {
            const bool unread = !wire->ends[end].arrived.empty();
            wires_.send(wire, 1 - end,
                        {unread ? Wire::What::reset : Wire::What::fin, {}});
            wires_.forget(wire, end);
        }
    }
}

Status LinkSockets::listen(std::size_t link) {
    wires_.listen(node_);
    const bool is_new = !listens_[link];
    listens_[link] = true;
    if (is_new && is_readable()) {
        lan_.after(Duration{0},
                   [&wires = wires_, node = node_] { wires.readable(node); });
    }
    return success();
}

void LinkSockets::stop_listening() {
    listens_.assign(listens_.size(), false);
}

void LinkSockets::set_source(std::size_t link, const IpAddress &source) {
    sources_[link] = source;
}

peer::NodeId LinkSockets::node_id() {
    if (id_ == 0) {
        id_ = 1 + lan_.dice().below(1'000'000'000);
    }
    return id_;
}

peer::Nonce LinkSockets::nonce() {
    peer::Nonce nonce{};
    const std::uint32_t number = lan_.dice().below(1'000'000'000);
    std::memcpy(nonce.data(), &number, sizeof(number));
    return nonce;
}

bool LinkSockets::is_readable() const {
    for (std::size_t link = 0; link < listens_.size(); ++link) {
        if (listens_[link] && !wires_.waiting(node_, link).empty()) {
            return true;
        }
    }
    return std::ranges::any_of(places_, [](const auto &one) {
        const Place &place = one.second;
        return !place.wire->ends[place.end].arrived.empty();
    });
}

void LinkSockets::read(peer::Links &links, Instant now) {
    accept(links, now);
    std::vector<peer::ConnectionId> ids;
    for (const auto &[id, place] : places_) {
        ids.push_back(id);
    }
    for (const peer::ConnectionId id : ids) {
        read(id, links, now);
    }
}

void LinkSockets::accept(peer::Links &links, Instant now) {
    for (std::size_t link = 0; link < listens_.size(); ++link) {
        if (!listens_[link]) {
            continue;
        }
        for (const auto &wire : wires_.waiting(node_, link)) {
            const auto id = links.accept(link, wire->ends[0].address,
                                         wire->ends[1].address, now);
            if (!id) {
                wires_.send(wire, 0, {Wire::What::fin, {}});
                wires_.forget(wire, 1);
                continue;
            }
            wire->ends[1].process = this;
            wire->disturbed_at = now;
            places_[*id] = {wire, 1};
            links.begin(*id, now);
        }
    }
}

// The connection may end within each of these calls, and its id be used again.
void LinkSockets::read(peer::ConnectionId id, peer::Links &links, Instant now) {
    const auto it = places_.find(id);
    if (it == places_.end()) {
        return;
    }
    const auto [wire, end] = it->second;
    const auto is_there = [&, wire = wire] {
        const auto again = places_.find(id);
        return again != places_.end() && again->second.wire == wire;
    };
    auto &arrived = wire->ends[end].arrived;
    while (is_there() && !arrived.empty()) {
        const Wire::Item item = std::move(arrived.front());
        arrived.pop_front();
        switch (item.what) {
            case Wire::What::open:
                break;
            case Wire::What::octets:
                links.receive(id, item.octets, now);
                break;
            case Wire::What::fin:
                links.handle_end(id, peer::Ended::closed, kClosed, now);
                break;
            case Wire::What::reset:
                wires_.forget(wire, end);
                links.handle_end(
                    id,
                    wire->is_open ? peer::Ended::reset : peer::Ended::refused,
                    wire->is_open ? kReset : kRefused, now);
                break;
        }
    }
}

std::string LinkSockets::connect(peer::ConnectionId id, std::size_t link,
                                 const IpAddress &address) {
    const auto wire =
        wires_.connect(*this, node_, link, sources_[link], address);
    if (!wire) {
        return "connect() failed (113: No route to host)";
    }
    places_[id] = {wire, 0};
    return {};
}

bool LinkSockets::send(peer::ConnectionId id, Bytes octets) {
    const auto it = places_.find(id);
    if (it != places_.end() && !octets.empty()) {
        const auto &[wire, end] = it->second;
        wires_.send(wire, 1 - end,
                    {Wire::What::octets, Buffer(octets.begin(), octets.end())});
    }
    return true;
}

void LinkSockets::close(peer::ConnectionId id) {
    const auto it = places_.find(id);
    if (it == places_.end()) {
        return;
    }
    const auto [wire, end] = it->second;
    places_.erase(it);
    if (wire->ends[end].is_known) {
        wires_.send(wire, 1 - end, {Wire::What::fin, {}});
        wires_.forget(wire, end);
    }
}

}  // namespace ngx_vrrp::simulation
