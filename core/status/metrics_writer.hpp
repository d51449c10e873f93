// Metrics as text: Prometheus' format 0.0.4, or OpenMetrics 1.0.0, which differ
// in few places. A family has its head once and all its samples in a row; one
// without samples is left out. Families are in the order of their names.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace ngx_vrrp::status {

enum class MetricsFormat : std::uint8_t { prometheus, openmetrics };

// The last three are the parts of a histogram.
enum class MetricType : std::uint8_t { gauge, counter, bucket, sum, count };

// A family, by literals. A name that ends in _seconds has this unit; that of a
// counter is without _total.
struct Metric {
    MetricType type;
    std::string_view name;
    std::string_view help;
};

struct Label {
    std::string_view name;
    std::string_view value;
};

// `a="x",b="y"`, with values escaped.
class Labels {
public:
    Labels() = default;
    Labels(std::initializer_list<Label> labels) { add(labels); }

    void add(std::initializer_list<Label> labels);
    void cut(std::size_t size) { text_.resize(size); }

    const std::string &text() const { return text_; }

private:
    std::string text_;
};

// Nanoseconds as seconds, exactly: "0.001", "60.0".
std::string to_seconds(std::int64_t ns);

class MetricsWriter {
public:
    explicit MetricsWriter(MetricsFormat format) : format_(format) {}

    // A second one with the same labels is left out.
    void sample(const Metric &metric, const Labels &labels,
                std::string_view value);

    std::string text() const;

private:
    struct Family {
        std::string text;
        std::set<std::string, std::less<>> samples;
    };

    void write_head(const Metric &metric, std::string &text) const;

    MetricsFormat format_;
    std::map<std::string_view, Family> families_;
};

}  // namespace ngx_vrrp::status
