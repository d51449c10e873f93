// The request to a webhook, and the meaning of its response.
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

// Made again for each attempt: some signatures are valid only for a while. The
// delivery has at least one event. Nothing: it cannot be signed.
std::optional<WebhookRequest> webhook_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime now);

// Of an HTTP response. The body is read only if the status is not enough. The
// text has the receiver's words: "HTTP 503", "errcode 310000, keywords not in
// content".
Outcome webhook_outcome(WebhookFormat format, long status,
                        std::string_view body);

}  // namespace ngx_vrrp::notify
