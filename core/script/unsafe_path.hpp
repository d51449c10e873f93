// May a program be run with a user's rights, or could another user have
// replaced it? Judged by owners and permissions, as sshd does with keys.
#pragma once

#include <cstdint>
#include <string>

namespace ngx_vrrp::script {

// Empty if the file and every directory above it, with symbolic links followed
// step by step, belong to root or to this user and no other user may write to
// them (a sticky directory may be writable, because others cannot change
// existing files there), and if it is a regular file that the user may execute.
// Otherwise the problem: directory "/opt/checks" is group-writable.
std::string unsafe_path(const std::string &path, std::uint32_t uid);

}  // namespace ngx_vrrp::script
