// The request to a webhook, and the meaning of its answer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/notify/config.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/signer.hpp"
#include "core/notify/text.hpp"

namespace ngx_vrrp::notify {

// The properties of a format.
struct WebhookTraits {
    const char *name;         // format=
    std::size_t batch = 1;    // events in one message
    Duration pause{0};        // after a message
    bool forgets = false;     // alerts end if not repeated, see kRepeat
    bool has_prefix = false;  // prefix= is for people
    bool signs = false;       // secret_file=
    const char *path = "";    // the end of its URLs
};

// Of a WebhookFormat. nullptr: no such format.
const WebhookTraits *webhook_traits(std::size_t number);

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
