// Text from another program or machine, made safe for a log line and a status
// page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ngx_vrrp {

// The first line, at most `size` octets of it, with a question mark for
// whatever is not printable ASCII.
inline std::string first_line(std::string_view text, std::size_t size) {
    std::string line(text.substr(0, text.find_first_of("\r\n")));
    line.resize(line.size() < size ? line.size() : size);
    for (char &c : line) {
        c = c < ' ' || c > '~' ? '?' : c;
    }
    return line;
}

}  // namespace ngx_vrrp
