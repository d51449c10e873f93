// The formats of webhooks, one file each. Nothing: it cannot be signed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/notify/webhook.hpp"

namespace ngx_vrrp::notify {

// One JSON object with all members in every case; an array of objects if there
// are several events. With a secret, the header is "X-Ngx-Vrrp-Signature:
// sha256=<HMAC-SHA256 of the body, in hex>".
std::optional<WebhookRequest> generic_request(const Delivery &delivery,
                                              const WebhookChannel &channel,
                                              Signer &signer, WallTime now);

// An array of alerts for POST /api/v2/alerts.
std::optional<WebhookRequest> alertmanager_request(
    const Delivery &delivery, const WebhookChannel &channel, Signer &signer,
    WallTime now);

// An incoming webhook of Slack, and of Mattermost.
std::optional<WebhookRequest> slack_request(const Delivery &delivery,
                                            const WebhookChannel &channel,
                                            Signer &signer, WallTime now);

// A robot of a DingTalk group. The signature is part of the URL.
std::optional<WebhookRequest> dingtalk_request(const Delivery &delivery,
                                               const WebhookChannel &channel,
                                               Signer &signer, WallTime now);

// A bot of a Feishu or Lark group. The signature is part of the body.
std::optional<WebhookRequest> feishu_request(const Delivery &delivery,
                                             const WebhookChannel &channel,
                                             Signer &signer, WallTime now);

// A robot of a WeCom group: text without any markup.
std::optional<WebhookRequest> wecom_request(const Delivery &delivery,
                                            const WebhookChannel &channel,
                                            Signer &signer, WallTime now);

// "PREFIX lb1: VI_1: BACKUP -> MASTER": the prefix of the configuration first,
// unchanged.
std::string titled(const WebhookChannel &channel, const std::string &headline);

}  // namespace ngx_vrrp::notify
