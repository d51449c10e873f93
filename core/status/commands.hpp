// Commands of operators on their way from a worker to the vrrp process, and its
// answers on the way back, in shared memory. A few slots; a worker takes one,
// writes the command, polls for the answer and gives the slot back.
//
// Lock-free: the owner of a slot, and the time since when, are one word that
// changes atomically. A process that dies or stops in the middle blocks at most
// one slot for some seconds. A command that was not taken is never executed
// later than a worker would wait for it.
//
//     free -> writing -> asked -> taken -> answered -> free
//             (worker)            (vrrp process)       (worker)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/seqlock.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/engine/command.hpp"

namespace ngx_vrrp::status {

struct CommandRecord {
    Text<64> instance;  // empty: all
    Text<64> who;       // the address of the client
    engine::Command command;
    std::uint8_t rescue;     // see engine::ReleaseTerms
    std::int64_t length_ns;  // the same
};

static_assert(std::is_trivially_copyable_v<CommandRecord>);

inline engine::ReleaseTerms terms_of(const CommandRecord &record) {
    return {record.rescue != 0, Duration{record.length_ns}};
}

// A part of the answer: the result for one instance.
struct OutcomeRecord {
    Text<64> instance;
    Text<16> state;  // INIT, BACKUP, MASTER, FAULT
    Text<224> detail;
    // Of a release: the name or the address of the node that has the addresses,
    // and the time after which it had them. Empty: none.
    Text<64> successor;
    std::uint32_t after_ms;
    std::uint8_t done;
};

static_assert(std::is_trivially_copyable_v<OutcomeRecord>);

using Outcomes = std::vector<OutcomeRecord>;

// The longest time until the vrrp process takes a command.
inline constexpr Seconds kNoticedWithin{1};

// The time to answer it after that, which includes the wait for the successor.
inline constexpr Seconds kAnsweredWithin{2};

class Commands {
public:
    static constexpr std::size_t kSlots = 8;

    enum class Progress : std::uint8_t { asked, taken, answered, lost };

    struct Ticket {
        std::size_t slot = 0;
        std::uint64_t word = 0;  // the slot's, without its phase
    };

    struct Asked {
        Ticket ticket;
        CommandRecord record;
    };

    // Bytes, for answers about this number of instances.
    static std::size_t size(std::size_t instances);

    // asks: counts the commands. memory of that size. Both are full of zeros at
    // first.
    Commands(SharedWord &asks, void *memory, std::size_t instances);

    // For the worker. Nothing: every slot is taken.
    std::optional<Ticket> ask(const CommandRecord &record, Instant now);
    Progress progress(const Ticket &ticket) const;
    Outcomes answer(const Ticket &ticket) const;  // when it is answered

    // The answer is no longer needed; the command is executed anyway.
    void forget(const Ticket &ticket);

    // True: the command was not taken, and never will be. Otherwise as
    // forget().
    bool withdraw(const Ticket &ticket);

    // A slot has an invalid phase.
    bool is_damaged() const;

    // For the vrrp process that is in charge. asks() grows with each command;
    // an invalid command is not taken.
    std::uint64_t asks() const;
    std::vector<Asked> take(Instant now);
    void set_answer(const Ticket &ticket, const Outcomes &outcomes);

private:
    enum class Phase : std::uint8_t { free, writing, asked, taken, answered };

    struct Slot;

    static std::size_t slot_words(std::size_t instances);

    Slot &slot(std::size_t index) const;
    SharedWord *outcomes(Slot &slot) const;
    bool set_free(const Ticket &ticket, Phase phase);
    std::optional<Ticket> occupy(std::size_t index, std::uint64_t word,
                                 Instant now);

    SharedWord &asks_;
    SharedWord *memory_;
    std::size_t instances_;
};

}  // namespace ngx_vrrp::status
