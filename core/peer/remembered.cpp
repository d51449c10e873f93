#include "core/peer/remembered.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/find.hpp"
#include "core/base/fingerprint.hpp"
#include "core/base/log.hpp"
#include "core/base/parse_number.hpp"

namespace ngx_vrrp::peer {

namespace {

constexpr std::string_view kTitle = "ngx_vrrp peers 1 ";

// Linux: IFNAMSIZ without its zero.
constexpr std::size_t kLongestInterface = 15;

std::int64_t to_seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time)
        .time_since_epoch()
        .count();
}

std::string title_of(std::string_view lines) {
    return std::string(kTitle) +
           format("%016llx\n",
                  static_cast<unsigned long long>(fingerprint(lines)));
}

std::string_view next(std::string_view &text, char end) {
    const std::size_t n = std::min(text.find(end), text.size());
    const std::string_view part = text.substr(0, n);
    text.remove_prefix(std::min(n + 1, text.size()));
    return part;
}

// Not later than this: the clock may have been wrong before.
std::optional<WallTime> parse_time(std::string_view text, WallTime latest) {
    const auto seconds = parse_number<std::int64_t>(text);
    if (!seconds || *seconds < 0) {
        return std::nullopt;
    }
    return WallTime{Seconds{std::min(*seconds, to_seconds(latest))}};
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kLongestInterface &&
           std::ranges::all_of(text,
                               [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

void Remembered::read(std::string_view text, WallTime now) {
    *this = {};
    const std::size_t first = text.find('\n');
    if (text.size() > kLargestStore || first == std::string_view::npos ||
        text.substr(0, first + 1) != title_of(text.substr(first + 1))) {
        return;
    }
    for (text.remove_prefix(first + 1); !text.empty();) {
        if (!read_line(next(text, '\n'), now)) {
            *this = {};
            return;
        }
    }
}

// A line of another version is skipped.
bool Remembered::read_line(std::string_view line, WallTime now) {
    const std::string_view kind = next(line, ' ');
    if (kind == "peer") {
        const std::string_view interface = next(line, ' ');
        const auto address = IpAddress::parse(next(line, ' '));
        const auto linked_at = parse_time(next(line, ' '), now);
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
        lines += "peer " + peer.interface + " " + peer.address.to_string() +
                 format(" %lld\n",
                        static_cast<long long>(to_seconds(peer.linked_at)));
    }
    return title_of(lines) + lines;
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
