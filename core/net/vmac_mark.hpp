// The mark of the devices that this module makes (use_vmac), which is all that
// remains if every process dies: the alias of the device, "ngx_vrrp
// 51/ipv4/eth0 arp_ignore=0 arp_announce=0". It has the router, and the
// settings that the interface below had before.
//
// The kernel takes no alias when it makes a device, but a group. A device in
// this group is not complete: a process that died was making or removing it. It
// belongs to the router that has its MAC address and its base.
#pragma once

#include <netlink/attr.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ngx_vrrp::net {

// net.ipv4.conf.IF.*
struct ArpSettings {
    std::uint32_t ignore = 0;
    std::uint32_t announce = 0;
};

inline constexpr std::uint32_t kUnfinished = 0x56525250;

struct VmacMark {
    std::string router;              // the text of its key
    std::optional<ArpSettings> arp;  // IPv4
};

std::string to_string(const VmacMark &mark);

// Nothing: this is not our device. alias: IFLA_IFALIAS, or nullptr.
std::optional<VmacMark> vmac_mark(const nlattr *alias);

// group: IFLA_GROUP, or nullptr.
bool is_unfinished(const nlattr *group);

}  // namespace ngx_vrrp::net
