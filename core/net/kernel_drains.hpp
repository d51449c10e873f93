// The programs of planned moves, as the engine uses them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/engine/ports.hpp"
#include "core/net/drain_programs.hpp"

namespace ngx_vrrp::net {

class KernelDrains final : public engine::Drains {
public:
    explicit KernelDrains(DrainPrograms programs)
        : programs_(std::move(programs)) {}

    const std::string &why_unavailable() const override {
        return programs_.why_unavailable();
    }

    std::string why_not_hidden(
        const engine::Interface &interface) const override {
        return programs_.why_not_hidden(interface);
    }
    bool look_at(const engine::Interface &interface) override {
        return programs_.look_for_egress(interface);
    }

    Status forward(const engine::Interface &interface,
                   const std::vector<IpAddress> &addresses,
                   const MacAddress &to, Duration lease) override {
        return programs_.forward(interface, addresses, to, interface.mac,
                                 lease);
    }
    Status stop_forwarding(const engine::Interface &interface,
                           const std::vector<IpAddress> &addresses) override {
        return programs_.stop_forwarding(interface, addresses);
    }

    Status hide(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses,
                const MacAddress &successor, Duration lease) override {
        return programs_.hide(interface, addresses, successor, lease);
    }
    Status show(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses) override {
        return programs_.show(interface, addresses);
    }

    Status remove_left_behind(const engine::Interfaces &all) override {
        return programs_.remove_left_behind(all);
    }

    engine::DrainCounts counts(
        const engine::Interface &interface,
        const std::vector<IpAddress> &addresses) const override;

private:
    DrainPrograms programs_;
};

}  // namespace ngx_vrrp::net
