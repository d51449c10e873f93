#include "core/base/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <bit>
#include <cassert>

#include "core/base/bytes.hpp"
#include "core/base/log.hpp"

namespace ngx_vrrp {

namespace {

int domain_of(Family family) {
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

// An address of the deprecated form ::1.2.3.4 (RFC 4291, 2.5.5.1), for which
// RFC 5952 has no mixed notation.
bool has_only_last_groups(Bytes octets) {
    return std::ranges::all_of(octets.first(12),
                               [](auto o) { return o == 0; }) &&
           (octets[12] != 0 || octets[13] != 0);
}

}  // namespace

[[gnu::hot]] IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
    return from_octets(octets);
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
    return from_octets(octets);
}

[[gnu::hot]] IpAddress IpAddress::from_octets(
    std::span<const std::uint8_t> octets) {
    assert(octets.size() == 4 || octets.size() == 16);
    IpAddress address;
    address.family_ = octets.size() == 4 ? Family::ipv4 : Family::ipv6;
    std::ranges::copy(octets, address.octets_.begin());
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string copy(text);
    IpAddress address;
    address.family_ = text.find(':') == text.npos ? Family::ipv4 : Family::ipv6;
    const bool parsed = text.find('\0') == text.npos &&
                        ::inet_pton(domain_of(address.family_), copy.c_str(),
                                    address.octets_.data()) == 1;
    return parsed ? std::optional(address) : std::nullopt;
}

[[gnu::hot]] std::span<const std::uint8_t> IpAddress::octets() const {
    return std::span(octets_).first(address_size(family_));
}

bool IpAddress::is_unspecified() const {
    return octets_ == std::array<std::uint8_t, 16>{};
}

[[gnu::hot]] bool IpAddress::is_multicast() const {
    return family_ == Family::ipv4 ? octets_[0] >> 4 == 0xe
                                   : octets_[0] == 0xff;
}

bool IpAddress::is_link_local() const {
    return family_ == Family::ipv4
               ? octets_[0] == 169 && octets_[1] == 254
               : octets_[0] == 0xfe && octets_[1] >> 6 == 0x2;
}

std::string IpAddress::to_string() const {
    if (family_ == Family::ipv6 && has_only_last_groups(octets())) {
        return format("::%x:%x", octets_[12] << 8 | octets_[13],
                      octets_[14] << 8 | octets_[15]);
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(domain_of(family_), octets_.data(), text.data(), text.size());
    return text.data();
}

bool same_prefix(const IpAddress &a, const IpAddress &b, unsigned length) {
    if (a.family() != b.family()) {
        return false;
    }
    const auto all = a.octets();
    const auto [of_a, of_b] = std::ranges::mismatch(all, b.octets());
    if (of_a == all.end()) {
        return true;
    }
    const auto differing = static_cast<std::uint8_t>(*of_a ^ *of_b);
    return 8 * (of_a - all.begin()) + std::countl_zero(differing) >= length;
}

}  // namespace ngx_vrrp
