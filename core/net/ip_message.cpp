#include "core/net/ip_message.hpp"

#include <algorithm>
#include <cstring>

namespace ngx_vrrp::net {

namespace {

in_addr to_in_addr(const IpAddress &address) {
    in_addr result;
    std::memcpy(&result, address.octets().data(), sizeof(result));
    return result;
}

in6_addr to_in6_addr(const IpAddress &address) {
    in6_addr result;
    std::memcpy(&result, address.octets().data(), sizeof(result));
    return result;
}

IpAddress from_in_addr(const in_addr &address) {
    std::array<std::uint8_t, sizeof(address)> octets;
    std::memcpy(octets.data(), &address, octets.size());
    return IpAddress::v4(octets);
}

template <class T>
T data_of(const cmsghdr *header) {
    T value;
    std::memcpy(&value, CMSG_DATA(header), sizeof(T));
    return value;
}

// The next control message.
template <class T>
void put(msghdr &message, int level, int type, const T &value) {
    const std::size_t before = message.msg_controllen;
    message.msg_controllen = before + CMSG_SPACE(sizeof(T));
    auto *header = reinterpret_cast<cmsghdr *>(
        static_cast<std::uint8_t *>(message.msg_control) + before);
    header->cmsg_level = level;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(sizeof(T));
    std::memcpy(CMSG_DATA(header), &value, sizeof(T));
}

}  // namespace

[[gnu::hot]] SocketAddress::SocketAddress(const IpAddress &address,
                                          std::uint16_t port) {
    if (address.family() == Family::ipv4) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(port);
        ipv4.sin_addr = to_in_addr(address);
        size_ = sizeof(ipv4);
        std::memcpy(&storage_, &ipv4, sizeof(ipv4));
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(port);
        ipv6.sin6_addr = to_in6_addr(address);
        size_ = sizeof(ipv6);
        std::memcpy(&storage_, &ipv6, sizeof(ipv6));
    }
}

void SocketAddress::set_zone(IfIndex interface) {
    if (storage_.ss_family == AF_INET6) {
        sockaddr_in6 ipv6{};
        std::memcpy(&ipv6, &storage_, sizeof(ipv6));
        ipv6.sin6_scope_id = to_number(interface);
        std::memcpy(&storage_, &ipv6, sizeof(ipv6));
    }
}

SocketAddress SocketAddress::of_socket(int fd) {
    SocketAddress address;
    auto *storage = reinterpret_cast<sockaddr *>(&address.storage_);
    return ::getsockname(fd, storage, &address.size_) == 0 ? address
                                                           : SocketAddress{};
}

const sockaddr *SocketAddress::data() const {
    return reinterpret_cast<const sockaddr *>(&storage_);
}

// It is at the same place for both families.
std::uint16_t SocketAddress::port() const {
    sockaddr_in address;
    std::memcpy(&address, &storage_, sizeof(address));
    return ntohs(address.sin_port);
}

void SocketAddress::attach_to(msghdr &message) {
    message.msg_name = &storage_;
    message.msg_namelen = size_;
}

IpAddress SocketAddress::address() const {
    if (storage_.ss_family == AF_INET6) {
        sockaddr_in6 ipv6;
        std::memcpy(&ipv6, &storage_, sizeof(ipv6));
        return IpAddress::from_octets(ipv6.sin6_addr.s6_addr);
    }
    sockaddr_in ipv4;
    std::memcpy(&ipv4, &storage_, sizeof(ipv4));
    return from_in_addr(ipv4.sin_addr);
}

void Ancillary::attach_to(msghdr &message) {
    message.msg_control = storage_.data();
    message.msg_controllen = storage_.size();
}

[[gnu::hot]] void Ancillary::put_source(msghdr &message,
                                        const IpAddress &source,
                                        IfIndex index) {
    attach_to(message);
    message.msg_controllen = 0;
    if (source.family() == Family::ipv4) {
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(to_number(index));
        info.ipi_spec_dst = to_in_addr(source);
        put(message, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        info.ipi6_ifindex = to_number(index);
        info.ipi6_addr = to_in6_addr(source);
        put(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

void Ancillary::put_ttl(msghdr &message, Family family, std::uint8_t ttl) {
    const int value = ttl;
    if (family == Family::ipv4) {
        put(message, IPPROTO_IP, IP_TTL, value);
    } else {
        put(message, IPPROTO_IPV6, IPV6_HOPLIMIT, value);
    }
}

Ipv4Arrival ipv4_arrival(msghdr &message) {
    Ipv4Arrival arrival;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != IPPROTO_IP) {
            continue;
        }
        if (header->cmsg_type == IP_PKTINFO) {
            arrival.destination =
                from_in_addr(data_of<in_pktinfo>(header).ipi_addr);
        } else if (header->cmsg_type == IP_TTL) {
            arrival.ttl = static_cast<std::uint8_t>(data_of<int>(header));
        }
    }
    return arrival;
}

Ipv6Arrival ipv6_arrival(msghdr &message) {
    Ipv6Arrival arrival;
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != IPPROTO_IPV6) {
            continue;
        }
        if (header->cmsg_type == IPV6_PKTINFO) {
            const auto info = data_of<in6_pktinfo>(header);
            arrival.destination =
                IpAddress::from_octets(info.ipi6_addr.s6_addr);
            arrival.index = IfIndex{info.ipi6_ifindex};
        } else if (header->cmsg_type == IPV6_HOPLIMIT) {
            arrival.hop_limit = static_cast<std::uint8_t>(data_of<int>(header));
        }
    }
    return arrival;
}

[[gnu::hot]] std::optional<std::uint32_t> overflow(msghdr &message) {
    for (cmsghdr *header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == SOL_SOCKET &&
            header->cmsg_type == SO_RXQ_OVFL) {
            return data_of<std::uint32_t>(header);
        }
    }
    return std::nullopt;
}

}  // namespace ngx_vrrp::net
