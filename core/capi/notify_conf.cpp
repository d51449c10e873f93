#include "core/capi/notify_conf.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>

#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/notify/event.hpp"
#include "core/notify/webhook.hpp"
#include "core/transport/curl_transport.hpp"

namespace {

using namespace ngx_vrrp;
using namespace ngx_vrrp::notify;

static_assert(1 << static_cast<int>(EventKind::split_brain) ==
              VRRP_CORE_EVENT_SPLIT_BRAIN);
static_assert(1 << static_cast<int>(State::init) == VRRP_CORE_TO_INIT);

std::vector<std::string> to_strings(const vrrp_core_str_t *strings,
                                    std::size_t n) {
    std::vector<std::string> list;
    std::transform(strings, strings + n, std::back_inserter(list),
                   [](const vrrp_core_str_t &s) { return to_string(s); });
    return list;
}

ScriptChannel to_script(const vrrp_core_notify_conf_t &c) {
    return {.command = to_strings(c.command, c.ncommand),
            .uid = c.uid,
            .gid = c.gid,
            .with_arguments = c.with_arguments != 0};
}

EmailChannel to_email(const vrrp_core_notify_conf_t &c) {
    return {.url = to_string(c.url),
            .from = to_string(c.from),
            .to = to_strings(c.to, c.nto),
            .username = to_string(c.username),
            .password = to_string(c.secret),
            .ca = to_string(c.ca),
            .verify = c.verify != 0,
            .start_tls = c.start_tls != 0,
            .helo = to_string(c.helo)};
}

WebhookChannel to_webhook(const vrrp_core_notify_conf_t &c) {
    return {.url = to_string(c.url),
            .format = static_cast<WebhookFormat>(c.format),
            .secret = to_string(c.secret),
            .prefix = to_string(c.prefix),
            .ca = to_string(c.ca),
            .verify = c.verify != 0};
}

ChannelConfig to_channel(const vrrp_core_notify_conf_t &c) {
    ChannelConfig channel{
        .name = to_string(c.name),
        .target = to_string(c.target),
        .instance = to_string(c.instance),
        .events = c.events,
        .states = c.states,
        .timeout = Duration{c.timeout_ns},
        .expire = Duration{c.expire_ns},
        .lacks_secret = c.secret_file.len != 0 && c.secret.len == 0,
        .how = {}};
    switch (c.kind) {
        case VRRP_CORE_NOTIFY_SCRIPT:
            channel.how = to_script(c);
            break;
        case VRRP_CORE_NOTIFY_FIFO:
            channel.how = FifoChannel{to_string(c.path)};
            break;
        case VRRP_CORE_NOTIFY_EMAIL:
            channel.how = to_email(c);
            break;
        case VRRP_CORE_NOTIFY_WEBHOOK:
            channel.how = to_webhook(c);
            break;
    }
    return channel;
}

}  // namespace

std::vector<ChannelConfig> ngx_vrrp::to_channels(const vrrp_core_conf_t &conf) {
    std::vector<ChannelConfig> channels;
    std::transform(conf.channels, conf.channels + conf.nchannels,
                   std::back_inserter(channels), to_channel);
    return channels;
}

int vrrp_notifier_possible(const vrrp_core_conf_t *conf, char *why,
                           size_t size) {
    const bool needs_curl = std::any_of(
        conf->channels, conf->channels + conf->nchannels, [](const auto &c) {
            return c.kind == VRRP_CORE_NOTIFY_EMAIL ||
                   c.kind == VRRP_CORE_NOTIFY_WEBHOOK;
        });
    return report(why, size, [&] {
        return needs_curl ? transport::CurlTransport::unavailable()
                          : std::string();
    });
}

int vrrp_core_webhook_format(size_t number,
                             vrrp_core_webhook_format_t *format) {
    const WebhookTraits *traits = webhook_traits(number);
    if (traits == nullptr) {
        return VRRP_CORE_ERROR;
    }
    *format = {.name = traits->name,
               .path = traits->path,
               .has_prefix = traits->has_prefix,
               .signs = traits->signs};
    return VRRP_CORE_OK;
}
