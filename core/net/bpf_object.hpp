// Programs in an ELF object file for BPF, which clang has compiled for this
// machine. Only what the programs of bpf/ need: each is a section without calls
// to another, all their symbols are one map.
#pragma once

#include <linux/bpf.h>

#include <optional>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::net {

// The instructions of a section, with the descriptor of the map where the
// program has its symbol. Nothing: there is no such section, or it needs more.
std::optional<std::vector<bpf_insn>> read_bpf_program(Bytes object,
                                                      std::string_view section,
                                                      std::string_view map,
                                                      int map_fd);

}  // namespace ngx_vrrp::net
