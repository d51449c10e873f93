// The machine as the translator needs it. Tests have one in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ngx_vrrp::translator {

class Files {
public:
    Files() = default;
    Files(const Files &) = delete;
    Files &operator=(const Files &) = delete;
    virtual ~Files() = default;

    virtual std::optional<std::string> read(const std::string &path) const = 0;
    // In the order of glob(); no match: empty.
    virtual std::vector<std::string> match(
        const std::string &pattern) const = 0;
    // The absolute path of a program without one, as found in PATH.
    virtual std::optional<std::string> program(
        const std::string &name) const = 0;
    virtual bool exists(const std::string &path) const = 0;
    virtual bool has_address(const std::string &address) const = 0;
    virtual bool has_user(const std::string &name) const = 0;
    virtual std::optional<std::string> environment(
        const std::string &name) const = 0;
};

}  // namespace ngx_vrrp::translator
