// How many of the last pings were lost.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>

namespace ngx_vrrp::check {

class LossWindow {
public:
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
        return results_.empty() ? 0
                                : static_cast<unsigned>(lost() * 100 / count());
    }

private:
    std::deque<bool> results_;
};

}  // namespace ngx_vrrp::check
