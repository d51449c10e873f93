// A filter in the kernel (classic BPF): it accepts messages of a socket that
// have one of some 32-bit words at one place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/system_error.hpp"

namespace ngx_vrrp::net {

// The words are in the order of the host; in a message they are in the
// network's, `offset` octets after its begin. Messages that arrived before are
// not filtered. If there are more words than a filter has room for, it passes
// everything: the reader checks again in any case.
Status set_word_filter(int fd, std::size_t offset,
                       const std::vector<std::uint32_t> &words);

}  // namespace ngx_vrrp::net
