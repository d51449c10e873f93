// Where the kernel cannot be given programs for packets: connections end when
// their address moves.
#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/ports.hpp"

namespace ngx_vrrp::engine {

class NoDrains final : public Drains {
public:
    explicit NoDrains(std::string why) : why_(std::move(why)) {}

    const std::string &why_unavailable() const override { return why_; }

    std::string why_not_hidden(const Interface &) const override {
        return why_;
    }
    bool look_at(const Interface &) override { return false; }

    Status forward(const Interface &, const std::vector<IpAddress> &,
                   const MacAddress &, Duration) override {
        return failure(why_, ENOTSUP);
    }
    Status stop_forwarding(const Interface &,
                           const std::vector<IpAddress> &) override {
        return success();
    }
    Status hide(const Interface &, const std::vector<IpAddress> &,
                const MacAddress &, Duration) override {
        return failure(why_, ENOTSUP);
    }
    Status show(const Interface &, const std::vector<IpAddress> &) override {
        return success();
    }
    Status remove_left_behind(const Interfaces &) override { return success(); }
    DrainCounts counts(const Interface &,
                       const std::vector<IpAddress> &) const override {
        return {};
    }

private:
    std::string why_;
};

}  // namespace ngx_vrrp::engine
