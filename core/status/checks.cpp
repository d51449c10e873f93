#include "core/status/checks.hpp"

namespace ngx_vrrp::status {

Checks take_checks(const check::Table &table) {
    Checks checks;
    for (check::CheckId id = 0, n = table.slots(); id < n; ++id) {
        const auto record = table.load(id);
        if (record && record->verdict != check::Verdict::unused) {
            checks.records.push_back(*record);
        }
    }
    for (const check::Role role : check::kRoles) {
        checks.beats[index_of(role)] = table.last_beat(role);
    }
    return checks;
}

}  // namespace ngx_vrrp::status
