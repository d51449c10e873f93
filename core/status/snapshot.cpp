#include "core/status/snapshot.hpp"

#include <cstdint>
#include <string_view>

#include "core/status/sane.hpp"

namespace ngx_vrrp::status {

void add(Snapshot &snapshot, InstanceRecord record,
         std::span<const AddressRecord> addresses,
         std::span<const TrackerRecord> trackers,
         std::span<const RouteRecord> routes) {
    record.first_address =
        static_cast<std::uint32_t>(snapshot.addresses.size());
    record.addresses = static_cast<std::uint32_t>(addresses.size());
    record.first_tracker = static_cast<std::uint32_t>(snapshot.trackers.size());
    record.trackers = static_cast<std::uint32_t>(trackers.size());
    record.first_route = static_cast<std::uint32_t>(snapshot.routes.size());
    record.routes = static_cast<std::uint32_t>(routes.size());

    snapshot.instances.push_back(made_sane(record));
    snapshot.addresses.insert(snapshot.addresses.end(), addresses.begin(),
                              addresses.end());
    snapshot.routes.insert(snapshot.routes.end(), routes.begin(), routes.end());
    for (const TrackerRecord &tracker : trackers) {
        snapshot.trackers.push_back(made_sane(tracker));
    }
}

std::vector<IpAddress> left_addresses(const Snapshot &snapshot) {
    std::vector<IpAddress> list;
    for (const InstanceRecord &record : snapshot.instances) {
        if (record.drain.since_ns == 0) {
            continue;
        }
        const auto addresses =
            std::span(snapshot.addresses)
                .subspan(record.first_address, record.addresses);
        for (const AddressRecord &one : addresses) {
            const std::string_view text = one.address.view();
            if (const auto address =
                    IpAddress::parse(text.substr(0, text.find('/')))) {
                list.push_back(*address);
            }
        }
    }
    return list;
}

}  // namespace ngx_vrrp::status
