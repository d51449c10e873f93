#include "core/notify/endpoint.hpp"

#include <array>
#include <utility>

namespace ngx_vrrp::notify {

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPorts{
    {{"http", "80"}, {"https", "443"}, {"smtp", "25"}, {"smtps", "465"}}};

std::string_view port_of(std::string_view scheme) {
    for (const auto &[name, port] : kPorts) {
        if (name == scheme) {
            return port;
        }
    }
    return "?";
}

// The colon before a port; those of an IPv6 address are in brackets.
std::size_t port_colon(std::string_view authority) {
    const std::size_t bracket = authority.rfind(']');
    return authority.find(':', bracket == authority.npos ? 0 : bracket);
}

}  // namespace

Endpoint endpoint_of(std::string_view url) {
    const std::size_t slashes = url.find("://");
    if (slashes == url.npos) {
        return {"?", "?"};
    }
    std::string_view authority = url.substr(slashes + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    authority.remove_prefix(authority.rfind('@') + 1);

    const std::string host(authority.substr(0, port_colon(authority)));
    if (host.size() < authority.size()) {
        return {host, std::string(authority)};
    }
    return {host, host + ":" + std::string(port_of(url.substr(0, slashes)))};
}

}  // namespace ngx_vrrp::notify
