// What is posted to a webhook, and what its answer means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/notify/config.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/signer.hpp"
#include "core/notify/text.hpp"

namespace ngx_vrrp::notify {

struct WebhookRequest {
    std::string url;
    std::vector<std::string> headers;  // "Name: value"
    std::string body;
};

// Made anew for each attempt: some signatures are good for a while only. The
// delivery has one event at least. Nothing: it cannot be signed.
std::optional<WebhookRequest> webhook_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime now);

// Of an HTTP response. Its body is looked at only where a status does not tell
// all; the text names what the receiver has said: "HTTP 503", "errcode 310000,
// keywords not in content".
Outcome webhook_outcome(WebhookFormat format, long status,
                        std::string_view body);

}  // namespace ngx_vrrp::notify
