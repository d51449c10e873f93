// What a node remembers about its peers when its nginx ends: the addresses of
// those that had a link. It is a small text, so that an operator can read it:
//
//     ngx_vrrp peers 1 0123456789abcdef
//     peer eth0 192.168.64.12 1764480000
//
// with the time of day of the last link, in seconds. Nothing in the text is
// secret, and all of it is a hint only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::peer {

// A peer is forgotten after this time without a link.
inline constexpr Duration kForgotten = Seconds{7 * 24 * 3600};
// The time of a peer with a link is written again after this time.
inline constexpr Duration kWrittenAgain = Seconds{3600};

class Remembered {
public:
    struct Address {
        std::string interface;
        IpAddress address;
        WallTime linked_at{};
    };

    // Those that are too old are left out. A text that is not whole is empty.
    void read(std::string_view text, WallTime now);
    std::string text() const;

    // There is a link.
    void note(const std::string &interface, const IpAddress &address,
              WallTime now);

    const std::vector<Address> &addresses() const { return addresses_; }

    // The text is another one than at the last call.
    bool take_changed() { return std::exchange(changed_, false); }

private:
    bool read_line(std::string_view line, WallTime now);

    std::vector<Address> addresses_;  // at most kMostPeers
    bool changed_ = false;
};

}  // namespace ngx_vrrp::peer
