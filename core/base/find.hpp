// Searching a range for an element that may not be there.
#pragma once

#include <algorithm>

namespace ngx_vrrp {

// The first element for which the predicate is true, or nullptr.
template <class Range, class Predicate>
[[gnu::hot]] auto *find_first(Range &range, Predicate predicate) {
    const auto it = std::ranges::find_if(range, predicate);
    return it == range.end() ? nullptr : &*it;
}

// The first element with this value of a member, or nullptr.
template <class Range, class Value, class Member>
[[gnu::hot]] auto *find_first(Range &range, const Value &value, Member member) {
    const auto it = std::ranges::find(range, value, member);
    return it == range.end() ? nullptr : &*it;
}

}  // namespace ngx_vrrp
