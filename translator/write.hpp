// Our configuration, for the main context of nginx.
#pragma once

#include <string>

#include "translator/model.hpp"
#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

// Empty: there is no vrrp_instance.
std::string write(const Model &model, const Remarks &remarks);

// With its place, for nginx -t: without load_module and events { }.
std::string as_one(const std::string &configuration);

// For standard error: "file:line: word: text", and what kind of remark it is.
std::string describe(const Remark &remark);

}  // namespace ngx_vrrp::translator
