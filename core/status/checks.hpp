// The results of the checks of a node, at one moment.
#pragma once

#include <array>
#include <vector>

#include "core/check/record.hpp"
#include "core/check/role.hpp"
#include "core/check/table.hpp"

namespace ngx_vrrp::status {

struct Checks {
    std::vector<check::Record> records;  // of those that are used
    std::array<check::Beat, check::kRoles.size()> beats{};  // by role
};

// Leaves out a record whose writer has stopped in the middle.
Checks take_checks(const check::Table &table);

}  // namespace ngx_vrrp::status
