// The results of checks: access to the table in shared memory for the master,
// the workers and the process that marks upstreams.

#include <optional>
#include <vector>

#include "core/capi.h"
#include "core/capi/check_conf.hpp"
#include "core/capi/memory.hpp"
#include "core/capi/wall.hpp"
#include "core/check/table.hpp"
#include "core/os/clock.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(static_cast<int>(check::Verdict::down) == VRRP_CORE_DOWN);

check::Table table_of(const vrrp_core_memory_t &memory,
                      std::uint64_t generation) {
    return memory.area().checks(generation);
}

// In a process that cannot write.
const check::Table readable_table_of(const vrrp_core_memory_t &memory,
                                     std::uint64_t generation) {
    return memory.readable_area().checks(generation);
}

// The last generation before this one that has a table: one that was not put
// into force may have none.
std::optional<check::Table> table_before(const vrrp_core_memory_t &memory,
                                         std::uint64_t generation) {
    for (std::uint64_t back = 1; back <= 2 && back < generation; ++back) {
        const check::Table table = table_of(memory, generation - back);
        if (table.is_current()) {
            return table;
        }
    }
    return std::nullopt;
}

}  // namespace

int vrrp_core_checks_begin(vrrp_core_memory_t *memory,
                           const vrrp_core_conf_t *conf) {
    return guarded(VRRP_CORE_ERROR, [&] {
        const auto before =
            table_before(conf->previous != nullptr ? *conf->previous : *memory,
                         conf->generation);
        const bool begun = table_of(*memory, conf->generation)
                               .begin(to_checks(*conf), conf->nchecks,
                                      before ? &*before : nullptr);
        return begun ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    });
}

void vrrp_core_checks_rearrange(vrrp_core_memory_t *memory,
                                const vrrp_core_conf_t *conf, size_t first,
                                size_t n) {
    // Out of memory: results are lost, checks are not.
    guarded([&] {
        std::vector<check::Config> checks;
        for (std::size_t i = first; i < first + n; ++i) {
            checks.push_back(to_check(conf->checks[i]));
        }
        table_of(*memory, conf->generation).rearrange(first, checks);
    });
}

vrrp_core_verdict_e vrrp_core_check_verdict(const vrrp_core_memory_t *memory,
                                            uint64_t generation, size_t check) {
    return static_cast<vrrp_core_verdict_e>(
        readable_table_of(*memory, generation).verdict(check));
}

uint64_t vrrp_core_checks_changes(const vrrp_core_memory_t *memory,
                                  uint64_t generation) {
    return memory == nullptr ? 0
                             : readable_table_of(*memory, generation).changes();
}

int64_t vrrp_core_check_recovered(const vrrp_core_memory_t *memory,
                                  uint64_t generation, size_t check) {
    return to_ns(readable_table_of(*memory, generation).recovered_at(check));
}

int vrrp_core_checks_recovered(const vrrp_core_memory_t *memory,
                               uint64_t generation, size_t first, size_t n,
                               const char *address, size_t len,
                               int64_t age_ns) {
    return memory != nullptr &&
           readable_table_of(*memory, generation)
               .has_recovered(first, n, {address, len},
                              os::now() - Duration{age_ns});
}
