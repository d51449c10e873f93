// The checks of this nginx in shared memory: written by the processes that
// check (one writer for each record), read by the vrrp process, by workers and
// by the status page. Lock-free: a writer that dies in the middle blocks no
// reader.
//
// There is one table for each generation of the configuration, in one of two
// halves of the memory in turn: a new generation is laid out while processes of
// the previous one still use their table. A process that has been overtaken
// twice finds that its table is no more (is_current()). If that happens in the
// very middle of a store(), a record of the new table may be spoilt until it is
// stored again; its verdict is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/check/config.hpp"
#include "core/check/record.hpp"
#include "core/check/role.hpp"

namespace ngx_vrrp::check {

class Table {
public:
    // Bytes for this many checks, in both halves; a multiple of kAlignment.
    static std::size_t size(std::size_t checks);

    static constexpr std::size_t kAlignment = 64;

    // The table of a generation, for its processes. memory has room for this
    // number of checks, and was full of zeros at first; it outlives the Table,
    // which is a handle and may be copied. Corrupt content never causes an
    // access beyond its end.
    Table(void *memory, std::size_t checks, std::uint64_t generation);

    // In the master, once for a generation and before its processes start: lays
    // out the records of these checks, unused ones after them up to `slots`;
    // those that are in `before` keep their results. A check whose initial
    // verdict is "unused" is a reserved slot: assign() fills it. False: no
    // room, and nothing has been touched.
    bool begin(const std::vector<Config> &checks, std::size_t slots,
               const Table *before);

    // No later table has been laid out over this one.
    bool is_current() const;

    // 0 when it is not current.
    std::size_t slots() const;

    // Nothing if it is not current, or if a writer was active at each of a
    // bounded number of attempts.
    std::optional<Record> load(CheckId id) const;

    // The state from which a check continues: its own results in the table, or
    // none.
    Record recall(CheckId id, const Config &config) const;

    // Ignored when it is not current.
    void store(CheckId id, const Record &record);

    // A check that is added or removed after begin(). It keeps the results that
    // this slot, or the previous generation, has of it.
    void assign(CheckId id, const Config &config);
    void release(CheckId id);

    // For a process that replaces one that has died: these checks, from the
    // place `first` on, keep the results that any of their places has of them.
    void rearrange(CheckId first, const std::vector<Config> &checks);

    // One load. Verdict::unused when it is not current.
    Verdict verdict(CheckId id) const;

    // Grows with each change of any verdict and with each recovery; 0 when it
    // is not current.
    std::uint64_t changes() const;

    // When it last passed after a failure, or came up again.
    Instant recovered_at(CheckId id) const;

    // Has one of these n checks, of this address, recovered since then?
    bool has_recovered(CheckId first, std::size_t n, std::string_view address,
                       Instant since) const;

    // Check it now: the process that makes it looks when it is woken.
    void demand(CheckId id, Instant now);
    Instant demanded_at(CheckId id) const;

    // Of the process that has this role. Ignored, or nothing, when the table
    // is not current.
    void beat(Role role, const Beat &beat);
    Beat last_beat(Role role) const;

private:
    struct SharedBeat;
    struct Header;
    struct Slot;

    Header &header() const;
    Slot &slot(CheckId id) const;

    bool has(CheckId id) const;
    std::uint64_t key(CheckId id) const;
    std::optional<CheckId> find(std::uint64_t key) const;
    std::vector<Record> recall_all(const std::vector<Config> &checks,
                                   CheckId first, CheckId end) const;
    void lay_out(CheckId id, const Record &record);

    std::uint8_t *memory_;
    std::uint64_t generation_;
    std::size_t capacity_;  // slots in each half
};

}  // namespace ngx_vrrp::check
