// The request to a webhook, and the meaning of its answer.
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

// Created for each attempt: some signatures are valid for a short time only.
// The delivery has at least one event. Nothing: it cannot be signed.
std::optional<WebhookRequest> webhook_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime now);

// For an HTTP response. Its body is only used if the status is not enough; the
// text contains the receiver's message: "HTTP 503", "errcode 310000, keywords
// not in content".
Outcome webhook_outcome(WebhookFormat format, long status,
                        std::string_view body);

}  // namespace ngx_vrrp::notify
