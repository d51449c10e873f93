// The status of a node as JSON: docs/status.md.
#pragma once

#include <string>

#include "core/status/view.hpp"

namespace ngx_vrrp::status {

std::string to_json(const View &view);

}  // namespace ngx_vrrp::status
