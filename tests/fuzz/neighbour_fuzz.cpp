// Any octets may arrive as ARP or as a Neighbour Advertisement. Each message
// that the parsers accept must have a location, and be the same after it is
// written and read again.

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"

namespace ngx_vrrp::wire {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kIpv6Header = 40;

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "neighbour_fuzz: %s\n", what);
        std::abort();
    }
}

void check(const std::optional<Neighbour> &found, Family family) {
    if (!found) {
        return;
    }
    require(found->address.family() == family, "of another family");
    require(found->mac != MacAddress{}, "nowhere");
    require(!found->address.is_unspecified(), "nobody");
}

void check_arp(Bytes message) {
    const auto found = parse_arp(message);
    check(found, Family::ipv4);
    if (found) {
        const Buffer frame = gratuitous_arp(found->mac, found->address);
        require(parse_arp(Bytes(frame).subspan(kEthernetHeader)) == found,
                "ARP is read differently");
    }
}

void check_ndisc(Bytes message) {
    const auto found = parse_neighbour_advertisement(message);
    check(found, Family::ipv6);
    if (found) {
        const Buffer frame = unsolicited_neighbour_advertisement(
            found->mac, found->address, false);
        require(parse_neighbour_advertisement(Bytes(frame).subspan(
                    kEthernetHeader + kIpv6Header)) == found,
                "an advertisement is read differently");
    }
}

}  // namespace
}  // namespace ngx_vrrp::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::wire::check_arp(ngx_vrrp::Bytes(data, size));
    ngx_vrrp::wire::check_ndisc(ngx_vrrp::Bytes(data, size));
    return 0;
}
