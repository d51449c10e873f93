// Our configuration, one text for each context of nginx.
#pragma once

#include <string>

#include "translator/model.hpp"
#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

struct Output {
    std::string main;    // vrrp { ... }
    std::string http;    // directives in http { }
    std::string stream;  // directives in stream { }
};

Output write(const Model &model, const Remarks &remarks);

// As one configuration for nginx -t, without load_module and events { }.
std::string as_one(const Output &output);

// For standard error: "file:line: word: text", and what kind of remark it is.
std::string describe(const Remark &remark);

}  // namespace ngx_vrrp::translator
