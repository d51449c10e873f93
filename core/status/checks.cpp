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
    if (table.is_current()) {
        checks.last_beat = table.last_beat();
    }
    return checks;
}

}  // namespace ngx_vrrp::status
