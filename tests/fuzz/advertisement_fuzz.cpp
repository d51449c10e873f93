// Any octets may arrive as a VRRP packet. Each packet that the parser accepts
// must be the same after it is written and read again, and a right checksum
// must never be called wrong.

#include <cstdio>
#include <cstdlib>

#include "core/base/checksum.hpp"
#include "core/wire/advertisement.hpp"

namespace ngx_vrrp::wire {
namespace {

constexpr std::size_t kChecksumOffset = 6;

Endpoints endpoints_of(Family family) {
    if (family == Family::ipv4) {
        return {IpAddress::v4({10, 99, 0, 1}), IpAddress::v4({224, 0, 0, 18})};
    }
    return {IpAddress::v6(
                {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01}),
            IpAddress::v6(
                {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12})};
}

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "advertisement_fuzz: %s\n", what);
        std::abort();
    }
}

void check_round_trip(const ParsedAdvertisement &parsed, std::size_t size,
                      const Endpoints &endpoints) {
    const Buffer trailer =
        parsed.trailer ? serialize(*parsed.trailer) : Buffer{};
    const Buffer pdu = serialize(parsed.advertisement, endpoints,
                                 parsed.checksum_form, trailer);
    const auto again = parse_advertisement(pdu, endpoints);

    require(pdu.size() == size, "written with another size");
    require(again.has_value(), "not read again");
    require(again->advertisement == parsed.advertisement, "read differently");
    require(again->checksum_form == parsed.checksum_form, "summed differently");
    require(again->trailer == parsed.trailer, "another trailer");
}

void check(Bytes pdu, const Endpoints &endpoints) {
    const auto parsed = parse_advertisement(pdu, endpoints);
    if (parsed) {
        check_round_trip(*parsed, pdu.size(), endpoints);
    }
}

bool is_v2(Bytes pdu) {
    return pdu[0] >> 4 == to_number(Version::v2);
}

// In IPv4, the trailer is not summed.
std::size_t summed_size(Bytes pdu, Family family) {
    const std::size_t message = std::size_t{8} + pdu[3] * address_size(family) +
                                (is_v2(pdu) ? AuthData{}.size() : 0);
    return family == Family::ipv4 && pdu.size() == message + kHmacTrailerSize
               ? message
               : pdu.size();
}

// Without this, what is behind the checksum would hardly ever be reached.
Buffer with_right_checksum(Bytes pdu, const Endpoints &endpoints) {
    Buffer repaired(pdu.begin(), pdu.end());
    ByteWriter(repaired).u16_at(kChecksumOffset, 0);
    const std::size_t size = summed_size(pdu, endpoints.source.family());
    Checksum sum;
    sum.add(Bytes(repaired).first(size));
    if (!is_v2(pdu)) {
        sum.add_pseudo_header(endpoints.source, endpoints.destination,
                              kProtocolVrrp, size);
    }
    ByteWriter(repaired).u16_at(kChecksumOffset, sum.value());
    return repaired;
}

void check_repaired(Bytes pdu, const Endpoints &endpoints) {
    if (pdu.size() < kChecksumOffset + 2) {
        return;
    }
    const Buffer repaired = with_right_checksum(pdu, endpoints);
    const auto parsed = parse_advertisement(repaired, endpoints);

    require(parsed || parsed.error() != DropReason::checksum,
            "a right checksum is called wrong");
    check(repaired, endpoints);
}

}  // namespace
}  // namespace ngx_vrrp::wire

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp;

    for (const Family family : {Family::ipv4, Family::ipv6}) {
        const wire::Endpoints endpoints = wire::endpoints_of(family);
        wire::check(Bytes(data, size), endpoints);
        wire::check_repaired(Bytes(data, size), endpoints);
    }
    return 0;
}
