// Requests about routes and rules with our mark in the kernel.
#pragma once

#include <optional>

#include "core/base/time.hpp"
#include "core/engine/facts.hpp"
#include "core/net/netlink_socket.hpp"

namespace ngx_vrrp::net {

// The mark of our routes and rules: "proto 112" in ip route and ip rule.
inline constexpr std::uint8_t kRouteMark = 112;

// lease: the kernel removes an IPv6 route after this time. A route that is not
// ours is never changed: EEXIST.
Status add_route(RequestSocket &socket, const vrrp::Route &route,
                 const engine::Interfaces &known, Seconds lease);

// Of an IPv6 route that we have added.
Status prolong_route(RequestSocket &socket, const vrrp::Route &route,
                     const engine::Interfaces &known, Seconds lease);

// Both also succeed if there is none with our mark.
Status remove_route(RequestSocket &socket, const vrrp::Route &route,
                    const engine::Interfaces &known);
Status remove_rule(RequestSocket &socket, const vrrp::Rule &rule);

Status add_rule(RequestSocket &socket, const vrrp::Rule &rule);

// Of a message of a dump; nothing: it does not have our mark.
std::optional<vrrp::Route> parse_route(nlmsghdr *message,
                                       const engine::Interfaces &known);
std::optional<vrrp::Rule> parse_rule(nlmsghdr *message);

// All routes and rules with our mark. The socket is strict: the kernel filters.
Status read_routes(RequestSocket &socket, engine::Interfaces &known);

}  // namespace ngx_vrrp::net
