// The status memory of one nginx: the status of the vrrp process, the last
// changes of state, the ends of its processes, the results of checks. The
// master and our helper processes write here; workers have it mapped, too, but
// cannot write. All readers and writers are lock-free, so a process that dies
// or stops in the middle blocks no other.
//
// Objects. An Area is a handle to a memory that the master maps before it
// forks; it can be copied. The master and the helper processes map it for
// writing, workers only for reading. worker_area.hpp is the second memory, in
// which workers write. Both have only fixed sizes, no pointers and no locks, so
// a process that dies or stops in the middle cannot block another one.
//
// A vrrp process fills the bank that the previous one did not use; the record
// of the node says which one is valid. So readers see the old status until the
// new one is complete.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/time.hpp"
#include "core/check/table.hpp"
#include "core/engine/crash_history.hpp"
#include "core/engine/router_key.hpp"
#include "core/status/channels.hpp"
#include "core/status/peer_reports.hpp"
#include "core/status/records.hpp"
#include "core/status/released.hpp"
#include "core/status/room.hpp"
#include "core/status/snapshot.hpp"
#include "core/status/transitions.hpp"

namespace ngx_vrrp::status {

class Area {
public:
    static constexpr std::size_t kAlignment = 64;

    // Bytes.
    static std::size_t size(const Room &room);

    // memory has that size and outlives the area, which is a handle and may be
    // copied.
    Area(void *memory, const Room &room);

    // For memory that this process cannot write: only const functions.
    static const Area readable(const void *memory, const Room &room) {
        return {const_cast<void *>(memory), room};
    }

    // In the master, once for a memory: what is_damaged() looks for.
    void begin();

    // A value that no process of ours writes is there. The master then makes a
    // new memory, because others survive every reload.
    bool is_damaged() const;

    // The generation of the configuration that nginx read last, counted by the
    // master. The vrrp process of a generation settles it when it owns all its
    // routers.
    void set_generation(std::uint64_t generation);
    std::uint64_t generation() const;
    void confirm(std::uint64_t generation);
    std::uint64_t confirmed() const;

    // A vrrp process of this generation starts; nginx runs one at a time. True:
    // the previous one crashed.
    bool mark_started(std::uint64_t generation);
    void mark_stopped(std::uint64_t generation);

    // The vrrp process of the last generation got QUIT: nginx ends, and starts
    // no other one. A successor that dies does not say so.
    void mark_quit(std::uint64_t generation);
    bool quits() const;

    // A process of this generation was in charge, and none is left or has
    // crashed.
    bool has_ended(std::uint64_t generation) const;

    // Made sane.
    engine::CrashHistory crash_history(Instant now) const;
    void set_crash_history(const engine::CrashHistory &history);

    // The last changes of state, of all generations.
    TransitionRing &transitions();
    const TransitionRing &transitions() const;

    // Routers that an operator has released.
    ReleasedRouters &released();
    const ReleasedRouters &released() const;

    // The vrrp process that holds addresses, 0: none.
    void hold(std::int32_t pid);
    void clear_holder(std::int32_t pid);
    std::int32_t holder() const;

    // A notifier process begins; the previous one may still exist. 0: none.
    std::int32_t begin_notifying(std::int32_t pid);
    void end_notifying(std::int32_t pid);
    std::int32_t notifier() const;
    ChannelBoard &channels();
    const ChannelBoard &channels() const;

    // The status has one writer at a time. The bank is the same in all calls of
    // a process: free_bank(), when it begins. An instance is written with its
    // addresses, trackers and routes, or only the numbers of one that was, or
    // only those of its advertisements; the node comes last. Records without
    // room are left out.
    unsigned free_bank() const;
    void publish(unsigned bank, std::size_t index, const InstanceRecord &record,
                 std::span<const AddressRecord> addresses,
                 std::span<const TrackerRecord> trackers,
                 std::span<const RouteRecord> routes = {});
    void publish(unsigned bank, std::size_t index,
                 const InstanceNumbers &numbers);
    void publish(unsigned bank, std::size_t index,
                 const AdvertNumbers &numbers);
    void publish(unsigned bank, const NodeRecord &node);
    // Another one after each publish() of a node, of any process.
    std::uint64_t node_version() const;
    void publish(const UnknownRouterRecords &routers);
    void publish(const PeerRecords &peers);
    void publish(const PeerReports &reports);

    // A heartbeat of the vrrp process: cheap enough for each event.
    void set_alive(Instant now);

    // With valid values only. Nothing before the first publish, or if a writer
    // died in the middle.
    std::optional<Snapshot> read() const;
    std::optional<NodeRecord> read_node() const;
    PeerReports read_peer_reports() const;

    // The results of the checks of a generation.
    check::Table checks(std::uint64_t generation) const;

private:
    struct Header;
    struct Store;
    struct InstanceSlot;
    struct NumbersSlot;

    static std::size_t numbers_size(const Room &room);
    static std::size_t bank_size(const Room &room);

    Header &header() const;
    Store &store() const;
    std::uint8_t *bank(unsigned index) const;
    InstanceSlot &slot(unsigned bank, std::size_t index) const;
    SharedWord *address(unsigned bank, std::size_t index) const;
    SharedWord *tracker(unsigned bank, std::size_t index) const;
    SharedWord *route(unsigned bank, std::size_t index) const;
    NumbersSlot &numbers(unsigned bank, std::size_t index) const;

    template <class Numbers>
    void publish_numbers(unsigned bank, std::size_t index,
                         const Numbers &numbers);
    std::vector<UnknownRouterRecord> read_unknown_routers() const;
    void read_peers(Snapshot &snapshot) const;
    bool read_instance(unsigned bank, std::size_t index,
                       Snapshot &snapshot) const;

    std::uint8_t *memory_;
    Room room_;
};

}  // namespace ngx_vrrp::status
