#include "core/bfd/status.hpp"

#include <algorithm>

namespace ngx_vrrp::bfd {

Status status_of(const Session &session) {
    const Variables &v = session.variables();
    Status status;
    status.state = v.state;
    status.remote_state = v.remote_state;
    status.diagnostic = v.diagnostic;
    status.remote_diagnostic = v.remote_diagnostic;
    status.local_discriminator = v.local_discriminator;
    status.remote_discriminator = v.remote_discriminator;
    status.remote_multiplier = v.remote_multiplier;
    status.transmit_interval = session.transmit_interval();
    if (v.remote_discriminator != 0) {
        status.receive_interval = std::max(v.used_rx, v.remote_desired_tx);
        status.detection_time = session.detection_time();
    }
    status.changed_at = v.changed_at;
    status.was_up = v.was_up_at != Instant{};
    status.downs = v.downs;
    return status;
}

// RFC 5882, 3.2: without another sign of the peer's life, AdminDown is a
// failure like Down.
std::string reason_of(const Status &status) {
    if (!status.trouble.empty()) {
        return status.trouble;
    }
    std::string text = "the session is ";
    text += to_string(status.state);
    if (status.remote_state == State::admin_down) {
        return text + ", the peer has taken it down";
    }
    if (status.diagnostic != Diagnostic::none) {
        return text.append(", ").append(to_string(status.diagnostic));
    }
    return status.remote_discriminator == 0 ? text + ", the peer is silent"
                                            : text;
}

}  // namespace ngx_vrrp::bfd
