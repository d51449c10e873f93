// The details that nodes report to each other: octets and values.
#include "core/peer/details.hpp"

#include <gtest/gtest.h>

#include "core/peer/text.hpp"

namespace ngx_vrrp::peer {
namespace {

Details some_details() {
    Details details;
    details.about = {"lb2", "1.22.1", "0.1.0"};
    details.address = "192.168.64.3";
    details.configured_at = instant_from_ns(5'000'000'000);
    details.relayed = {7, 0x1122334455667788};
    InstanceDetails instance;
    instance.family = Family::ipv6;
    instance.vrid = Vrid{51};
    instance.state = RouterState::master;
    instance.priority = Priority{150};
    instance.name = "VI_1";
    instance.reason = "no advertisement for 361 ms";
    instance.since = instant_from_ns(7'000'000'000);
    instance.version = 3;
    instance.interval = Milliseconds{100};
    instance.authentication = "HMAC";
    instance.addresses = {"fe80::200/64", "fd64::200/64"};
    instance.trackers = {{"track_upstream web", Health::up, 3, 2},
                         {"track_interface eth1", Health::down}};
    details.instances = {instance, instance};
    details.upstreams = {{"http", "web", {"10.0.0.1:80", "10.0.0.2:80"}}};
    details.certificates = {{"www.example.com", 1'800'000'000}};
    return details;
}

TEST(PeerDetails, AreReadAsWritten) {
    const auto read = parse_details(serialize(some_details()));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, some_details());
}

TEST(PeerDetails, OfALaterVersionAreRead) {
    Buffer entries = serialize(some_details());
    ByteWriter out(entries);
    entries.resize(entries.size() - 3);  // the end
    out.u8(200).u16(2).u16(0xabcd);      // an entry
    out.u8(4).u16(21);                   // a longer one
    out.u8(3).bytes({reinterpret_cast<const std::uint8_t *>("new"), 3});
    out.u64(5).zeros(9);
    out.u8(0).u16(0);
    const auto read = parse_details(entries);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->complete);
    EXPECT_EQ(read->instances, some_details().instances);
    ASSERT_EQ(read->certificates.size(), 2u);
    EXPECT_EQ(read->certificates[1], (CertificateDetails{"new", 5}));
}

// A cut between two entries is a list that is not complete.
TEST(PeerDetails, NoPartOfThemIsTakenForTheWhole) {
    const Buffer entries = serialize(some_details());
    for (std::size_t size = 0; size < entries.size(); ++size) {
        const auto read = parse_details(Bytes(entries).first(size));
        EXPECT_FALSE(read && read->complete) << size;
    }
    EXPECT_FALSE(parse_details(Buffer(kLargestDetails + 1)));
}

TEST(PeerDetails, BeginWithTheNode) {
    Buffer twice = serialize(some_details());
    twice.resize(twice.size() - 3);
    const Buffer again = serialize(some_details());
    twice.insert(twice.end(), again.begin(), again.end());
    EXPECT_FALSE(parse_details(twice));
    EXPECT_FALSE(parse_details(Buffer{0, 0, 0}));
}

TEST(PeerDetails, WithoutRoomAreLeftOut) {
    Details details = some_details();
    details.instances.resize(60);
    details.upstreams[0].servers.assign(1000, "192.168.65.150:8080");
    const Buffer entries = serialize(details);
    EXPECT_LE(entries.size(), kLargestDetails);
    const auto read = parse_details(entries);
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->complete);
    EXPECT_EQ(read->instances.size(), 60u);
    EXPECT_TRUE(read->upstreams.empty());
    EXPECT_TRUE(read->certificates.empty());
    EXPECT_EQ(*parse_details(serialize(*read)), *read);
}

TEST(PeerDetails, TextsAreCutAndClean) {
    Details details = some_details();
    details.about.router_id = "a\nb";
    details.instances.resize(1);
    details.instances[0].reason = std::string(300, 'x');
    details.instances[0].name = std::string(300, 'y');
    const auto read = parse_details(serialize(details));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->about.router_id, "?");
    EXPECT_EQ(read->instances[0].reason.size(), kLongestReason);
    EXPECT_EQ(read->instances[0].name.size(), kLongestText);
}

ChunkHead some_head() {
    return {9,
            3,
            2,
            {instant_from_ns(1'000'000'000),
             WallTime{Duration{1'700'000'000'000'000'000}}}};
}

TEST(PeerChunks, AreJoined) {
    Details details = some_details();
    details.upstreams[0].servers.assign(400, "192.168.65.150:8080");
    const Buffer entries = serialize(details);
    const auto payloads = to_chunks(some_head(), entries);
    ASSERT_EQ(payloads.size(), 3u);
    ChunkJoiner joiner;
    for (std::size_t i = 0; i < payloads.size(); ++i) {
        EXPECT_LE(payloads[i].size() + kHeaderSize + kMacSize, kLargestMessage);
        const auto chunk = parse_chunk(payloads[i]);
        ASSERT_TRUE(chunk);
        EXPECT_EQ(chunk->head.node, 9u);
        EXPECT_EQ(chunk->head.clocks, some_head().clocks);
        const auto joined = joiner.take(*chunk);
        ASSERT_EQ(joined.has_value(), i == 2);
        EXPECT_TRUE(!joined || *joined == entries);
    }
}

TEST(PeerChunks, OfTwoRevisionsAreNotJoined) {
    const Buffer entries(5000, 1);
    const auto first = to_chunks(some_head(), entries);
    ChunkHead later = some_head();
    later.revision = 4;
    const auto second = to_chunks(later, entries);
    ChunkJoiner joiner;
    EXPECT_FALSE(joiner.take(*parse_chunk(first[0])));
    EXPECT_FALSE(joiner.take(*parse_chunk(second[1])));
    EXPECT_FALSE(joiner.take(*parse_chunk(second[0])));
    EXPECT_TRUE(joiner.take(*parse_chunk(second[1])));
    EXPECT_FALSE(joiner.take(*parse_chunk(second[1])));
}

TEST(PeerChunks, OnlyClocksHaveNoEntries) {
    const auto chunk = parse_chunk(serialize(Chunk{some_head(), {}}));
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->head, some_head());
    EXPECT_FALSE(ChunkJoiner().take(*chunk));
}

TEST(PeerChunks, HaveBounds) {
    const auto with = [](NodeId node, std::uint8_t index, std::uint8_t count) {
        ChunkHead head = some_head();
        head.node = node;
        head.index = index;
        head.count = count;
        return parse_chunk(serialize(Chunk{head, {}})).has_value();
    };
    EXPECT_TRUE(with(1, 2, 3));
    EXPECT_FALSE(with(0, 0, 1));
    EXPECT_FALSE(with(1, 3, 3));
    EXPECT_FALSE(with(1, 0, 4));
    const Buffer payload = serialize(Chunk{some_head(), {}});
    EXPECT_FALSE(parse_chunk(Bytes(payload).first(payload.size() - 1)));
}

}  // namespace
}  // namespace ngx_vrrp::peer
