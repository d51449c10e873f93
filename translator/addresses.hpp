// Lines of virtual_ipaddress, virtual_routes and virtual_rules.
#pragma once

#include <vector>

#include "translator/grammar.hpp"
#include "translator/model.hpp"

namespace ngx_vrrp::translator {

void read_addresses(Reading &reading, const Entry &entry,
                    std::vector<Address> &addresses);

Extra read_route(Reading &reading, const Piece &item);
Extra read_rule(Reading &reading, const Piece &item);

}  // namespace ngx_vrrp::translator
