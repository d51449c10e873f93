#include "core/peer/remembered.hpp"

#include <algorithm>
#include <optional>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/base/sealed_text.hpp"

namespace ngx_vrrp::peer {

namespace {

constexpr std::string_view kKind = "peers 1";

// Linux: IFNAMSIZ without its zero.
constexpr std::size_t kLongestInterface = 15;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kLongestInterface &&
           std::ranges::all_of(text,
                               [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

void Remembered::read(std::string_view text, WallTime now) {
    *this = {};
    auto lines = unsealed(kKind, text);
    while (lines && !lines->empty()) {
        if (!read_line(take_part(*lines, '\n'), now)) {
            *this = {};
            return;
        }
    }
}

// A line of another version is skipped.
bool Remembered::read_line(std::string_view line, WallTime now) {
    const std::string_view kind = take_part(line, ' ');
    if (kind == "peer") {
        const std::string_view interface = take_part(line, ' ');
        const auto address = IpAddress::parse(take_part(line, ' '));
        const auto linked_at = parse_wall_time(take_part(line, ' '), now);
        if (!is_name(interface) || !address || !linked_at) {
            return false;
        }
        if (now - *linked_at < kForgotten && addresses_.size() < kMostPeers) {
            addresses_.push_back(
                {std::string(interface), *address, *linked_at});
        }
    }
    return true;
}

std::string Remembered::text() const {
    std::string lines;
    for (const Address &peer : addresses_) {
        lines +=
            "peer " + peer.interface + " " + peer.address.to_string() +
            format(" %lld\n",
                   static_cast<long long>(to_unix_seconds(peer.linked_at)));
    }
    return sealed(kKind, lines);
}

// The one without a link for the longest time makes room.
void Remembered::note(const std::string &interface, const IpAddress &address,
                      WallTime now) {
    Address *known = find_first(addresses_, [&](const Address &peer) {
        return peer.interface == interface && peer.address == address;
    });
    if (known && now >= known->linked_at &&
        now - known->linked_at < kWrittenAgain) {
        return;
    }
    if (!known) {
        if (addresses_.size() >= kMostPeers) {
            addresses_.erase(
                std::ranges::min_element(addresses_, {}, &Address::linked_at));
        }
        known = &addresses_.emplace_back(Address{interface, address, {}});
    }
    known->linked_at = now;
    changed_ = true;
}

}  // namespace ngx_vrrp::peer
