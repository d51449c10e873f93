// Runs the script of the page by njs, nginx's JavaScript, which has no document
// and no window.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "core/status/page.hpp"

namespace ngx_vrrp::test {

inline bool has_njs() {
    return std::system("command -v njs > /dev/null") == 0;
}

inline std::string page_script() {
    const std::string page = status::kPage;
    const auto from = page.find("<script>") + 8;
    return page.substr(from, page.find("</script>") - from);
}

// The value of an expression, as a text.
inline std::string run_page_script(const std::string &expression) {
    const std::string script = "import fs from 'fs';" + page_script() +
                               "fs.writeFileSync('/dev/stdout', String(" +
                               expression + "));\n";
    std::string path = "/tmp/page_script.XXXXXX";
    const int fd = ::mkstemp(path.data());
    const bool written = ::write(fd, script.data(), script.size()) ==
                         static_cast<ssize_t>(script.size());
    ::close(fd);

    FILE *pipe = ::popen(("njs " + path).c_str(), "r");
    std::array<char, 4096> part{};
    std::string result;
    while (const auto n = std::fread(part.data(), 1, part.size(), pipe)) {
        result.append(part.data(), n);
    }
    const int failed = ::pclose(pipe);
    ::unlink(path.c_str());
    if (!written || failed != 0) {
        throw std::runtime_error("njs: " + result);
    }
    return result;
}

}  // namespace ngx_vrrp::test
