// Files that a node keeps for its next nginx: the ends of nginx, and the
// addresses of its peers. Root writes them, but any octets may be there, also
// behind a first line that fits them.
//
// An input: 'h' or 'p', and the lines; another first octet: a whole text.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/sealed_text.hpp"
#include "core/engine/nginx_history.hpp"
#include "core/peer/remembered.hpp"
#include "tests/fuzz/require.hpp"

namespace ngx_vrrp {
namespace {

using engine::NginxHistory;
using fuzz::require;

const NginxHistory::Clock kClock{Instant{Seconds{100'000}},
                                 WallTime{Seconds{1'764'480'000}}};

bool can_be_logged(std::string_view text) {
    return std::ranges::all_of(text,
                               [](char c) { return c >= ' ' && c <= '~'; });
}

NginxHistory history_of(std::string_view text) {
    NginxHistory history;
    history.read(text, kClock);
    return history;
}

void check_history(std::string_view text) {
    NginxHistory history = history_of(text);
    const std::string kept = history.text(kClock);
    require(history_of(kept).text(kClock) == kept, "another history");

    history.start(kClock.now);
    const auto until = history.waits_until(kClock.now);
    require(!until || (*until > kClock.now &&
                       *until <= kClock.now + engine::kLongestBackoff),
            "a wait that is too long");
    require(can_be_logged(history.reason()), "words that cannot be logged");
}

void check_peers(std::string_view text) {
    peer::Remembered peers;
    peers.read(text, kClock.wall);
    require(peers.addresses().size() <= peer::kMostPeers, "too many peers");
    for (const auto &peer : peers.addresses()) {
        require(peer.linked_at <= kClock.wall, "a link in the future");
        require(can_be_logged(peer.interface), "a name that cannot be logged");
    }
    const std::string kept = peers.text();
    if (kept.size() <= kLargestStore) {
        peer::Remembered again;
        again.read(kept, kClock.wall);
        require(again.text() == kept, "other peers");
    }
}

void check(std::string_view input) {
    const char kind = input.empty() ? '\0' : input.front();
    const std::string_view rest =
        input.substr(std::min<std::size_t>(input.size(), 1));
    if (kind == 'h') {
        check_history(sealed("nginx 1", rest));
    } else if (kind == 'p') {
        check_peers(sealed("peers 1", rest));
    } else {
        check_history(input);
        check_peers(input);
    }
}

}  // namespace
}  // namespace ngx_vrrp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::check({reinterpret_cast<const char *>(data), size});
    return 0;
}
