// Finds the first of many deadlines. A change costs the logarithm of their
// number, and finding those that are due costs only their number: an event of
// one router does not visit all routers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/time.hpp"

namespace ngx_vrrp::engine {

// A binary heap with the position of each of them.
class Deadlines {
public:
    // None of them has one.
    explicit Deadlines(std::size_t count) : at_(count), place_(count, kNone) {}

    void set(std::size_t index, const std::optional<Instant> &at) {
        if (!at) {
            remove(index);
            return;
        }
        if (place_[index] != kNone && at_[index] == *at) {
            return;
        }
        at_[index] = *at;
        if (place_[index] == kNone) {
            place_[index] = heap_.size();
            heap_.push_back(index);
        }
        sift(place_[index]);
    }

    std::optional<Instant> first() const {
        return heap_.empty() ? std::nullopt : std::optional{at_[heap_[0]]};
    }

    // The due ones, in the order of their indexes.
    void find_due(Instant now, std::vector<std::size_t> &list) const {
        list.clear();
        collect(0, now, list);
        if (list.size() > 1) {
            std::sort(list.begin(), list.end());
        }
    }

private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

    bool is_before(std::size_t a, std::size_t b) const {
        return at_[heap_[a]] < at_[heap_[b]];
    }

    void exchange(std::size_t a, std::size_t b) {
        std::swap(heap_[a], heap_[b]);
        place_[heap_[a]] = a;
        place_[heap_[b]] = b;
    }

    void remove(std::size_t index) {
        const std::size_t place = std::exchange(place_[index], kNone);
        if (place == kNone) {
            return;
        }
        const std::size_t last = heap_.back();
        heap_.pop_back();
        if (last != index) {
            heap_[place] = last;
            place_[last] = place;
            sift(place);
        }
    }

    // Up, or down, to where it belongs.
    [[gnu::hot]] void sift(std::size_t place) {
        while (place > 0 && is_before(place, (place - 1) / 2)) {
            exchange(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
        for (;;) {
            std::size_t first = place;
            for (const std::size_t child : {2 * place + 1, 2 * place + 2}) {
                if (child < heap_.size() && is_before(child, first)) {
                    first = child;
                }
            }
            if (first == place) {
                return;
            }
            exchange(place, first);
            place = first;
        }
    }

    // None below one that is not due is due.
    [[gnu::hot]] void collect(std::size_t place, Instant now,
                              std::vector<std::size_t> &list) const {
        if (place >= heap_.size() || at_[heap_[place]] > now) {
            return;
        }
        list.push_back(heap_[place]);
        collect(2 * place + 1, now, list);
        collect(2 * place + 2, now, list);
    }

    std::vector<Instant> at_;         // of those that have a place
    std::vector<std::size_t> place_;  // in the heap, or none
    std::vector<std::size_t> heap_;
};

}  // namespace ngx_vrrp::engine
