// Our configuration, one text for each context of nginx.
#pragma once

#include <string>

#include "translator/comments.hpp"
#include "translator/model.hpp"
#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

struct Output {
    std::string main;     // vrrp { ... }
    std::string http;     // directives in http { }
    std::string stream;   // directives in stream { }
    bool secret = false;  // there is a password in main
};

Output write(const Model &model, const Remarks &remarks);

// The upstreams of http or of stream, with their servers.
std::string write_upstreams(const Model &model, const Comments &comments,
                            bool http);

// As one configuration for nginx -t, without load_module and events { }.
std::string as_one(const Output &output);

}  // namespace ngx_vrrp::translator
