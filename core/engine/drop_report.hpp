// A dropped packet in words: the sender, the problem, and the change to make.
#pragma once

#include <string>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/engine/authenticator.hpp"
#include "core/engine/facts.hpp"
#include "core/vrrp/config.hpp"
#include "core/wire/advertisement.hpp"
#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp::engine {

struct DropReport {
    LogLevel level;  // warn when a peer's configuration disagrees with ours
    std::string text;
};

// advert: its content, or null when it cannot be read. refusal: of an advert
// that is not authentic.
DropReport describe_drop(wire::DropReason reason, const ReceivedPacket &packet,
                         const vrrp::Config &config,
                         const wire::Advertisement *advert,
                         const AuthRefusal *refusal = nullptr);

}  // namespace ngx_vrrp::engine
