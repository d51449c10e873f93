// Actions and states as the words of the .case files: short enough to compare
// whole answers of a virtual router at a glance.
#pragma once

#include <string>
#include <vector>

#include "core/vrrp/action.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::test {

std::string to_text(vrrp::StateName state);

// "send-advert priority 100", "add-addresses", "announce-addresses 5", ...
std::string to_text(const vrrp::Action &action);

using Lines = std::vector<std::string>;

Lines to_text(const vrrp::Actions &actions);

}  // namespace ngx_vrrp::test
