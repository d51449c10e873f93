// How many of the last pings were lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

namespace ngx_vrrp::check {

class LossWindow {
public:
    // Continues another window of this size that had this percent(): as if this
    // window had been full, with the losses as its oldest results.
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

    // Of the existing results, rounded down: a window can be partly filled. 0
    // without any result.
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
