// Metrics as text, written in order: Prometheus' format 0.0.4, or OpenMetrics
// 1.0.0, which differ in few places. A family has its head once, before its
// first sample, and all its samples in a row; one without samples is not there.
#pragma once

#include <concepts>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace ngx_vrrp::status {

enum class MetricsFormat : std::uint8_t { prometheus, openmetrics };

// `a="x",b="y"`, with values escaped.
class Labels {
public:
    Labels() = default;

    Labels with(std::string_view name, std::string_view value) const {
        Labels more = *this;
        more.add(name, value);
        return more;
    }

    template <std::integral T>
    Labels with(std::string_view name, T value) const {
        return with(name, std::to_string(value));
    }

    const std::string &text() const { return text_; }

private:
    void add(std::string_view name, std::string_view value);

    std::string text_;
};

// Nanoseconds as seconds, exactly: "0.001", "60.0".
std::string to_seconds(std::int64_t ns);

class MetricsWriter {
public:
    explicit MetricsWriter(MetricsFormat format) : format_(format) {}

    // The family of the samples that follow. A name that ends in _seconds has
    // this unit; that of a counter is without _total.
    void gauge(std::string_view name, std::string_view help);
    void counter(std::string_view name, std::string_view help);
    void histogram(std::string_view name, std::string_view help);

    // One that was there already is left out: two of them make no sense.
    template <std::integral T>
    void sample(const Labels &labels, T value) {
        put(suffix_, labels, std::to_string(value));
    }
    void seconds(const Labels &labels, std::int64_t ns) {
        put(suffix_, labels, to_seconds(ns));
    }

    // Of a histogram: le is the upper bound, "+Inf" the last one's.
    void bucket(std::string_view le, std::uint64_t count);
    void sum_and_count(std::int64_t sum_ns, std::uint64_t count);

    // All of it. Nothing may follow.
    std::string end();

private:
    void begin(std::string_view name, std::string_view type,
               std::string_view help, std::string_view suffix);
    void put_head();
    void put(std::string_view suffix, const Labels &labels,
             std::string_view value);

    MetricsFormat format_;
    std::string name_;
    std::string_view type_;
    std::string_view help_;
    std::string_view suffix_;
    std::set<std::string, std::less<>> samples_;  // of this family
    std::string text_;
};

}  // namespace ngx_vrrp::status
