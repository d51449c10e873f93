// The status of a node as one page for people: docs/status.md. It needs
// nothing but itself, and is read as well without its script and its style.
#pragma once

#include <string>

#include "core/status/view.hpp"

namespace ngx_vrrp::status {

std::string to_page(const View &view);

}  // namespace ngx_vrrp::status
