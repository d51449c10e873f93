// JSON, written in order. The writer is responsible for commas, quotes and
// escapes, the caller for nesting.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/utf8.hpp"

namespace ngx_vrrp {

class JsonWriter {
public:
    JsonWriter &begin_object() { return open('{'); }
    JsonWriter &end_object() { return close('}'); }
    JsonWriter &begin_array() { return open('['); }
    JsonWriter &end_array() { return close(']'); }

    JsonWriter &key(std::string_view name) {
        separate();
        quote(name);
        text_ += ':';
        first_ = true;
        return *this;
    }

    JsonWriter &value(std::string_view text) {
        separate();
        quote(text);
        return *this;
    }

    JsonWriter &value(const char *text) {
        return value(std::string_view{text});
    }

    template <std::integral T>
    JsonWriter &value(T number) {
        separate();
        if constexpr (std::same_as<T, bool>) {
            text_ += number ? "true" : "false";
        } else {
            text_ += std::to_string(number);
        }
        return *this;
    }

    // With three decimals.
    JsonWriter &thousandths(std::int64_t number) {
        separate();
        const std::string decimals = std::to_string(1000 + number % 1000);
        text_ += std::to_string(number / 1000) + '.' + decimals.substr(1);
        return *this;
    }

    JsonWriter &null() {
        separate();
        text_ += "null";
        return *this;
    }

    template <class T>
    JsonWriter &member(std::string_view name, const T &v) {
        return key(name).value(v);
    }

    // null when the text is empty
    JsonWriter &member_or_null(std::string_view name, std::string_view v) {
        return v.empty() ? key(name).null() : key(name).value(v);
    }

    const std::string &text() const { return text_; }

private:
    void separate() {
        if (!first_) {
            text_ += ',';
        }
        first_ = false;
    }

    JsonWriter &open(char bracket) {
        separate();
        text_ += bracket;
        first_ = true;
        return *this;
    }

    JsonWriter &close(char bracket) {
        text_ += bracket;
        first_ = false;
        return *this;
    }

    // RFC 8259, 7: quotation mark, reverse solidus and control characters; 8.1:
    // UTF-8.
    void quote(std::string_view text) {
        constexpr std::string_view hex = "0123456789abcdef";
        text_ += '"';
        for (const char c : valid_utf8(text)) {
            const auto u = static_cast<unsigned char>(c);
            if (c == '"' || c == '\\') {
                text_ += '\\';
                text_ += c;
            } else if (u < 0x20) {
                text_ += "\\u00";
                text_ += hex[u >> 4];
                text_ += hex[u & 15];
            } else {
                text_ += c;
            }
        }
        text_ += '"';
    }

    std::string text_;
    bool first_ = true;
};

}  // namespace ngx_vrrp
