#include "core/engine/authenticator.hpp"

#include <algorithm>

#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

namespace {

using wire::DropReason;

// Of an unknown key there is none.
std::optional<wire::Mac> mac_of(const vrrp::HmacKey &key, Bytes pdu,
                                const IpAddress &source,
                                const wire::HmacTrailer &trailer,
                                Signing &signing) {
    const auto digest = signing.hmac_sha256(
        key.secret, wire::signed_octets(pdu, source, trailer));
    if (!digest) {
        return std::nullopt;
    }
    wire::Mac mac{};
    std::copy_n(digest->begin(), mac.size(), mac.begin());
    return mac;
}

bool is_known(const wire::HmacTrailer &trailer) {
    return trailer.type == wire::kHmacTrailerType && trailer.reserved == 0;
}

}  // namespace

[[gnu::hot]] std::optional<Buffer> Authenticator::sign(
    const vrrp::Config &config, const wire::Advertisement &advert,
    const IpAddress &source, Signing &signing) {
    if (!config.hmac || config.hmac->mode == vrrp::HmacMode::receive_only) {
        return Buffer{};
    }
    const vrrp::HmacKey *key = config.hmac->find(config.hmac->active_key);
    if (key == nullptr) {
        return std::nullopt;
    }
    wire::HmacTrailer trailer{.key_id = key->id};
    trailer.sequence = guard_.next(*config.hmac, signing.wall_clock());

    // neither destination nor checksum is signed
    const Buffer pdu = wire::serialize(advert, {source, source},
                                       wire::ChecksumForm::message_only);
    const auto mac = mac_of(*key, pdu, source, trailer, signing);
    if (!mac) {
        return std::nullopt;
    }
    trailer.mac = *mac;
    return wire::serialize(trailer);
}

[[gnu::hot]] std::optional<AuthRefusal> Authenticator::refuse(
    const vrrp::Config &config, const wire::ParsedAdvertisement &parsed,
    Bytes pdu, const IpAddress &source, Signing &signing) {
    const auto &trailer = parsed.trailer;
    AuthRefusal refusal{DropReason::auth_type, trailer};
    if (!config.hmac) {
        return trailer ? std::optional{refusal} : std::nullopt;
    }
    const vrrp::HmacConfig &hmac = *config.hmac;
    if (!trailer) {
        return hmac.mode == vrrp::HmacMode::enforce ? std::optional{refusal}
                                                    : std::nullopt;
    }
    if (!is_known(*trailer)) {
        return refusal;
    }
    const WallTime now = signing.wall_clock();
    refusal.ahead = vrrp::clock_difference(trailer->sequence, now);
    if (!vrrp::ReplayGuard::is_in_time(hmac, trailer->sequence, now)) {
        refusal.reason = DropReason::auth_time;
        return refusal;
    }
    const vrrp::HmacKey *key = hmac.find(trailer->key_id);
    if (key == nullptr) {
        refusal.reason = DropReason::auth_key;
        return refusal;
    }
    const Bytes message = pdu.first(pdu.size() - wire::kHmacTrailerSize);
    const auto mac = mac_of(*key, message, source, *trailer, signing);
    if (!mac || !wire::equal_in_constant_time(*mac, trailer->mac)) {
        refusal.reason = DropReason::auth_data;
        return refusal;
    }
    if (!guard_.admit(hmac, source, trailer->sequence,
                      config.unicast_peers.size(), now)) {
        refusal.reason = DropReason::auth_replay;
        return refusal;
    }
    return std::nullopt;
}

[[gnu::hot]] std::string Authenticator::clock_warning(
    const vrrp::Config &config, const wire::ParsedAdvertisement &parsed,
    const IpAddress &source, Signing &signing) {
    if (!config.hmac || !parsed.trailer ||
        config.hmac->anti_replay != vrrp::AntiReplay::time) {
        return {};
    }
    const Seconds ahead =
        vrrp::clock_difference(parsed.trailer->sequence, signing.wall_clock());
    const Seconds difference = std::max(ahead, -ahead);
    if (difference <= config.hmac->window / 2) {
        return {};
    }
    return format(
        "the clock of %s is %lld s %s that of this node; advertisements "
        "are refused when the clocks differ by more than %lld s "
        "(\"time_window\"): synchronize the clocks of both nodes",
        source.to_string().c_str(), static_cast<long long>(difference.count()),
        ahead > Seconds{0} ? "ahead of" : "behind",
        static_cast<long long>(config.hmac->window.count()));
}

}  // namespace ngx_vrrp::engine
