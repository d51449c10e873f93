#include "core/check/expectation.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/check/quote.hpp"

namespace ngx_vrrp::check {

namespace {

// The keywords of the configuration, by Test.
constexpr std::array<std::string_view, 6> kOperators{"",   "!", "=",
                                                     "!=", "~", "!~"};

constexpr std::array<std::string_view, 6> kBodyComplaints{
    "is empty", "is not empty", "is not", "is", "does not match", "matches"};

constexpr StatusRange kDefaultRange{200, 399, false};

constexpr std::size_t index_of(Test test) {
    return static_cast<std::size_t>(test);
}

bool is_negated(Test test) {
    return test == Test::absent || test == Test::not_equal ||
           test == Test::not_regex;
}

bool is_existence(Test test) {
    return test == Test::exists || test == Test::absent;
}

bool is_of_text(const TextTest &test) {
    return test.header.empty();
}

// expected ~ "json"
std::string expected(const TextTest &test) {
    if (test.test == Test::exists) {
        return "expected any value";
    }
    if (test.test == Test::absent) {
        return "expected none";
    }
    return "expected " + std::string{kOperators[index_of(test.test)]} + ' ' +
           quote(test.value);
}

// The result of the test for one header of that name, without its negation.
bool holds(const TextTest &test, std::string_view text, RegexEngine &regexes) {
    switch (test.test) {
        case Test::exists:
        case Test::absent:
            return true;
        case Test::equal:
        case Test::not_equal:
            return text == test.value;
        case Test::regex:
        case Test::not_regex:
            return regexes.matches(test.regex, text);
    }
    return false;
}

bool holds_of_text(const TextTest &test, std::string_view text,
                   RegexEngine &regexes) {
    return is_existence(test.test) ? !text.empty() : holds(test, text, regexes);
}

bool contains(StatusRange range, unsigned status) {
    return range.low <= status && status <= range.high;
}

bool is_accepted(std::span<const StatusRange> ranges, unsigned status) {
    bool only_negated = true;
    bool accepted = false;
    for (const StatusRange &range : ranges) {
        if (!range.negated) {
            only_negated = false;
            accepted = accepted || contains(range, status);
        } else if (contains(range, status)) {
            return false;
        }
    }
    return accepted || only_negated;
}

std::string to_text(const StatusRange &range) {
    std::string text = range.negated ? "!" : "";
    text += std::to_string(range.low);
    if (range.high != range.low) {
        text += '-' + std::to_string(range.high);
    }
    return text;
}

std::span<const StatusRange> ranges_of(const Match &match) {
    if (match.statuses.empty()) {
        return {&kDefaultRange, 1};
    }
    return match.statuses;
}

Failure judge_status(const Match &match, unsigned status) {
    const auto ranges = ranges_of(match);
    if (is_accepted(ranges, status)) {
        return {};
    }
    std::string text = "status " + std::to_string(status) + ", expected";
    for (const StatusRange &range : ranges) {
        text += ' ' + to_text(range);
    }
    return {Reason::l7sts, text};
}

Failure judge_header(const TextTest &test, const HttpResponse &response,
                     RegexEngine &regexes) {
    const HttpHeader *first = nullptr;
    const HttpHeader *holding = nullptr;
    for (const HttpHeader &header : response.headers()) {
        if (!header.is(test.header)) {
            continue;
        }
        first = first != nullptr ? first : &header;
        if (holding == nullptr && holds(test, header.value, regexes)) {
            holding = &header;
        }
    }
    if ((holding != nullptr) != is_negated(test.test)) {
        return {};
    }
    const HttpHeader *culprit = holding != nullptr ? holding : first;
    return {Reason::l7rsp,
            "header " + test.header + " is " +
                (culprit != nullptr ? quote(culprit->value) : "absent") + ", " +
                expected(test)};
}

Failure judge_body(const TextTest &test, const std::string &body,
                   RegexEngine &regexes) {
    if (holds_of_text(test, body, regexes) != is_negated(test.test)) {
        return {};
    }
    std::string text = "body ";
    text += kBodyComplaints[index_of(test.test)];
    if (!is_existence(test.test)) {
        text += ' ' + quote(test.value);
    }
    return {Reason::l7rsp, text};
}

Failure judge_test(const TextTest &test, const HttpResponse &response,
                   RegexEngine &regexes) {
    return is_of_text(test) ? judge_body(test, response.body(), regexes)
                            : judge_header(test, response, regexes);
}

// There is no end that "equal" could reach to.
bool holds_of_answer(const TextTest &test, std::string_view text,
                     RegexEngine &regexes) {
    if (test.test == Test::equal || test.test == Test::not_equal) {
        return text.find(test.value) != std::string_view::npos;
    }
    return holds_of_text(test, text, regexes);
}

Failure unexpected_answer(const TextTest &test, std::string_view text) {
    return {Reason::l7rsp,
            (text.empty() ? "nothing received" : "received " + quote(text)) +
                ", " + expected(test)};
}

// Servers may refuse a request with such a method unless it declares an empty
// body (RFC 9110, 8.6).
bool announces_body(std::string_view method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

std::string http_request(const HttpCheck &check) {
    std::string request = check.method + ' ' + check.uri +
                          " HTTP/1.1\r\n"
                          "Host: " +
                          check.host +
                          "\r\n"
                          "User-Agent: ngx_vrrp\r\n"
                          "Accept: */*\r\n";
    if (announces_body(check.method)) {
        request += "Content-Length: 0\r\n";
    }
    if (!check.keepalive) {
        request += "Connection: close\r\n";
    }
    return request + "\r\n";
}

bool needs_body(const Match &match) {
    return std::ranges::any_of(match.tests, is_of_text);
}

Failure judge(const Match &match, const HttpResponse &response,
              RegexEngine &regexes) {
    Failure failure = judge_status(match, response.status());
    for (const TextTest &test : match.tests) {
        if (failure.reason != Reason::none) {
            break;
        }
        failure = judge_test(test, response, regexes);
    }
    return failure;
}

std::optional<Failure> judge_text(const Match &match, std::string_view text,
                                  bool ended, RegexEngine &regexes) {
    text = text.substr(0, kMaxText);
    const bool is_final = ended || text.size() == kMaxText;
    bool waits = text.empty() && !match.tests.empty();

    for (const TextTest &test : match.tests) {
        const bool held = holds_of_answer(test, text, regexes);
        if (held == is_negated(test.test) && (held || is_final)) {
            return unexpected_answer(test, text);
        }
        waits = waits || (!held && !is_negated(test.test));
    }
    return waits && !is_final ? std::nullopt
                              : std::optional<Failure>{Failure{}};
}

}  // namespace ngx_vrrp::check
