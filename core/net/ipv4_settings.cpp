#include "core/net/ipv4_settings.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace ngx_vrrp::net {

namespace {

// Enough for two nested attributes of each setting.
constexpr std::size_t kSettingsRoom = 1024;

ifinfomsg about(IfIndex interface) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(to_number(interface));
    return header;
}

// The settings in an answer about a link.
const nlattr *settings_in(nlmsghdr *message) {
    nlattr *attributes[IFLA_MAX + 1];
    if (nlmsg_parse(message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) <
            0 ||
        attributes[IFLA_AF_SPEC] == nullptr) {
        return nullptr;
    }
    const nlattr *family =
        nla_find(static_cast<nlattr *>(nla_data(attributes[IFLA_AF_SPEC])),
                 nla_len(attributes[IFLA_AF_SPEC]), AF_INET);
    return family != nullptr ? nla_find(static_cast<nlattr *>(nla_data(family)),
                                        nla_len(family), IFLA_INET_CONF)
                             : nullptr;
}

}  // namespace

Result<Ipv4Settings, SystemError> read_ipv4_settings(RequestSocket &socket,
                                                     IfIndex interface) {
    std::optional<Ipv4Settings> read;
    const int error = socket.exchange(
        make_message(RTM_GETLINK, 0, about(interface)), [&](nlmsghdr *message) {
            if (const auto settings = parse_ipv4_settings(message)) {
                read = settings;
            }
        });
    if (!read) {
        return failure("reading IPv4 settings", error != 0 ? error : EPROTO);
    }
    return *read;
}

std::optional<Ipv4Settings> parse_ipv4_settings(nlmsghdr *message) {
    const nlattr *found = settings_in(message);
    if (found == nullptr) {
        return std::nullopt;
    }
    const Bytes values = value_of(found);
    Ipv4Settings settings;
    std::memcpy(settings.values_.data(), values.data(),
                std::min(values.size(), sizeof(settings.values_)));
    return settings;
}

void put_ipv4_settings(Message &message,
                       std::span<const Ipv4Setting> settings) {
    nest(message, IFLA_AF_SPEC, [&] {
        nest(message, AF_INET, [&] {
            nest(message, IFLA_INET_CONF, [&] {
                for (const Ipv4Setting &s : settings) {
                    put(message, s.number, s.value);
                }
            });
        });
    });
}

int set_ipv4_settings(RequestSocket &socket, IfIndex interface,
                      std::span<const Ipv4Setting> settings) {
    Message message =
        make_message(RTM_SETLINK, 0, about(interface), kSettingsRoom);
    put_ipv4_settings(message, settings);
    return socket.exchange(message);
}

}  // namespace ngx_vrrp::net
