// The destination of a URL, in a form without secrets.
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

// A text of the other side, which may repeat parts of the URL: "***" replaces
// each part besides the host that could be a secret.
std::string without_tokens(std::string text, std::string_view url);

}  // namespace ngx_vrrp::notify
