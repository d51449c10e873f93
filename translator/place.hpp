// A line of a keepalived.conf, or of a file that it includes.
#pragma once

#include <memory>
#include <string>

namespace ngx_vrrp::translator {

struct Place {
    std::shared_ptr<const std::string> file;
    unsigned line = 0;  // 0: the whole file
};

inline std::string to_string(const Place &place) {
    return (place.file ? *place.file : std::string("-")) +
           (place.line == 0 ? "" : ":" + std::to_string(place.line));
}

}  // namespace ngx_vrrp::translator
