// Attributes that a program does not inherit from us.
#include "core/script/spawn.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

namespace ngx_vrrp::script {
namespace {

constexpr std::uint32_t kNobodyId = 65534;

std::string printed_by(Program program) {
    Result<Child, SystemError> child = spawn(std::move(program));
    if (!child) {
        return child.error().to_string();
    }
    std::string text;
    std::array<char, 256> buffer;
    pollfd p{child->output.get(), POLLIN, 0};
    while (::poll(&p, 1, 10000) > 0) {
        const ssize_t n =
            ::read(child->output.get(), buffer.data(), buffer.size());
        if (n <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::waitpid(child->pid, nullptr, 0);
    return text;
}

TEST(Spawn, ProgramHasNoGroupsOfOurs) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "needs root";
    }
    const pid_t child = ::fork();
    if (child == 0) {
        const gid_t ours[] = {4242, 4243};
        const bool set = ::setgroups(2, ours) == 0;
        const std::string groups = printed_by({.command = {"/usr/bin/id", "-G"},
                                               .environment = {},
                                               .uid = kNobodyId,
                                               .gid = kNobodyId});
        ::_exit(set && groups == "65534\n" ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ngx_vrrp::script
