// The results of checks: what the master, the workers and the process that
// marks upstreams ask of the table in shared memory.

#include <optional>
#include <vector>

#include "core/capi.h"
#include "core/capi_check_conf.hpp"
#include "core/check/table.hpp"
#include "core/net/clock.hpp"
#include "core/status/area.hpp"

namespace {

using namespace ngx_vrrp;

static_assert(static_cast<int>(check::Verdict::down) == VRRP_CORE_DOWN);

check::Table table_of(const void *area, std::uint64_t generation) {
    return status::Area(const_cast<void *>(area)).checks(generation);
}

// The last generation of this area up to this one that has a table: one that
// was not put into force may have none.
std::optional<check::Table> last_table(void *area, std::uint64_t generation) {
    for (std::uint64_t back = 0; back < 2 && back < generation; ++back) {
        const check::Table table = table_of(area, generation - back);
        if (table.is_current()) {
            return table;
        }
    }
    return std::nullopt;
}

std::optional<check::Table> table_before(void *area,
                                         const vrrp_core_conf_t &conf) {
    void *previous = conf.previous_area;
    return previous != nullptr
               ? last_table(previous, status::Area(previous).generation())
               : last_table(area, conf.generation - 1);
}

}  // namespace

int vrrp_core_checks_begin(void *area, const vrrp_core_conf_t *conf) {
    try {
        const auto before = table_before(area, *conf);
        const bool begun = table_of(area, conf->generation)
                               .begin(to_checks(*conf), conf->nchecks,
                                      before ? &*before : nullptr);
        return begun ? VRRP_CORE_OK : VRRP_CORE_ERROR;
    } catch (...) {
        return VRRP_CORE_ERROR;
    }
}

void vrrp_core_checks_rearrange(void *area, const vrrp_core_conf_t *conf,
                                size_t first, size_t n) {
    try {
        std::vector<check::Config> checks;
        for (std::size_t i = first; i < first + n; ++i) {
            checks.push_back(to_check(conf->checks[i]));
        }
        table_of(area, conf->generation).rearrange(first, checks);
    } catch (...) {
        // Out of memory: results are lost, checks are not.
        return;
    }
}

vrrp_core_verdict_e vrrp_core_check_verdict(const void *area,
                                            uint64_t generation, size_t check) {
    return static_cast<vrrp_core_verdict_e>(
        table_of(area, generation).verdict(check));
}

uint64_t vrrp_core_checks_changes(const void *area, uint64_t generation) {
    return table_of(area, generation).changes();
}

int64_t vrrp_core_check_recovered(const void *area, uint64_t generation,
                                  size_t check) {
    return to_ns(table_of(area, generation).recovered_at(check));
}

int vrrp_core_checks_recovered(const void *area, uint64_t generation,
                               size_t first, size_t n, const char *address,
                               size_t len, int64_t age_ns) {
    return table_of(area, generation)
        .has_recovered(first, n, {address, len}, net::now() - Duration{age_ns});
}
