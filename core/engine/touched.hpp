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
    explicit Touched(std::size_t count) : routers_(count) {
        for (std::size_t i = 0; i < count; ++i) {
            mark(i, Touch::all);
        }
    }

    void mark(std::size_t index, Touch touch) {
        Touch &mark = routers_[index].mark;
        if (mark == Touch::none) {
            routers_[listed_++].listed = index;
        }
        mark = std::max(mark, touch);
    }

    // Calls visit(index, touch) for each of them, once.
    template <class Visit>
    void take(Visit &&visit) {
        const std::size_t count = std::exchange(listed_, 0);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t index = routers_[i].listed;
            visit(index, std::exchange(routers_[index].mark, Touch::none));
        }
    }

private:
    struct Router {
        Touch mark = Touch::none;
        std::size_t listed = 0;  // the marked router that has this place
    };

    std::vector<Router> routers_;
    std::size_t listed_ = 0;
};

}  // namespace ngx_vrrp::engine
