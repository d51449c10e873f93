// HTML, written in order: the few words this project needs. All text is
// escaped, and elements end in the reverse order of their beginning: names,
// reasons and answers of servers may contain any text.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/utf8.hpp"

namespace ngx_vrrp::status {

struct Attribute {
    std::string_view name;
    std::string_view value;
};

using Attributes = std::initializer_list<Attribute>;

// As text or between double quotes. Control characters, which HTML forbids, and
// what is not UTF-8 (a text that was cut to its field) become what a decoder
// puts in the place of garbage.
inline std::string escape_html(std::string_view text) {
    std::string escaped;
    for (const char c : valid_utf8(text)) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '&') {
            escaped += "&amp;";
        } else if (c == '<') {
            escaped += "&lt;";
        } else if (c == '>') {
            escaped += "&gt;";
        } else if (c == '"') {
            escaped += "&quot;";
        } else if (c == '\'') {
            escaped += "&#39;";
        } else if ((u < 0x20 && c != '\t' && c != '\n') || u == 0x7f) {
            escaped += "\xef\xbf\xbd";  // U+FFFD
        } else {
            escaped += c;
        }
    }
    return escaped;
}

class HtmlWriter {
public:
    // Names of elements and attributes are literals of ours.
    HtmlWriter &open(std::string_view name, Attributes attributes = {}) {
        begin_tag(name, attributes);
        open_.push_back(name);
        return *this;
    }

    HtmlWriter &close() {
        text_.append("</").append(open_.back()).append(">");
        open_.pop_back();
        return *this;
    }

    // <meta>, <link>: has no end.
    HtmlWriter &empty(std::string_view name, Attributes attributes) {
        begin_tag(name, attributes);
        return *this;
    }

    HtmlWriter &text(std::string_view text) {
        text_ += escape_html(text);
        return *this;
    }

    template <std::integral T>
    HtmlWriter &text(T number) {
        text_ += std::to_string(number);
        return *this;
    }

    template <class T>
    HtmlWriter &element(std::string_view name, const T &content,
                        Attributes attributes = {}) {
        return open(name, attributes).text(content).close();
    }

    // A literal of ours, as it is: <!DOCTYPE>, a style sheet, a script.
    HtmlWriter &raw(std::string_view html) {
        text_ += html;
        return *this;
    }

    const std::string &html() const { return text_; }

private:
    // Those that stay in the line, for who reads this with curl.
    static bool is_inline(std::string_view name) {
        constexpr std::array<std::string_view, 10> names{
            "a",    "abbr",   "b",  "bdi", "small",
            "span", "strong", "td", "th",  "time"};
        return std::ranges::find(names, name) != names.end();
    }

    void begin_tag(std::string_view name, Attributes attributes) {
        text_ += is_inline(name) ? "<" : "\n<";
        text_ += name;
        for (const auto &[key, value] : attributes) {
            text_.append(" ").append(key).append("=\"");
            text_.append(escape_html(value)).append("\"");
        }
        text_ += '>';
    }

    std::string text_;
    std::vector<std::string_view> open_;
};

}  // namespace ngx_vrrp::status
