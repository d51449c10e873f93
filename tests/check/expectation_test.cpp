#include "core/check/expectation.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <regex>

#include "core/check/quote.hpp"

namespace ngx_vrrp::check {
namespace {

using Is = check::Test;  // gtest has another one

class StandardRegexes : public RegexEngine {
public:
    bool matches(Regex regex, std::string_view text) override {
        return std::regex_search(text.begin(), text.end(),
                                 *static_cast<std::regex *>(regex));
    }
};

// A vrrp_match, word by word, with expressions that live as long as it.
class Expectation {
public:
    Expectation &status(unsigned low, unsigned high = 0) {
        match_.statuses.push_back({low, high == 0 ? low : high, false});
        return *this;
    }
    Expectation &no_status(unsigned low, unsigned high = 0) {
        match_.statuses.push_back({low, high == 0 ? low : high, true});
        return *this;
    }
    Expectation &header(std::string name, Is test,
                        const std::string &value = {}) {
        Regex regex = nullptr;
        if (test == Is::regex || test == Is::not_regex) {
            regexes_.push_back(std::make_unique<std::regex>(value));
            regex = regexes_.back().get();
        }
        match_.tests.push_back({std::move(name), test, value, regex});
        return *this;
    }
    Expectation &body(Is test, const std::string &value = {}) {
        return header({}, test, value);
    }

    // The reason and the text, or "passed".
    std::string judge(std::string_view text) const {
        HttpResponse response(false, needs_body(match_));
        response.receive(text);
        EXPECT_TRUE(response.is_judgeable()) << response.error();
        StandardRegexes engine;
        return to_text(check::judge(match_, response, engine));
    }

    // The same, or "waits".
    std::string hear(std::string_view text, bool ended = false) const {
        StandardRegexes engine;
        const auto decision = judge_text(match_, text, ended, engine);
        return decision ? to_text(*decision) : "waits";
    }

private:
    static std::string to_text(const Failure &failure) {
        if (failure.reason == Reason::none) {
            EXPECT_EQ(failure.text, "");
            return "passed";
        }
        return std::string{to_string(failure.reason)} + ": " + failure.text;
    }

    Match match_;
    std::vector<std::unique_ptr<std::regex>> regexes_;
};

std::string response(unsigned status, std::string_view headers = {},
                     std::string_view body = {}) {
    return "HTTP/1.1 " + std::to_string(status) + " Text\r\n" +
           std::string{headers} +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string{body};
}

TEST(HttpRequest, IsHttp11WithHost) {
    EXPECT_EQ(http_request({"GET", "/health?a=b", "example.com", true}),
              "GET /health?a=b HTTP/1.1\r\n"
              "Host: example.com\r\n"
              "User-Agent: ngx_vrrp\r\n"
              "Accept: */*\r\n"
              "\r\n");
}

TEST(HttpRequest, SaysThatTheConnectionIsNotKept) {
    EXPECT_EQ(http_request({"HEAD", "/", "[2001:db8::1]:8080", false}),
              "HEAD / HTTP/1.1\r\n"
              "Host: [2001:db8::1]:8080\r\n"
              "User-Agent: ngx_vrrp\r\n"
              "Accept: */*\r\n"
              "Connection: close\r\n"
              "\r\n");
}

TEST(HttpRequest, SaysThatThereIsNoBodyWhereOneIsExpected) {
    EXPECT_NE(
        http_request({"POST", "/", "x", true}).find("Content-Length: 0\r\n"),
        std::string::npos);
}

TEST(Quote, IsPrintableAndShort) {
    EXPECT_EQ(quote(""), "\"\"");
    EXPECT_EQ(quote("a b"), "\"a b\"");
    EXPECT_EQ(quote("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(quote("\r\n\x1b\x7f\xc3\xa4"), R"("\x0d\x0a\x1b\x7f\xc3\xa4")");
    EXPECT_EQ(quote(std::string(80, 'a')), '"' + std::string(80, 'a') + '"');
    EXPECT_EQ(quote(std::string(81, 'a')),
              '"' + std::string(80, 'a') + "\"...");
    EXPECT_EQ(quote(std::string(78, 'a') + "\n"),
              '"' + std::string(78, 'a') + "\"...");
}

TEST(Judge, AcceptsTwoAndThreeHundredByDefault) {
    const Expectation any;

    for (const unsigned status : {200u, 204u, 301u, 399u}) {
        EXPECT_EQ(any.judge(response(status)), "passed") << status;
    }
    EXPECT_EQ(any.judge(response(400)), "L7STS: status 400, expected 200-399");
    EXPECT_EQ(any.judge(response(503)), "L7STS: status 503, expected 200-399");
    EXPECT_EQ(any.judge("HTTP/1.1 101 Upgrade\r\n\r\n"),
              "L7STS: status 101, expected 200-399");
}

TEST(Judge, AcceptsStatusesThatAreNamed) {
    Expectation some;
    some.status(200, 299).status(401).no_status(204).no_status(250, 259);

    EXPECT_EQ(some.judge(response(200)), "passed");
    EXPECT_EQ(some.judge(response(401)), "passed");
    EXPECT_EQ(some.judge(response(204)),
              "L7STS: status 204, expected 200-299 401 !204 !250-259");
    for (const unsigned status : {250u, 259u, 300u, 402u}) {
        EXPECT_NE(some.judge(response(status)), "passed") << status;
    }
}

TEST(Judge, AcceptsAllButTheStatusesThatAreNegated) {
    Expectation others;
    others.no_status(500, 599);

    EXPECT_EQ(others.judge(response(404)), "passed");
    EXPECT_EQ(others.judge(response(500)),
              "L7STS: status 500, expected !500-599");
}

TEST(Judge, HeaderExists) {
    Expectation exists;
    exists.header("X-Ready", Is::exists);

    EXPECT_EQ(exists.judge(response(200, "x-ready:\r\n")), "passed");
    EXPECT_EQ(exists.judge(response(200)),
              "L7RSP: header X-Ready is absent, expected any value");
}

TEST(Judge, HeaderIsAbsent) {
    Expectation absent;
    absent.header("X-Drain", Is::absent);

    EXPECT_EQ(absent.judge(response(200)), "passed");
    EXPECT_EQ(absent.judge(response(200, "X-DRAIN: on\r\n")),
              "L7RSP: header X-Drain is \"on\", expected none");
}

TEST(Judge, HeaderIsEqual) {
    Expectation equal;
    equal.header("X", Is::equal, "a");

    EXPECT_EQ(equal.judge(response(200, "X: a\r\n")), "passed");
    EXPECT_EQ(equal.judge(response(200, "X: b\r\nX: a\r\n")), "passed");
    EXPECT_EQ(equal.judge(response(200, "X: aa\r\n")),
              "L7RSP: header X is \"aa\", expected = \"a\"");
    EXPECT_EQ(equal.judge(response(200, "X: A\r\nX: b\r\n")),
              "L7RSP: header X is \"A\", expected = \"a\"");
    EXPECT_EQ(equal.judge(response(200)),
              "L7RSP: header X is absent, expected = \"a\"");
}

TEST(Judge, HeaderIsNotEqual) {
    Expectation other;
    other.header("X", Is::not_equal, "a");

    EXPECT_EQ(other.judge(response(200, "X: b\r\n")), "passed");
    EXPECT_EQ(other.judge(response(200)), "passed");
    EXPECT_EQ(other.judge(response(200, "X: b\r\nX: a\r\n")),
              "L7RSP: header X is \"a\", expected != \"a\"");
}

TEST(Judge, HeaderMatches) {
    Expectation json;
    json.header("Content-Type", Is::regex, "json");

    EXPECT_EQ(json.judge(response(200, "content-type: text/json;x\r\n")),
              "passed");
    EXPECT_EQ(json.judge(response(200, "Content-Type: text/html\r\n")),
              "L7RSP: header Content-Type is \"text/html\", expected "
              "~ \"json\"");
    EXPECT_EQ(json.judge(response(200)),
              "L7RSP: header Content-Type is absent, expected ~ \"json\"");
}

TEST(Judge, HeaderDoesNotMatch) {
    Expectation other;
    other.header("Server", Is::not_regex, "^old");

    EXPECT_EQ(other.judge(response(200, "Server: new\r\n")), "passed");
    EXPECT_EQ(other.judge(response(200)), "passed");
    EXPECT_EQ(other.judge(response(200, "Server: x\r\nServer: old\x1b\r\n")),
              R"(L7RSP: header Server is "old\x1b", expected !~ "^old")");
}

TEST(Judge, Body) {
    Expectation up;
    up.body(Is::regex, "\"up\"").body(Is::not_regex, "draining");

    EXPECT_EQ(up.judge(response(200, "", "{\"status\":\"up\"}")), "passed");
    EXPECT_EQ(up.judge(response(200, "", "down")),
              R"(L7RSP: body does not match "\"up\"")");
    EXPECT_EQ(up.judge(response(200, "", "\"up\", draining")),
              "L7RSP: body matches \"draining\"");
    EXPECT_EQ(up.judge("HTTP/1.1 204 No Content\r\n\r\n"),
              R"(L7RSP: body does not match "\"up\"")");
}

TEST(Judge, BodyWithoutExpressions) {
    EXPECT_EQ(Expectation().body(Is::exists).judge(response(200)),
              "L7RSP: body is empty");
    EXPECT_EQ(Expectation().body(Is::absent).judge(response(200, "", "a")),
              "L7RSP: body is not empty");
    EXPECT_EQ(Expectation().body(Is::equal, "a").judge(response(200, "", "aa")),
              "L7RSP: body is not \"a\"");
    EXPECT_EQ(
        Expectation().body(Is::not_equal, "a").judge(response(200, "", "a")),
        "L7RSP: body is \"a\"");
    EXPECT_EQ(Expectation()
                  .body(Is::exists)
                  .body(Is::equal, "a")
                  .body(Is::not_equal, "b")
                  .judge(response(200, "", "a")),
              "passed");
}

TEST(Judge, NamesTheStatusFirst) {
    Expectation both;
    both.header("X", Is::exists).body(Is::regex, "up");

    EXPECT_EQ(both.judge(response(500)), "L7STS: status 500, expected 200-399");
    EXPECT_EQ(both.judge(response(200)),
              "L7RSP: header X is absent, expected any value");
    EXPECT_EQ(both.judge(response(200, "X: y\r\n")),
              "L7RSP: body does not match \"up\"");
    EXPECT_EQ(both.judge(response(200, "X: y\r\n", "up")), "passed");
}

TEST(NeedsBody, OnlyForATestOfIt) {
    Match match;
    EXPECT_FALSE(needs_body(match));
    match.tests.push_back({"X", Is::exists, "", nullptr});
    EXPECT_FALSE(needs_body(match));
    match.tests.push_back({"", Is::exists, "", nullptr});
    EXPECT_TRUE(needs_body(match));
}

TEST(JudgeText, WaitsForWhatIsExpected) {
    Expectation pong;
    pong.body(Is::equal, "+PONG");

    EXPECT_EQ(pong.hear(""), "waits");
    EXPECT_EQ(pong.hear("+PON"), "waits");
    EXPECT_EQ(pong.hear("+PONG"), "passed");
    EXPECT_EQ(pong.hear("hello\r\n+PONG\r\n"), "passed");
    EXPECT_EQ(pong.hear("+PONG", true), "passed");
    EXPECT_EQ(pong.hear("-ERR\r\n", true),
              R"(L7RSP: received "-ERR\x0d\x0a", expected = "+PONG")");
    EXPECT_EQ(pong.hear("", true),
              "L7RSP: nothing received, expected = \"+PONG\"");
}

TEST(JudgeText, WaitsForAllThatIsExpected) {
    Expectation both;
    both.body(Is::regex, "^220 ").body(Is::regex, "ESMTP");

    EXPECT_EQ(both.hear("220 "), "waits");
    EXPECT_EQ(both.hear("220 mail ESMTP"), "passed");
    EXPECT_EQ(both.hear("220 mail", true),
              "L7RSP: received \"220 mail\", expected ~ \"ESMTP\"");
}

TEST(JudgeText, DoesNotWaitForever) {
    Expectation pong;
    pong.body(Is::equal, "+PONG");

    EXPECT_EQ(pong.hear(std::string(kMaxText - 1, 'a')), "waits");
    EXPECT_EQ(pong.hear(std::string(kMaxText, 'a') + "+PONG").substr(0, 5),
              "L7RSP");
}

TEST(JudgeText, FailsAtOnceForWhatIsNotExpected) {
    Expectation no_error;
    no_error.body(Is::equal, "+OK").body(Is::not_regex, "ERR");

    EXPECT_EQ(no_error.hear("+O"), "waits");
    EXPECT_EQ(no_error.hear("+OK"), "passed");
    EXPECT_EQ(no_error.hear("-ERR"),
              "L7RSP: received \"-ERR\", expected !~ \"ERR\"");
}

TEST(JudgeText, TheFirstBytesDecideIfNothingIsExpected) {
    Expectation no_error;
    no_error.body(Is::not_equal, "ERR");

    EXPECT_EQ(no_error.hear(""), "waits");
    EXPECT_EQ(no_error.hear("+OK"), "passed");
    EXPECT_EQ(no_error.hear("-ERR"),
              "L7RSP: received \"-ERR\", expected != \"ERR\"");
    EXPECT_EQ(no_error.hear("", true), "passed");
}

TEST(JudgeText, AnythingWillDo) {
    EXPECT_EQ(Expectation().body(Is::exists).hear(""), "waits");
    EXPECT_EQ(Expectation().body(Is::exists).hear("a"), "passed");
    EXPECT_EQ(Expectation().body(Is::exists).hear("", true),
              "L7RSP: nothing received, expected any value");
    EXPECT_EQ(Expectation().hear(""), "passed");
}

}  // namespace
}  // namespace ngx_vrrp::check
