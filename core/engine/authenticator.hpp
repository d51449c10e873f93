// Signs the advertisements of a virtual router, and verifies those of others:
// "authentication HMAC".
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/time.hpp"
#include "core/engine/signing.hpp"
#include "core/vrrp/config.hpp"
#include "core/vrrp/replay_guard.hpp"
#include "core/wire/advertisement.hpp"
#include "core/wire/drop_reason.hpp"

namespace ngx_vrrp::engine {

// The reason to drop an advertisement, and what a text about it needs.
struct AuthRefusal {
    wire::DropReason reason{};
    std::optional<wire::HmacTrailer> trailer;  // none: it has none
    Seconds ahead{0};                          // the clock of the sender
};

class Authenticator {
public:
    // The trailer of an advertisement, for all destinations; empty without
    // "authentication HMAC". Nothing: it cannot be signed.
    std::optional<Buffer> sign(const vrrp::Config &config,
                               const wire::Advertisement &advert,
                               const IpAddress &source, Signing &signing);

    // pdu: the parsed octets. Cheap reasons come first: a flood must not cost
    // an HMAC for each packet.
    std::optional<AuthRefusal> refuse(const vrrp::Config &config,
                                      const wire::ParsedAdvertisement &parsed,
                                      Bytes pdu, const IpAddress &source,
                                      Signing &signing);

    // The clock of this sender will soon differ too much; empty: it does not.
    static std::string clock_warning(const vrrp::Config &config,
                                     const wire::ParsedAdvertisement &parsed,
                                     const IpAddress &source, Signing &signing);

    const vrrp::ReplayState &state() const { return guard_.state(); }
    void resume(vrrp::ReplayState state) { guard_.resume(std::move(state)); }

private:
    vrrp::ReplayGuard guard_;
};

}  // namespace ngx_vrrp::engine
