// The virtual routers that may have changed since the last look: the status of
// the others need not be described again. No allocation after the start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ngx_vrrp::engine {

class Touched {
public:
    // All of them, at first.
    explicit Touched(std::size_t count) : marks_(count) {
        list_.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            mark(i);
        }
    }

    void mark(std::size_t index) {
        if (!std::exchange(marks_[index], std::uint8_t{1})) {
            list_.push_back(index);
        }
    }

    // Calls visit(index) for each of them, once.
    template <class Visit>
    void take(Visit &&visit) {
        for (const std::size_t index : list_) {
            marks_[index] = 0;
            visit(index);
        }
        list_.clear();
    }

private:
    std::vector<std::uint8_t> marks_;
    std::vector<std::size_t> list_;
};

}  // namespace ngx_vrrp::engine
