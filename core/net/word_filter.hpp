// A filter in the kernel (classic BPF): of all messages of a socket it takes
// those that have, at one place, one of some 32-bit words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/system_error.hpp"

namespace ngx_vrrp::net {

// The words are in the order of the host; in a message they are in the
// network's, `offset` octets after its begin. What is heard before is not
// filtered. More words than a filter has room for let everything pass:
// whoever reads looks at it again in any case.
Status set_word_filter(int fd, std::size_t offset,
                       const std::vector<std::uint32_t> &words);

}  // namespace ngx_vrrp::net
