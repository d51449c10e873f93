// What workers tell about the node, from shared memory alone.

#include <optional>
#include <string>

#include "core/capi.h"
#include "core/net/clock.hpp"
#include "core/status/area.hpp"
#include "core/status/json.hpp"
#include "core/status/view.hpp"

namespace {

using namespace ngx_vrrp;

status::Area to_area(const void *area) {
    return status::Area(const_cast<void *>(area));
}

std::optional<std::string> to_text(const status::View &view,
                                   vrrp_core_format_e format) {
    switch (format) {
        case VRRP_CORE_JSON:
            return status::to_json(view);
        case VRRP_CORE_HTML:
        case VRRP_CORE_PROMETHEUS:
        case VRRP_CORE_OPENMETRICS:
            break;
    }
    return std::nullopt;
}

}  // namespace

int vrrp_core_status(const void *area, vrrp_core_format_e format,
                     vrrp_core_append_pt append, void *data) {
    try {
        const auto view = status::take_view(
            to_area(area), {.now = net::now(), .wall = net::wall_clock()});
        if (!view) {
            return VRRP_CORE_AGAIN;
        }
        const auto text = to_text(*view, format);
        if (!text) {
            return VRRP_CORE_DECLINED;
        }
        append(data, text->data(), text->size());
        return VRRP_CORE_OK;
    } catch (...) {
        return VRRP_CORE_ERROR;
    }
}
