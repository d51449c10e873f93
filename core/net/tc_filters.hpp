// Attaches BPF programs to interfaces, as "tc filter add ... bpf direct-action"
// does. It needs CAP_NET_ADMIN only, and no bpf() call: before Linux 5.19 a
// process without more capabilities may call none.
//
// The filters of all vrrp processes have one priority and one name. The handle
// is the pid, so two processes do not disturb each other, and a filter whose
// process has ended can be found. A process of another PID namespace with this
// network namespace seems to have ended.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

enum class Hook : std::uint8_t { ingress, egress };

class TcFilters {
public:
    Status open();

    // A second call has no effect. Adds the qdisc clsact, too, if there is
    // none; it stays for ever, because others may use it. Another program may
    // have added the qdisc "ingress" in its place: then there is no egress.
    Status add(const engine::Interface &interface, Hook hook, int program);

    // The filter of this process; it is no error if there is none.
    Status remove(const engine::Interface &interface, Hook hook);

    // All filters of this process.
    void remove_all();

    // Such a qdisc "ingress" is there.
    bool has_ingress_only(const engine::Interface &interface) {
        return kind_at_ingress(interface.index) == "ingress";
    }

    // Those of vrrp processes that have ended.
    Status remove_left_behind(const engine::Interface &interface);

private:
    struct Place {
        IfIndex interface {};
        Hook hook{};

        friend auto operator<=>(const Place &, const Place &) = default;
    };

    Status add_qdisc(const engine::Interface &interface, Hook hook);
    std::string kind_at_ingress(IfIndex interface);
    int add_filter(const Place &place, int program);
    int remove_filter(const Place &place, std::uint32_t handle);
    int list(const Place &place, std::vector<std::uint32_t> &handles);
    int remove_dead(const Place &place);

    RequestSocket requests_;
    std::map<Place, std::uint32_t> added_;  // their handles
};

}  // namespace ngx_vrrp::net
