// The checks of this nginx in shared memory: written by the processes that
// check (one writer for each record), read by the vrrp process, by workers and
// by the status page. Lock-free: a writer that dies in the middle holds up
// nobody.
//
// There is one table for each generation of the configuration, in one of two
// halves of the memory in turn: a new generation is laid out while processes
// of the one before it still use theirs. A process that has been overtaken
// twice finds that its table is no more (is_current()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/check/config.hpp"
#include "core/check/record.hpp"

namespace ngx_vrrp::check {

class Table {
public:
    // Bytes for this many checks, in both halves.
    static std::size_t size(std::size_t checks);

    // Zeroes the memory and divides it.
    static void init(void *memory, std::size_t size);

    // The table of a generation, for its processes. memory outlives it.
    Table(void *memory, std::uint64_t generation);

    // In the master, once for a generation and before its processes start:
    // lays out the records of these checks, unused ones after them up to
    // `slots`; those that `before` knows keep their results. False: no room.
    bool begin(const std::vector<Config> &checks, std::size_t slots,
               const Table *before);

    // Nobody has laid out a later table over this one.
    bool is_current() const;

    std::size_t slots() const;

    // Nothing when it is not current, or when every one of a bounded number
    // of attempts met a writer.
    std::optional<Record> load(CheckId id) const;

    // Ignored when it is not current.
    void store(CheckId id, const Record &record);

    // A check that was not there at begin(), or is not there any more.
    void assign(CheckId id, const Config &config);
    void release(CheckId id);

    // One load. Verdict::unused when it is not current.
    Verdict verdict(CheckId id) const;

    // Grows with each change of any verdict.
    std::uint64_t changes() const;

    // The processes that write here say that they live.
    void beat(Instant now);
    Instant last_beat() const;

private:
    struct Header;
    struct Slot;

    Header *half_;
    std::uint64_t generation_;
};

// The hash by which a check is known again.
std::uint64_t key_of(const Identity &identity);

// A new record of a check that has no results yet.
Record first_record(const Config &config);

}  // namespace ngx_vrrp::check
