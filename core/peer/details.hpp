// What a node reports about itself to its peers besides the status that VRRP
// needs: why its virtual routers are in their states, the health of their
// trackers, and the configuration that all nodes should have. It goes only over
// a link with a secret.
//
// The whole is a list of entries: a type, a length of two octets, the content.
// An entry of an unknown type is skipped, and so are octets after those that
// are known of an entry, as in messages. The last entry is the end: without it,
// there was no room for all entries.
//
// It is sent in chunks, as messages of the type `details`, and to others as
// `relayed`:
//
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                            Node (8)                           |
// |                          Revision (4)                         |
// |            Revision that it has of the receiver (4)           |
// |      The node's clock since its boot, in nanoseconds (8)      |
// |      The node's time of day, in nanoseconds since 1970 (8)    |
// |     Chunk     |    Chunks     |   its part of the entries
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// No chunks: nothing has changed, the clocks are news.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/peer/message.hpp"

namespace ngx_vrrp::peer {

inline constexpr std::size_t kLargestDetails = 12'000;
inline constexpr std::size_t kLargestChunk = 4000;

// The numbers are those of the wire.
enum class Health : std::uint8_t { checking, up, down };

constexpr std::string_view to_string(Health health) {
    constexpr std::array<std::string_view, 3> names{"checking", "up", "down"};
    return name_of(health, names);
}

struct TrackerDetails {
    std::string name;  // "track_upstream web"
    Health health{};
    // Of a pool; 0: it is none.
    std::uint16_t servers = 0;
    std::uint16_t servers_up = 0;

    friend bool operator==(const TrackerDetails &,
                           const TrackerDetails &) = default;
};

// Of an instance with addresses of both families there are two.
struct InstanceDetails {
    Family family = Family::ipv4;
    Vrid vrid{};
    RouterState state{};
    Priority priority{0};  // effective
    std::string name;
    std::string reason;
    Instant since{};  // by the node's clock

    std::uint8_t version = 0;
    Duration interval{0};
    std::string authentication;          // "none", "PASS", "HMAC"
    std::vector<std::string> addresses;  // with prefix lengths
    std::vector<TrackerDetails> trackers;

    friend bool operator==(const InstanceDetails &,
                           const InstanceDetails &) = default;
};

struct UpstreamDetails {
    std::string context;  // "http", "stream"
    std::string name;
    std::vector<std::string> servers;

    friend bool operator==(const UpstreamDetails &,
                           const UpstreamDetails &) = default;
};

// Later ends are this one.
inline constexpr std::int64_t kLatestEnd = 9'000'000'000;

// The one that ends first of all with this name.
struct CertificateDetails {
    std::string name;
    std::int64_t ends = 0;  // seconds since 1970, UTC

    friend bool operator==(const CertificateDetails &,
                           const CertificateDetails &) = default;
};

struct Details {
    About about;
    std::string address;      // on the interface of the link
    Instant configured_at{};  // by the node's clock
    // It relays the details of these.
    std::vector<NodeId> relayed;
    std::vector<InstanceDetails> instances;
    std::vector<UpstreamDetails> upstreams;
    std::vector<CertificateDetails> certificates;
    bool complete = true;

    friend bool operator==(const Details &, const Details &) = default;
};

Result<Details, NotAMessage> parse_details(Bytes entries);
// At most kLargestDetails octets; entries without room are left out.
Buffer serialize(const Details &details);

// Both clocks of a node at one moment.
struct Clocks {
    Instant boot{};
    WallTime wall{};

    friend bool operator==(const Clocks &, const Clocks &) = default;
};

struct ChunkHead {
    NodeId node{};
    std::uint32_t revision = 0;
    // Of the receiver's details, with all that it relays; 0: not all of them.
    std::uint32_t seen = 0;
    Clocks clocks;
    std::uint8_t index = 0;
    std::uint8_t count = 0;

    friend bool operator==(const ChunkHead &, const ChunkHead &) = default;
};

struct Chunk {
    ChunkHead head;
    Bytes octets;  // of the payload
};

Result<Chunk, NotAMessage> parse_chunk(Bytes payload);
Buffer serialize(const Chunk &chunk);

// The payloads that carry entries; head: without index and count.
std::vector<Buffer> to_chunks(ChunkHead head, Bytes entries);

// Joins chunks of one node.
class ChunkJoiner {
public:
    // The entries, when the last chunk has arrived.
    std::optional<Buffer> take(const Chunk &chunk);

private:
    std::uint32_t revision_ = 0;
    std::uint8_t next_ = 0;
    Buffer entries_;
};

}  // namespace ngx_vrrp::peer
