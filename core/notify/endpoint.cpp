#include "core/notify/endpoint.hpp"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

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

// Shorter texts are a part of many words by chance.
constexpr std::size_t kShortestToken = 8;

// The parts of a URL that can be secrets.
std::vector<std::string_view> tokens_of(std::string_view url) {
    constexpr std::string_view kBetween = "/?#&=";
    std::vector<std::string_view> tokens;
    const std::size_t slashes = url.find("://");
    url.remove_prefix(slashes == url.npos ? 0 : slashes + 3);
    for (std::size_t end = url.find_first_of(kBetween); end != url.npos;) {
        url.remove_prefix(end + 1);
        end = url.find_first_of(kBetween);
        const std::string_view token = url.substr(0, end);
        if (token.size() >= kShortestToken) {
            tokens.push_back(token);
        }
    }
    return tokens;
}

}  // namespace

std::string without_tokens(std::string text, std::string_view url) {
    constexpr std::string_view kHidden = "***";
    for (const std::string_view token : tokens_of(url)) {
        for (std::size_t at = text.find(token); at != text.npos;
             at = text.find(token, at + kHidden.size())) {
            text.replace(at, token.size(), kHidden);
        }
    }
    return text;
}

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
