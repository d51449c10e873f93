// A virtual router on its way from one process of the node to another, as
// text: lines of a key and a value, unknown keys are skipped and missing ones
// have defaults, so that two versions of the module understand each other
// during a binary upgrade.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/counters.hpp"
#include "core/engine/faults.hpp"
#include "core/engine/split_brain.hpp"
#include "core/vrrp/checkpoint.hpp"
#include "core/vrrp/config.hpp"

namespace ngx_vrrp::engine {

// What changed last, for status and log.
struct LastTransition {
    Instant at{};
    std::string reason;
};

// A time out that is not over, or that is not forgotten.
struct TimeOut {
    FaultCause cause{};
    Faults::Entry fault;
};

struct Handover {
    std::optional<vrrp::Checkpoint> checkpoint;  // none in a fault
    LastTransition last;
    Counters counters;
    std::vector<vrrp::VirtualAddress> held;  // in the kernel now
    std::vector<std::string> failed;         // titles of trackers
    std::vector<TimeOut> time_outs;
    bool released = false;             // by an operator
    std::vector<SuspectedSign> signs;  // of an active one
};

std::string to_text(const Handover &handover);

// Nothing when it is no handover at all.
std::optional<Handover> parse_handover(std::string_view text);

}  // namespace ngx_vrrp::engine
