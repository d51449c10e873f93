// A folder with scripts in it, for as long as a test takes.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace ngx_vrrp::test {

class ScriptFolder {
public:
    ScriptFolder() {
        std::string name = "/tmp/ngx_vrrp_scripts.XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path = name;
        std::filesystem::permissions(path, std::filesystem::perms{0755});
    }
    ScriptFolder(const ScriptFolder &) = delete;
    ScriptFolder &operator=(const ScriptFolder &) = delete;
    ~ScriptFolder() { std::filesystem::remove_all(path); }

    // Its path. The script runs in this folder.
    std::string script(const std::string &name, const std::string &body) const {
        const std::string file = path + '/' + name;
        std::ofstream(file) << "#!/bin/sh\ncd " << path << "\n" << body << "\n";
        std::filesystem::permissions(file, std::filesystem::perms{0755});
        return file;
    }

    std::vector<std::string> lines(const std::string &name) const {
        std::vector<std::string> list;
        std::ifstream file(path + '/' + name);
        for (std::string line; std::getline(file, line);) {
            list.push_back(line);
        }
        return list;
    }

    std::string path;
};

// A process that has ended but was not waited for does not count.
inline bool is_alive(int pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t state = text.rfind(") ");
    return state != std::string::npos && text[state + 2] != 'Z';
}

}  // namespace ngx_vrrp::test
