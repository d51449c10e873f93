// Shared by the parts of the JSON.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/status/view.hpp"

namespace ngx_vrrp::status {

void write_notifier(JsonWriter &json, const View &view);

inline std::int64_t age_ms(const Moment &moment, std::int64_t at_ns) {
    return to_ms(moment.now - instant_from_ns(at_ns));
}

// null: never.
inline void write_age_ms(JsonWriter &json, const Moment &moment,
                         std::string_view name, std::int64_t at_ns) {
    json.key(name);
    if (at_ns == 0) {
        json.null();
    } else {
        json.value(age_ms(moment, at_ns));
    }
}

}  // namespace ngx_vrrp::status
