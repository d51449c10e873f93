// A text in shared memory: of fixed size, truncated to it, ended by a zero.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace ngx_vrrp {

template <std::size_t N>
struct Text {
    std::array<char, N> data;

    void set(std::string_view text) {
        const std::size_t n = text.size() < N ? text.size() : N - 1;
        std::copy_n(text.data(), n, data.data());
        data[n] = '\0';
    }

    std::string_view view() const {
        return {data.data(), ::strnlen(data.data(), N)};
    }
};

}  // namespace ngx_vrrp
