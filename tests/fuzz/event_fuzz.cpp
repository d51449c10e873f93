// Any octets may be in the record of an event, except its kind, which is
// checked on arrival. Each text made from it is UTF-8, and the body for
// webhooks is JSON.
//
// An input: an event record, or its beginning.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/utf8.hpp"
#include "core/notify/email.hpp"
#include "core/notify/json_number.hpp"
#include "core/notify/keepalived_format.hpp"
#include "core/notify/webhook.hpp"

namespace ngx_vrrp::notify {
namespace {

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "event_fuzz: %s\n", what);
        std::abort();
    }
}

class NoSigner final : public Signer {
public:
    std::optional<Digest> hmac_sha256(std::string_view,
                                      std::string_view) override {
        return std::nullopt;
    }
};

// Dates of mails have four digits for the year.
constexpr std::int64_t kLatest = std::int64_t{4'000'000'000} * 1'000'000'000;

EventRecord event_of(const std::uint8_t *data, std::size_t size) {
    EventRecord event{};
    std::copy_n(data, std::min(size, sizeof(event)),
                reinterpret_cast<std::uint8_t *>(&event));
    event.kind =
        EventKind(static_cast<std::size_t>(event.kind) % kEventTraits.size());
    event.wall_ns = std::clamp<std::int64_t>(event.wall_ns, 0, kLatest);
    return event;
}

// It is a member of an object, so that arrays are looked at, too.
void check_json(const std::string &body) {
    require(find_number("{\"body\":" + body + ",\"end\":1}", "end") == 1,
            "a body is not JSON");
    require(valid_utf8(body) == body, "a body is not UTF-8");
}

void check(const EventRecord &event) {
    NoSigner signer;
    Delivery delivery;
    delivery.events = {event, event};
    for (std::size_t format = 0; webhook_traits(format); ++format) {
        WebhookChannel channel;
        channel.url = "https://h/x";
        channel.format = static_cast<WebhookFormat>(format);
        channel.prefix = "p";
        const auto request = webhook_request(delivery, channel, signer, {});
        require(request.has_value(), "no request");
        check_json(request->body);
    }
    require(line(event).find('\n') == std::string::npos, "two lines");
    EmailChannel email;
    email.from = "a@b";
    email.to = {"c@d"};
    const Mail mail = make_mail(delivery, email, {});
    require(std::ranges::none_of(mail.text, [](char c) { return c == 0; }),
            "a zero in a mail");
}

}  // namespace
}  // namespace ngx_vrrp::notify

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::notify::check(ngx_vrrp::notify::event_of(data, size));
    return 0;
}
