// The formats of webhooks, one file each. Nothing: it cannot be signed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/notify/webhook.hpp"

namespace ngx_vrrp::notify {

using WebhookFormatter = std::optional<WebhookRequest>(
    const Delivery &delivery, const WebhookChannel &channel, Signer &signer,
    WallTime now);

// One JSON object with all members in every case; an array of objects if there
// are several events. With a secret, the header is "X-Ngx-Vrrp-Signature:
// sha256=<HMAC-SHA256 of the body, in hex>".
WebhookFormatter generic_request;

// An array of alerts for POST /api/v2/alerts.
WebhookFormatter alertmanager_request;

// An incoming webhook of Slack, and of Mattermost.
WebhookFormatter slack_request;

// A robot of a DingTalk group. The signature is part of the URL.
WebhookFormatter dingtalk_request;

// A bot of a Feishu or Lark group. The signature is part of the body.
WebhookFormatter feishu_request;

// A robot of a WeCom group: text without any markup.
WebhookFormatter wecom_request;

// "PREFIX lb1: VI_1: BACKUP -> MASTER": the prefix of the configuration first,
// unchanged.
std::string titled(const WebhookChannel &channel, const std::string &headline);

}  // namespace ngx_vrrp::notify
