// Starts a program in a clean environment: with a user's rights, its own
// session and process group, no descriptors except its input (empty) and output
// (a pipe), every signal at its default, no real-time scheduling. It does not
// survive us.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::script {

struct Program {
    std::vector<std::string> command;      // an absolute path, and arguments
    std::vector<std::string> environment;  // NAME=value
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

struct Child {
    int pid = 0;     // to be waited for; also the number of its process group
    os::Fd process;  // a pidfd: readable when the program has ended; empty
                     // where there are none (pidfd.hpp)
    os::Fd output;   // its output; non-blocking
};

// An error in the child is written to its output before it exits with
// kCannotRun. EPERM: CAP_SETUID and CAP_SETGID are needed to choose the user.
// All our capabilities end with execve(), unless the user is root.
Result<Child, SystemError> spawn(const Program &program);

// As shells do.
inline constexpr int kCannotRun = 127;

}  // namespace ngx_vrrp::script
