// How many of the last pings were lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

namespace ngx_vrrp::check {

class LossWindow {
public:
    // Another window of this size has said percent(): as if this one had been
    // full since then, with what was lost to be forgotten first.
    void resume(unsigned percent, std::size_t size) {
        const std::size_t lost =
            (std::min(percent, kPercent) * size + kPercent - 1) / kPercent;
        results_.assign(size - lost, false);
        results_.insert(results_.begin(), lost, true);
    }

    // Keeps the last `size` results, 1 or more.
    void add(bool lost, std::size_t size) {
        results_.push_back(lost);
        while (results_.size() > size) {
            results_.pop_front();
        }
    }

    std::size_t count() const { return results_.size(); }
    std::size_t lost() const {
        return static_cast<std::size_t>(
            std::count(results_.begin(), results_.end(), true));
    }

    // Of those there are, rounded down: a window that is not full yet says
    // what is known. 0 without any.
    unsigned percent() const {
        return results_.empty()
                   ? 0
                   : static_cast<unsigned>(lost() * kPercent / count());
    }

private:
    static constexpr unsigned kPercent = 100;

    std::deque<bool> results_;
};

}  // namespace ngx_vrrp::check
