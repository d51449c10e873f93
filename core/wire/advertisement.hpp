// VRRP ADVERTISEMENT packets, both versions and both families: octets <->
// values. Without state and clock; vrrp/admission.hpp decides which senders and
// values are accepted.
//
// All of core/wire has this form: parse_...() returns a value or the reason for
// the refusal (DropReason), and never reads past the given bytes; the other
// direction returns the octets. arp.hpp, ndisc.hpp and icmp.hpp are the other
// protocols.
//
//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |Version| Type  | Virtual Rtr ID|   Priority    |  Addr Count   |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// v2 |  Auth Type  | Advert Int (s) |           Checksum          |
// v3 | 0 |  Max Advertise Int (cs)  |           Checksum          |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// |                  address, Addr Count times                    |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
// v2 |          authentication data, always 8 octets              |
// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// A trailer may follow, which is not part of its length: hmac_trailer.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/types.hpp"
#include "core/wire/drop_reason.hpp"
#include "core/wire/hmac_trailer.hpp"

namespace ngx_vrrp::wire {

// RFC 2338, 5.3.6 (RFC 3768 still has the field, but not the types).
enum class AuthType : std::uint8_t { none = 0, simple_text = 1 };

// A password of up to 8 octets, zero-padded: the 8 octets are part of every
// VRRPv2 packet, whatever the type.
using AuthData = std::array<std::uint8_t, 8>;

struct Authentication {
    AuthType type = AuthType::none;
    AuthData data{};

    friend bool operator==(const Authentication &,
                           const Authentication &) = default;
};

// RFC 9568 sums the IPv4 message only; keepalived and FRR add an IPv4 pseudo
// header, as RFC 5798 can be read. IPv6 always has the pseudo header, VRRPv2
// never.
enum class ChecksumForm : std::uint8_t { message_only, pseudo_header };

struct Advertisement {
    Version version = Version::v3;
    Vrid vrid{};
    Priority priority;
    // v2: whole seconds, 1..255; v3: whole centiseconds, 1..4095
    Duration interval{};
    std::vector<IpAddress> addresses;  // at most 255, one family
    Authentication authentication;     // v2 only

    friend bool operator==(const Advertisement &,
                           const Advertisement &) = default;
};

// The addresses for the pseudo header; both of one family.
struct Endpoints {
    IpAddress source;
    IpAddress destination;

    friend bool operator==(const Endpoints &, const Endpoints &) = default;
};

struct ParsedAdvertisement {
    Advertisement advertisement;
    ChecksumForm checksum_form = ChecksumForm::message_only;
    std::optional<HmacTrailer> trailer;  // not verified
};

// pdu: the IP payload, exactly. Checks, cheapest first: length, version (2 or
// 3, IPv6 only 3), type, address count, exact length (with or without a
// trailer), interval not 0, checksum (VRRPv3 over IPv4 in either form; IPv6
// with the trailer). An unknown authentication type is not an error here: it is
// returned unchanged, and admission refuses it.
// least_addresses 0: for a virtual router without addresses.
Result<ParsedAdvertisement, DropReason> parse_advertisement(
    Bytes pdu, const Endpoints &endpoints, std::size_t least_addresses = 1);

// form is only used for VRRPv3 over IPv4. The interval must be representable in
// the unit of the version; this is asserted, because the configuration has been
// checked. trailer: its octets, or none.
Buffer serialize(const Advertisement &advertisement, const Endpoints &endpoints,
                 ChecksumForm form, Bytes trailer = {});

}  // namespace ngx_vrrp::wire
