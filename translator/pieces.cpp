#include "translator/pieces.hpp"

#include <algorithm>
#include <string_view>

#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

std::vector<std::string> unquoted_words(std::string_view text) {
    std::vector<std::string> words;
    std::size_t i = 0;
    while (i < text.size()) {
        if (is_blank(text[i])) {
            ++i;
            continue;
        }
        const bool quoted = text[i] == '"';
        const std::size_t begin = quoted ? i + 1 : i;
        const std::size_t end = std::min(
            text.find_first_of(quoted ? "\"" : "\" \t", begin), text.size());
        words.emplace_back(text.substr(begin, end - begin));
        i = quoted ? end + 1 : end;
    }
    return words;
}

void add_words(const Place &place, std::string_view text,
               std::vector<Piece> &pieces) {
    text = trim(text);
    if (!text.empty()) {
        auto words = unquoted_words(text);
        if (!words.empty()) {
            pieces.push_back(
                {PieceKind::words, place, std::move(words), std::string(text)});
        }
    }
}

// Returns false if a quote is not closed.
bool split_line(const Line &line, std::vector<Piece> &pieces) {
    const std::string_view text = line.text;
    std::size_t begin = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && quoted) {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (text[i] == '{' || text[i] == '}')) {
            add_words(line.place, text.substr(begin, i - begin), pieces);
            pieces.push_back(
                {text[i] == '{' ? PieceKind::open : PieceKind::close,
                 line.place,
                 {},
                 std::string(1, text[i])});
            begin = i + 1;
        }
    }
    add_words(line.place, text.substr(begin), pieces);
    return !quoted;
}

// Splits as a shell does: quotes, and "\" before a character.
class ShellWords {
public:
    explicit ShellWords(std::string_view text) : text_(text) {}

    bool next(std::string &word) {
        while (at_ < text_.size() && is_blank(text_[at_])) {
            ++at_;
        }
        if (at_ == text_.size()) {
            return false;
        }
        word.clear();
        was_quoted_ = text_[at_] == '"';
        char quote = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            if (c == '\\' && at_ + 1 < text_.size() && quote != '\'') {
                word += escaped();
            } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
                quote = quote != 0 ? 0 : c;
            } else if (quote == 0 && is_blank(c)) {
                break;
            } else {
                word += c;
            }
        }
        complete_ = complete_ && quote == 0;
        return true;
    }

    bool was_quoted() const { return was_quoted_; }
    bool complete() const { return complete_; }

private:
    char escaped() {
        const char c = text_[++at_];
        switch (c) {
            case 'n':
                return '\n';
            case 't':
                return '\t';
            case 'r':
                return '\r';
            case 'x':
                return in_base(16, 2);
            case '0':
            case '1':
            case '2':
            case '3':
                --at_;
                return in_base(8, 3);
            default:
                return c;
        }
    }

    char in_base(unsigned base, unsigned digits) {
        unsigned value = 0;
        for (; digits != 0 && at_ + 1 < text_.size(); --digits) {
            const std::size_t digit =
                std::string_view("0123456789abcdefABCDEF").find(text_[at_ + 1]);
            const std::size_t real = digit > 15 ? digit - 6 : digit;
            if (digit == std::string_view::npos || real >= base) {
                break;
            }
            value = value * base + static_cast<unsigned>(real);
            ++at_;
        }
        return static_cast<char>(value & 0xff);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    bool was_quoted_ = false;
    bool complete_ = true;
};

}  // namespace

std::vector<Piece> split_pieces(const std::vector<Line> &lines,
                                Remarks &remarks) {
    std::vector<Piece> pieces;
    for (const Line &line : lines) {
        if (!split_line(line, pieces)) {
            remarks.push_back({Severity::decide,
                               line.place,
                               printable(line.text),
                               "a quote is not closed in this line",
                               {}});
        }
    }
    return pieces;
}

Command parse_command(const std::string &text) {
    Command command;
    ShellWords outer(text);
    std::string word;
    outer.next(word);  // the keyword
    if (!outer.next(word)) {
        return command;
    }
    // In one pair of quotes: the program and its arguments.
    if (outer.was_quoted()) {
        ShellWords inner(word);
        std::string argument;
        while (inner.next(argument)) {
            command.arguments.push_back(argument);
        }
        command.complete = inner.complete();
    } else {
        command.arguments.push_back(word);
    }
    while (outer.next(word)) {
        command.behind.push_back(word);
    }
    command.complete = command.complete && outer.complete();
    return command;
}

}  // namespace ngx_vrrp::translator
