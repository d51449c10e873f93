// The connections of each virtual address, counted for all routers at once: for
// each count the kernel looks at all connections of the machine. If each router
// counted its own, a node that leaves with 100 addresses would stand still for
// so long that its peers take over before they have agreed to forward.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/engine/ports.hpp"

namespace ngx_vrrp::engine {

class ConnectionCounts {
public:
    explicit ConnectionCounts(Connections &kernel) : kernel_(kernel) {}

    // They are counted together with the others.
    void add(const std::vector<IpAddress> &addresses) {
        for (const IpAddress &address : addresses) {
            counts_.emplace(address, 0);
        }
    }

    // To these addresses, which have been added, at some moment after this
    // one. If none is left, that is so now: one may have begun meanwhile.
    Result<unsigned, SystemError> count(const std::vector<IpAddress> &addresses,
                                        Instant after, Instant now) {
        if (!counted_at_ || *counted_at_ <= after) {
            if (const Status counted = count_all(now); !counted) {
                return Unexpected(counted.error());
            }
        }
        const unsigned sum = sum_of(addresses);
        if (sum != 0 || now == *counted_at_) {
            return sum;
        }
        return count_only(addresses);
    }

private:
    Status count_all(Instant now) {
        std::vector<IpAddress> addresses;
        for (const auto &[address, number] : counts_) {
            addresses.push_back(address);
        }
        const auto numbers = kernel_.count_connections(addresses);
        if (!numbers) {
            return Unexpected(numbers.error());
        }
        auto number = numbers->begin();
        for (auto &[address, known] : counts_) {
            known = *number++;
        }
        counted_at_ = now;
        return success();
    }

    Result<unsigned, SystemError> count_only(
        const std::vector<IpAddress> &addresses) {
        const auto numbers = kernel_.count_connections(addresses);
        if (!numbers) {
            return Unexpected(numbers.error());
        }
        unsigned sum = 0;
        for (const unsigned number : *numbers) {
            sum += number;
        }
        return sum;
    }

    unsigned sum_of(const std::vector<IpAddress> &addresses) const {
        unsigned sum = 0;
        for (const IpAddress &address : addresses) {
            const auto found = counts_.find(address);
            sum += found != counts_.end() ? found->second : 0;
        }
        return sum;
    }

    Connections &kernel_;
    std::map<IpAddress, unsigned> counts_;
    std::optional<Instant> counted_at_;
};

}  // namespace ngx_vrrp::engine
