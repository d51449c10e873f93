// Where a URL leads to, in words that hold no secret.
#pragma once

#include <string>
#include <string_view>

namespace ngx_vrrp::notify {

struct Endpoint {
    std::string scheme;     // in lower case: "smtp"
    std::string host;       // "mail.example.org", "[2001:db8::1]"
    std::string host_port;  // "mail.example.org:25"
};

// Of SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/...], where a port that is left
// out is that of the scheme: http, https, smtp, smtps.
Endpoint endpoint_of(std::string_view url);

// A text of the other side, which may repeat what the URL has beside its host:
// "***" stands for each part of that which could be a secret.
std::string without_tokens(std::string text, std::string_view url);

}  // namespace ngx_vrrp::notify
