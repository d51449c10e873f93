// Which vrrp process of this node has the BFD sessions, and their records: one
// slot of the ownership memory for the question, one for each session.
//
// A process with a newer configuration takes all sessions at once, without the
// consent of the previous one: records are always complete, and two packets of
// one session at the same time harm no peer. A process that ends gives them to
// one that waits. If there is none, the peers are informed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"
#include "core/bfd/record.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/process_id.hpp"
#include "core/engine/shared_ownership.hpp"

namespace ngx_vrrp::engine {

class BfdOwnership {
public:
    // names: of the sessions. memory: nullptr, or outlives it.
    BfdOwnership(void *memory, ProcessId self,
                 const std::vector<std::string> &names, Processes &processes);

    // This process has the sessions now; or another one, and this one waits.
    bool claim(Instant now);
    bool owns() const;

    // The session is in this process's configuration only.
    bool is_last(std::size_t session) const;

    // For good. True: a process waits, or a new binary starts, and continues.
    bool has_successor(Instant now) const;
    void give_up();

    std::optional<bfd::Saved> read(std::size_t session, Instant now) const;
    void write(std::size_t session, bfd::Saved saved);

private:
    SharedWord *copy_of(const OwnershipSlot &slot, std::uint64_t n) const;
    bool may_take(ProcessId owner, Instant now) const;

    OwnershipMemory memory_;
    ProcessId self_;
    Processes &processes_;
    OwnershipSlot *node_ = nullptr;          // nullptr: there are no others
    std::vector<OwnershipSlot *> sessions_;  // nullptr: no room
    std::vector<std::uint64_t> sequences_;
};

}  // namespace ngx_vrrp::engine
