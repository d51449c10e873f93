#include "core/status/area.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <utility>

#include "core/base/sane_time.hpp"
#include "core/base/seqlock.hpp"
#include "core/status/sane.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

constexpr unsigned kBanks = 2;
constexpr std::uint64_t kStatusMark = 0x565252507374617a;

template <class T>
using Words = std::array<SharedWord, words(sizeof(T))>;

using CrashWords =
    std::array<std::uint64_t, words(sizeof(engine::CrashHistory))>;

constexpr std::size_t aligned(std::size_t size) {
    return (size + Area::kAlignment - 1) / Area::kAlignment * Area::kAlignment;
}

static_assert(Area::kAlignment % check::Table::kAlignment == 0);

bool fits(std::size_t first, std::size_t count, std::size_t room) {
    return first <= room && count <= room - first;
}

template <class T>
void store_all(SharedWord *to, std::span<const T> records) {
    for (const T &record : records) {
        store_words(to, bytes_of(record));
        to += words(sizeof(T));
    }
}

// The positions of a record's parts, limited to the room for them.
template <class T>
std::vector<T> load_all(const SharedWord *from, std::size_t count) {
    std::vector<T> records(count);
    for (T &record : records) {
        load_words(from, writable_bytes_of(record));
        from += words(sizeof(T));
    }
    return records;
}

}  // namespace

// It is written at each advertisement, as the numbers behind it are: see
// NumbersSlot.
struct alignas(Area::kAlignment) Area::Header {
    std::atomic<std::uint64_t> generation;
    std::atomic<std::uint64_t> confirmed;
    std::atomic<std::uint64_t> life;  // generation of the one that lives
    std::atomic<std::uint64_t> quit;  // generation of the one that got QUIT
    std::atomic<std::int64_t> alive_ns;
    std::atomic<std::int32_t> holder;    // pid
    std::atomic<std::int32_t> notifier;  // pid
    Seqlock node_lock;
    SharedWord mark;
    SharedWord bank;  // of the node's instances
    Words<NodeRecord> node;
};

struct alignas(Area::kAlignment) Area::Store {
    Seqlock unknown_lock;
    Words<UnknownRouterRecords> unknown;
    std::array<SharedWord, std::tuple_size_v<CrashWords>> crashes;
    TransitionRing transitions;
    ReleasedRouters released;
    ChannelBoard channels;
    Seqlock peers_lock;
    Words<PeerRecords> peers;
    Seqlock reports_lock;
    SharedWord reports_size;  // octets
    std::array<SharedWord, words(kPeerReportsRoom)> reports;
};

// The lock also covers the instance's addresses, trackers and routes.
struct Area::InstanceSlot {
    Seqlock lock;
    Words<InstanceRecord> record;
};

// Side by side: with many instances, advertisements write only this. Few pages
// matter, because memory that was not used for a second is slow.
struct Area::NumbersSlot {
    Seqlock lock;
    Words<InstanceNumbers> numbers;
};

std::size_t Area::numbers_size(const Room &room) {
    return aligned(kBanks * room.instances * sizeof(NumbersSlot));
}

std::size_t Area::bank_size(const Room &room) {
    return aligned(room.instances * sizeof(InstanceSlot) +
                   room.addresses * sizeof(Words<AddressRecord>) +
                   room.trackers * sizeof(Words<TrackerRecord>) +
                   room.routes * sizeof(Words<RouteRecord>));
}

std::size_t Area::size(const Room &room) {
    return sizeof(Header) + numbers_size(room) + sizeof(Store) +
           kBanks * bank_size(room) + check::Table::size(room.checks);
}

Area::Area(void *memory, const Room &room)
    : memory_(static_cast<std::uint8_t *>(memory)), room_(room) {}

Area::Header &Area::header() const {
    return *reinterpret_cast<Header *>(memory_);
}

Area::Store &Area::store() const {
    return *reinterpret_cast<Store *>(memory_ + sizeof(Header) +
                                      numbers_size(room_));
}

std::uint8_t *Area::bank(unsigned index) const {
    return reinterpret_cast<std::uint8_t *>(&store()) + sizeof(Store) +
           index % kBanks * bank_size(room_);
}

[[gnu::hot]] Area::NumbersSlot &Area::numbers(unsigned bank,
                                              std::size_t index) const {
    return reinterpret_cast<NumbersSlot *>(
        memory_ + sizeof(Header))[index * kBanks + bank % kBanks];
}

[[gnu::hot]] Area::InstanceSlot &Area::slot(unsigned bank,
                                            std::size_t index) const {
    return reinterpret_cast<InstanceSlot *>(this->bank(bank))[index];
}

[[gnu::hot]] SharedWord *Area::address(unsigned bank, std::size_t index) const {
    return reinterpret_cast<SharedWord *>(&slot(bank, room_.instances)) +
           index * words(sizeof(AddressRecord));
}

[[gnu::hot]] SharedWord *Area::tracker(unsigned bank, std::size_t index) const {
    return address(bank, room_.addresses) +
           index * words(sizeof(TrackerRecord));
}

[[gnu::hot]] SharedWord *Area::route(unsigned bank, std::size_t index) const {
    return tracker(bank, room_.trackers) + index * words(sizeof(RouteRecord));
}

check::Table Area::checks(std::uint64_t generation) const {
    return {bank(0) + kBanks * bank_size(room_), room_.checks, generation};
}

void Area::begin() {
    header().mark.store(kStatusMark);
}

bool Area::is_damaged() const {
    const Header &h = header();
    const std::uint64_t latest = generation();
    const std::int64_t alive = h.alive_ns.load();
    return h.mark.load() != kStatusMark || h.bank.load() >= kBanks ||
           confirmed() > latest || h.life.load() > latest ||
           h.quit.load() > latest || holder() < 0 || notifier() < 0 ||
           alive != sane_time(alive);
}

void Area::set_generation(std::uint64_t generation) {
    header().generation.store(generation);
}

std::uint64_t Area::generation() const {
    return header().generation.load();
}

[[gnu::hot]] void Area::confirm(std::uint64_t generation) {
    header().confirmed.store(generation);
}

[[gnu::hot]] std::uint64_t Area::confirmed() const {
    return header().confirmed.load();
}

bool Area::mark_started(std::uint64_t generation) {
    return header().life.exchange(generation) == generation;
}

// Not if one of a newer generation has begun.
void Area::mark_stopped(std::uint64_t generation) {
    header().life.compare_exchange_strong(generation, 0);
}

void Area::mark_quit(std::uint64_t generation) {
    header().quit.store(generation);
}

// A generation that begins later is not meant.
bool Area::quits() const {
    return header().quit.load() == generation();
}

bool Area::has_ended(std::uint64_t generation) const {
    return confirmed() >= generation && header().life.load() == 0;
}

engine::CrashHistory Area::crash_history(Instant now) const {
    CrashWords copy{};
    std::copy(store().crashes.begin(), store().crashes.end(), copy.begin());
    return made_sane(std::bit_cast<engine::CrashHistory>(copy), now);
}

void Area::set_crash_history(const engine::CrashHistory &history) {
    const auto copy = std::bit_cast<CrashWords>(history);
    std::copy(copy.begin(), copy.end(), store().crashes.begin());
}

TransitionRing &Area::transitions() {
    return store().transitions;
}

const TransitionRing &Area::transitions() const {
    return store().transitions;
}

ReleasedRouters &Area::released() {
    return store().released;
}

const ReleasedRouters &Area::released() const {
    return store().released;
}

[[gnu::hot]] void Area::hold(std::int32_t pid) {
    header().holder.store(pid);
}

[[gnu::hot]] void Area::clear_holder(std::int32_t pid) {
    header().holder.compare_exchange_strong(pid, 0);
}

std::int32_t Area::holder() const {
    return header().holder.load();
}

std::int32_t Area::begin_notifying(std::int32_t pid) {
    return header().notifier.exchange(pid);
}

// Unless another one has begun.
void Area::end_notifying(std::int32_t pid) {
    header().notifier.compare_exchange_strong(pid, 0);
}

std::int32_t Area::notifier() const {
    return header().notifier.load();
}

ChannelBoard &Area::channels() {
    return store().channels;
}

const ChannelBoard &Area::channels() const {
    return store().channels;
}

unsigned Area::free_bank() const {
    return static_cast<unsigned>(header().bank.load() % kBanks ^ 1U);
}

[[gnu::hot]] void Area::publish(unsigned bank, std::size_t index,
                                const InstanceRecord &record,
                                std::span<const AddressRecord> addresses,
                                std::span<const TrackerRecord> trackers,
                                std::span<const RouteRecord> routes) {
    if (index >= room_.instances ||
        !fits(record.first_address, addresses.size(), room_.addresses) ||
        !fits(record.first_tracker, trackers.size(), room_.trackers) ||
        !fits(record.first_route, routes.size(), room_.routes)) {
        return;
    }
    InstanceSlot &to = slot(bank, index);
    to.lock.write([&] {
        store_words(to.record.data(), bytes_of(record));
        store_all(address(bank, record.first_address), addresses);
        store_all(tracker(bank, record.first_tracker), trackers);
        store_all(route(bank, record.first_route), routes);
    });
    publish(bank, index,
            InstanceNumbers{record.master_heard_ns, record.counters});
}

void Area::publish(unsigned bank, std::size_t index,
                   const InstanceNumbers &numbers) {
    publish_numbers(bank, index, numbers);
}

[[gnu::hot]] void Area::publish(unsigned bank, std::size_t index,
                                const AdvertNumbers &numbers) {
    publish_numbers(bank, index, numbers);
}

template <class Numbers>
void Area::publish_numbers(unsigned bank, std::size_t index,
                           const Numbers &numbers) {
    if (index >= room_.instances) {
        return;
    }
    NumbersSlot &to = this->numbers(bank, index);
    to.lock.write([&] { store_words(to.numbers.data(), bytes_of(numbers)); });
}

[[gnu::hot]] void Area::publish(unsigned bank, const NodeRecord &node) {
    Header &h = header();
    h.node_lock.write([&] {
        h.bank.store(bank % kBanks, std::memory_order_relaxed);
        store_words(h.node.data(), bytes_of(node));
    });
}

[[gnu::hot]] std::uint64_t Area::node_version() const {
    return header().node_lock.sequence();
}

void Area::publish(const UnknownRouterRecords &routers) {
    Store &s = store();
    s.unknown_lock.write(
        [&] { store_words(s.unknown.data(), bytes_of(routers)); });
}

void Area::publish(const PeerRecords &peers) {
    Store &s = store();
    s.peers_lock.write([&] { store_words(s.peers.data(), bytes_of(peers)); });
}

void Area::publish(const PeerReports &reports) {
    Store &s = store();
    const Buffer octets = serialize(reports);
    s.reports_lock.write([&] {
        s.reports_size.store(octets.size(), std::memory_order_relaxed);
        store_words(s.reports.data(), octets);
    });
}

// None of them is better than no status.
PeerReports Area::read_peer_reports() const {
    const Store &s = store();
    Buffer octets;
    const bool whole = s.reports_lock.read([&] {
        octets.resize(std::min<std::size_t>(
            s.reports_size.load(std::memory_order_relaxed), kPeerReportsRoom));
        load_words(s.reports.data(), octets);
    });
    return whole ? parse_peer_reports(octets) : PeerReports{};
}

[[gnu::hot]] void Area::set_alive(Instant now) {
    header().alive_ns.store(to_ns(now), std::memory_order_relaxed);
}

// The bank is read with the node.
std::optional<NodeRecord> Area::read_node() const {
    const Header &h = header();
    NodeRecord node{};
    std::uint64_t bank = 0;
    const bool whole = h.node_lock.read([&] {
        bank = h.bank.load(std::memory_order_relaxed);
        load_words(h.node.data(), writable_bytes_of(node));
    });
    node.bank = static_cast<std::uint8_t>(bank % kBanks);
    node.published_at_ns = h.alive_ns.load(std::memory_order_relaxed);
    return whole ? std::optional(made_sane(node)) : std::nullopt;
}

// None of them is better than no status.
std::vector<UnknownRouterRecord> Area::read_unknown_routers() const {
    const Store &s = store();
    UnknownRouterRecords records{};
    const bool whole = s.unknown_lock.read(
        [&] { load_words(s.unknown.data(), writable_bytes_of(records)); });
    const std::size_t count =
        whole ? std::min<std::size_t>(records.count, records.list.size()) : 0;
    std::vector<UnknownRouterRecord> routers;
    for (std::size_t i = 0; i < count; ++i) {
        routers.push_back(made_sane(records.list[i]));
    }
    return routers;
}

// None of them is better than no status.
void Area::read_peers(Snapshot &snapshot) const {
    const Store &s = store();
    PeerRecords records{};
    const bool whole = s.peers_lock.read(
        [&] { load_words(s.peers.data(), writable_bytes_of(records)); });
    if (!whole) {
        return;
    }
    const std::size_t count =
        std::min<std::size_t>(records.count, records.list.size());
    for (std::size_t i = 0; i < count; ++i) {
        snapshot.peers.push_back(made_sane(records.list[i]));
    }
    snapshot.peer_connections = records.connections;
    snapshot.peers_refused = records.refused;
}

bool Area::read_instance(unsigned bank, std::size_t index,
                         Snapshot &snapshot) const {
    const InstanceSlot &from = slot(bank, index);
    const NumbersSlot &from_numbers = numbers(bank, index);
    InstanceRecord record{};
    InstanceNumbers numbers{};
    std::vector<AddressRecord> addresses;
    std::vector<TrackerRecord> trackers;
    std::vector<RouteRecord> routes;
    const bool whole = from.lock.read([&] {
        load_words(from.record.data(), writable_bytes_of(record));
        if (!fits(record.first_address, record.addresses, room_.addresses) ||
            !fits(record.first_tracker, record.trackers, room_.trackers) ||
            !fits(record.first_route, record.routes, room_.routes)) {
            return;
        }
        addresses = load_all<AddressRecord>(address(bank, record.first_address),
                                            record.addresses);
        trackers = load_all<TrackerRecord>(tracker(bank, record.first_tracker),
                                           record.trackers);
        routes = load_all<RouteRecord>(route(bank, record.first_route),
                                       record.routes);
    });
    const bool has_numbers = from_numbers.lock.read([&] {
        load_words(from_numbers.numbers.data(), writable_bytes_of(numbers));
    });
    if (!whole || !has_numbers) {
        return false;
    }
    record.master_heard_ns = numbers.master_heard_ns;
    record.counters = numbers.counters;
    add(snapshot, made_sane(record), addresses, trackers, routes);
    return true;
}

// Another process may publish in between, and a third one may use the bank
// again: then all is read again.
std::optional<Snapshot> Area::read() const {
    constexpr int kAttempts = 10;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        const auto node = read_node();
        if (!node) {
            return std::nullopt;
        }
        Snapshot snapshot;
        snapshot.node = *node;
        bool whole = true;
        for (std::size_t i = 0; whole && i < node->instances; ++i) {
            whole = i < room_.instances &&
                    read_instance(node->bank, i, snapshot) &&
                    snapshot.instances.back().pid == node->pid;
        }
        if (whole) {
            snapshot.unknown_routers = read_unknown_routers();
            read_peers(snapshot);
            return snapshot;
        }
    }
    return std::nullopt;
}

}  // namespace ngx_vrrp::status
