// A value or the reason why there is none: the part of std::expected (C++23)
// that this project needs, with the same names, so that it can replace this.
#pragma once

#include <cassert>
#include <optional>
#include <utility>
#include <variant>

namespace ngx_vrrp {

template <class E>
class Unexpected {
public:
    constexpr explicit Unexpected(E error) : error_(std::move(error)) {}
    constexpr const E &error() const { return error_; }

private:
    E error_;
};

template <class T, class E>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Unexpected<E> unexpected)
        : state_(std::in_place_index<1>, unexpected.error()) {}

    bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    const T &value() const {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    T &value() {
        assert(has_value());
        return *std::get_if<0>(&state_);
    }
    const E &error() const {
        assert(!has_value());
        return *std::get_if<1>(&state_);
    }

    const T &operator*() const { return value(); }
    const T *operator->() const { return &value(); }

private:
    std::variant<T, E> state_;
};

// An error or nothing. Its destructor is a comparison where there is no error.
template <class E>
class [[nodiscard]] Result<std::monostate, E> {
public:
    Result(std::monostate) {}
    Result(Unexpected<E> unexpected) : error_(unexpected.error()) {}

    bool has_value() const { return !error_; }
    explicit operator bool() const { return has_value(); }

    const E &error() const {
        assert(error_);
        return *error_;
    }

private:
    std::optional<E> error_;
};

}  // namespace ngx_vrrp
