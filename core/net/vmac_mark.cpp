#include "core/net/vmac_mark.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "core/base/log.hpp"
#include "core/net/netlink_message.hpp"

namespace ngx_vrrp::net {

namespace {

constexpr std::string_view kMark = "ngx_vrrp ";

}  // namespace

std::string to_string(const VmacMark &mark) {
    std::string text = std::string(kMark) + mark.router;
    if (mark.arp) {
        text +=
            format(" arp_ignore=%u arp_announce=%u", unsigned{mark.arp->ignore},
                   unsigned{mark.arp->announce});
    }
    return text;
}

std::optional<VmacMark> vmac_mark(const nlattr *alias) {
    if (alias == nullptr) {
        return std::nullopt;
    }
    const Bytes value = value_of(alias);
    std::string text(value.begin(), value.end());
    text.resize(std::min(text.find('\0'), text.size()));
    if (!text.starts_with(kMark)) {
        return std::nullopt;
    }
    text.erase(0, kMark.size());
    const std::size_t end = std::min(text.find(' '), text.size());
    VmacMark mark{text.substr(0, end), std::nullopt};
    ArpSettings arp;
    if (std::sscanf(text.c_str() + end, " arp_ignore=%9u arp_announce=%9u",
                    &arp.ignore, &arp.announce) == 2) {
        mark.arp = arp;
    }
    return mark;
}

bool is_unfinished(const nlattr *group) {
    return group != nullptr && nla_len(group) == sizeof(kUnfinished) &&
           nla_get_u32(group) == kUnfinished;
}

}  // namespace ngx_vrrp::net
