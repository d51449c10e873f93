#include "core/capi/notify_conf.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

#include "core/base/log.hpp"
#include "core/capi/values.hpp"
#include "core/capi/wall.hpp"
#include "core/notify/event.hpp"
#include "core/notify/webhook.hpp"
#include "core/transport/curl_transport.hpp"

namespace {

using namespace ngx_vrrp;
using namespace ngx_vrrp::notify;

template <class Enum>
constexpr int bit(Enum member) {
    return 1 << static_cast<int>(member);
}

static_assert(bit(EventKind::state) == VRRP_CORE_EVENT_STATE);
static_assert(bit(EventKind::upstream) == VRRP_CORE_EVENT_UPSTREAM);
static_assert(bit(EventKind::master_rx_lower_pri) == VRRP_CORE_EVENT_RX_LOWER);
static_assert(bit(EventKind::drift) == VRRP_CORE_EVENT_DRIFT);
static_assert((bit(EventKind::priority) & VRRP_CORE_USUAL_EVENTS) == 0);
static_assert(bit(State::master) == VRRP_CORE_TO_MASTER);
static_assert(bit(State::backup) == VRRP_CORE_TO_BACKUP);
static_assert(bit(State::fault) == VRRP_CORE_TO_FAULT);
static_assert(bit(State::stop) == VRRP_CORE_TO_STOP);
static_assert(bit(State::init) == VRRP_CORE_TO_INIT);
static_assert(bit(State::deleted) == VRRP_CORE_TO_DELETED);

using Names = std::vector<std::string>;

Names to_strings(const vrrp_core_str_t *strings, std::size_t n) {
    Names list;
    std::transform(strings, strings + n, std::back_inserter(list),
                   [](const vrrp_core_str_t &s) { return to_string(s); });
    return list;
}

// At commas.
Names split(std::string text) {
    Names list;
    std::size_t comma = text.find(',');
    for (; comma != text.npos; comma = text.find(',')) {
        list.push_back(text.substr(0, comma));
        text.erase(0, comma + 1);
    }
    list.push_back(std::move(text));
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
            .to = split(to_string(c.to)),
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
        .of_group = c.of_group != 0,
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

// "a, b and c"
std::string list_of(const Names &names, const std::string &conjunction) {
    std::string list;
    for (const std::string &name : names) {
        const bool is_last = &name == &names.back();
        list += list.empty() ? "" : is_last ? ' ' + conjunction + ' ' : ", ";
        list += name;
    }
    return list;
}

Names event_names() {
    Names names;
    for (const EventTraits &traits : kEventTraits) {
        names.emplace_back(traits.name);
    }
    return names;
}

// Of all formats, or of those with a flag.
Names format_names(bool WebhookTraits::*flag = nullptr) {
    Names names;
    for (std::size_t i = 0; const auto *traits = webhook_traits(i); ++i) {
        if (flag == nullptr || traits->*flag) {
            names.emplace_back(traits->name);
        }
    }
    return names;
}

std::string unsupported(const WebhookTraits &traits, const char *parameter,
                        bool WebhookTraits::*flag) {
    return traits.*flag ? ""
                        : format(
                              "\"%s\" is not supported by format %s, only "
                              "by %s",
                              parameter, traits.name,
                              list_of(format_names(flag), "and").c_str());
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

int vrrp_core_parse_events(const vrrp_core_str_t *names, uint32_t *events,
                           char *expected, size_t size) {
    return report(expected, size, [&]() -> std::string {
        const Names known = event_names();
        *events = 0;
        for (const std::string &name : split(to_string(*names))) {
            const auto it = std::ranges::find(known, name);
            if (it == known.end()) {
                return "must be a list of " + list_of(known, "and") +
                       ", as in \"state,split_brain\"";
            }
            *events |= 1U << (it - known.begin());
        }
        return {};
    });
}

int vrrp_core_parse_webhook_format(const vrrp_core_str_t *name,
                                   uint32_t *number, char *expected,
                                   size_t size) {
    return report(expected, size, [&] {
        const Names known = format_names();
        const auto it = std::ranges::find(known, to_string(*name));
        *number = static_cast<std::uint32_t>(it - known.begin());
        return it == known.end() ? "must be " + list_of(known, "or") : "";
    });
}

int vrrp_core_webhook_supports(size_t number, int prefix, int secret, char *why,
                               size_t size) {
    return report(why, size, [&] {
        const WebhookTraits &traits = *webhook_traits(number);
        const std::string text =
            prefix ? unsupported(traits, "prefix=", &WebhookTraits::has_prefix)
                   : "";
        return secret && text.empty()
                   ? unsupported(traits, "secret_file=", &WebhookTraits::signs)
                   : text;
    });
}

const char *vrrp_core_webhook_path(size_t number) {
    return webhook_traits(number)->path;
}
