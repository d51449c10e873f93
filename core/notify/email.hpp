// A mail (RFC 5322, MIME) about events, and the meaning of a mail server's
// answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/notify/config.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/text.hpp"

namespace ngx_vrrp::notify {

struct Mail {
    std::string sender;  // of the envelope: an address and nothing else
    std::vector<std::string> recipients;
    std::string text;  // lines end with CRLF; a first "." is not doubled
};

// The delivery has at least one event. A repeated mail has the same Message-ID:
// a receiver that gets it twice shows it once.
Mail make_mail(const Delivery &delivery, const EmailChannel &channel,
               WallTime now);

// Of a reply that refuses (RFC 5321, 4.2.1): code is 400 to 599.
Outcome mail_refused(long code, std::string_view reply);

}  // namespace ngx_vrrp::notify
