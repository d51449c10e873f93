#include "core/notify/json_number.hpp"

#include <charconv>
#include <cstddef>
#include <string>

namespace ngx_vrrp::notify {

namespace {

constexpr std::size_t kDeepest = 32;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

void append_utf8(std::string &text, std::uint32_t c) {
    if (c < 0x80) {
        text += static_cast<char>(c);
        return;
    }
    const unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    text += static_cast<char>(0xffU << (7 - more) | c >> 6 * more);
    for (unsigned left = more; left-- > 0;) {
        text += static_cast<char>(0x80 | (c >> 6 * left & 0x3f));
    }
}

// RFC 8259. Functions that return bool return false when the text does not
// match.
class Parser {
public:
    Parser(std::string_view text, std::string_view name)
        : rest_(text), name_(name) {}

    bool document() {
        blank();
        if (!at('{')) {
            return false;
        }
        do {
            if (!value()) {
                return false;
            }
        } while (!open_.empty());
        return rest_.empty();
    }

    // A number or text, as it is written. Nothing: there is none, or there are
    // two.
    std::optional<std::string_view> found() const {
        return times_ == 1 ? std::optional(found_) : std::nullopt;
    }

    bool string(std::string &text) {
        text.clear();
        if (!take('"')) {
            return false;
        }
        while (!rest_.empty() && !at('"')) {
            const char c = next();
            if (static_cast<unsigned char>(c) < 0x20 ||
                (c == '\\' && !escape(text))) {
                return false;
            }
            if (c != '\\') {
                text += c;
            }
        }
        return take('"');
    }

private:
    bool at(char c) const { return !rest_.empty() && rest_.front() == c; }

    char next() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    bool take(char c) { return take(std::string_view(&c, 1)); }

    void blank() {
        while (at(' ') || at('\t') || at('\r') || at('\n')) {
            next();
        }
    }

    // After a value, or at the beginning of an object or array: moves to the
    // next value, or to the end.
    bool value() {
        if (take('{')) {
            return enter('}');
        }
        if (take('[')) {
            return enter(']');
        }
        return scalar() && leave();
    }

    bool scalar() {
        std::string text;
        return at('"')
                   ? string(text)
                   : take("true") || take("false") || take("null") || number();
    }

    bool enter(char end) {
        if (open_.size() == kDeepest) {
            return false;
        }
        open_ += end;
        blank();
        return at(end) ? leave() : item();
    }

    // Ends all objects and arrays that end here.
    bool leave() {
        blank();
        while (!open_.empty() && take(open_.back())) {
            open_.pop_back();
            blank();
        }
        return open_.empty() || (take(',') && item());
    }

    bool item() {
        blank();
        return open_.back() == ']' || key();
    }

    bool key() {
        std::string name;
        if (!string(name)) {
            return false;
        }
        blank();
        if (!take(':')) {
            return false;
        }
        blank();
        if (open_.size() == 1 && name == name_) {
            const std::string_view before = rest_;
            scalar();
            found_ = before.substr(0, before.size() - rest_.size());
            rest_ = before;
            ++times_;
        }
        return true;
    }

    // A surrogate pair is one character.
    bool escape(std::string &text) {
        std::uint32_t c = 0;
        std::uint32_t low = 0;
        if (!take('u')) {
            return control(text);
        }
        if (!unit(c)) {
            return false;
        }
        const std::string_view before = rest_;
        if (c >= 0xd800 && c < 0xdc00 && take("\\u") && unit(low) &&
            low >= 0xdc00 && low < 0xe000) {
            append_utf8(text, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
        } else {
            rest_ = before;
            append_utf8(text, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
        }
        return true;
    }

    bool control(std::string &text) {
        constexpr std::string_view kKinds = "\"\\/bfnrt";
        constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
        const std::size_t at =
            rest_.empty() ? kKinds.npos : kKinds.find(rest_.front());
        if (at == kKinds.npos) {
            return false;
        }
        next();
        text += kMeant[at];
        return true;
    }

    bool unit(std::uint32_t &c) {
        const std::string_view digits = rest_.substr(0, 4);
        const char *end = digits.data() + digits.size();
        if (digits.size() < 4 ||
            std::from_chars(digits.data(), end, c, 16).ptr != end) {
            return false;
        }
        rest_.remove_prefix(4);
        return true;
    }

    bool number() {
        take('-');
        if (!take('0') && !digits()) {
            return false;
        }
        if (take('.') && !digits()) {
            return false;
        }
        if (take('e') || take('E')) {
            static_cast<void>(take('+') || take('-'));
            return digits();
        }
        return true;
    }

    bool digits() {
        const std::size_t before = rest_.size();
        while (!rest_.empty() && is_digit(rest_.front())) {
            next();
        }
        return rest_.size() < before;
    }

    std::string_view rest_;
    std::string_view name_;
    std::string open_;  // how each object and array that is open will end
    std::string_view found_;
    unsigned times_ = 0;
};

std::optional<std::string_view> find(std::string_view json,
                                     std::string_view name) {
    Parser parser(json, name);
    return parser.document() ? parser.found() : std::nullopt;
}

}  // namespace

std::optional<std::string> find_text(std::string_view json,
                                     std::string_view name) {
    const auto value = find(json, name);
    std::string text;
    return value && Parser(*value, {}).string(text) ? std::optional(text)
                                                    : std::nullopt;
}

std::optional<std::int64_t> find_number(std::string_view json,
                                        std::string_view name) {
    const auto value = find(json, name).value_or("");
    const char *end = value.data() + value.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(value.data(), end, number);
    return error == std::errc{} && stop == end ? std::optional(number)
                                               : std::nullopt;
}

}  // namespace ngx_vrrp::notify
