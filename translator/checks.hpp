// The check of an upstream, from the checkers of its servers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "translator/reading.hpp"

namespace ngx_vrrp::translator {

struct Check {
    std::string line;                // vrrp_check without ";", or nothing
    std::vector<std::string> match;  // lines of vrrp_match
};

// keepalived has several checkers for each server, an upstream has one check:
// that of the first server is chosen, and what it cannot do is reported.
class Checks {
public:
    explicit Checks(Reading &reading) : reading_(reading) {}

    Check choose(const VirtualServer &server);

private:
    Reading &reading_;
    std::optional<std::string> tls_parameters_;  // the same for all checks
};

}  // namespace ngx_vrrp::translator
