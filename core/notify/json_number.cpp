#include "core/notify/json_number.hpp"

#include <charconv>
#include <cstddef>
#include <string>
#include <utility>

namespace ngx_vrrp::notify {

namespace {

constexpr std::size_t kDeepest = 32;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Reads forward. Functions that return bool return false when the text does not
// match.
class Scanner {
public:
    Scanner(std::string_view text, std::string_view name)
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

    std::optional<std::int64_t> found() const {
        return times_ == 1 ? number_ : std::nullopt;
    }

    // As it is written, between the quotes.
    std::optional<std::string_view> found_text() const {
        return times_ == 1 ? text_ : std::nullopt;
    }

private:
    bool at(char c) const { return !rest_.empty() && rest_.front() == c; }

    bool take(char c) {
        if (!at(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) {
            return false;
        }
        rest_.remove_prefix(word.size());
        return true;
    }

    void blank() {
        while (at(' ') || at('\t') || at('\r') || at('\n')) {
            rest_.remove_prefix(1);
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
        return at('"')
                   ? string()
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

    // Out of all that ends here.
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
        const std::string_view before = rest_;
        if (!string()) {
            return false;
        }
        const std::string_view quoted =
            before.substr(0, before.size() - rest_.size());
        blank();
        if (!take(':')) {
            return false;
        }
        blank();
        if (open_.size() == 1 && quoted.substr(1, quoted.size() - 2) == name_) {
            remember();
        }
        return true;
    }

    void remember() {
        const std::string_view before = rest_;
        if (number()) {
            number_ = integer(before.substr(0, before.size() - rest_.size()));
        } else {
            number_.reset();
        }
        rest_ = before;
        text_.reset();
        if (string()) {
            text_ = before.substr(1, before.size() - rest_.size() - 2);
        }
        ++times_;
        rest_ = before;
    }

    static std::optional<std::int64_t> integer(std::string_view text) {
        std::int64_t number = 0;
        const char *end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        const bool whole = error == std::errc{} && stop == end;
        return whole ? std::optional(number) : std::nullopt;
    }

    bool string() {
        if (!take('"')) {
            return false;
        }
        while (!rest_.empty() && !at('"')) {
            if (!character()) {
                return false;
            }
        }
        return take('"');
    }

    bool character() {
        if (static_cast<unsigned char>(rest_.front()) < 0x20) {
            return false;
        }
        const bool escaped = at('\\');
        rest_.remove_prefix(1);
        return !escaped || escape();
    }

    bool escape() {
        if (rest_.empty()) {
            return false;
        }
        const char kind = rest_.front();
        rest_.remove_prefix(1);
        if (kind != 'u') {
            return std::string_view("\"\\/bfnrt").find(kind) !=
                   std::string_view::npos;
        }
        for (int i = 0; i < 4; ++i) {
            if (rest_.empty() || !is_hex(rest_.front())) {
                return false;
            }
            rest_.remove_prefix(1);
        }
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
            rest_.remove_prefix(1);
        }
        return rest_.size() < before;
    }

    std::string_view rest_;
    std::string_view name_;
    std::string open_;  // how each object and array that is open will end
    std::optional<std::int64_t> number_;
    std::optional<std::string_view> text_;
    unsigned times_ = 0;
};

// Of a string that is JSON: every escape is whole.
class Unescaper {
public:
    explicit Unescaper(std::string_view text) : rest_(text) {}

    std::string text() {
        while (!rest_.empty()) {
            const char c = next();
            if (c == '\\') {
                escape(next());
            } else {
                text_ += c;
            }
        }
        return std::move(text_);
    }

private:
    char next() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void escape(char kind) {
        constexpr std::string_view kKinds = "bfnrt";
        constexpr std::string_view kMeant = "\b\f\n\r\t";
        if (kind == 'u') {
            append(unit());
        } else {
            const std::size_t at = kKinds.find(kind);
            text_ += at == kKinds.npos ? kind : kMeant[at];
        }
    }

    std::uint32_t unit() {
        std::uint32_t value = 0;
        std::from_chars(rest_.data(), rest_.data() + 4, value, 16);
        rest_.remove_prefix(4);
        return value;
    }

    // Two halves of one character may follow each other.
    void append(std::uint32_t c) {
        const bool high = c >= 0xd800 && c < 0xdc00;
        if (high && rest_.starts_with("\\u")) {
            const std::string_view before = rest_;
            rest_.remove_prefix(2);
            const std::uint32_t low = unit();
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            } else {
                rest_ = before;
            }
        }
        write(c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }

    void write(std::uint32_t c) {
        const auto octet = [&](std::uint32_t first, unsigned shift) {
            text_ += static_cast<char>(first | (c >> shift & 0x3f));
        };
        if (c < 0x80) {
            text_ += static_cast<char>(c);
            return;
        }
        if (c < 0x800) {
            text_ += static_cast<char>(0xc0 | c >> 6);
        } else if (c < 0x10000) {
            text_ += static_cast<char>(0xe0 | c >> 12);
            octet(0x80, 6);
        } else {
            text_ += static_cast<char>(0xf0 | c >> 18);
            octet(0x80, 12);
            octet(0x80, 6);
        }
        octet(0x80, 0);
    }

    std::string_view rest_;
    std::string text_;
};

}  // namespace

std::optional<std::string> find_text(std::string_view json,
                                     std::string_view name) {
    Scanner scanner(json, name);
    const auto quoted =
        scanner.document() ? scanner.found_text() : std::nullopt;
    return quoted ? std::optional(Unescaper(*quoted).text()) : std::nullopt;
}

std::optional<std::int64_t> find_number(std::string_view json,
                                        std::string_view name) {
    Scanner scanner(json, name);
    return scanner.document() ? scanner.found() : std::nullopt;
}

}  // namespace ngx_vrrp::notify
