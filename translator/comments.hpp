// Comments of our configuration.
#pragma once

#include <string>
#include <string_view>

#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

// Wrapped, unlike directives.
void comment(std::string &out, std::string_view indent,
             const std::string &text);

// For standard error: "file:line: word: text", and what kind of remark it is.
std::string describe(const Remark &remark);

void remarks_of(std::string &out, std::string_view indent,
                const std::string &scope, const Remarks &remarks);

}  // namespace ngx_vrrp::translator
