#include "core/wire/advertisement.hpp"

#include <algorithm>
#include <cassert>
#include <optional>

#include "core/base/checksum.hpp"

namespace ngx_vrrp::wire {

namespace {

constexpr std::uint8_t kTypeAdvertisement = 1;
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kChecksumOffset = 6;
constexpr std::uint16_t kMaxAdvertiseIntervalMask = 0x0fff;

// The fixed part on the wire. `timing` is two fields in each version: Auth Type
// and Advert Int (s), or 4 reserved bits and Max Advertise Interval (cs).
struct Header {
    std::uint8_t version_and_type;
    std::uint8_t vrid;
    std::uint8_t priority;
    std::uint8_t address_count;
    std::uint16_t timing;
    std::uint16_t checksum;

    unsigned version() const { return version_and_type >> 4; }
    unsigned type() const { return version_and_type & 0x0f; }
    bool is_v2() const { return version() == to_number(Version::v2); }
    bool is_v3() const { return version() == to_number(Version::v3); }
};

Header read_header(ByteReader &in) {
    return Header{.version_and_type = in.u8(),
                  .vrid = in.u8(),
                  .priority = in.u8(),
                  .address_count = in.u8(),
                  .timing = in.u16(),
                  .checksum = in.u16()};
}

// RFC 9568, 5.2.6: the reserved bits "MUST be ignored on reception".
Duration interval_of(const Header &header) {
    if (header.is_v2()) {
        return Seconds{header.timing & 0xff};
    }
    return Centiseconds{header.timing & kMaxAdvertiseIntervalMask};
}

std::size_t message_size(bool is_v2, Family family, std::size_t address_count) {
    return kHeaderSize + address_count * address_size(family) +
           (is_v2 ? AuthData{}.size() : 0);
}

// VRRPv2 supports IPv4 only.
bool is_spoken(const Header &header, Family family) {
    return header.is_v3() || (header.is_v2() && family == Family::ipv4);
}

// RFC 9568, 7.1, without the checksum. Errata 8301 and 8299: an interval or an
// address count of 0 is refused.
std::optional<DropReason> refusal(const Header &header, Family family,
                                  std::size_t size,
                                  std::size_t least_addresses) {
    if (!is_spoken(header, family)) {
        return DropReason::version;
    }
    if (header.type() != kTypeAdvertisement) {
        return DropReason::type;
    }
    if (header.address_count < least_addresses) {
        return DropReason::address_count;
    }
    const std::size_t exact =
        message_size(header.is_v2(), family, header.address_count);
    if (size != exact && size != exact + kHmacTrailerSize) {
        return DropReason::length;
    }
    if (interval_of(header) == Duration::zero()) {
        return DropReason::interval;
    }
    return std::nullopt;
}

// The form that is actually used instead of the requested one.
ChecksumForm form_for(Version version, Family family, ChecksumForm wanted) {
    if (version == Version::v2) {
        return ChecksumForm::message_only;
    }
    return family == Family::ipv6 ? ChecksumForm::pseudo_header : wanted;
}

// The kernel sums all of an IPv6 packet, and so does every sender. IPv4 sums
// the message only: a trailer is not part of it.
std::size_t summed_size(Family family, std::size_t message, std::size_t size) {
    return family == Family::ipv6 ? size : message;
}

std::uint16_t checksum(Bytes pdu, const Endpoints &endpoints,
                       ChecksumForm form) {
    Checksum sum;
    sum.add(pdu);
    if (form == ChecksumForm::pseudo_header) {
        sum.add_pseudo_header(endpoints.source, endpoints.destination,
                              kProtocolVrrp, pdu.size());
    }
    return sum.value();
}

std::optional<ChecksumForm> verified_form(Version version, Bytes pdu,
                                          const Endpoints &endpoints) {
    const Family family = endpoints.source.family();
    for (const ChecksumForm form :
         {ChecksumForm::pseudo_header, ChecksumForm::message_only}) {
        if (form_for(version, family, form) == form &&
            checksum(pdu, endpoints, form) == 0) {
            return form;
        }
    }
    return std::nullopt;
}

std::vector<IpAddress> read_addresses(ByteReader &in, Family family,
                                      std::size_t count) {
    std::vector<IpAddress> addresses;
    addresses.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        addresses.push_back(
            IpAddress::from_octets(in.take(address_size(family))));
    }
    return addresses;
}

Authentication read_authentication(ByteReader &in, const Header &header) {
    Authentication authentication;
    authentication.type =
        AuthType{static_cast<std::uint8_t>(header.timing >> 8)};
    std::ranges::copy(in.take(authentication.data.size()),
                      authentication.data.begin());
    return authentication;
}

// `in` is positioned after the header, which has been checked.
Advertisement read_body(ByteReader &in, const Header &header, Family family) {
    Advertisement advertisement;
    advertisement.version = header.is_v2() ? Version::v2 : Version::v3;
    advertisement.vrid = Vrid{header.vrid};
    advertisement.priority = Priority{header.priority};
    advertisement.interval = interval_of(header);
    advertisement.addresses = read_addresses(in, family, header.address_count);
    if (header.is_v2()) {
        advertisement.authentication = read_authentication(in, header);
    }
    return advertisement;
}

template <class Unit>
std::uint16_t whole(Duration interval, std::uint16_t max) {
    const auto count = std::chrono::duration_cast<Unit>(interval);
    assert(count == interval);
    assert(count.count() >= 1 && count.count() <= max);
    return static_cast<std::uint16_t>(count.count() & max);
}

std::uint16_t timing_field(const Advertisement &advertisement) {
    if (advertisement.version == Version::v3) {
        return whole<Centiseconds>(advertisement.interval,
                                   kMaxAdvertiseIntervalMask);
    }
    const auto auth_type =
        static_cast<unsigned>(advertisement.authentication.type);
    return static_cast<std::uint16_t>(
        auth_type << 8 | whole<Seconds>(advertisement.interval, 0xff));
}

}  // namespace

[[gnu::hot]] Result<ParsedAdvertisement, DropReason> parse_advertisement(
    Bytes pdu, const Endpoints &endpoints, std::size_t least_addresses) {
    const Family family = endpoints.source.family();
    assert(family == endpoints.destination.family());
    ByteReader in(pdu);
    const Header header = read_header(in);
    if (!in.ok()) {
        return Unexpected(DropReason::length);
    }
    if (const auto reason =
            refusal(header, family, pdu.size(), least_addresses)) {
        return Unexpected(*reason);
    }
    const Version version = header.is_v2() ? Version::v2 : Version::v3;
    const std::size_t message =
        message_size(header.is_v2(), family, header.address_count);
    const auto form = verified_form(
        version, pdu.first(summed_size(family, message, pdu.size())),
        endpoints);
    if (!form) {
        return Unexpected(DropReason::checksum);
    }
    ParsedAdvertisement parsed{read_body(in, header, family), *form, {}};
    if (pdu.size() > message) {
        parsed.trailer = parse_hmac_trailer(pdu.subspan(message));
    }
    return parsed;
}

[[gnu::hot]] Buffer serialize(const Advertisement &advertisement,
                              const Endpoints &endpoints, ChecksumForm form,
                              Bytes trailer) {
    const Family family = endpoints.source.family();
    const Version version = advertisement.version;
    const std::size_t count = advertisement.addresses.size();
    assert(family == endpoints.destination.family());
    assert(family == Family::ipv4 || version == Version::v3);
    assert(count <= 255);

    const std::size_t message =
        message_size(version == Version::v2, family, count);
    Buffer pdu;
    pdu.reserve(message + trailer.size());
    ByteWriter out(pdu);
    out.u8(static_cast<std::uint8_t>(to_number(version) << 4 |
                                     kTypeAdvertisement))
        .u8(to_number(advertisement.vrid))
        .u8(advertisement.priority.value)
        .u8(static_cast<std::uint8_t>(count))
        .u16(timing_field(advertisement))
        .u16(0);
    for (const IpAddress &address : advertisement.addresses) {
        assert(address.family() == family);
        out.bytes(address.octets());
    }
    if (version == Version::v2) {
        out.bytes(advertisement.authentication.data);
    }
    out.bytes(trailer);
    const Bytes summed =
        Bytes(pdu).first(summed_size(family, message, pdu.size()));
    out.u16_at(kChecksumOffset,
               checksum(summed, endpoints, form_for(version, family, form)));
    return pdu;
}

}  // namespace ngx_vrrp::wire
