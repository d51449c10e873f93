// The virtual routers that may have changed since the last visit: the status of
// the others need not be written again. Nothing is allocated after the start.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ngx_vrrp::engine {

// numbers: of advertisements, and when the active router was last heard.
enum class Touch : std::uint8_t { none, numbers, all };

class Touched {
public:
    // All of them, at first.
    explicit Touched(std::size_t count) : marks_(count) {
        list_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            mark(i, Touch::all);
        }
    }

    void mark(std::size_t index, Touch touch) {
        const Touch before = marks_[index];
        marks_[index] = std::max(before, touch);
        if (before == Touch::none) {
            list_.push_back(index);
        }
    }

    // Calls visit(index, touch) for each of them, once.
    template <class Visit>
    void take(Visit &&visit) {
        for (const std::size_t index : list_) {
            visit(index, std::exchange(marks_[index], Touch::none));
        }
        list_.clear();
    }

private:
    std::vector<Touch> marks_;
    std::vector<std::size_t> list_;
};

}  // namespace ngx_vrrp::engine
