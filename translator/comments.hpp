// Comments of our configuration.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "translator/remarks.hpp"

namespace ngx_vrrp::translator {

// Wrapped, unlike directives.
void comment(std::string &out, std::string_view indent,
             const std::string &text);

// For standard error: "file:line: word: text", and what kind of remark it is.
std::string describe(const Remark &remark);

// Finds the remarks of a scope, of which there can be tens of thousands.
class Comments {
public:
    explicit Comments(const Remarks &remarks);

    void write(std::string &out, std::string_view indent,
               std::string_view scope) const;

private:
    std::map<std::string_view, std::vector<const Remark *>> all_;
};

}  // namespace ngx_vrrp::translator
