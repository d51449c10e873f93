// Connections to the addresses of a virtual router that are on another node
// now.
#include "core/engine/virtual_router.hpp"

namespace ngx_vrrp::engine {

// True: no connection is left, or closing is not possible.
bool VirtualRouter::cut(Instant now) {
    if (!may_act() || !config().close_connections || config().ports.empty() ||
        addresses_.empty()) {
        cut_.end();
        return true;
    }
    std::vector<IpAddress> addresses;
    for (const AddressState &state : addresses_) {
        addresses.push_back(state.address.address);
    }
    const auto closed =
        ports_.connections.close_connections(addresses, config().ports);
    if (!closed) {
        cut_line_.write(log_, LogLevel::warn,
                        closed.error().to_string() +
                            ", connections to its addresses stay open until "
                            "they time out",
                        now);
        cut_.end();
        return true;
    }
    cut_.count(closed->connections);
    if (!closed->all) {
        return false;
    }
    if (const unsigned count = cut_.end(); count > 0) {
        log_(LogLevel::notice,
             "closed %u connection%s to its addresses, which another node has "
             "now",
             count, count == 1 ? "" : "s");
    }
    return true;
}

[[gnu::hot]] void VirtualRouter::cut_late(Instant now) {
    if (!cut_.is_due(now)) {
        return;
    }
    const bool holds = cut_.holds_addresses();
    const bool long_enough = cut_.held_long_enough(now);
    const bool all = cut(now);
    if (!all && !long_enough) {
        cut_.retry_soon(now);
        return;
    }
    if (!all) {
        cut_.retry_later(now);
    }
    if (holds) {
        remove_addresses(now);
    }
}

// They waited for connections to end.
void VirtualRouter::finish_removal(Instant now) {
    if (cut_.holds_addresses()) {
        cut_.end();
        remove_addresses(now);
    }
}

}  // namespace ngx_vrrp::engine
