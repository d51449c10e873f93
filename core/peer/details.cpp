#include "core/peer/details.hpp"

#include <algorithm>
#include <utility>

#include "core/base/sane_time.hpp"
#include "core/peer/text.hpp"

namespace ngx_vrrp::peer {

namespace {

// The numbers are those of the wire.
enum class Entry : std::uint8_t {
    end = 0,
    node = 1,
    instance = 2,
    upstream = 3,
    certificate = 4
};

constexpr std::size_t kDetailHead = 3;
constexpr std::size_t kMostChunks =
    (kLargestDetails + kLargestChunk - 1) / kLargestChunk;

// A time that can be added to others.
Duration read_duration(ByteReader &in) {
    return Duration{sane_time(static_cast<std::int64_t>(in.u64()))};
}

void write_duration(ByteWriter &out, Duration duration) {
    out.u64(static_cast<std::uint64_t>(duration.count()));
}

std::vector<std::string> read_texts(ByteReader &in) {
    std::vector<std::string> texts;
    for (std::size_t left = in.u16(); left > 0 && in.ok(); --left) {
        texts.push_back(read_text(in));
    }
    return texts;
}

void write_texts(ByteWriter &out, const std::vector<std::string> &texts) {
    out.u16(static_cast<std::uint16_t>(texts.size()));
    for (const std::string &text : texts) {
        write_text(out, text);
    }
}

void read_node(ByteReader &in, Details &details) {
    details.about.router_id = read_text(in);
    details.about.nginx_version = read_text(in);
    details.about.version = read_text(in);
    details.address = read_text(in);
    details.configured_at = Instant{read_duration(in)};
    for (std::size_t left = in.u8(); left > 0 && in.ok(); --left) {
        details.relayed.push_back(in.u64());
    }
}

void write_node(ByteWriter &out, const Details &details) {
    write_text(out, details.about.router_id);
    write_text(out, details.about.nginx_version);
    write_text(out, details.about.version);
    write_text(out, details.address);
    write_duration(out, details.configured_at.time_since_epoch());
    const std::size_t count =
        std::min<std::size_t>(details.relayed.size(), 255);
    out.u8(static_cast<std::uint8_t>(count));
    for (std::size_t i = 0; i < count; ++i) {
        out.u64(details.relayed[i]);
    }
}

std::vector<TrackerDetails> read_trackers(ByteReader &in) {
    std::vector<TrackerDetails> trackers;
    for (std::size_t left = in.u16(); left > 0 && in.ok(); --left) {
        TrackerDetails tracker;
        tracker.name = read_text(in, kLongestReason);
        tracker.health = static_cast<Health>(in.u8());
        tracker.servers = in.u16();
        tracker.servers_up = in.u16();
        if (tracker.health <= Health::down) {
            trackers.push_back(std::move(tracker));
        }
    }
    return trackers;
}

void read_instance(ByteReader &in, Details &details) {
    InstanceDetails instance;
    const std::uint8_t family = in.u8();
    instance.family = Family{family};
    instance.vrid = Vrid{in.u8()};
    instance.state = static_cast<RouterState>(in.u8());
    instance.priority.value = in.u8();
    instance.name = read_text(in);
    instance.reason = read_text(in, kLongestReason);
    instance.since = Instant{read_duration(in)};
    instance.version = in.u8();
    instance.interval = read_duration(in);
    instance.authentication = read_text(in);
    instance.addresses = read_texts(in);
    instance.trackers = read_trackers(in);
    if ((family == 4 || family == 6) && instance.state <= RouterState::fault) {
        details.instances.push_back(std::move(instance));
    }
}

void write_instance(ByteWriter &out, const InstanceDetails &instance) {
    out.u8(static_cast<std::uint8_t>(instance.family))
        .u8(to_number(instance.vrid))
        .u8(static_cast<std::uint8_t>(instance.state))
        .u8(instance.priority.value);
    write_text(out, instance.name);
    write_text(out, instance.reason, kLongestReason);
    write_duration(out, instance.since.time_since_epoch());
    out.u8(instance.version);
    write_duration(out, instance.interval);
    write_text(out, instance.authentication);
    write_texts(out, instance.addresses);
    out.u16(static_cast<std::uint16_t>(instance.trackers.size()));
    for (const TrackerDetails &tracker : instance.trackers) {
        write_text(out, tracker.name, kLongestReason);
        out.u8(static_cast<std::uint8_t>(tracker.health));
        out.u16(tracker.servers).u16(tracker.servers_up);
    }
}

void read_upstream(ByteReader &in, Details &details) {
    UpstreamDetails upstream;
    upstream.context = read_text(in);
    upstream.name = read_text(in);
    upstream.servers = read_texts(in);
    details.upstreams.push_back(std::move(upstream));
}

void write_upstream(ByteWriter &out, const UpstreamDetails &upstream) {
    write_text(out, upstream.context);
    write_text(out, upstream.name);
    write_texts(out, upstream.servers);
}

void read_certificate(ByteReader &in, Details &details) {
    CertificateDetails certificate;
    certificate.name = read_text(in);
    certificate.ends = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(in.u64()), 0, kLatestEnd);
    details.certificates.push_back(std::move(certificate));
}

void write_certificate(ByteWriter &out, const CertificateDetails &certificate) {
    write_text(out, certificate.name);
    out.u64(static_cast<std::uint64_t>(certificate.ends));
}

// Of an unknown type, nothing.
void read_entry(Entry type, ByteReader &in, Details &details) {
    switch (type) {
        case Entry::end:
            details.complete = true;
            break;
        case Entry::node:
            read_node(in, details);
            break;
        case Entry::instance:
            read_instance(in, details);
            break;
        case Entry::upstream:
            read_upstream(in, details);
            break;
        case Entry::certificate:
            read_certificate(in, details);
            break;
    }
}

class EntryWriter {
public:
    // After one without room, none is written. The end has its room.
    template <class Write>
    void add(Entry type, Write write) {
        Buffer content;
        ByteWriter out(content);
        write(out);
        full_ = full_ || entries_.size() + content.size() + 2 * kDetailHead >
                             kLargestDetails;
        if (!full_) {
            put(type, content);
        }
    }

    Buffer end(bool complete) {
        if (complete && !full_) {
            put(Entry::end, {});
        }
        return std::move(entries_);
    }

private:
    void put(Entry type, Bytes content) {
        ByteWriter out(entries_);
        out.u8(static_cast<std::uint8_t>(type))
            .u16(static_cast<std::uint16_t>(content.size()));
        out.bytes(content);
    }

    Buffer entries_;
    bool full_ = false;
};

}  // namespace

// The node comes first, and once.
Result<Details, NotAMessage> parse_details(Bytes entries) {
    if (entries.size() > kLargestDetails) {
        return Unexpected(NotAMessage{});
    }
    Details details;
    details.complete = false;
    ByteReader in(entries);
    bool has_node = false;
    while (in.remaining() > 0 && !details.complete) {
        const auto type = static_cast<Entry>(in.u8());
        ByteReader content(in.take(in.u16()));
        if (!in.ok() || (type == Entry::node) == has_node) {
            return Unexpected(NotAMessage{});
        }
        read_entry(type, content, details);
        if (!content.ok()) {
            return Unexpected(NotAMessage{});
        }
        has_node = true;
    }
    return has_node ? Result<Details, NotAMessage>(std::move(details))
                    : Unexpected(NotAMessage{});
}

Buffer serialize(const Details &details) {
    EntryWriter out;
    out.add(Entry::node,
            [&](ByteWriter &content) { write_node(content, details); });
    for (const InstanceDetails &instance : details.instances) {
        out.add(Entry::instance, [&](ByteWriter &content) {
            write_instance(content, instance);
        });
    }
    for (const UpstreamDetails &upstream : details.upstreams) {
        out.add(Entry::upstream, [&](ByteWriter &content) {
            write_upstream(content, upstream);
        });
    }
    for (const CertificateDetails &certificate : details.certificates) {
        out.add(Entry::certificate, [&](ByteWriter &content) {
            write_certificate(content, certificate);
        });
    }
    return out.end(details.complete);
}

Result<Chunk, NotAMessage> parse_chunk(Bytes payload) {
    ByteReader in(payload);
    Chunk chunk;
    ChunkHead &head = chunk.head;
    head.node = in.u64();
    head.revision = in.u32();
    head.seen = in.u32();
    head.clocks.boot = Instant{read_duration(in)};
    head.clocks.wall = WallTime{read_duration(in)};
    head.index = in.u8();
    head.count = in.u8();
    if (!in.ok() || head.node == 0 || head.count > kMostChunks ||
        (head.count != 0 && head.index >= head.count)) {
        return Unexpected(NotAMessage{});
    }
    chunk.octets = in.take(in.remaining());
    return chunk;
}

Buffer serialize(const Chunk &chunk) {
    const ChunkHead &head = chunk.head;
    Buffer payload;
    ByteWriter out(payload);
    out.u64(head.node).u32(head.revision).u32(head.seen);
    write_duration(out, head.clocks.boot.time_since_epoch());
    write_duration(out, head.clocks.wall.time_since_epoch());
    out.u8(head.index).u8(head.count);
    out.bytes(chunk.octets);
    return payload;
}

std::vector<Buffer> to_chunks(ChunkHead head, Bytes entries) {
    std::vector<Buffer> payloads;
    head.count = static_cast<std::uint8_t>(
        (entries.size() + kLargestChunk - 1) / kLargestChunk);
    for (head.index = 0; head.index < head.count; ++head.index) {
        const Bytes part =
            entries.first(std::min(entries.size(), kLargestChunk));
        entries = entries.subspan(part.size());
        payloads.push_back(serialize(Chunk{head, part}));
    }
    return payloads;
}

std::optional<Buffer> ChunkJoiner::take(const Chunk &chunk) {
    const ChunkHead &head = chunk.head;
    if (head.index == 0) {
        revision_ = head.revision;
        next_ = 0;
        entries_.clear();
    }
    if (head.count == 0 || head.revision != revision_ || head.index != next_ ||
        entries_.size() + chunk.octets.size() > kLargestDetails) {
        return std::nullopt;
    }
    ++next_;
    entries_.insert(entries_.end(), chunk.octets.begin(), chunk.octets.end());
    if (next_ != head.count) {
        return std::nullopt;
    }
    return std::exchange(entries_, {});
}

}  // namespace ngx_vrrp::peer
