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

// RFC 3986, 3.1: "schemes are case-insensitive".
std::string to_lower(std::string_view text) {
    std::string lower(text);
    for (char &c : lower) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return lower;
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
        return {"?", "?", "?"};
    }
    const std::string scheme = to_lower(url.substr(0, slashes));
    std::string_view authority = url.substr(slashes + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    authority.remove_prefix(authority.rfind('@') + 1);

    const std::string host(authority.substr(0, port_colon(authority)));
    if (host.size() < authority.size()) {
        return {scheme, host, std::string(authority)};
    }
    return {scheme, host, host + ":" + std::string(port_of(scheme))};
}

}  // namespace ngx_vrrp::notify
