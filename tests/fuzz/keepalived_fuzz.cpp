// A keepalived.conf can have any content. The translation ends, and its text
// has only whole lines: no word of the input can begin a directive.

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

// The input is each file, so it can also include itself.
class OneFile final : public Files {
public:
    explicit OneFile(std::string content) : content_(std::move(content)) {}

    std::optional<std::string> read(const std::string &) const override {
        return content_;
    }
    std::vector<std::string> match(const std::string &) const override {
        return {"one.conf"};
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
    std::string content_;
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
    const OneFile files{std::string(input)};
    try {
        const Translation result =
            translate(files, "keepalived.conf", {"lb1"}, {2000, 200'000});
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
