// A file of what a node remembers for its next nginx. The vrrp process opens it
// while it is root, as it cannot open files of root later, and keeps it open:
// no other process of nginx has the descriptor. So the file is not replaced by
// another one: it is small enough to be written with one call, and a text that
// is not whole is recognised.
#pragma once

#include <string>
#include <string_view>

#include "core/base/store.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

// Made with mode 0600 if there is none. A link, and a file that another user
// owns or can write, is refused.
Result<os::Fd, SystemError> open_kept_file(const char *path);

class KeptFile final : public Store {
public:
    // fd -1: nothing is remembered.
    explicit KeptFile(os::Fd fd) : fd_(std::move(fd)) {}

    std::string read() override;
    Status write(std::string_view text) override;

private:
    os::Fd fd_;
};

}  // namespace ngx_vrrp::net
