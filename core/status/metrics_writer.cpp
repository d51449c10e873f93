#include "core/status/metrics_writer.hpp"

#include <array>

#include "core/base/enum_name.hpp"
#include "core/base/utf8.hpp"

namespace ngx_vrrp::status {

namespace {

// By type, the word for it and the suffix of a sample.
constexpr std::array<std::string_view, 5> kTypeWords{
    "gauge", "counter", "histogram", "histogram", "histogram"};
constexpr std::array<std::string_view, 5> kSuffixes{"", "_total", "_bucket",
                                                    "_sum", "_count"};

}  // namespace

void Labels::add(std::initializer_list<Label> labels) {
    for (const auto &[name, value] : labels) {
        text_ += text_.empty() ? "" : ",";
        text_.append(name).append("=\"");
        for (const char c : valid_utf8(value)) {
            if (c == '\n') {
                text_ += "\\n";
                continue;
            }
            if (c == '\\' || c == '"') {
                text_ += '\\';
            }
            text_ += c;
        }
        text_ += '"';
    }
}

// No floating point: it would round, and follow the locale.
std::string to_seconds(std::int64_t ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    const std::string_view sign = ns < 0 ? "-" : "";
    const std::uint64_t size = ns < 0 ? 0 - static_cast<std::uint64_t>(ns)
                                      : static_cast<std::uint64_t>(ns);
    std::string decimals = std::to_string(kSecond + size % kSecond).substr(1);
    const std::size_t last = decimals.find_last_not_of('0');
    decimals.resize(last == decimals.npos ? 1 : last + 1);
    return std::string{sign} + std::to_string(size / kSecond) + "." + decimals;
}

// Prometheus calls a counter's family by the name of its samples.
void MetricsWriter::write_head(const Metric &metric, std::string &text) const {
    const bool open = format_ == MetricsFormat::openmetrics;
    std::string name(metric.name);
    if (!open && metric.type == MetricType::counter) {
        name += "_total";
    }
    text.append("# HELP ").append(name).append(" ").append(metric.help) += '\n';
    text.append("# TYPE ").append(name).append(" ").append(
        name_of(metric.type, kTypeWords)) += '\n';
    if (open && name.ends_with("_seconds")) {
        text.append("# UNIT ").append(name).append(" seconds\n");
    }
}

void MetricsWriter::sample(const Metric &metric, const Labels &labels,
                           std::string_view value) {
    auto &[text, samples] = families_[metric.name];
    std::string sample(name_of(metric.type, kSuffixes));
    if (!labels.text().empty()) {
        sample.append("{").append(labels.text()).append("}");
    }
    if (text.empty()) {
        write_head(metric, text);
    }
    if (samples.insert(sample).second) {
        text.append(metric.name).append(sample).append(" ").append(value);
        text += '\n';
    }
}

std::string MetricsWriter::text() const {
    std::string all;
    for (const auto &[name, family] : families_) {
        all += family.text;
    }
    return all + (format_ == MetricsFormat::openmetrics ? "# EOF\n" : "");
}

}  // namespace ngx_vrrp::status
