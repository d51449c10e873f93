#include "core/status/view.hpp"

namespace ngx_vrrp::status {

std::optional<Snapshot> take_snapshot(const Area &area) {
    const auto bytes = area.read();
    return bytes ? from_bytes(*bytes) : std::nullopt;
}

std::optional<View> take_view(const Area &area, const Moment &moment) {
    auto snapshot = take_snapshot(area);
    if (!snapshot) {
        return std::nullopt;
    }
    return View{.snapshot = *std::move(snapshot),
                .checks = take_checks(area.checks(area.generation())),
                .workers = area.heartbeats(),
                .moment = moment};
}

}  // namespace ngx_vrrp::status
