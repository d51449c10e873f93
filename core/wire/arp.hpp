// The part of ARP (RFC 826) that virtual IPv4 addresses need: announce where an
// address is, ask whether another host has it, and read who claims it.
#pragma once

#include <cstddef>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/ip.hpp"
#include "core/base/types.hpp"
#include "core/wire/neighbour.hpp"

namespace ngx_vrrp::wire {

// Offset of the sender protocol address in a message.
inline constexpr std::size_t kArpSenderOffset = 14;

// A whole Ethernet frame (42 octets): broadcast ARP request in which sender
// and target protocol address are both `address` (RFC 9568, 8.1.2; RFC 5227,
// 3 on why a request and not a reply). address must be IPv4.
Buffer gratuitous_arp(const MacAddress &sender, const IpAddress &address);

// A whole Ethernet frame (42 octets): an ARP Probe for `address` (RFC 5227,
// 1.1), with the sender protocol address 0.0.0.0, so that no host updates its
// cache. The owner of the address answers to `sender`. With `to`, only this
// host receives it. address must be IPv4.
Buffer arp_probe(const MacAddress &sender, const IpAddress &address,
                 const std::optional<MacAddress> &to = {});

// The sender of a request or a reply, which announces its address with it.
// Octets after the message are Ethernet padding. Nothing if it is not ARP for
// IPv4 over Ethernet, or if it announces no address: a probe, or an unspecified
// sender.
std::optional<Neighbour> parse_arp(Bytes message);

}  // namespace ngx_vrrp::wire
