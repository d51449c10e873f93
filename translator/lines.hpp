// The lines that keepalived reads: without comments, with included files,
// with variables replaced, and without the lines of other nodes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "translator/files.hpp"
#include "translator/place.hpp"
#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

struct Line {
    Place place;
    std::string text;  // trimmed, not empty
};

struct Identity {
    std::string config_id;  // for "@" lines: -i, or the host name
};

struct Limits {
    std::size_t lines = 1'000'000;
    std::size_t octets = 64'000'000;
};

// NotKeepalived if the file cannot be read or is not a text.
std::vector<Line> read_lines(const Files &files, const std::string &path,
                             const Identity &identity, const Limits &limits,
                             Remarks &remarks);

}  // namespace ngx_vrrp::translator
