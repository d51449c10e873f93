// The status of a node as JSON and as metrics: docs/status.md.
#pragma once

#include <string>

#include "core/status/metrics_writer.hpp"
#include "core/status/view.hpp"

namespace ngx_vrrp::status {

std::string to_json(const View &view);
std::string to_metrics(const View &view, MetricsFormat format);

}  // namespace ngx_vrrp::status
