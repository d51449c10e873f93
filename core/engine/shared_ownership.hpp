// Which of this node's vrrp processes owns a virtual router. Reload and binary
// upgrade run two of them for a while; exactly one may own each router, and
// when that one dies or stops running, another one must continue at once.
//
// In the slot of a router (ownership_memory.hpp) one word names the owner. It
// changes by compare-and-exchange only:
//
//     owner                                  waiter
//     reads the word before each advert,     wanted := me, wakes the owner,
//     renewal, addition and removal; when    and looks at the word again and
//     it is another's: sends nothing,        again:
//     removes nothing, waits.                  mine           -> passed on to
//     me wanted, by a newer process, or I end:    none           -> it, to me
//       writes the record,                     owner is dead  -> it, to me
//       it, from me to the waiter              owner is silent-> it, to me
//     ends: it, from me to none
//
// Silent: it has not run for an advert interval (200 ms at least), although it
// was woken. A process that was not running itself cannot judge: its own gap is
// given back to the owner. An active owner that was silent for an interval more
// before that gap gets half of this time: waiters that die one after the other
// must not keep a frozen owner. An owner passes the router only to a waiter
// that has run a moment ago, and an owner that ends watches it until the next
// owner has run, so that a process that is stopped in between causes no gap. An
// owner that ends also waits for a new binary that has just been started, and
// whose vrrp process does not wait yet.
//
// No clock, no system call: two objects on one memory are two processes.
// docs/handover.pml is the model of it that spin checks.
#pragma once

#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/ports.hpp"
#include "core/engine/process_id.hpp"

namespace ngx_vrrp::engine {

// The other vrrp processes of this node.
class Processes {
public:
    virtual ~Processes() = default;

    virtual bool is_alive(int pid, Instant now) = 0;

    // Wakes the owners of routers so that they check. It carries no decision.
    virtual void wake() = 0;
};

// A binary newer than the configuration of `self` has been started a moment
// ago.
bool another_starts(const OwnershipMemory &memory, ProcessId self,
                    Processes &processes, Instant now);

class SharedOwnership final : public Ownership {
public:
    // memory, processes and log outlive it.
    SharedOwnership(void *memory, ProcessId self, Processes &processes,
                    LogSink &log)
        : memory_(memory), self_(self), processes_(processes), log_(log) {}

    // The vrrp process of this master process has asked for its routers: no
    // other process has to wait until it does.
    void end_start(int master_pid);

    OwnershipId open(const RouterKey &router, Duration interval) override;
    bool owns(OwnershipId id) const override;
    std::optional<Inheritance> request(OwnershipId id, Instant now) override;
    std::optional<Inheritance> withdraw(OwnershipId id, Instant now) override;
    void watch_owner(OwnershipId id, Instant now) override;
    Demand demand(OwnershipId id, bool ending, Instant now) override;
    bool pass_on(OwnershipId id, const Handover &handover, bool ending,
                 Instant now) override;
    bool has_successor(OwnershipId id) const override;
    std::optional<Inheritance> take_back(OwnershipId id, Instant now) override;
    void advertised(OwnershipId id, Instant now) override;
    void left(OwnershipId id) override;
    void give_up(OwnershipId id) override;
    std::optional<Instant> deadline(OwnershipId id) const override;

private:
    struct Router {
        OwnershipSlot *slot;
        std::optional<Instant> next_check;  // as a waiter
        std::optional<Instant> next_run;    // as an owner
        Duration interval{};                // an active owner has run within it
        Duration patience{};                // with an owner that is silent
        Duration period{};                  // of our looks

        // as a waiter
        ProcessId owner{};       // the process that we wait for
        Instant awake_since{};   // a longer gap is the fault of neither
        Instant asked_at{};      // first
        Instant watched_from{};  // by a process that ends
        Instant woken_at{};
    };

    Router &router(OwnershipId id) {
        return routers_[static_cast<std::size_t>(id)];
    }
    const Router &router(OwnershipId id) const {
        return routers_[static_cast<std::size_t>(id)];
    }

    bool is_dead(ProcessId id, Instant now) const;
    void watch(Router &router, ProcessId owner, Instant now) const;
    bool is_silent(const Router &router, Instant now) const;
    void want(Router &router, Instant now) const;
    bool may_replace(const OwnershipSlot &slot, ProcessId waiter,
                     Instant now) const;
    void schedule(Router &router, Instant now) const;
    Inheritance begin(Router &router, Instant now) const;
    Inheritance take(Router &router, Instant now) const;
    Inheritance receive(Router &router, Instant now) const;
    std::optional<Handover> read_record(const Router &router,
                                        Instant now) const;

    OwnershipMemory memory_;
    ProcessId self_;
    Processes &processes_;
    Log log_;
    std::vector<Router> routers_;
    std::vector<const OwnershipSlot *> slots_;  // theirs, for each packet
};

}  // namespace ngx_vrrp::engine
