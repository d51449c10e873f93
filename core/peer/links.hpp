// All peer links of this node: which peers it connects to and when, which
// connections it accepts and keeps, what it knows about each peer. Sockets and
// the clock are the caller's.
//
// A link joins two nodes on one interface, without a secret perhaps one for
// each family. A node connects to the routers that it follows as BACKUP, and to
// those that the configuration names. If two nodes connect to each other, both
// end the connection that the node with the lower id has opened; of two that
// one node has opened (IPv4 and IPv6), it ends the later one. A peer that does
// not answer is tried again after pauses that double, up to a minute.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/base/time.hpp"
#include "core/peer/session.hpp"

namespace ngx_vrrp::peer {

inline constexpr std::size_t kMostPeers = 32;
// All targets are peers, so earlier ones are in half of this.
inline constexpr std::size_t kMostFollowed = 2 * kMostPeers;
inline constexpr std::size_t kMostConnections = 64;
// Those that have not completed the greeting.
inline constexpr std::size_t kMostGreeting = 16;
inline constexpr std::size_t kMostGreetingOfHost = 2;
// Accepted from one address. A peer has one, and perhaps others that will end.
inline constexpr std::size_t kMostOfHost = 4;

inline constexpr Duration kFirstPause = Seconds{1};
inline constexpr Duration kLongestPause = Seconds{60};
// A peer without a link is shown for this time.
inline constexpr Duration kRemembered = Seconds{600};

// After the end of a link, an answer within this time shows whether the peer
// has ended.
inline constexpr Duration kProofTime = Seconds{4};
// A node that was reloaded is linked again within this time, the longest pause
// between two attempts: or it cannot be reached, or has no link any more.
inline constexpr Duration kReloadTime = kLongestPause;

// Connections in a row that were reset before the greeting.
inline constexpr unsigned kMostResets = 3;

// An interface and address family with virtual routers that have a peer link.
struct LinkConfig {
    std::string interface;
    Family family = Family::ipv4;
    Buffer secret{};  // empty: none
    // Connections from any host of the LAN, or from these only.
    std::optional<std::vector<IpAddress>> peers{};
    std::vector<IpAddress> virtual_addresses{};  // nothing is accepted there
    std::vector<IpAddress> named{};              // peer=
};

// Why a connection was refused or ended, for the counters.
enum class Refusal : std::uint8_t { address, full, secret, garbage, silent };

inline constexpr std::size_t kRefusals = 5;
inline constexpr std::array<std::string_view, kRefusals> kRefusalNames{
    "address", "full", "secret", "garbage", "silent"};

using Refused = std::array<std::uint64_t, kRefusals>;

using ConnectionId = std::uint32_t;

// How a connection ended, or why it could not be made.
enum class Ended : std::uint8_t {
    here,     // by this node
    closed,   // by the peer (FIN)
    reset,    // by the kernel of the peer (RST)
    refused,  // the same, as the answer to the first segment
    icmp,     // by a router or a firewall
    timeout   // the peer has not answered
};

// The kernel of a node has proved that all processes of its nginx have ended.
struct Death {
    std::size_t link = 0;
    IpAddress address;
    NodeId node{};
    std::string text;  // "lb1 (192.168.64.11) has ended: its kernel refused
                       // the connection"
};

// The sockets.
class Transport {
public:
    virtual ~Transport() = default;

    // Octets may be sent at once. A failure is reported later, by ended(), or
    // now: the reason.
    virtual std::string connect(ConnectionId id, std::size_t link,
                                const IpAddress &address) = 0;
    // False: it does not take them, and the connection is useless.
    virtual bool send(ConnectionId id, Bytes octets) = 0;
    // The first message of the peer has arrived.
    virtual void set_greeted(ConnectionId id) = 0;
    // After what was sent.
    virtual void close(ConnectionId id) = 0;

    virtual Nonce nonce() = 0;
};

// A router that is followed, or named.
struct Target {
    std::size_t link = 0;
    IpAddress address;

    friend auto operator<=>(const Target &, const Target &) = default;
};

// From a peer with a link, of a type that is not handled here.
struct Received {
    NodeId node{};
    std::size_t link = 0;
    IpAddress address;  // of the connection
    Message message;
    ConnectionId connection{};
};

// Until they are taken; more are discarded.
inline constexpr std::size_t kMostReceived = 1024;

// A virtual router, and those that move together with it (sync_group), the
// first one first.
struct Member {
    std::string interface;
    Family family = Family::ipv4;
    Vrid vrid{};

    friend bool operator==(const Member &, const Member &) = default;
};

using Group = std::vector<Member>;

enum class PeerState : std::uint8_t { down, connecting, up };

constexpr std::string_view to_string(PeerState state) {
    constexpr std::array<std::string_view, 3> names{"down", "connecting", "up"};
    return name_of(state, names);
}

// What this node knows about another one on an interface.
struct Peer {
    std::size_t link = 0;
    IpAddress address;
    PeerState state = PeerState::down;
    Instant since{};
    std::string reason;  // why it is not up
    NodeId node{};       // 0: not known yet
    About about;
    StatusList status;
    OrderList order;  // of those of which it is the MASTER

    bool wanted = false;  // a target
    bool known = false;   // there was a link
    bool alias = false;   // the node has a link by another address
    // It has closed the link in order, and is not missed before this time.
    Instant left_until{};

    // The link has ended at this time, without a goodbye: the next connection
    // shows whether the node lives.
    std::optional<Instant> cut_at;
    unsigned resets = 0;  // of such connections
    // The number of the last change of its connections: one with its node that
    // was up has ended, or this address is up. What is under way by another one
    // may be lost.
    std::uint64_t last_change = 0;
    // It does not live, but another link to it has not ended yet.
    std::optional<Instant> proved_at;
    bool dead = false;  // for the reason

    unsigned failures = 0;
    Instant next_try{};
    RepeatedLine up_line{Seconds{1}};
    RepeatedLine down_line{Seconds{1}};
    RepeatedLine death_line{Seconds{1}};

    bool is_doubted() const { return cut_at || proved_at; }
};

class Links {
public:
    // transport and sink outlive it.
    Links(std::vector<LinkConfig> configs, NodeId node, const About &about,
          Hmac hmac, Transport &transport, LogSink &sink);
    ~Links();

    // Without duplicates.
    void set_targets(const std::vector<Target> &targets, Instant now);
    // Of the routers on the interface of this link. The peers of a MASTER
    // learn which of them takes over from it, and in which order others follow.
    void set_status(std::size_t link, const StatusList &status, Instant now);
    // One node follows for all members of a group.
    void set_groups(std::vector<Group> groups) { groups_ = std::move(groups); }
    // For the routers on the interface of this link of which this node is the
    // MASTER: the peers that follow it, the best first. Never an empty list of
    // nodes.
    OrderList order_of(std::size_t link) const;
    // Has this peer named this node as the successor for this router? Nothing:
    // it is not its MASTER, or has no link.
    std::optional<bool> is_named_by(const Peer &peer, Family family,
                                    Vrid vrid) const;

    // To the peer with this id, on the interface of this link. False: there is
    // no link to it.
    bool send(NodeId node, std::size_t link, Type type, Bytes payload,
              Instant now);
    // By the connection with the address of this peer: another one with its
    // node may be cut.
    bool ask(const Peer &peer, Type type, Bytes payload, Instant now);
    // By the connection of the question: another one with this node may have
    // ended at its other end.
    bool reply(const Received &question, Type type, Bytes payload, Instant now);
    // What has been received since the last call, in the order of each peer. A
    // peer may have closed its link meanwhile.
    std::vector<Received> take_received() {
        return std::exchange(received_, {});
    }
    // A node with this address may move virtual addresses: it has proved that
    // it has the secret; or there is none, and the configuration names the
    // address, or a router with this address has been followed. All else that
    // a node says about itself is not proved then, even its id.
    bool is_trusted(std::size_t link, const IpAddress &address) const;
    // False: there are unicast peers only, and it is none of them.
    bool may_come_from(std::size_t link, const IpAddress &address) const;
    // This node has the address, on the interface of this link.
    bool has_address(NodeId node, std::size_t link,
                     const IpAddress &address) const;
    // The same, of a node with a link from the other address. An address of the
    // other family may not be known yet: then no other node with a link has it.
    bool may_have_address(NodeId node, std::size_t link, const IpAddress &from,
                          const IpAddress &address) const;

    // An id for a connection that has arrived; nothing: close it. begin() when
    // octets can be sent.
    std::optional<ConnectionId> accept(std::size_t link, const IpAddress &peer,
                                       const IpAddress &local, Instant now);
    void begin(ConnectionId id, Instant now) { flush(id, now); }
    void receive(ConnectionId id, Bytes octets, Instant now);
    // The connection has ended, or it could not be made.
    void handle_end(ConnectionId id, Ended how, const std::string &why,
                    Instant now);
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // Ends all connections, and makes no other.
    void stop(Farewell reason, Instant now);
    void start() { running_ = true; }

    NodeId node() const { return node_; }
    const std::vector<LinkConfig> &configs() const { return configs_; }
    const std::vector<Peer> &peers() const { return peers_; }
    const Refused &refused() const { return refused_; }
    // Of connections that are up: they begin and end.
    std::uint64_t changes() const { return changes_; }
    std::size_t connections() const;
    // Peers or counters are others than at the last call.
    bool take_changed() { return std::exchange(changed_, false); }

    // The nodes whose nginx has ended since the last call. Only a RST proves
    // it: after the end of the link without a goodbye, the kernel of the peer
    // refuses the next connection, because no process has the listening socket
    // any more.
    bool has_deaths() const { return !deaths_.empty(); }
    std::vector<Death> take_deaths() { return std::exchange(deaths_, {}); }
    // But it advertises.
    void contradict(std::size_t link, const IpAddress &address);

private:
    struct Connection {
        std::size_t link = 0;
        IpAddress address;
        std::unique_ptr<Session> session;  // none: the place is free
        Instant began{};
        bool greeted = false;
        bool up = false;
        bool spare = false;  // the peer will end it: there is an earlier one
        IpAddress local{};   // of this end, if the peer has opened it
    };

    // The nodes that are BACKUP of a router, the best first.
    using Candidates = std::map<std::pair<Family, Vrid>, std::vector<NodeId>>;

    Candidates candidates_on(const std::string &interface) const;
    const Group *group_of(const Member &member) const;
    bool is_trusted(const Connection &c) const {
        return is_trusted(c.link, c.address);
    }
    bool are_of_one_node(const Connection &a, const Connection &b) const;
    std::optional<ConnectionId> free_place() const;
    bool is_full(std::size_t link, const IpAddress &address) const;
    Connection &open(ConnectionId id, std::size_t link,
                     const IpAddress &address, Role role, Instant now);
    void connect(Peer &peer, Instant now);
    bool has_link_to(const Peer &peer) const;
    bool is_linked_with(const Peer &peer) const;
    bool is_connecting_to(const Peer &peer) const;
    bool is_due(const Peer &peer) const;
    void progress(ConnectionId id, Instant now);
    void collect(ConnectionId id);
    bool post(ConnectionId id, Type type, Bytes payload, Instant now);
    void flush(ConnectionId id, Instant now);
    void inform(const std::string &interface, Instant now);
    StatusList status_for(ConnectionId id, const OrderList &order) const;
    ConnectionId loser_of(ConnectionId id, ConnectionId other) const;
    bool settle_duplicates(ConnectionId id, Instant now);
    void use_spare(const std::string &interface, NodeId node, Instant now);
    void note_end(const std::string &interface, NodeId node);
    void note_followed(const Target &target);
    bool has_followed(const Target &target) const;
    void use_untrusted_spare(const Peer &peer);
    void say_bye(ConnectionId id, Farewell reason, Instant now);
    void end(ConnectionId id, Ended how, const std::string &why, Instant now);
    void judge(Peer &peer, Ended how, bool was_up, bool greeted, Instant now);
    void conclude(Instant now);
    void leave_to_other_link(Peer &peer, Instant now);
    void refuse(Refusal refusal, std::size_t link, const IpAddress &address,
                const std::string &why, Instant now);
    void fail(Peer &peer, bool was_up, const std::string &text, Instant now);
    Peer *find_peer(std::size_t link, const IpAddress &address);
    Peer *peer_of(const Connection &connection);
    Peer *remember(std::size_t link, const IpAddress &address, Instant now);
    void settle_doubts(Instant now);
    void forget(Instant now);
    void show(const Connection &connection, Instant now);
    static void set_node(Peer &peer, NodeId node);
    std::string name_of(std::size_t link, const IpAddress &address) const;
    std::string title_of(std::size_t link, const IpAddress &address) const;

    std::vector<LinkConfig> configs_;
    NodeId node_;
    std::vector<Identity> identities_;  // of each link
    std::vector<StatusList> status_;
    std::vector<Group> groups_;
    Hmac hmac_;
    Transport &transport_;
    Log log_;
    std::vector<Peer> peers_;
    std::vector<Target> followed_;  // now or earlier, the newest last
    std::array<Connection, kMostConnections> connections_;
    std::vector<Received> received_;
    std::vector<Death> deaths_;
    Refused refused_{};
    std::array<RepeatedLine, kRefusals> refusal_lines_;
    std::uint64_t changes_ = 0;
    bool running_ = false;
    bool changed_ = false;
};

}  // namespace ngx_vrrp::peer
