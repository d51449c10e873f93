// What the operator has to know about the translation.
#pragma once

#include <string>
#include <vector>

#include "translator/place.hpp"

namespace ngx_vrrp::translator {

enum class Severity {
    note,    // the translation is complete; this is good to know
    decide,  // an operator has to decide
};

struct Remark {
    Severity severity = Severity::note;
    Place place;
    std::string word;  // of the keepalived.conf
    std::string text;
    std::string scope;  // the instance, upstream or group; empty: everything
};

using Remarks = std::vector<Remark>;

inline bool needs_decision(const Remarks &remarks) {
    for (const Remark &remark : remarks) {
        if (remark.severity == Severity::decide) {
            return true;
        }
    }
    return false;
}

// The input is not a keepalived.conf: what was expected, and where.
struct NotKeepalived {
    Place place;
    std::string expected;
    Remarks remarks{};  // that say why
};

}  // namespace ngx_vrrp::translator
