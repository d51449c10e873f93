#include "core/status/metrics_writer.hpp"

#include <utility>

#include "core/base/utf8.hpp"

namespace ngx_vrrp::status {

void Labels::add(std::string_view name, std::string_view value) {
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

void MetricsWriter::gauge(std::string_view name, std::string_view help) {
    begin(name, "gauge", help, "");
}

void MetricsWriter::counter(std::string_view name, std::string_view help) {
    begin(name, "counter", help, "_total");
}

void MetricsWriter::histogram(std::string_view name, std::string_view help) {
    begin(name, "histogram", help, "");
}

void MetricsWriter::begin(std::string_view name, std::string_view type,
                          std::string_view help, std::string_view suffix) {
    name_ = name;
    type_ = type;
    help_ = help;
    suffix_ = suffix;
    samples_.clear();
}

void MetricsWriter::bucket(std::string_view le, std::uint64_t count) {
    put("_bucket", Labels().with("le", le), std::to_string(count));
}

void MetricsWriter::sum_and_count(std::int64_t sum_ns, std::uint64_t count) {
    put("_sum", {}, to_seconds(sum_ns));
    put("_count", {}, std::to_string(count));
}

// Prometheus calls a counter's family by the name of its samples.
void MetricsWriter::put_head() {
    const bool open = format_ == MetricsFormat::openmetrics;
    const std::string name = open ? name_ : name_ + std::string{suffix_};

    text_.append("# HELP ").append(name).append(" ").append(help_) += '\n';
    text_.append("# TYPE ").append(name).append(" ").append(type_) += '\n';
    if (open && name_.ends_with("_seconds")) {
        text_.append("# UNIT ").append(name).append(" seconds\n");
    }
}

void MetricsWriter::put(std::string_view suffix, const Labels &labels,
                        std::string_view value) {
    const bool first = samples_.empty();
    if (!samples_.insert(std::string{suffix} + labels.text()).second) {
        return;
    }
    if (first) {
        put_head();
    }
    text_.append(name_).append(suffix);
    if (!labels.text().empty()) {
        text_.append("{").append(labels.text()).append("}");
    }
    text_.append(" ").append(value) += '\n';
}

std::string MetricsWriter::end() {
    if (format_ == MetricsFormat::openmetrics) {
        text_ += "# EOF\n";
    }
    return std::move(text_);
}

}  // namespace ngx_vrrp::status
