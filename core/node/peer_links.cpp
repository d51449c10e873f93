#include "core/node/peer_links.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <map>
#include <utility>

#include "core/base/find.hpp"
#include "core/node/peer_routers.hpp"

namespace ngx_vrrp::node {

namespace {

// Routers that are heard, priorities, interfaces; changes of state are followed
// at once.
constexpr Duration kLook = Seconds{1};

constexpr Duration kNewsPause = Milliseconds{100};

std::vector<peer::LinkConfig> configs_of(const std::vector<PeerLink> &links) {
    std::vector<peer::LinkConfig> configs;
    for (const PeerLink &link : links) {
        configs.push_back(link.config);
    }
    return configs;
}

// One that is leaving is not MASTER for other nodes: it has named its
// successor, and names no other one when that one is MASTER. Neither can it be
// a successor.
peer::RouterState to_state(const engine::VirtualRouter &router) {
    switch (router.instance().state()) {
        case vrrp::StateName::initialize:
            return peer::RouterState::init;
        case vrrp::StateName::backup:
            return peer::RouterState::backup;
        case vrrp::StateName::active:
            return router.is_leaving() ? peer::RouterState::init
                                       : peer::RouterState::master;
        case vrrp::StateName::fault:
            return peer::RouterState::fault;
    }
    return peer::RouterState::init;
}

std::size_t count_leaving(const engine::Engine &engine) {
    return static_cast<std::size_t>(std::ranges::count_if(
        engine.routers(), &engine::VirtualRouter::is_leaving));
}

peer::StatusList status_of(const engine::Engine &engine,
                           const std::string &interface) {
    peer::StatusList list;
    for (const engine::VirtualRouter &router : engine.routers()) {
        const vrrp::Config &config = router.config();
        if (config.peer_link && config.interface == interface) {
            list.push_back({config.family, config.vrid, to_state(router),
                            router.instance().effective_priority()});
        }
    }
    return list;
}

std::vector<peer::Group> groups_of(const engine::Engine &engine) {
    std::map<std::string, peer::Group> by_name;
    for (const engine::VirtualRouter &router : engine.routers()) {
        const vrrp::Config &config = router.config();
        if (config.peer_link && config.is_grouped()) {
            peer::Group &group = by_name[config.sync.group];
            group.insert(config.sync.first ? group.begin() : group.end(),
                         {config.interface, config.family, config.vrid});
        }
    }
    std::vector<peer::Group> groups;
    for (auto &[name, group] : by_name) {
        groups.push_back(std::move(group));
    }
    return groups;
}

}  // namespace

std::vector<net::LinkSocket> sockets_of(const std::vector<PeerLink> &links) {
    std::vector<net::LinkSocket> sockets;
    for (const PeerLink &link : links) {
        sockets.push_back(link.socket);
    }
    return sockets;
}

PeerLinks::PeerLinks(const std::vector<PeerLink> &links,
                     const peer::Details &about, engine::Signing &signing,
                     peer::Sockets &sockets, LogSink &sink)
    : log_(sink),
      sockets_(sockets),
      links_(
          configs_of(links), links.empty() ? 0 : sockets_.node_id(),
          about.about,
          [&signing](Bytes key, Bytes text) {
              return signing.hmac_sha256(key, text);
          },
          sockets_, sink),
      details_(about, signing, sink),
      signing_(signing) {
    for (const PeerLink &link : links) {
        if (!link.config.secret.empty()) {
            details_.add(link.config.interface, interfaces_.size(),
                         links_.node());
        }
        interfaces_.push_back(link.config.interface);
        families_.push_back(link.config.family);
        has_secret_.push_back(!link.config.secret.empty());
    }
}

void PeerLinks::stop(engine::Engine &engine, bool is_replaced, Instant now) {
    stopped_ = true;
    replaced_ = replaced_ || is_replaced;
    follow(engine, now);
}

// What the previous process has written until now.
void PeerLinks::begin() {
    if (store_) {
        remembered_.read(store_->read(), signing_.wall_clock());
    }
    running_ = true;
    links_.start();
    next_look_ = {};
}

void PeerLinks::end(peer::Farewell reason, Instant now) {
    if (std::exchange(running_, false)) {
        sockets_.stop_listening();
        links_.stop(reason, now);
        plan();
    }
}

void PeerLinks::catch_up(engine::Engine &engine, Instant now) {
    if (running_ && (handover_.notify(engine, now) ||
                     (leaving_ != 0 && leaving_ != count_leaving(engine)))) {
        next_look_ = now;  // a release that is withdrawn is no transition
    }
    if (std::exchange(heard_, false) && running_) {
        advise(engine, false, now);
        deliver(engine, now);
        if (handover_.notify(engine, now)) {
            next_look_ = now;  // the answer to its request has arrived
        }
        handover_.confirm(engine, now);
    }
    if (running_) {
        drains_.send(engine, now);
        if (drains_.plans_to_want(engine, now)) {
            next_look_ = now;
        }
    }
    report_deaths(engine, now);
    start_or_end(engine, now);
    if (running_ &&
        (now >= next_look_ || transitions_ != engine.transitions())) {
        handover_.confirm(engine, now);
        look(engine, now);
    }
    if (running_) {
        drains_.want(now);
        ask(engine, now);
        take_earlier(due_, drains_.deadline(now));
    }
}

// A process that ends keeps them until no router needs them any more. Some of
// its routers may have ended by then, but no other process may have one.
bool PeerLinks::is_wanted(const engine::Engine &engine) const {
    if (!stopped_) {
        return engine.is_in_charge();
    }
    const auto &routers = engine.routers();
    return !replaced_ &&
           std::ranges::all_of(routers, &engine::VirtualRouter::ends_here) &&
           std::ranges::any_of(routers, &engine::VirtualRouter::needs_link);
}

// Connections that a peer makes after the end wait for the next process.
void PeerLinks::start_or_end(engine::Engine &engine, Instant now) {
    const bool wanted = is_wanted(engine);
    if (wanted && !running_) {
        static_cast<void>(engine.take_left());
        links_.set_groups(groups_of(engine));
        begin();
    } else if (!wanted) {
        end(stopped_ ? peer::Farewell::quit : peer::Farewell::reload, now);
    }
}

// Its nginx has ended with all routers, on all interfaces.
void PeerLinks::report_deaths(engine::Engine &engine, Instant now) {
    for (const peer::Death &death : links_.take_deaths()) {
        engine::NodeDeath of{death.node, {}, death.text};
        for (const peer::Peer &peer : links_.peers()) {
            if (peer.node == death.node) {
                of.places.push_back({interfaces_[peer.link], peer.address});
            }
        }
        engine.handle_death(of, now);
    }
    for (const engine::NodeDeath &death : engine.take_disproved()) {
        for (std::size_t i = 0; i < interfaces_.size(); ++i) {
            for (const auto &[interface, address] : death.places) {
                if (interface == interfaces_[i]) {
                    links_.contradict(i, address);
                }
            }
        }
    }
}

// A type that is not known here is one of a later version.
void PeerLinks::deliver(engine::Engine &engine, Instant now) {
    const std::optional<Instant> due = engine.deadline();
    for (peer::Received &received : std::exchange(received_, {})) {
        switch (received.message.type) {
            case peer::Type::question:
                // after the timers of the engine: a process that has just woken
                // up may not be MASTER any more
                if (due && *due <= now) {
                    received_.push_back(std::move(received));
                    heard_ = true;
                    break;
                }
                links_.reply(
                    received, peer::Type::answer,
                    peer::serialize(peer::Answer{
                        status_of(engine, interfaces_[received.link]),
                        peer::parse_question(received.message.payload)}),
                    now);
                break;
            case peer::Type::leaving:
            case peer::Type::taken:
                handover_.receive(received, engine, now);
                break;
            case peer::Type::drain:
            case peer::Type::forwards:
            case peer::Type::wants:
                drains_.receive(received, engine, now);
                break;
            case peer::Type::details:
            case peer::Type::relayed:
                details_.receive(received, links_, now);
                break;
            default:
                break;
        }
    }
}

void PeerLinks::look(engine::Engine &engine, Instant now) {
    next_look_ = now + kLook;
    leaving_ = count_leaving(engine);
    transitions_ = engine.transitions();
    listen(now);
    for (const engine::VirtualRouter &router : engine.routers()) {
        if (router.config().peer_link && !router.source().is_unspecified()) {
            sockets_.set_source(link_of(router), router.source());
        }
    }
    for (std::size_t i = 0; i < interfaces_.size(); ++i) {
        links_.set_status(i, status_of(engine, interfaces_[i]), now);
    }
    details_.look(engine, links_, now);
    links_.set_targets(targets(engine), now);
    advise(engine, true, now);
    remember(now);
    plan();
}

void PeerLinks::remember(Instant now) {
    if (!store_) {
        return;
    }
    for (const peer::Peer &peer : links_.peers()) {
        if (peer.state == peer::PeerState::up &&
            links_.is_trusted(peer.link, peer.address)) {
            remembered_.note(interfaces_[peer.link], peer.address,
                             signing_.wall_clock());
        }
    }
    if (!remembered_.take_changed()) {
        return;
    }
    if (const Status status = store_->write(remembered_.text()); !status) {
        trouble_line_.write(
            log_, LogLevel::error,
            "remembering the peers: " + status.error().to_string() +
                ", after a restart only peers whose "
                "advertisements arrive are found",
            now);
    }
}

// A MASTER that leaves says bye, and its priority 0 may arrive after that: so
// what it has said is forgotten later, unless it says something else.
void PeerLinks::advise(engine::Engine &engine, bool forget, Instant now) {
    const auto &routers = engine.routers();
    successor_of_.resize(routers.size());
    linked_.resize(routers.size());
    std::vector<engine::Engine::PeerInput> inputs;
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const Naming naming = naming_of(routers[i]);
        if (naming.of != successor_of_[i] && (naming.known || forget)) {
            successor_of_[i] = naming.of;
            engine.set_successor_of(i, naming.of);
        }
        const Linked before =
            std::exchange(linked_[i], linked(routers[i].config()));
        const bool is = !linked_[i].nodes.empty();
        const bool was = !before.nodes.empty();
        const bool asks_again =
            is && was && is_to_be_asked(linked_[i], before) &&
            routers[i].instance().state() == vrrp::StateName::backup;
        if (asks_again || is != was) {
            inputs.push_back({i, vrrp::ActiveLinked{is, asks_again}});
        }
    }
    if (!inputs.empty()) {
        engine.handle_peers(inputs, now);
    }
    report_linked(engine, now);
}

// Only a witness makes a difference.
void PeerLinks::report_linked(engine::Engine &engine, Instant now) {
    const auto &routers = engine.routers();
    linked_peers_.resize(routers.size());
    for (std::size_t i = 0; i < routers.size(); ++i) {
        const vrrp::Config &config = routers[i].config();
        if (!config.witness || !config.peer_link) {
            continue;
        }
        const engine::LinkedPeers next =
            linked_peers(config.interface, linked_peers_[i], now);
        if (std::exchange(linked_peers_[i], next) != next) {
            engine.set_linked_peers(i, next, now);
        }
    }
}

// A node that has ended cannot be MASTER, and one that has closed the link in
// order had a network that worked, as this one. One that is not remembered any
// more is as lost as before. A link on another interface says nothing about the
// network of this one.
engine::LinkedPeers PeerLinks::linked_peers(const std::string &interface,
                                            engine::LinkedPeers before,
                                            Instant now) const {
    using engine::LinkedPeers;
    const auto has_ended = [&](const peer::Peer &peer) {
        return std::ranges::any_of(links_.peers(), [&](const peer::Peer &p) {
            return p.node == peer.node && (now < p.left_until || p.dead);
        });
    };
    bool any = false;
    bool lost = false;
    for (const peer::Peer &peer : links_.peers()) {
        if (!peer.known || interfaces_[peer.link] != interface) {
            continue;
        }
        if (peer.state == peer::PeerState::up) {
            return LinkedPeers::some;
        }
        any = true;
        lost = lost || !has_ended(peer);
    }
    if (!any) {
        return before;
    }
    return lost ? LinkedPeers::lost : LinkedPeers::none;
}

// Without a secret, any host can say so.
bool PeerLinks::is_master(const peer::Peer &peer,
                          const vrrp::Config &config) const {
    return peer.state == peer::PeerState::up &&
           interfaces_[peer.link] == config.interface &&
           links_.is_trusted(peer.link, peer.address) &&
           says_master(peer, config);
}

PeerLinks::Linked PeerLinks::linked(const vrrp::Config &config) const {
    Linked linked;
    for (const peer::Peer &peer : links_.peers()) {
        if (config.takeover_check && is_master(peer, config)) {
            linked.nodes.push_back(peer.node);
            linked.last_change = std::max(linked.last_change, peer.last_change);
        }
    }
    return linked;
}

// A question may be lost with a connection, or wait in one whose end is late
// while there is a new one. Another node has not been asked yet if it is MASTER
// only now.
bool PeerLinks::is_to_be_asked(const Linked &next, const Linked &before) {
    return next.last_change > before.last_change ||
           std::ranges::any_of(next.nodes, [&](peer::NodeId node) {
               return std::ranges::count(before.nodes, node) == 0;
           });
}

// One question is for all routers of an interface.
void PeerLinks::ask(engine::Engine &engine, Instant now) {
    const std::vector<std::size_t> asking = engine.take_questions();
    if (asking.empty()) {
        return;
    }
    const Buffer question =
        peer::serialize(peer::Token{static_cast<std::uint64_t>(to_ns(now))});
    const std::vector<peer::Peer> peers = links_.peers();
    for (const peer::Peer &peer : peers) {
        if (std::ranges::any_of(asking, [&](std::size_t i) {
                return is_master(peer, engine.routers()[i].config());
            })) {
            links_.ask(peer, peer::Type::question, question, now);
        }
    }
    plan();
}

void PeerLinks::hear_answer(const peer::Received &answer,
                            engine::Engine &engine, Instant now) {
    const auto said = peer::parse_answer(answer.message.payload);
    if (!said || !links_.is_trusted(answer.link, answer.address)) {
        return;
    }
    std::optional<Instant> asked_at;
    if (said->question) {
        if (*said->question > static_cast<std::uint64_t>(to_ns(now))) {
            return;  // it was not asked
        }
        asked_at = instant_from_ns(static_cast<std::int64_t>(*said->question));
    }
    std::vector<engine::Engine::PeerInput> inputs;
    for (std::size_t i = 0; i < engine.routers().size(); ++i) {
        const engine::VirtualRouter &router = engine.routers()[i];
        const vrrp::Config &config = router.config();
        const peer::RouterStatus *theirs =
            peer::find_router(said->routers, config.family, config.vrid);
        if (config.takeover_check &&
            config.interface == interfaces_[answer.link] && theirs &&
            router.instance().has_asked()) {
            inputs.push_back(
                {i,
                 vrrp::ActiveAnswered{
                     answer.address, theirs->state == peer::RouterState::master,
                     theirs->priority, is_higher(answer, router, engine),
                     asked_at}});
        }
    }
    if (!inputs.empty()) {
        engine.handle_peers(inputs, now);
    }
}

// As in an advertisement of this router, which may be heard by one of the two
// nodes. If the address of this family is not known, the ends of the connection
// are compared, on both nodes.
bool PeerLinks::is_higher(const peer::Received &answer,
                          const engine::VirtualRouter &router,
                          const engine::Engine &engine) const {
    const vrrp::Config &config = router.config();
    const auto is_theirs = [&](const peer::Peer &peer) {
        return peer.node == answer.node &&
               peer.address.family() == config.family &&
               interfaces_[peer.link] == config.interface &&
               links_.is_trusted(peer.link, peer.address);
    };
    if (answer.address.family() == config.family) {
        return answer.address > router.source();
    }
    const peer::Peer *other = find_first(links_.peers(), is_theirs);
    return other ? other->address > router.source()
                 : answer.address > own_address(engine, answer.link);
}

// Of the end of a connection of this link.
IpAddress PeerLinks::own_address(const engine::Engine &engine,
                                 std::size_t link) const {
    for (const engine::VirtualRouter &router : engine.routers()) {
        if (router.config().peer_link && link_of(router) == link &&
            router.config().family == families_[link]) {
            return router.source();
        }
    }
    return {};
}

PeerLinks::Naming PeerLinks::naming_of(
    const engine::VirtualRouter &router) const {
    const vrrp::Config &config = router.config();
    const auto followed = router.instance().followed();
    Naming naming;
    for (const peer::Peer &peer : links_.peers()) {
        if (!config.peer_link || interfaces_[peer.link] != config.interface ||
            (peer.address != followed &&
             !links_.is_trusted(peer.link, peer.address))) {
            continue;
        }
        const auto named = links_.is_named_by(peer, config.family, config.vrid);
        naming.known = naming.known || named;
        if (named.value_or(false)) {
            const bool is_theirs =
                followed && links_.may_have_address(peer.node, peer.link,
                                                    peer.address, *followed);
            naming.of = is_theirs ? *followed : peer.address;
        }
    }
    return naming;
}

void PeerLinks::listen(Instant now) {
    for (std::size_t i = 0; i < interfaces_.size(); ++i) {
        if (const Status status = sockets_.listen(i); !status) {
            trouble_line_.write(
                log_, LogLevel::error,
                status.error().to_string() + ", retrying each second", now);
        }
    }
}

std::size_t PeerLinks::link_of(const engine::VirtualRouter &router) const {
    return link_to(router, router.config().family);
}

std::size_t PeerLinks::link_to(const engine::VirtualRouter &router,
                               Family family) const {
    std::size_t i = 0;
    while (i + 1 < interfaces_.size() &&
           (interfaces_[i] != router.config().interface ||
            families_[i] != family)) {
        ++i;
    }
    return i;
}

// A router that has not heard any MASTER since this node has begun: perhaps the
// advertisements do not arrive.
void PeerLinks::add_remembered(std::vector<peer::Target> &targets,
                               const engine::VirtualRouter &router) const {
    for (const auto &[interface, address, linked_at] :
         remembered_.addresses()) {
        const std::size_t link = link_to(router, address.family());
        if (interface == interfaces_[link] &&
            interface == router.config().interface &&
            families_[link] == address.family() &&
            links_.may_come_from(link, address)) {
            targets.push_back({link, address});
        }
    }
}

// The routers that are followed, or that forward to this node, and those that
// are named; not this node.
std::vector<peer::Target> PeerLinks::targets(
    const engine::Engine &engine) const {
    std::vector<peer::Target> all;
    std::vector<IpAddress> own;
    for (const engine::VirtualRouter &router : engine.routers()) {
        own.push_back(router.source());
        const auto &active = router.instance().active_router();
        const bool follows =
            router.instance().state() == vrrp::StateName::backup ||
            router.drain().has_addresses();
        if (router.config().peer_link && active && follows) {
            all.push_back({link_of(router), active->address});
        }
        // its advertisements never arrived
        const IpAddress &answered = router.instance().answered_by();
        if (router.config().peer_link && !active &&
            !answered.is_unspecified() &&
            router.instance().state() == vrrp::StateName::backup) {
            all.push_back({link_to(router, answered.family()), answered});
        }
        if (router.config().peer_link && !active &&
            router.instance().state() == vrrp::StateName::backup) {
            add_remembered(all, router);
        }
    }
    for (std::size_t i = 0; i < interfaces_.size(); ++i) {
        for (const IpAddress &address : links_.configs()[i].named) {
            all.push_back({i, address});
        }
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    std::erase_if(all, [&](const peer::Target &target) {
        return std::ranges::find(own, target.address) != own.end();
    });
    return all;
}

bool PeerLinks::read(engine::Engine &engine, Instant now) {
    sockets_.read(links_, now);
    heard_ = true;
    for (peer::Received &received : links_.take_received()) {
        if (received.message.type == peer::Type::answer) {
            hear_answer(received, engine, now);
        } else {
            received_.push_back(std::move(received));
        }
    }
    plan();
    return true;
}

void PeerLinks::handle_time(Instant now) {
    // Otherwise look() follows, with a message in place of `alive`.
    if (due_ && now >= *due_ && (!running_ || now < next_look_)) {
        const std::uint64_t changes = links_.changes();
        links_.handle_time(now);
        heard_ = heard_ || links_.changes() != changes;
        plan();
    }
}

void PeerLinks::plan() {
    due_ = links_.deadline();
    if (running_) {
        take_earlier(due_, next_look_);
    }
}

bool PeerLinks::has_news(Instant now) {
    news_ = links_.take_changed() || news_;
    if (!news_ || now < next_news_) {
        return false;
    }
    news_ = false;
    next_news_ = now + kNewsPause;
    return true;
}

std::string PeerLinks::name_of(const std::string &interface,
                               const IpAddress &address) const {
    for (const peer::Peer &peer : links_.peers()) {
        if (peer.address == address && interfaces_[peer.link] == interface) {
            return peer.about.router_id;
        }
    }
    return {};
}

status::PeerRecord PeerLinks::record_of(const peer::Peer &peer) const {
    status::PeerRecord record{};
    record.router_id.set(peer.about.router_id);
    record.nginx_version.set(peer.about.nginx_version);
    record.version.set(peer.about.version);
    record.interface.set(interfaces_[peer.link]);
    record.address.set(peer.address.to_string());
    record.state = peer.state;
    record.node = peer.node;
    record.has_secret = has_secret_[peer.link];
    record.since_ns = to_ns(peer.since);
    record.reason.set(peer.reason);
    record.routers = static_cast<std::uint32_t>(
        std::min(peer.status.size(), record.list.size()));
    std::copy_n(peer.status.begin(), record.routers, record.list.begin());
    return record;
}

status::PeerRecords PeerLinks::records() const {
    status::PeerRecords records{};
    records.refused = links_.refused();
    records.connections = static_cast<std::uint32_t>(links_.connections());
    for (const peer::Peer &peer : links_.peers()) {
        if (!peer.alias && records.count < records.list.size()) {
            records.list[records.count++] = record_of(peer);
        }
    }
    return records;
}

}  // namespace ngx_vrrp::node
