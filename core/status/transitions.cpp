#include "core/status/transitions.hpp"

#include <algorithm>

#include "core/status/sane.hpp"

namespace ngx_vrrp::status {

void TransitionRing::add(const TransitionRecord &record) {
    const std::uint64_t number = count_.fetch_add(1) + 1;
    Slot &slot = slots_[number % kSize];
    slot.lock.write([&] {
        slot.number.store(number, std::memory_order_relaxed);
        store_words(slot.record.data(), bytes_of(record));
    });
}

std::optional<TransitionRecord> TransitionRing::load(
    std::uint64_t number) const {
    const Slot &slot = slots_[number % kSize];
    TransitionRecord record{};
    std::uint64_t found = 0;
    const bool whole = slot.lock.read([&] {
        found = slot.number.load(std::memory_order_relaxed);
        load_words(slot.record.data(), writable_bytes_of(record));
    });
    return whole && found == number ? std::optional{made_sane(record)}
                                    : std::nullopt;
}

std::vector<TransitionRecord> TransitionRing::read(std::uint64_t seen) const {
    const std::uint64_t last = count();
    const std::uint64_t unseen = last > seen ? last - seen : 0;
    std::vector<TransitionRecord> list;
    for (std::uint64_t back = std::min<std::uint64_t>(unseen, kSize); back != 0;
         --back) {
        if (const auto record = load(last - back + 1)) {
            list.push_back(*record);
        }
    }
    return list;
}

std::uint64_t TransitionRing::follow(const TransitionRing &other,
                                     std::uint64_t seen) {
    const std::uint64_t last = other.count();
    if (last != seen) {
        for (const TransitionRecord &record : other.read(seen)) {
            add(record);
        }
    }
    return last;
}

}  // namespace ngx_vrrp::status
