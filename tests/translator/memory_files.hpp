// A machine in memory: its files, programs, users and environment.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "translator/files.hpp"

namespace ngx_vrrp::translator {

class MemoryFiles : public Files {
public:
    std::map<std::string, std::string> files;
    std::map<std::string, std::string> variables;
    std::vector<std::string> users;

    std::optional<std::string> read(const std::string &path) const override {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt
                                    : std::optional(found->second);
    }

    // Only "*" as the name, before an extension.
    std::vector<std::string> match(const std::string &path) const override {
        const std::string pattern =
            path.starts_with("./") ? path.substr(2) : path;
        const std::size_t star = std::min(pattern.find('*'), pattern.size());
        const std::string begin = pattern.substr(0, star);
        const std::string end =
            star == pattern.size() ? "" : pattern.substr(star + 1);
        std::vector<std::string> paths;
        for (const auto &[name, content] : files) {
            if (star == pattern.size()
                    ? name == pattern
                    : name.starts_with(begin) && name.ends_with(end)) {
                paths.push_back(name);
            }
        }
        return paths;
    }

    std::optional<std::string> program(const std::string &name) const override {
        return exists("/bin/" + name) ? std::optional("/bin/" + name)
                                      : std::nullopt;
    }

    bool exists(const std::string &path) const override {
        return files.contains(path);
    }

    bool has_address(const std::string &) const override { return false; }

    bool has_user(const std::string &name) const override {
        return std::find(users.begin(), users.end(), name) != users.end();
    }

    std::optional<std::string> environment(
        const std::string &name) const override {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt
                                        : std::optional(found->second);
    }
};

}  // namespace ngx_vrrp::translator
