// bpf/drain.bpf.c as an ELF object file; tools/embed-programs makes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ngx_vrrp::net {

extern const std::uint8_t kDrainObject[];

// 0: built without clang.
extern const std::size_t kDrainObjectSize;

}  // namespace ngx_vrrp::net
