// The answer of a worker to the operator's command, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "core/status/commands.hpp"

namespace ngx_vrrp::status {

std::string to_json(engine::Command command, const Outcomes &outcomes);
std::string error_json(engine::Command command, std::string_view error);

}  // namespace ngx_vrrp::status
