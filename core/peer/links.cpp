#include "core/peer/links.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "core/base/find.hpp"
#include "core/base/wipe.hpp"

namespace ngx_vrrp::peer {

namespace {

// A link that ended earlier is no reason to connect again at once.
constexpr Duration kStable = Seconds{1};

constexpr const char *kDead =
    "its nginx has ended: its kernel refused the connection";

Duration pause_after(unsigned failures) {
    constexpr unsigned kMostDoublings = 6;
    if (failures == 0) {
        return Duration{0};
    }
    return std::min<Duration>(
        kFirstPause * (1U << std::min(failures - 1, kMostDoublings)),
        kLongestPause);
}

// Nothing has failed: so long the node is not missed. nginx that has ended is
// not MASTER, and is linked when it is started again.
Instant not_missed_until(Farewell reason, Instant now) {
    switch (reason) {
        case Farewell::quit:
        case Farewell::unconfigured:
            return Instant::max();
        case Farewell::reload:
            return now + kReloadTime;
        case Farewell::unknown:
        case Farewell::duplicate:
            return {};
    }
    return {};
}

std::optional<Refusal> refusal_of(End end) {
    switch (end) {
        case End::garbage:
        case End::flood:
            return Refusal::garbage;
        case End::no_secret:
        case End::secret_unknown:
        case End::wrong_secret:
            return Refusal::secret;
        case End::slow:
        case End::silent:
            return Refusal::silent;
        case End::crypto:
        case End::self:
        case End::bye:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

Links::Links(std::vector<LinkConfig> configs, NodeId node, const About &about,
             Hmac hmac, Transport &transport, LogSink &sink)
    : configs_(std::move(configs)),
      node_(node),
      status_(configs_.size()),
      hmac_(std::move(hmac)),
      transport_(transport),
      log_(sink) {
    for (LinkConfig &config : configs_) {
        identities_.push_back({node, about, std::move(config.secret)});
    }
    refusal_lines_.fill(RepeatedLine{Seconds{60}});
}

Links::~Links() {
    for (Identity &identity : identities_) {
        wipe(identity.secret);
    }
}

void Links::set_targets(const std::vector<Target> &targets, Instant now) {
    for (Peer &peer : peers_) {
        peer.wanted =
            std::ranges::find(targets, Target{peer.link, peer.address}) !=
            targets.end();
    }
    for (const Target &target : targets) {
        if (Peer *peer = remember(target.link, target.address, now)) {
            peer->wanted = true;
            if (!has_followed(target)) {
                note_followed(target);
                use_untrusted_spare(*peer);
            }
        }
    }
    handle_time(now);
}

void Links::set_status(std::size_t link, const StatusList &status,
                       Instant now) {
    status_[link] = status;
    inform(configs_[link].interface, now);
}

// At the end, no other peer may believe that it takes over.
void Links::inform(const std::string &interface, Instant now) {
    if (!running_) {
        return;
    }
    std::map<std::size_t, OrderList> orders;  // of each link
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        const Connection &c = connections_[id];
        // an order may depend on another interface
        if (c.session &&
            (!groups_.empty() || configs_[c.link].interface == interface)) {
            const auto [it, is_new] = orders.try_emplace(c.link);
            if (is_new) {
                it->second = order_of(c.link);
            }
            c.session->set_status(status_for(id, it->second), now);
            c.session->set_order(it->second, now);
            flush(id, now);
        }
    }
}

StatusList Links::status_for(ConnectionId id, const OrderList &order) const {
    const Connection &c = connections_[id];
    StatusList list = status_[c.link];
    for (RouterStatus &router : list) {
        const RouterOrder *known =
            find_order(order, router.family, router.vrid);
        const bool is_next = known && c.up && !c.spare &&
                             known->nodes.front() == c.session->node();
        router.you_are_next = is_next ? 1 : 0;
    }
    return list;
}

// Each BACKUP that is linked, the best first, as in an election. One that is
// better and not linked preempts it, as usual.
Links::Candidates Links::candidates_on(const std::string &interface) const {
    struct Candidate {
        Priority priority;
        IpAddress address;
        NodeId node;

        auto operator<=>(const Candidate &) const = default;
    };
    std::map<std::pair<Family, Vrid>, std::vector<Candidate>> all;
    for (const Connection &c : connections_) {
        if (!c.session || !c.up || c.spare ||
            configs_[c.link].interface != interface) {
            continue;
        }
        for (const RouterStatus &theirs : c.session->status()) {
            if (theirs.state == RouterState::backup) {
                all[{theirs.family, theirs.vrid}].push_back(
                    {theirs.priority, c.address, c.session->node()});
            }
        }
    }
    Candidates nodes;
    for (auto &[router, list] : all) {
        std::ranges::sort(list, std::ranges::greater{});
        std::vector<NodeId> &best_first = nodes[router];
        for (const Candidate &candidate : list) {
            // without a secret, it may have two links
            if (std::ranges::count(best_first, candidate.node) == 0) {
                best_first.push_back(candidate.node);
            }
        }
    }
    return nodes;
}

const Group *Links::group_of(const Member &member) const {
    return find_first(groups_, [&](const Group &group) {
        return std::ranges::find(group, member) != group.end();
    });
}

// If each member of a group named its own best node, two nodes could each get
// some of them, and none all: on two networks, addresses have another order. As
// in an election, the first member decides. A node that is not BACKUP of all
// members cannot take the group over, and comes later.
OrderList Links::order_of(std::size_t link) const {
    std::map<std::string, Candidates> known;  // of each interface
    const auto of = [&](const Member &one) {
        const auto [it, is_new] = known.try_emplace(one.interface);
        if (is_new) {
            it->second = candidates_on(one.interface);
        }
        return it->second[{one.family, one.vrid}];
    };
    std::map<const Group *, std::vector<NodeId>> of_groups;
    const auto together = [&](const Group *group) {
        const auto [it, is_new] = of_groups.try_emplace(group);
        std::vector<NodeId> &nodes = it->second;
        if (!group || !is_new) {
            return nodes;
        }
        nodes = of(group->front());
        for (const Member &member : *group) {
            const std::vector<NodeId> theirs = of(member);
            std::erase_if(nodes, [&](NodeId node) {
                return std::ranges::count(theirs, node) == 0;
            });
        }
        return nodes;
    };

    OrderList list;
    for (const RouterStatus &router : status_[link]) {
        if (router.state != RouterState::master) {
            continue;
        }
        const Member self{configs_[link].interface, router.family, router.vrid};
        RouterOrder order{router.family, router.vrid, together(group_of(self))};
        for (const NodeId node : of(self)) {
            if (std::ranges::count(order.nodes, node) == 0) {
                order.nodes.push_back(node);
            }
        }
        order.nodes.resize(std::min(order.nodes.size(), kMostInOrder));
        if (!order.nodes.empty()) {
            list.push_back(std::move(order));
        }
    }
    return list;
}

std::optional<bool> Links::is_named_by(const Peer &peer, Family family,
                                       Vrid vrid) const {
    if (peer.state != PeerState::up && !peer.is_doubted()) {
        return std::nullopt;
    }
    const RouterStatus *router = find_router(peer.status, family, vrid);
    if (!router || router->state != RouterState::master) {
        return std::nullopt;
    }
    const RouterOrder *order = find_order(peer.order, family, vrid);
    return order ? !order->nodes.empty() && order->nodes.front() == node_
                 : router->you_are_next != 0;
}

std::size_t Links::connections() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        connections_,
        [](const Connection &c) { return c.session != nullptr; }));
}

std::optional<ConnectionId> Links::free_place() const {
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        if (!connections_[id].session) {
            return id;
        }
    }
    return std::nullopt;
}

// A host that only connects cannot use up the places of the others.
bool Links::is_full(std::size_t link, const IpAddress &address) const {
    std::size_t greeting = 0;
    std::size_t greeting_of_host = 0;
    std::size_t of_host = 0;
    for (const Connection &c : connections_) {
        if (!c.session || c.session->role() != Role::acceptor) {
            continue;
        }
        const bool same = c.link == link && c.address == address;
        greeting += c.up ? 0U : 1U;
        greeting_of_host += same && !c.up ? 1U : 0U;
        of_host += same ? 1U : 0U;
    }
    return greeting >= kMostGreeting ||
           greeting_of_host >= kMostGreetingOfHost || of_host >= kMostOfHost;
}

bool Links::may_come_from(std::size_t link, const IpAddress &address) const {
    const LinkConfig &config = configs_[link];
    return !config.peers ||
           std::ranges::find(*config.peers, address) != config.peers->end();
}

std::optional<ConnectionId> Links::accept(std::size_t link,
                                          const IpAddress &peer,
                                          const IpAddress &local, Instant now) {
    const auto &virtual_addresses = configs_[link].virtual_addresses;
    if (!running_) {
        return std::nullopt;
    }
    if (std::ranges::find(virtual_addresses, local) !=
        virtual_addresses.end()) {
        refuse(Refusal::address, link, peer,
               "it has connected to the virtual address " + local.to_string(),
               now);
        return std::nullopt;
    }
    if (!may_come_from(link, peer)) {
        refuse(Refusal::address, link, peer, "it is not a \"unicast_peer\"",
               now);
        return std::nullopt;
    }
    const auto id = free_place();
    if (!id || is_full(link, peer)) {
        refuse(Refusal::full, link, peer, "there are too many connections",
               now);
        return std::nullopt;
    }
    open(*id, link, peer, Role::acceptor, now).local = local;
    return id;
}

Links::Connection &Links::open(ConnectionId id, std::size_t link,
                               const IpAddress &address, Role role,
                               Instant now) {
    Connection &c = connections_[id];
    c = {link, address, nullptr, now};
    c.session = std::make_unique<Session>(
        role, identities_[link], transport_.nonce(), hmac_, status_[link], now);
    return c;
}

void Links::connect(Peer &peer, Instant now) {
    const auto id = free_place();
    if (!id) {
        fail(peer, false, "there are too many connections", now);
        return;
    }
    open(*id, peer.link, peer.address, Role::opener, now);
    const std::string error = transport_.connect(*id, peer.link, peer.address);
    if (!error.empty()) {
        connections_[*id].session.reset();
        fail(peer, false, error, now);
        return;
    }
    if (peer.state != PeerState::connecting) {
        changed_ = true;
        peer.state = PeerState::connecting;
        peer.alias = false;
    }
    flush(*id, now);
}

// Also one that the peer has opened, or one of the other family.
bool Links::has_link_to(const Peer &peer) const {
    return std::ranges::any_of(connections_, [&](const Connection &c) {
        return c.session && c.up &&
               configs_[c.link].interface == configs_[peer.link].interface &&
               (c.address == peer.address ||
                (peer.node != 0 && c.session->node() == peer.node &&
                 is_trusted(c)));
    });
}

// By this address.
bool Links::is_linked_with(const Peer &peer) const {
    return std::ranges::any_of(connections_, [&](const Connection &c) {
        return c.session && c.up && c.link == peer.link &&
               c.address == peer.address;
    });
}

bool Links::is_connecting_to(const Peer &peer) const {
    return std::ranges::any_of(connections_, [&](const Connection &c) {
        return c.session && c.link == peer.link && c.address == peer.address &&
               c.session->role() == Role::opener;
    });
}

// At its next_try.
bool Links::is_due(const Peer &peer) const {
    return running_ && peer.wanted && !has_link_to(peer) &&
           !is_connecting_to(peer);
}

void Links::receive(ConnectionId id, Bytes octets, Instant now) {
    if (id < kMostConnections && connections_[id].session) {
        connections_[id].session->receive(octets, now);
        progress(id, now);
    }
}

void Links::handle_end(ConnectionId id, Ended how, const std::string &why,
                       Instant now) {
    if (id < kMostConnections && connections_[id].session) {
        end(id, how, why, now);
        handle_time(now);
    }
}

void Links::handle_time(Instant now) {
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        if (connections_[id].session) {
            connections_[id].session->handle_time(now);
            progress(id, now);
        }
    }
    conclude(now);
    settle_doubts(now);
    forget(now);
    for (Peer &peer : peers_) {
        if (now >= peer.next_try && is_due(peer)) {
            connect(peer, now);
        }
    }
}

// A peer with a link is due when the link ends.
std::optional<Instant> Links::deadline() const {
    std::optional<Instant> earliest;
    for (const Connection &c : connections_) {
        if (c.session) {
            take_earlier(earliest, c.session->deadline());
        }
    }
    for (const Peer &peer : peers_) {
        if (is_due(peer)) {
            take_earlier(earliest, peer.next_try);
        }
        if (peer.cut_at) {
            take_earlier(earliest, *peer.cut_at + kProofTime);
        }
    }
    return earliest;
}

void Links::stop(Farewell reason, Instant now) {
    running_ = false;
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        if (connections_[id].session) {
            say_bye(id, reason, now);
        }
    }
}

void Links::progress(ConnectionId id, Instant now) {
    Connection &c = connections_[id];
    Session &session = *c.session;
    if (!c.greeted && session.has_greeted()) {
        c.greeted = true;
        transport_.set_greeted(id);
    }
    const bool is_new = session.is_up() && !c.up;
    c.up = session.is_up();
    if (is_new && !settle_duplicates(id, now)) {
        return;
    }
    collect(id);
    if (!c.spare && session.take_news()) {
        show(c, now);
        inform(configs_[c.link].interface, now);
    }
    if (!c.session) {
        return;
    }
    flush(id, now);
    if (!c.session || !session.ended()) {
        return;
    }
    const End why = *session.ended();
    const std::string text(why == End::bye ? to_string(session.farewell())
                                           : to_string(why));
    if (const auto refusal = refusal_of(why)) {
        refuse(*refusal, c.link, c.address, text, now);
    }
    // its next process may be linked before the goodbye of this one arrives
    const bool is_last = std::ranges::none_of(connections_, [&](const auto &o) {
        return o.session && o.up && &o != &c &&
               o.session->node() == session.node();
    });
    const Instant until = why == End::bye && is_last
                              ? not_missed_until(session.farewell(), now)
                              : Instant{};
    for (Peer &peer : peers_) {
        if (peer.node == session.node()) {
            peer.left_until = std::max(peer.left_until, until);
        }
    }
    end(id, Ended::here, text, now);
}

void Links::collect(ConnectionId id) {
    const Connection &c = connections_[id];
    for (Message &message : c.session->take_messages()) {
        if (received_.size() < kMostReceived) {
            received_.push_back(
                {c.session->node(), c.link, c.address, std::move(message), id});
        }
    }
}

bool Links::is_trusted(std::size_t link, const IpAddress &address) const {
    return !identities_[link].secret.empty() ||
           (configs_[link].peers && may_come_from(link, address)) ||
           has_followed({link, address});
}

bool Links::has_followed(const Target &target) const {
    return std::ranges::find(followed_, target) != followed_.end();
}

// Not as long as the peer is shown: it may be MASTER beside this node later.
void Links::note_followed(const Target &target) {
    if (followed_.size() >= kMostFollowed) {
        const auto it = std::ranges::find_if(followed_, [&](const Target &one) {
            const Peer *peer = find_peer(one.link, one.address);
            return !peer || !peer->wanted;
        });
        followed_.erase(it == followed_.end() ? followed_.begin() : it);
    }
    followed_.push_back(target);
}

// They have the same id.
bool Links::are_of_one_node(const Connection &a, const Connection &b) const {
    return (a.link == b.link && a.address == b.address) ||
           (is_trusted(a) && is_trusted(b));
}

bool Links::has_address(NodeId node, std::size_t link,
                        const IpAddress &address) const {
    return std::ranges::any_of(peers_, [&](const Peer &peer) {
        return peer.address == address && peer.node == node &&
               configs_[peer.link].interface == configs_[link].interface;
    });
}

bool Links::may_have_address(NodeId node, std::size_t link,
                             const IpAddress &from,
                             const IpAddress &address) const {
    const auto is_linked = [&](NodeId other) {
        return std::ranges::any_of(connections_, [&](const Connection &c) {
            return c.session && c.up && c.session->node() == other;
        });
    };
    const auto is_of_another = [&](const Peer &peer) {
        return peer.address == address && peer.node != node &&
               configs_[peer.link].interface == configs_[link].interface &&
               is_linked(peer.node);
    };
    return has_address(node, link, address) ||
           (from.family() != address.family() &&
            std::ranges::none_of(peers_, is_of_another));
}

bool Links::send(NodeId node, std::size_t link, Type type, Bytes payload,
                 Instant now) {
    std::optional<ConnectionId> to;
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        const Connection &c = connections_[id];
        if (c.session && c.up && !c.spare && c.session->node() == node &&
            configs_[c.link].interface == configs_[link].interface &&
            (!to || (is_trusted(c) && !is_trusted(connections_[*to])))) {
            to = id;
        }
    }
    return to && post(*to, type, payload, now);
}

bool Links::ask(const Peer &peer, Type type, Bytes payload, Instant now) {
    for (ConnectionId id = 0; id < kMostConnections; ++id) {
        const Connection &c = connections_[id];
        if (c.session && c.up && !c.spare && c.link == peer.link &&
            c.address == peer.address && c.session->node() == peer.node) {
            return post(id, type, payload, now);
        }
    }
    return send(peer.node, peer.link, type, payload, now);
}

bool Links::reply(const Received &question, Type type, Bytes payload,
                  Instant now) {
    const Connection &c = connections_[question.connection];
    return c.session && c.up && c.session->node() == question.node
               ? post(question.connection, type, payload, now)
               : send(question.node, question.link, type, payload, now);
}

bool Links::post(ConnectionId id, Type type, Bytes payload, Instant now) {
    const bool sent = connections_[id].session->post(type, payload, now);
    progress(id, now);
    return sent;
}

void Links::flush(ConnectionId id, Instant now) {
    const Buffer out = connections_[id].session->take_output();
    if (!out.empty() && !transport_.send(id, out)) {
        end(id, Ended::here, "it does not read what is sent to it", now);
    }
}

// A node opens no second connection to an address: it has lost the earlier
// one, the end of which may be late.
ConnectionId Links::loser_of(ConnectionId id, ConnectionId other) const {
    const Connection &c = connections_[id];
    const Connection &o = connections_[other];
    const Role role = c.session->role();
    if (role != o.session->role()) {
        const bool is_lower = identities_[c.link].node < c.session->node();
        return (role == Role::opener) == is_lower ? id : other;
    }
    return role == Role::acceptor && o.began <= c.began ? other : id;
}

// False: this connection is the one that has ended.
bool Links::settle_duplicates(ConnectionId id, Instant now) {
    const Connection &c = connections_[id];
    const NodeId theirs = c.session->node();
    for (ConnectionId other = 0; other < kMostConnections; ++other) {
        const Connection &o = connections_[other];
        if (other == id || !o.session || !o.up || o.session->node() != theirs ||
            configs_[o.link].interface != configs_[c.link].interface) {
            continue;
        }
        const bool same_role = o.session->role() == c.session->role();
        const bool same_address = o.link == c.link && o.address == c.address;
        const bool proved = are_of_one_node(c, o);
        const bool same_ends = same_address && o.local == c.local;
        if (same_role && c.session->role() == Role::acceptor && !same_ends) {
            connections_[id].spare = c.spare || proved || !is_trusted(c);
            continue;
        }
        // the other node must come to the same result
        const bool certain =
            !identities_[c.link].secret.empty() || same_address;
        if (!proved || (!same_role && !certain)) {
            continue;
        }
        say_bye(loser_of(id, other), Farewell::duplicate, now);
        if (!c.session) {
            return false;
        }
    }
    return true;
}

void Links::say_bye(ConnectionId id, Farewell reason, Instant now) {
    Session &session = *connections_[id].session;
    session.say_bye(reason, now);
    static_cast<void>(transport_.send(id, session.take_output()));
    end(id, Ended::here,
        reason == Farewell::duplicate ? std::string(to_string(reason))
                                      : "this node has closed it",
        now);
}

void Links::end(ConnectionId id, Ended how, const std::string &why,
                Instant now) {
    Connection &c = connections_[id];
    transport_.close(id);
    const bool was_up = c.up;
    const bool was_stable = was_up && now - c.began >= kStable;
    const bool has_opened = c.session->role() == Role::opener;
    const std::size_t link = c.link;
    const IpAddress address = c.address;
    Peer *peer = peer_of(c);
    const NodeId node = c.session->node();
    const bool was_spare = c.spare;
    const bool has_greeted = c.greeted;
    const std::string &interface = configs_[link].interface;
    const bool trusted = is_trusted(c);
    c = {};
    // before it is up, it is a claim; a later connection may be of another
    // nginx, and this one of a machine that lost its power
    if (peer && was_up && !is_linked_with(*peer)) {
        set_node(*peer, node);
    }
    if (was_spare) {
        if (peer && peer->state == PeerState::up && !is_linked_with(*peer)) {
            leave_to_other_link(*peer, now);
        }
        return;
    }
    if (was_up) {
        use_spare(interface, node, now);
        peer = find_peer(link, address);
    }
    if (was_up && trusted) {
        note_end(interface, node);
    }
    if (!peer || (!was_up && !has_opened)) {
        return;
    }
    if (has_link_to(*peer)) {
        leave_to_other_link(*peer, now);
        return;
    }
    if (was_up) {
        peer->down_line.write(log_, LogLevel::notice,
                              "peer link with " +
                                  name_of(peer->link, peer->address) +
                                  " is down: " + why,
                              now);
    }
    judge(*peer, how, was_up, has_greeted, now);
    fail(*peer, was_stable, why, now);
    inform(interface, now);
}

// When a connection that waited is reset, its process may have accepted it just
// before it died, or a full queue has answered: the next one shows it, as the
// kernel of a living node does not answer its first segment with RST.
void Links::judge(Peer &peer, Ended how, bool was_up, bool greeted,
                  Instant now) {
    const bool in_doubt = peer.cut_at && now - *peer.cut_at < kProofTime;
    peer.proved_at.reset();
    if (was_up) {
        const bool cut =
            peer.wanted && (how == Ended::closed || how == Ended::reset);
        peer.resets = 0;
        peer.cut_at = cut ? std::optional{now} : std::nullopt;
        for (Peer &other : peers_) {
            if (!cut && other.node == peer.node) {
                other.cut_at.reset();
                other.proved_at.reset();
            }
        }
        return;
    }
    if (in_doubt && how == Ended::reset && !greeted &&
        ++peer.resets <= kMostResets) {
        return;
    }
    peer.cut_at.reset();
    if (in_doubt && how == Ended::refused) {
        peer.proved_at = now;
    }
}

// A link by another interface that is still up contradicts the proof. If the
// node has ended, the end of that link is on its way.
void Links::conclude(Instant now) {
    for (Peer &peer : peers_) {
        if (!peer.proved_at) {
            continue;
        }
        const bool lives =
            std::ranges::any_of(connections_, [&](const Connection &c) {
                return c.session && c.up && c.session->node() == peer.node;
            });
        if (lives && now - *peer.proved_at < kProofTime) {
            continue;
        }
        peer.proved_at.reset();
        peer.status.clear();
        if (!lives) {
            changed_ = true;
            peer.dead = true;
            peer.reason = kDead;
            const std::string text = title_of(peer.link, peer.address) +
                                     " has ended: its kernel refused the "
                                     "connection";
            peer.death_line.write(
                log_, LogLevel::notice,
                "peer link on " + configs_[peer.link].interface + ": " + text,
                now);
            deaths_.push_back({peer.link, peer.address, peer.node, text});
        }
    }
}

void Links::note_end(const std::string &interface, NodeId node) {
    ++changes_;
    for (Peer &peer : peers_) {
        if (peer.node == node && configs_[peer.link].interface == interface) {
            peer.last_change = changes_;
        }
    }
}

// What its node has said until now is valid at once: the next message may be a
// second away.
void Links::use_spare(const std::string &interface, NodeId node, Instant now) {
    Connection *spare = find_first(connections_, [&](const Connection &c) {
        return c.session && c.spare && c.session->node() == node &&
               configs_[c.link].interface == interface;
    });
    if (spare) {
        spare->spare = false;
        static_cast<void>(spare->session->take_news());
        show(*spare, now);
        inform(interface, now);
    }
}

// The earlier one with its id may be of another host.
void Links::use_untrusted_spare(const Peer &peer) {
    for (Connection &c : connections_) {
        if (c.session && c.link == peer.link && c.address == peer.address &&
            identities_[c.link].secret.empty()) {
            c.spare = false;
        }
    }
}

// Its node has a link by another address, or by another connection. The one
// that has ended may be of an earlier nginx, whose last status came late.
void Links::leave_to_other_link(Peer &peer, Instant now) {
    const Connection *other = find_first(connections_, [&](const auto &c) {
        return c.session && c.up && !c.spare && c.link == peer.link &&
               c.address == peer.address;
    });
    if (other) {
        show(*other, now);
    } else if (!is_linked_with(peer) && peer.state != PeerState::down) {
        fail(peer, true, "there is a link by another address", now);
        peer.alias = true;
    }
}

// The end of a link that worked is followed by another attempt at once.
void Links::fail(Peer &peer, bool was_up, const std::string &text,
                 Instant now) {
    const std::string why = peer.dead ? kDead : text;
    if (peer.state != PeerState::down || peer.reason != why) {
        changed_ = true;
    }
    if (peer.state == PeerState::up || peer.reason.empty()) {
        peer.since = now;
    }
    peer.state = PeerState::down;
    peer.alias = false;
    peer.reason = why;
    if (!peer.is_doubted()) {
        peer.status.clear();
        peer.order.clear();
    }
    peer.failures = was_up ? 0 : peer.failures + 1;
    peer.next_try = now + pause_after(peer.failures);
    if (peer.resets != 0 && peer.cut_at) {
        peer.next_try = now;
    }
}

void Links::contradict(std::size_t link, const IpAddress &address) {
    if (Peer *peer = find_peer(link, address);
        peer && std::exchange(peer->dead, false)) {
        peer->reason = "its kernel refused the connection, but it advertises";
        changed_ = true;
    }
}

void Links::refuse(Refusal refusal, std::size_t link, const IpAddress &address,
                   const std::string &why, Instant now) {
    const auto index = static_cast<std::size_t>(refusal);
    ++refused_[index];
    changed_ = true;
    refusal_lines_[index].write(
        log_, refusal == Refusal::secret ? LogLevel::warn : LogLevel::info,
        "peer link with " + name_of(link, address) + " refused: " + why, now);
}

Peer *Links::find_peer(std::size_t link, const IpAddress &address) {
    return find_first(peers_, [&](const Peer &peer) {
        return peer.link == link && peer.address == address;
    });
}

Peer *Links::peer_of(const Connection &connection) {
    return find_peer(connection.link, connection.address);
}

// A peer without a link makes room.
Peer *Links::remember(std::size_t link, const IpAddress &address, Instant now) {
    if (Peer *known = find_peer(link, address)) {
        return known;
    }
    if (peers_.size() >= kMostPeers) {
        const auto it = std::ranges::find_if(peers_, [](const Peer &peer) {
            return !peer.wanted && peer.state == PeerState::down;
        });
        if (it == peers_.end()) {
            return nullptr;
        }
        peers_.erase(it);
    }
    Peer &peer = peers_.emplace_back();
    peer.link = link;
    peer.address = address;
    peer.since = now;
    peer.next_try = now;
    changed_ = true;
    return &peer;
}

// What a node has said is not valid any more when no connection can show soon
// whether it lives.
void Links::settle_doubts(Instant now) {
    for (Peer &peer : peers_) {
        if (peer.cut_at && (!peer.wanted || now - *peer.cut_at >= kProofTime)) {
            peer.cut_at.reset();
            peer.status.clear();
            peer.order.clear();
            changed_ = true;
        }
    }
}

void Links::forget(Instant now) {
    const auto removed = std::erase_if(peers_, [&](const Peer &peer) {
        const bool waits =
            (peer.known || peer.alias) && now - peer.since < kRemembered;
        return !peer.wanted && !waits && peer.state == PeerState::down;
    });
    changed_ = changed_ || removed != 0;
}

void Links::show(const Connection &connection, Instant now) {
    Peer *peer = remember(connection.link, connection.address, now);
    if (!peer) {
        return;
    }
    const Session &session = *connection.session;
    const bool is_new = peer->state != PeerState::up;
    changed_ = true;
    set_node(*peer, session.node());
    peer->about = session.about();
    peer->status = session.status();
    peer->order = session.order();
    if (!is_new) {
        return;
    }
    peer->state = PeerState::up;
    peer->last_change = ++changes_;
    peer->since = now;
    peer->known = true;
    peer->alias = false;
    peer->cut_at.reset();
    peer->proved_at.reset();
    // it lives, also for its other addresses
    for (Peer &other : peers_) {
        if (other.node == peer->node) {
            other.dead = false;
            other.left_until = {};
        }
    }
    peer->reason.clear();
    peer->failures = 0;
    peer->up_line.write(
        log_, LogLevel::notice,
        "peer link with " + name_of(peer->link, peer->address) + " is up", now);
}

// Another nginx: what the earlier one has said is not of it.
void Links::set_node(Peer &peer, NodeId node) {
    if (std::exchange(peer.node, node) != node) {
        peer.dead = false;
        peer.left_until = {};
    }
}

std::string Links::name_of(std::size_t link, const IpAddress &address) const {
    return title_of(link, address) + " on " + configs_[link].interface;
}

std::string Links::title_of(std::size_t link, const IpAddress &address) const {
    const Peer *peer = find_first(peers_, [&](const Peer &p) {
        return p.link == link && p.address == address;
    });
    return peer && !peer->about.router_id.empty()
               ? peer->about.router_id + " (" + address.to_string() + ")"
               : address.to_string();
}

}  // namespace ngx_vrrp::peer
