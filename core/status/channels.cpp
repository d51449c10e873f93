#include "core/status/channels.hpp"

#include <algorithm>

#include "core/status/sane.hpp"

namespace ngx_vrrp::status {

void ChannelBoard::write(const std::vector<ChannelRecord> &channels) {
    const std::size_t count = std::min(channels.size(), kMost);
    lock_.write([&] {
        count_.store(count, std::memory_order_relaxed);
        for (std::size_t i = 0; i < count; ++i) {
            store_words(records_[i].data(), bytes_of(channels[i]));
        }
    });
}

std::vector<ChannelRecord> ChannelBoard::read() const {
    std::vector<ChannelRecord> list;
    const bool whole = lock_.read([&] {
        const std::uint64_t count = count_.load(std::memory_order_relaxed);
        list.resize(std::min<std::uint64_t>(count, kMost));
        for (std::size_t i = 0; i < list.size(); ++i) {
            load_words(records_[i].data(), writable_bytes_of(list[i]));
        }
    });
    if (!whole) {
        return {};
    }
    std::ranges::transform(list, list.begin(), [](const ChannelRecord &record) {
        return made_sane(record);
    });
    return list;
}

}  // namespace ngx_vrrp::status
