// A keepalived.conf can have any content. The translation ends, and its text
// has only whole lines: no word of the input can begin a directive.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/require.hpp"
#include "translator/translate.hpp"

namespace ngx_vrrp::translator {
namespace {

using fuzz::require;

// What an input may become: most of the time of a run is spent on its lines, so
// inputs that multiply themselves must not take all of it.
constexpr Limits kLimits{.lines = 200, .octets = 20'000};

// The parts of the input between lines of "---": the first one is the file, and
// "include 1" includes the second one. "include 0" and "include *" also let a
// file include itself.
class Parts final : public Files {
public:
    explicit Parts(std::string_view input) {
        constexpr std::string_view kEnd = "\n---\n";
        while (parts_.size() < kMost) {
            const std::size_t end = std::min(input.find(kEnd), input.size());
            parts_.emplace_back(input.substr(0, end));
            input.remove_prefix(std::min(end + kEnd.size(), input.size()));
        }
    }

    std::optional<std::string> read(const std::string &path) const override {
        const std::size_t part = part_of(path);
        return part < kMost ? parts_[part] : parts_[0];
    }
    std::vector<std::string> match(const std::string &pattern) const override {
        if (pattern.ends_with('*')) {
            return {"1", "2"};
        }
        return part_of(pattern) < kMost ? std::vector{pattern}
                                        : std::vector<std::string>{};
    }
    std::optional<std::string> program(const std::string &name) const override {
        return "/bin/" + name;
    }
    bool exists(const std::string &) const override { return true; }
    bool has_address(const std::string &) const override { return true; }
    bool has_user(const std::string &) const override { return false; }
    std::optional<std::string> environment(const std::string &) const override {
        return std::nullopt;
    }

private:
    static constexpr std::size_t kMost = 3;

    static std::size_t part_of(std::string_view path) {
        return path.empty() ? kMost
                            : static_cast<std::size_t>(path.back()) - '0';
    }

    std::vector<std::string> parts_;
};

// Braces outside of quotes and comments are in pairs.
void check_braces(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    bool comment = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (comment) {
            comment = c != '\n';
        } else if (c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted) {
            comment = c == '#';
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            require(depth >= 0, "a brace too much");
        }
    }
    require(depth == 0 && !quoted, "an open brace or quote");
}

void check_translation(std::string_view input) {
    const Parts files(input);
    try {
        const Translation result =
            translate(files, "keepalived.conf", {"lb1"}, kLimits);
        check_braces(as_one(result.output));
        for (const Remark &remark : result.remarks) {
            require(describe(remark).find('\n') == std::string::npos,
                    "a remark of several lines");
        }
    } catch (const NotKeepalived &error) {
        require(!error.expected.empty(), "a refusal without a reason");
    }
}

}  // namespace
}  // namespace ngx_vrrp::translator

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    ngx_vrrp::translator::check_translation(
        {reinterpret_cast<const char *>(data), size});
    return 0;
}
