// Texts that clients and files contain.

#include <algorithm>
#include <string_view>

#include "core/base/plain_text.hpp"
#include "core/base/wipe.hpp"
#include "core/capi.h"
#include "core/capi/values.hpp"
#include "core/engine/command.hpp"
#include "core/status/accept.hpp"
#include "core/vrrp/hmac_key.hpp"

using namespace ngx_vrrp;

static_assert(static_cast<int>(status::Format::openmetrics) ==
              VRRP_CORE_OPENMETRICS);
static_assert(vrrp::kLongestHmacKey == VRRP_CORE_HMAC_MAX_KEY);

int vrrp_core_is_name(const vrrp_core_str_t *text) {
    return is_name(to_view(*text));
}

int vrrp_core_is_line(const vrrp_core_str_t *text) {
    return is_line(to_view(*text));
}

int vrrp_core_action(const vrrp_core_str_t *path,
                     vrrp_core_command_e *command) {
    const auto found =
        std::ranges::find(engine::kCommands, last_part(to_view(*path)));
    if (found == engine::kCommands.end()) {
        return VRRP_CORE_DECLINED;
    }
    *command =
        static_cast<vrrp_core_command_e>(found - engine::kCommands.begin());
    return VRRP_CORE_OK;
}

const char *vrrp_core_secret(const vrrp_core_str_t *text,
                             vrrp_core_str_t *line) {
    const SecretLine secret = read_secret(to_view(*text));
    *line = {secret.line.data(), secret.line.size()};
    return secret.wrong;
}

const char *vrrp_core_hmac_key(const vrrp_core_str_t *text,
                               vrrp_core_hmac_key_t *key) {
    vrrp::HmacKeyText read = vrrp::read_hmac_key(to_view(*text));
    if (read.wrong == nullptr) {
        std::ranges::copy(read.secret, key->data);
        key->len = static_cast<std::uint8_t>(read.secret.size());
    }
    // The caller wipes its copy, too: workers inherit the memory of the master.
    wipe(read.secret);
    return read.wrong;
}

void vrrp_core_accept(const vrrp_core_str_t *header,
                      vrrp_core_preference_t *preference) {
    status::Preference now{preference->quality,
                           static_cast<status::Format>(preference->format)};
    status::read_accept(to_view(*header), now);
    *preference = {now.quality, static_cast<vrrp_core_format_e>(now.format)};
}
