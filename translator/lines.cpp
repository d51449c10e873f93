#include "translator/lines.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr unsigned kDeepestInclude = 16;
constexpr unsigned kDeepestExpansion = 32;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_';
}

std::size_t name_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_name_char(text[length])) {
        ++length;
    }
    return length;
}

// "#" and "!" begin a comment, also inside a word, but not inside quotes.
std::string_view without_comment(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\\' && quoted) {
            ++i;
        } else if (line[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && (line[i] == '#' || line[i] == '!')) {
            return line.substr(0, i);
        }
    }
    return line;
}

std::string directory_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

// The head of "~SEQ(...)" or "~LST(...)" and the rest of the line.
struct Repetition {
    std::vector<std::string> names;
    std::vector<std::vector<std::string>> values;
    std::string_view rest;
};

std::string in_base(std::int64_t value, bool hex) {
    if (!hex) {
        return std::to_string(value);
    }
    std::string digits;
    const bool negative = value < 0;
    auto left = static_cast<std::uint64_t>(negative ? -value : value);
    do {
        digits.insert(digits.begin(), "0123456789abcdef"[left % 16]);
        left /= 16;
    } while (left != 0);
    return negative ? "-" + digits : digits;
}

std::optional<std::int64_t> parse_any_base(std::string_view text) {
    if (!text.starts_with("0x") && !text.starts_with("0X")) {
        const auto value = parse_number(text);
        return value && std::abs(*value) < 1'000'000'000 ? value : std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : text.substr(2)) {
        const std::size_t digit =
            std::string_view("0123456789abcdef")
                .find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
        if (digit == std::string_view::npos || value > 1'000'000'000) {
            return std::nullopt;
        }
        value = value * 16 + static_cast<std::int64_t>(digit);
    }
    return value;
}

// Splits at commas that are not in braces.
std::vector<std::string_view> split_commas(std::string_view text) {
    std::vector<std::string_view> parts;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i == text.size() || (text[i] == ',' && depth == 0)) {
            parts.push_back(trim(text.substr(begin, i - begin)));
            begin = i + 1;
        } else if (text[i] == '{') {
            ++depth;
        } else if (text[i] == '}') {
            --depth;
        }
    }
    return parts;
}

std::vector<std::string> in_braces(std::string_view text) {
    if (text.size() >= 2 && text.front() == '{' && text.back() == '}') {
        std::vector<std::string> parts;
        for (const std::string_view part :
             split_commas(text.substr(1, text.size() - 2))) {
            parts.emplace_back(part);
        }
        return parts;
    }
    return {std::string(text)};
}

class LineReader {
public:
    LineReader(const Files &files, const Identity &identity,
               const Limits &limits, Remarks &remarks)
        : files_(files),
          limits_(limits),
          remarks_(remarks),
          identity_(identity) {}

    void read_file(const std::string &path) {
        const auto content = files_.read(path);
        const auto name = std::make_shared<const std::string>(path);
        if (!content) {
            throw NotKeepalived{{name, 0}, "a file that can be read"};
        }
        read_text(*content, name);
    }

    std::vector<Line> take() { return std::move(lines_); }

private:
    void read_text(const std::string &content,
                   const std::shared_ptr<const std::string> &file) {
        const std::string directory =
            std::exchange(directory_, directory_of(*file));
        check_text(content, file);
        std::string_view rest = content;
        for (unsigned number = 1; !rest.empty(); ++number) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            read_line(rest.substr(0, end), {file, number});
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        directory_ = directory;
    }

    void check_text(const std::string &content,
                    const std::shared_ptr<const std::string> &file) {
        const std::size_t zero = content.find('\0');
        if (zero != std::string::npos) {
            const auto line = static_cast<unsigned>(
                1 +
                std::count(content.begin(),
                           content.begin() + static_cast<std::ptrdiff_t>(zero),
                           '\n'));
            throw NotKeepalived{{file, line},
                                "a text file without zero bytes (UTF-16?)"};
        }
        if (content.starts_with(kByteOrderMark)) {
            remark(Severity::decide, {file, 1}, "byte order mark",
                   "keepalived does not recognise the first word of this "
                   "file: save the file without a byte order mark");
        }
    }

    void read_line(std::string_view raw, const Place &place) {
        spend(raw.size());
        const std::string_view line = trim(without_comment(raw));
        if (continues_) {
            continue_definition(line, place);
        } else if (!line.empty()) {
            process(std::string(line), place, 0);
        }
    }

    // A line after variables are replaced.
    bool include(std::string_view line, const Place &place) {
        const std::size_t end =
            std::min(line.find_first_of(" \t"), line.size());
        const std::string_view word = line.substr(0, end);
        if (!word.starts_with("include") || word.size() > 8 ||
            (word.size() == 8 &&
             std::string_view("rmwba").find(word[7]) == std::string::npos) ||
            end == line.size()) {
            return false;
        }
        std::string pattern(trim(line.substr(end)));
        if (pattern.size() >= 2 && pattern.front() == '"' &&
            pattern.back() == '"') {
            pattern = pattern.substr(1, pattern.size() - 2);
        }
        if (!pattern.starts_with('/')) {
            pattern = directory_ + "/" + pattern;
        }
        if (depth_ == kDeepestInclude) {
            throw NotKeepalived{place, "files that do not include each other"};
        }
        include_files(pattern, place);
        return true;
    }

    void include_files(const std::string &pattern, const Place &place) {
        const std::vector<std::string> paths = files_.match(pattern);
        if (paths.empty()) {
            remark(Severity::decide, place, "include",
                   "no file matches " + printable(pattern));
        }
        ++depth_;
        for (const std::string &path : paths) {
            const auto content = files_.read(path);
            if (content) {
                read_text(*content, std::make_shared<const std::string>(path));
            } else {
                remark(Severity::decide, place, "include",
                       printable(path) + " cannot be read");
            }
        }
        --depth_;
    }

    // A line after its comment is removed; also each line of a variable.
    void process(std::string line, const Place &place, unsigned depth) {
        if (depth > kDeepestExpansion) {
            throw NotKeepalived{place,
                                "variables that do not contain themselves"};
        }
        spend(line.size());
        if (line.starts_with('@')) {
            condition(line, place, depth);
        } else if (!define(line, place)) {
            repeat_or_emit(line, place, depth);
        }
    }

    void condition(std::string_view line, const Place &place, unsigned depth) {
        line.remove_prefix(1);
        const bool negated = line.starts_with('^');
        if (negated) {
            line.remove_prefix(1);
        }
        const std::size_t end =
            std::min(line.find_first_of(" \t"), line.size());
        if ((line.substr(0, end) == identity_.config_id) == negated) {
            return;
        }
        const std::string_view rest = trim(line.substr(end));
        if (!rest.empty()) {
            process(std::string(rest), place, depth + 1);
        }
    }

    bool define(std::string_view line, const Place &place) {
        if (!line.starts_with('$')) {
            return false;
        }
        const std::size_t length = name_length(line.substr(1));
        if (length == 0 || line.substr(1 + length, 1) != "=") {
            return false;
        }
        name_ = line.substr(1, length);
        std::string_view value = trim(line.substr(length + 2));
        continues_ = value.ends_with('\\');
        if (continues_) {
            value = trim(value.substr(0, value.size() - 1));
        }
        spend(value.size());
        variables_[name_] = std::string(value);
        begun_ = place;
        return true;
    }

    // An empty line ends it, although the line before asks for another.
    void continue_definition(std::string_view line, const Place &place) {
        if (!line.empty()) {
            add_to_definition(line);
            return;
        }
        continues_ = false;
        remark(Severity::decide, place, "$" + name_,
               "the empty line ends this definition, and keepalived reads the "
               "lines after it as if they were not part of it");
    }

    void add_to_definition(std::string_view line) {
        continues_ = line.ends_with('\\');
        if (continues_) {
            line = trim(line.substr(0, line.size() - 1));
        }
        std::string &value = variables_[name_];
        if (!value.empty()) {
            value += '\n';
        }
        value += line;
    }

    void repeat_or_emit(const std::string &line, const Place &place,
                        unsigned depth) {
        std::string text = line;
        if (text.starts_with('~')) {
            // Only the parentheses: the rest is replaced in each round.
            const std::size_t close = std::min(text.find(')'), text.size());
            text = replace(text.substr(0, close), place) + text.substr(close);
            if (const auto repetition = parse_repetition(text)) {
                repeat(*repetition, place, depth);
                return;
            }
            remark(Severity::decide, place, text.substr(0, 4),
                   "expected ~SEQ(name, start, step, end) or "
                   "~LST(name, value, ...): the line is ignored");
            return;
        }
        const std::string replaced = replace(text, place);
        if (replaced == text) {
            emit(replaced, place);
            return;
        }
        replay(replaced, place, depth);
    }

    // A variable can have several lines, and each can define variables.
    void replay(std::string_view text, const Place &place, unsigned depth) {
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            const std::string_view line = trim(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.empty()) {
                continue;
            }
            process(std::string(line), place, depth + 1);
        }
    }

    std::optional<Repetition> parse_repetition(std::string_view line) const {
        const std::size_t open = line.find('(');
        const std::size_t close = line.find(')');
        if (close == std::string_view::npos || open > close) {
            return std::nullopt;
        }
        const std::string_view kind = line.substr(0, open);
        const auto parts =
            split_commas(line.substr(open + 1, close - open - 1));
        Repetition result;
        result.rest = trim(line.substr(close + 1));
        result.names = in_braces(parts[0]);
        const bool done = kind == "~LST" ? list_values(parts, result)
                          : kind == "~SEQ" || kind == "~SEQx"
                              ? sequence_values(parts, kind == "~SEQx", result)
                              : false;
        return done ? std::optional(std::move(result)) : std::nullopt;
    }

    static bool list_values(const std::vector<std::string_view> &parts,
                            Repetition &result) {
        for (std::size_t i = 1; i < parts.size(); ++i) {
            result.values.push_back(in_braces(parts[i]));
            if (result.values.back().size() != result.names.size()) {
                return false;
            }
        }
        return true;
    }

    bool sequence_values(const std::vector<std::string_view> &parts, bool hex,
                         Repetition &result) const {
        std::vector<std::int64_t> numbers;
        for (std::size_t i = 1; i < parts.size(); ++i) {
            const auto number = parse_any_base(parts[i]);
            if (!number) {
                return false;
            }
            numbers.push_back(*number);
        }
        if (numbers.empty() || numbers.size() > 3 || result.names.size() != 1) {
            return false;
        }
        const std::int64_t end = numbers.back();
        const std::int64_t start = numbers.size() > 1 ? numbers[0]
                                   : end < 0          ? -1
                                                      : 1;
        const std::int64_t step = numbers.size() > 2 ? numbers[1]
                                  : end < start      ? -1
                                                     : 1;
        if (step == 0 || std::abs((end - start) / step) >
                             static_cast<std::int64_t>(limits_.lines)) {
            return false;
        }
        for (std::int64_t i = start; step > 0 ? i <= end : i >= end;
             i += step) {
            result.values.push_back({in_base(i, hex)});
        }
        return true;
    }

    void repeat(const Repetition &repetition, const Place &place,
                unsigned depth) {
        const std::string rest(repetition.rest);
        for (const auto &values : repetition.values) {
            for (std::size_t i = 0; i < values.size(); ++i) {
                variables_[repetition.names[i]] = values[i];
            }
            if (!rest.empty()) {
                process(rest, place, depth + 1);
            }
        }
    }

    // One round: a value is looked at again when its line is processed.
    std::string replace(std::string_view text, const Place &place) {
        std::string result;
        while (!text.empty()) {
            const std::size_t dollar = std::min(text.find('$'), text.size());
            result += text.substr(0, dollar);
            text.remove_prefix(dollar);
            if (!text.empty()) {
                text.remove_prefix(replace_one(text, place, result));
            }
            spend(0);
            if (result.size() > limits_.octets) {
                throw NotKeepalived{place,
                                    "a configuration of less than 64 "
                                    "MB after variables are replaced"};
            }
        }
        return result;
    }

    // Returns the length of what it replaced, or of the "$" that stays.
    std::size_t replace_one(std::string_view text, const Place &place,
                            std::string &result) {
        if (text.size() > 1 && text[1] == '{') {
            const std::size_t close = text.find('}');
            if (close != std::string_view::npos) {
                const auto value = value_of(text.substr(2, close - 2), place);
                if (value) {
                    result += *value;
                    return close + 1;
                }
            }
        } else {
            const std::size_t length = name_length(text.substr(1));
            const bool ends = 1 + length == text.size() ||
                              is_blank(text[1 + length]) ||
                              text[1 + length] == '\n';
            const auto found =
                variables_.find(std::string(text.substr(1, length)));
            if (length != 0 && ends && found != variables_.end()) {
                result += found->second;
                return 1 + length;
            }
        }
        result += '$';
        return 1;
    }

    std::optional<std::string> value_of(std::string_view name,
                                        const Place &place) {
        if (name == "_PWD") {
            return directory_;
        }
        if (name == "_INSTANCE") {
            return identity_.config_id;
        }
        if (name == "_HASH") {
            return "#";
        }
        if (name == "_BANG") {
            return "!";
        }
        if (name.starts_with("_RANDOM")) {
            remark(Severity::decide, place, "${_RANDOM}",
                   "a random number: write a fixed number");
            const auto words = split_words(name);
            return words.size() > 1 ? words[1] : "0";
        }
        if (name.starts_with("_ENV ") || name.starts_with("_ENV\t")) {
            return from_environment(trim(name.substr(5)), place);
        }
        const auto found = variables_.find(std::string(name));
        return found == variables_.end() ? std::nullopt
                                         : std::optional(found->second);
    }

    std::optional<std::string> from_environment(std::string_view name,
                                                const Place &place) {
        auto value = files_.environment(std::string(name));
        remark(value ? Severity::note : Severity::decide, place,
               "${_ENV " + printable(name) + "}",
               value ? "the value of the environment of this command is "
                       "written"
                     : "the environment of this command does not have this "
                       "variable");
        return value.value_or("");
    }

    void emit(const std::string &text, const Place &place) {
        spend(text.size());
        if (include(text, place)) {
            return;
        }
        if (lines_.size() == limits_.lines) {
            throw NotKeepalived{place,
                                "fewer lines after ~SEQ, ~LST and "
                                "variables are replaced"};
        }
        lines_.push_back({place, text});
    }

    void spend(std::size_t octets) {
        spent_ += octets + 1;
        if (spent_ > limits_.octets) {
            throw NotKeepalived{begun_,
                                "less text after ~SEQ, ~LST and "
                                "variables are replaced"};
        }
    }

    void remark(Severity severity, const Place &place, std::string word,
                std::string text) {
        remarks_.push_back(
            {severity, place, printable(word), std::move(text), {}});
    }

    const Files &files_;
    const Limits limits_;
    Remarks &remarks_;
    const Identity identity_;
    std::vector<Line> lines_;
    std::map<std::string, std::string> variables_;
    std::string directory_;
    std::string name_;  // of the definition that continues
    bool continues_ = false;
    Place begun_;
    unsigned depth_ = 0;
    std::size_t spent_ = 0;
};

}  // namespace

std::vector<Line> read_lines(const Files &files, const std::string &path,
                             const Identity &identity, const Limits &limits,
                             Remarks &remarks) {
    LineReader reader(files, identity, limits, remarks);
    reader.read_file(path);
    return reader.take();
}

}  // namespace ngx_vrrp::translator
