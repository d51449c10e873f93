// Recognises the check scripts of tutorials: most of them only ask whether
// nginx runs, which the module knows itself.
#pragma once

#include <string>
#include <vector>

#include "translator/files.hpp"

namespace ngx_vrrp::translator {

struct Verdict {
    enum class Kind {
        nginx_runs,  // asks only whether nginx runs
        http,        // requests a URL of this node
        tcp,         // connects to a port
        other,
    };

    Kind kind = Kind::other;
    std::string target;           // of http and tcp
    std::string parameters;       // of our directive, each after a space
    bool restarts_nginx = false;  // and that is all it does besides
    bool stops_keepalived = false;
};

// "command" is the program and its arguments. If it is a readable script, its
// text is looked at, too.
Verdict judge_script(const std::vector<std::string> &command,
                     const Files &files);

}  // namespace ngx_vrrp::translator
