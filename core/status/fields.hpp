// The fields of the status. The functions write_*() of fields_*.cpp are the
// table of all fields, a line for each: its key in the JSON, its value, and its
// metric, if it has one, by type, name and help.
//
// The JSON is always written, the metrics only if there is a writer for them.
// A metric has the labels of all records that it is in, and then its own ones.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/json_writer.hpp"
#include "core/status/metrics_writer.hpp"
#include "core/status/view.hpp"

namespace ngx_vrrp::status {

using MetricType::counter;
using MetricType::gauge;

class Fields {
public:
    Fields(JsonWriter &writer, MetricsWriter *metrics, const Moment &moment)
        : json(writer), metrics_(metrics), moment_(moment) {}

    // For fields without a metric.
    JsonWriter &json;

    // The same record without metrics.
    Fields json_only() const { return {json, nullptr, moment_}; }

    // Labels of all metrics until it goes out of scope.
    class Scope {
    public:
        Scope(Labels &labels, std::initializer_list<Label> more)
            : labels_(labels), size_(labels.text().size()) {
            labels.add(more);
        }
        ~Scope() { labels_.cut(size_); }
        Scope(const Scope &) = delete;
        Scope &operator=(const Scope &) = delete;

    private:
        Labels &labels_;
        std::size_t size_;
    };

    [[nodiscard]] Scope labels(std::initializer_list<Label> more) {
        return {labels_, metrics_ ? more : std::initializer_list<Label>{}};
    }

    template <class Write>
    void object(std::string_view key, Write write) {
        json.key(key).begin_object();
        write();
        json.end_object();
    }

    // null if it does not exist
    template <class Write>
    void object_or_null(std::string_view key, bool exists, Write write) {
        if (exists) {
            object(key, write);
        } else {
            json.key(key).null();
        }
    }

    // An object for each element.
    template <class Range, class Write>
    void list(std::string_view key, const Range &range, Write write) {
        json.key(key).begin_array();
        for (const auto &element : range) {
            json.begin_object();
            write(element);
            json.end_object();
        }
        json.end_array();
    }

    template <std::integral T, class... M>
    void number(std::string_view key, T value, const M &...metric) {
        json.member(key, value);
        sample(value, metric...);
    }

    template <std::integral T, class... M>
    void number(std::string_view key, std::optional<T> value,
                const M &...metric) {
        if (value) {
            number(key, *value, metric...);
        } else {
            json.key(key).null();
        }
    }

    // Microseconds, milliseconds, milliseconds with three decimals; the metric
    // is in seconds.
    template <class... M>
    void us(std::string_view key, std::int64_t ns, const M &...metric) {
        json.member(key, to_us(ns));
        seconds(ns, metric...);
    }

    template <class... M>
    void ms(std::string_view key, std::int64_t ns, const M &...metric) {
        json.member(key, to_ms(Duration{ns}));
        seconds(ns, metric...);
    }

    template <class... M>
    void exact_ms(std::string_view key, std::int64_t ns, const M &...metric) {
        json.key(key).thousandths(to_us(ns));
        seconds(ns, metric...);
    }

    // Milliseconds since then; null: never. The metric is the age, or the time
    // of day.
    template <class... M>
    void age(std::string_view key, std::int64_t at_ns, const M &...metric) {
        if (at_ns == 0) {
            json.key(key).null();
        } else {
            ms(key, age_ns(at_ns), metric...);
        }
    }

    template <class... M>
    void ago(std::string_view key, std::int64_t at_ns, const M &...metric) {
        age(key, at_ns);
        if (at_ns != 0) {
            seconds(unix_time_ns(at_ns), metric...);
        }
    }

    // The same, and the time of day.
    template <class... M>
    void since(std::string_view age_key, std::string_view time_key,
               std::int64_t at_ns, const M &...metric) {
        ago(age_key, at_ns, metric...);
        json.member_or_null(time_key, at_ns == 0 ? "" : time_of_day(at_ns));
    }

    // It was at most this long ago.
    bool is_within(Duration time, std::int64_t at_ns) const {
        return age_ns(at_ns) <= time.count();
    }

    // Milliseconds until then, and the time of day; null: never.
    void until(std::string_view rest_key, std::string_view time_key,
               std::int64_t at_ns) {
        number(rest_key,
               at_ns == 0 ? std::nullopt : std::optional(ms_until(at_ns)));
        json.member_or_null(time_key, at_ns == 0 ? "" : time_of_day(at_ns));
    }

    // 0: it is over.
    std::int64_t ms_until(std::int64_t at_ns) const {
        return to_ms(Duration{std::max<std::int64_t>(0, -age_ns(at_ns))});
    }

    std::int64_t unix_time_ns(std::int64_t at_ns) const;

    // A sample that has no key.
    template <std::integral T, class... M>
    void sample(T value, const M &...metric) {
        put([&] { return std::to_string(value); }, metric...);
    }

    template <class... M>
    void seconds(std::int64_t ns, const M &...metric) {
        put([&] { return to_seconds(ns); }, metric...);
    }

private:
    void put(const auto &) {}

    template <std::same_as<Label>... L>
    void put(const auto &value, const Metric &metric, const L &...more) {
        if (metrics_ != nullptr) {
            const Scope scope = labels({more...});
            metrics_->sample(metric, labels_, value());
        }
    }

    template <std::same_as<Label>... L>
    void put(const auto &value, MetricType type, std::string_view name,
             std::string_view help, const L &...more) {
        put(value, Metric{type, name, help}, more...);
    }

    static std::int64_t to_us(std::int64_t ns);
    std::int64_t age_ns(std::int64_t at_ns) const;
    std::string time_of_day(std::int64_t at_ns) const;

    MetricsWriter *metrics_;
    const Moment &moment_;
    Labels labels_;
};

// Of a family's number in a record.
inline std::string_view name_of_family(std::uint8_t number) {
    return number == 4 ? "ipv4" : "ipv6";
}

// Values of labels are in lower case.
std::string to_lower(std::string_view text);

// The records of the status
void write_node(Fields &out, const View &view);
void write_workers(Fields &out, const View &view);
void write_instances(Fields &out, const Snapshot &snapshot);
void write_peers(Fields &out, const View &view);
void write_transitions(Fields &out, const View &view);
void write_checks(Fields &out, const View &view);
void write_notifier(Fields &out, const View &view);

}  // namespace ngx_vrrp::status
