// May a program be run with a user's rights, or could somebody else have put
// it there? Judged by owners and permissions, like sshd does with keys.
#pragma once

#include <cstdint>
#include <string>

namespace ngx_vrrp::net {

// Empty when the file and every folder above it, symbolic links followed step
// by step, belong to root or to this user and nobody else may write to them
// (into a sticky folder others may, since they cannot touch what is there),
// and the file is an ordinary one that the user may execute. Otherwise what
// is wrong: directory "/opt/checks" is group-writable.
std::string unsafe_path(const std::string &path, std::uint32_t uid);

}  // namespace ngx_vrrp::net
