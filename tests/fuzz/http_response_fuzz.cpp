// Any octets may come from a peer that is checked, in any pieces. However they
// are cut, the response and its judgement are the same, everything that is
// kept is bounded, and what is said about it can be logged.
//
// An input: how it is asked and judged (1 octet), the sizes of the pieces, in
// turn (4), and what the peer sends; in that, 0x1f and a number stand for many
// times the octets before it (half the square of the number, so that limits
// can be reached, but most inputs stay short).

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/check/expectation.hpp"
#include "core/check/quote.hpp"
#include "tests/check/responses.hpp"

namespace ngx_vrrp::check {
namespace {

using State = HttpResponse::State;
using Pieces = std::vector<std::string_view>;

constexpr std::size_t kSizes = 4;
constexpr std::size_t kPrefix = 1 + kSizes;

constexpr char kRepeat = 0x1f;
constexpr std::size_t kRepeated = 16;  // octets
// So many pieces are as small as the input says; 300,000 of one octet would be
// a hundred times slower, and find nothing else.
constexpr std::size_t kSmallPieces = 256;
constexpr std::size_t kLargePiece = 4096;

constexpr std::size_t kMaxExpanded = std::size_t{320} * 1024;

// Longer than all that we quote in one text.
constexpr std::size_t kMaxFailureText = 512;

// An assert that no build leaves out.
void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "http_response_fuzz: %s\n", what);
        std::abort();
    }
}

// An expression is a text to be found.
class Substrings final : public RegexEngine {
public:
    bool matches(Regex regex, std::string_view text) override {
        return text.find(static_cast<const char *>(regex)) !=
               std::string_view::npos;
    }
};

TextTest text_test(std::string header, Test test, const char *value) {
    return {std::move(header), test, value, const_cast<char *>(value)};
}

// By the lowest bits of the first octet.
Match match_of(unsigned number) {
    Match match;
    switch (number % 4) {
        case 0:  // the default
            break;
        case 1:
            match.statuses = {
                {200, 299, false}, {404, 404, false}, {204, 204, true}};
            match.tests = {text_test("Content-Type", Test::regex, "json"),
                           text_test("X-Mode", Test::not_equal, "drain"),
                           text_test("X-Drain", Test::absent, "")};
            break;
        case 2:
            match.tests = {text_test("Server", Test::exists, ""),
                           text_test("", Test::regex, "ok")};
            break;
        case 3:
            match.statuses = {{500, 599, true}};
            match.tests = {text_test("", Test::not_regex, "error"),
                           text_test("", Test::not_equal, "no")};
            break;
    }
    return match;
}

struct Input {
    bool head;
    bool then_end;
    Match match;
    std::array<std::size_t, kSizes> sizes;
    std::string text;

    test::Asked asked() const { return {head, needs_body(match), then_end}; }
};

// By doubling what is there: one by one takes most of the time of a run.
void repeat(std::string &text, std::size_t times) {
    const std::size_t unit = std::min(text.size(), kRepeated);
    if (unit == 0 || text.size() >= kMaxExpanded) {
        return;
    }
    const std::size_t room = (kMaxExpanded - text.size()) / unit;
    const std::size_t begin = text.size() - unit;
    const std::size_t end = text.size() + std::min(times, room) * unit;
    text.reserve(end);
    while (text.size() < end) {
        const std::size_t n = std::min(text.size() - begin, end - text.size());
        text.append(text, begin, n);
    }
}

std::string expanded(std::string_view text) {
    std::string all;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == kRepeat && i + 1 < text.size()) {
            const auto octet = static_cast<unsigned char>(text[++i]);
            repeat(all, std::size_t{octet} * octet / 2);
        } else {
            all += text[i];
        }
    }
    return all;
}

Input parse(const std::uint8_t *data, std::size_t size) {
    Input input{(data[0] & 4) != 0,
                (data[0] & 8) != 0,
                match_of(data[0]),
                {},
                expanded({reinterpret_cast<const char *>(data) + kPrefix,
                          size - kPrefix})};
    // Squares: pieces of one octet and of a whole buffer.
    for (std::size_t i = 0; i < kSizes; ++i) {
        input.sizes[i] = 1u + data[1 + i] * data[1 + i];
    }
    return input;
}

Pieces cut(const Input &input) {
    Pieces pieces;
    std::string_view rest = input.text;
    for (std::size_t i = 0; !rest.empty(); ++i) {
        const std::size_t least = i < kSmallPieces ? 1 : kLargePiece;
        const std::size_t n = std::min(
            rest.size(), std::max(least, input.sizes[i % input.sizes.size()]));
        pieces.push_back(rest.substr(0, n));
        rest.remove_prefix(n);
    }
    return pieces;
}

void require_printable(std::string_view text) {
    require(text.size() <= kMaxFailureText, "a text is too long");
    require(
        std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; }),
        "a text is not printable");
}

std::size_t size_of_headers(const test::Reading &reading) {
    std::size_t size = 0;
    for (const std::string &header : reading.headers) {
        size += header.size();
    }
    return size;
}

void check_bounds(const test::Reading &reading, const test::Asked &asked) {
    require(reading.body.size() <= kMaxBodyKept, "too much is kept");
    require(reading.body.size() <= reading.body_size, "more is kept than came");
    require(asked.keep_body || reading.body.empty(), "kept without need");
    require(!asked.head || reading.body_size == 0, "HEAD with a body");
    require(size_of_headers(reading) <= kMaxHeaderBytes * 2, "headers");
    require(
        reading.status == 0 || (reading.status >= 100 && reading.status <= 999),
        "a status of other than three digits");
}

void check_state(const test::Reading &reading) {
    const bool complete = reading.state == State::complete;

    require((reading.state == State::broken) == !reading.error.empty(),
            "broken without an error, or the other way round");
    require(!complete || reading.judgeable, "complete, but not judgeable");
    require(!complete || reading.remaining == 0u, "complete, but not all");
    require(!reading.keeps_connection || complete, "kept, but not complete");
    require(!reading.judgeable || reading.status != 0, "judged by nothing");
    require_printable(reading.error);
}

bool same(const Failure &a, const Failure &b) {
    return a.reason == b.reason && a.text == b.text;
}

Failure judged(const Match &match, const HttpResponse &response) {
    Substrings regexes;
    Failure failure = judge(match, response, regexes);
    require((failure.reason == Reason::none) == failure.text.empty(),
            "failed without a text, or the other way round");
    require_printable(failure.text);
    return failure;
}

// It is judged as soon as it can be, and again at the end.
void check_judgement(const Input &input, const Pieces &pieces) {
    HttpResponse response(input.head, needs_body(input.match));
    std::optional<Failure> first;
    std::size_t read = 0;
    for (const std::string_view piece : pieces) {
        response.receive(piece);
        read += piece.size();
        if (!first && response.is_judgeable()) {
            first = judged(input.match, response);
        }
        require(first || read <= kMaxHeaderBytes + kMaxBodyKept + kMaxFraming ||
                    response.state() == State::broken,
                "not judgeable after so much");
    }
    if (first) {
        require(response.is_judgeable(), "not judgeable any more");
        require(same(*first, judged(input.match, response)),
                "judged differently later");
    }
}

void check_response(const Input &input, const Pieces &pieces) {
    const test::Asked asked = input.asked();
    const test::Reading whole = test::read_whole(input.text, asked);

    check_bounds(whole, asked);
    check_state(whole);
    require(test::read_pieces(pieces, asked) == whole, "read differently");
}

// An accepted answer stays accepted: nothing is negated here.
void check_send_expect(const Input &input) {
    Match match;
    match.tests = {text_test("", Test::equal, "ok"),
                   text_test("", Test::regex, "HTTP")};
    Substrings regexes;

    const auto half = judge_text(
        match, std::string_view{input.text}.substr(0, input.text.size() / 2),
        false, regexes);
    const auto whole = judge_text(match, input.text, true, regexes);

    require(whole.has_value(), "no decision at the end");
    require_printable(whole->text);
    require(!half || same(*half, *whole), "decided, but not for good");
}

}  // namespace
}  // namespace ngx_vrrp::check

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::check;

    if (size < kPrefix) {
        return 0;
    }
    const Input input = parse(data, size);
    const Pieces pieces = cut(input);
    check_response(input, pieces);
    check_judgement(input, pieces);
    check_send_expect(input);
    return 0;
}
