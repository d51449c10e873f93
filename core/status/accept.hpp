// Which format of the status a client prefers, from its headers "Accept"
// (RFC 9110, 12.5.1).
#pragma once

#include <cstdint>
#include <string_view>

namespace ngx_vrrp::status {

enum class Format : std::uint8_t { json, html, prometheus, openmetrics };

struct Preference {
    int quality = 0;  // of all headers so far, in thousandths
    Format format = Format::json;
};

// Of the formats with the highest quality the first one is preferred. Other
// types and wildcards are ignored.
void read_accept(std::string_view header, Preference &preference);

}  // namespace ngx_vrrp::status
