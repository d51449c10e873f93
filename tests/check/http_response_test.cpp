#include "core/check/http_response.hpp"

#include <gtest/gtest.h>

#include "tests/check/responses.hpp"
#include "tests/support/random_bytes.hpp"

namespace ngx_vrrp::check {
namespace {

using test::Asked;
using test::read_octets;
using test::read_pieces;
using test::read_whole;
using test::Reading;
using State = HttpResponse::State;

constexpr Asked kEnd{.then_end = true};

std::string ok(std::string_view headers, std::string_view body = {}) {
    return "HTTP/1.1 200 OK\r\n" + std::string{headers} + "\r\n" +
           std::string{body};
}

std::string chunked(std::string_view body) {
    return ok("Transfer-Encoding: chunked\r\n", body);
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::string error_of(std::string_view text, Asked asked = {}) {
    const Reading reading = read_whole(text, asked);
    return reading.state == State::broken ? reading.error : "not broken";
}

TEST(HttpResponse, HasStatusHeadersAndBody) {
    const Reading reading = read_whole(
        "HTTP/1.1 404 Not Found\r\n"
        "Content-Type:  text/html \t\r\n"
        "X-Empty:\r\n"
        "Content-Length: 4\r\n"
        "\r\n"
        "gone");

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.status, 404u);
    EXPECT_EQ(reading.headers,
              (std::vector<std::string>{"Content-Type: text/html",
                                        "X-Empty: ", "Content-Length: 4"}));
    EXPECT_EQ(reading.body, "gone");
    EXPECT_TRUE(reading.judgeable);
    EXPECT_TRUE(reading.keeps_connection);
    EXPECT_EQ(reading.remaining, 0u);
}

TEST(HttpResponse, LinesMayEndWithoutCarriageReturn) {
    const Reading reading =
        read_whole("HTTP/1.1 200 OK\nContent-Length: 2\n\nok");

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.body, "ok");
}

TEST(HttpResponse, ReasonPhraseMayBeMissing) {
    for (const char *line : {"HTTP/1.1 200", "HTTP/1.1 200 "}) {
        const Reading reading =
            read_whole(line + std::string{"\r\nContent-Length: 0\r\n\r\n"});
        EXPECT_EQ(reading.status, 200u) << line;
        EXPECT_EQ(reading.state, State::complete) << line;
    }
}

TEST(HttpResponse, HasNoStatusBeforeItsHeader) {
    const Reading reading = read_whole("HTTP/1.1 200 OK\r\nServer: x\r\n");

    EXPECT_EQ(reading.state, State::incomplete);
    EXPECT_EQ(reading.status, 0u);
    EXPECT_FALSE(reading.judgeable);
    EXPECT_EQ(reading.remaining, std::nullopt);
}

TEST(HttpResponse, IsRefusedAtTheFirstByteThatIsNotHttp) {
    for (const char *text : {"S", "\r", "\n", "HTTP/2", "HTTP/0", "http",
                             "HTTP/1,", "SSH-2.0-OpenSSH_9.2\r\n"}) {
        EXPECT_EQ(error_of(text), "not an HTTP/1.x response") << text;
    }
}

TEST(HttpResponse, IsRefusedForItsStatusLine) {
    for (const char *line :
         {"HTTP/1.", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 099 x",
          "HTTP/1.1 2000 OK", "HTTP/1.1 200OK", "HTTP/1.1  20 OK",
          "HTTP/1.x 200 OK", "HTTP/1.10 200 OK", "HTTP/1.1 -20 OK",
          "HTTP/1.1 200 \rOK"}) {
        EXPECT_EQ(error_of(std::string{line} + "\r\n").substr(0, 16),
                  "bad status line ")
            << line;
    }
    EXPECT_EQ(error_of("HTTP/1.1 2\1\"\r\n"),
              R"(bad status line "HTTP/1.1 2\x01\"")");
}

TEST(HttpResponse, IsRefusedForAHeaderLine) {
    for (const char *line :
         {"a word", ": no name", "white space : x", " folded: x", "\tfolded",
          "control\1: x", "delete\x7f: x", "X: bare\rreturn", "X: y\r"}) {
        EXPECT_EQ(error_of(ok(line + std::string{"\r\n"})).substr(0, 16),
                  "bad header line ")
            << line;
    }
    EXPECT_EQ(error_of(ok(std::string("X: \0\r\n", 6))),
              R"(bad header line "X: \x00")");
}

TEST(HttpResponse, MayBeAsOddAsNginxPermits) {
    const Reading reading = read_whole(
        "HTTP/1.1  403.1\r\n"
        "HTTP/1.1 403 Forbidden\r\n"
        "NoColon\r\n"
        "X(y):z\r\n"
        "Content-Length: 0\r\n"
        "\r\n");

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.status, 403u);
    EXPECT_EQ(reading.headers, (std::vector<std::string>{"NoColon: ", "X(y): z",
                                                         "Content-Length: 0"}));
}

TEST(HttpResponse, HeaderHasALimit) {
    const std::string start = ok("X: ").substr(0, ok("X: ").size() - 2);
    const std::string rest = "\r\nContent-Length: 0\r\n\r\n";
    const std::size_t room = kMaxHeaderBytes - start.size() - rest.size();

    EXPECT_EQ(read_whole(start + std::string(room, 'a') + rest).state,
              State::complete);
    for (const std::string &text :
         {start + std::string(room + 1, 'a') + rest,
          start + std::string(kMaxHeaderBytes, 'a'),
          ok(repeated("X: y\r\n", kMaxHeaderBytes / 6))}) {
        EXPECT_EQ(error_of(text), "header is longer than 65536 bytes");
        EXPECT_EQ(read_octets(text), read_whole(text));
    }
}

TEST(HttpResponse, InformationalOnesAreSkipped) {
    const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const std::string final_one = ok("Content-Length: 2\r\n", "ok");

    const Reading reading = read_whole(repeated(early, 16) + final_one);
    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.status, 200u);
    EXPECT_EQ(reading.headers, std::vector<std::string>{"Content-Length: 2"});

    EXPECT_EQ(read_whole(early).state, State::incomplete);
    EXPECT_EQ(read_whole(early).status, 0u);
    EXPECT_EQ(error_of(repeated(early, 17) + final_one),
              "more than 16 informational responses");
}

TEST(HttpResponse, AnotherProtocolIsAFinalAnswer) {
    const Reading reading =
        read_whole("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nabc");

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.status, 101u);
    EXPECT_FALSE(reading.keeps_connection);
}

TEST(HttpResponse, HasNoBodyWhereThereIsNone) {
    for (const char *framing :
         {"", "Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"}) {
        const std::string rest = std::string{framing} + "\r\n";
        for (const auto &[text, head] :
             {std::pair{"HTTP/1.1 204 No Content\r\n" + rest, false},
              std::pair{"HTTP/1.1 304 Not Modified\r\n" + rest, false},
              std::pair{"HTTP/1.1 200 OK\r\n" + rest, true}}) {
            const Reading reading = read_whole(text, {.head = head});
            EXPECT_EQ(reading.state, State::complete) << text;
            EXPECT_EQ(reading.body, "") << text;
            EXPECT_TRUE(reading.keeps_connection) << text;
        }
    }
}

TEST(HttpResponse, BodyMayEndWithTheConnection) {
    const Reading open = read_whole(ok("Server: x\r\n", "abc"));
    EXPECT_EQ(open.state, State::incomplete);
    EXPECT_EQ(open.remaining, std::nullopt);
    EXPECT_FALSE(open.worth_finishing);

    const Reading ended = read_whole(ok("Server: x\r\n", "abc"), kEnd);
    EXPECT_EQ(ended.state, State::complete);
    EXPECT_EQ(ended.body, "abc");
    EXPECT_FALSE(ended.keeps_connection);
}

TEST(HttpResponse, IsBrokenWhenItEndsEarly) {
    EXPECT_EQ(error_of("", kEnd), "connection closed before an answer");
    for (const char *text :
         {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nServer",
          "HTTP/1.1 100 Continue\r\n"}) {
        EXPECT_EQ(error_of(text, kEnd), "connection closed within the header")
            << text;
    }
    for (const std::string &text :
         {ok("Content-Length: 3\r\n"), ok("Content-Length: 3\r\n", "ab"),
          chunked(""), chunked("3\r\nabc"), chunked("3\r\nabc\r\n"),
          chunked("0\r\n"), chunked("0\r\nX: y\r\n")}) {
        EXPECT_EQ(error_of(text, kEnd), "connection closed within the body")
            << text;
    }
}

TEST(HttpResponse, IsRefusedForItsContentLength) {
    for (const char *value : {"", "-1", "+1", "1 2", "1,1", "0x10", "1.0", "a",
                              "9223372036854775808", "18446744073709551617",
                              "99999999999999999999999999"}) {
        EXPECT_EQ(
            error_of(ok("Content-Length: " + std::string{value} + "\r\n")),
            "bad Content-Length \"" + std::string{value} + '"');
    }
}

TEST(HttpResponse, IsRefusedForAnUnknownCoding) {
    for (const char *value : {"gzip", "gzip, chunked", "chunked, chunked",
                              "identity", "", "chunked;a=b"}) {
        EXPECT_EQ(
            error_of(ok("Transfer-Encoding: " + std::string{value} + "\r\n")),
            "unknown Transfer-Encoding \"" + std::string{value} + '"');
    }
}

TEST(HttpResponse, IsRefusedWhenItsLengthIsSaidTwice) {
    constexpr std::string_view length = "Content-Length: 1\r\n";
    constexpr std::string_view coding = "Transfer-Encoding: Chunked\r\n";

    for (const auto first : {length, coding}) {
        for (const auto second : {length, coding}) {
            EXPECT_EQ(error_of(ok(std::string{first} + std::string{second})),
                      "several Content-Length or Transfer-Encoding headers");
        }
    }
}

TEST(HttpResponse, BodyMayComeInChunks) {
    const Reading reading =
        read_whole(chunked("3\r\nabc\r\n"
                           "00A;name=\"value\"\r\ndefghijklm\r\n"
                           "1 \nn\n"
                           "0;last\r\n"
                           "Trailer: x\r\n"
                           "any line\r\n"
                           "\r\n"));

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.body, "abcdefghijklmn");
    EXPECT_EQ(reading.headers.size(), 1u);
    EXPECT_TRUE(reading.keeps_connection);
}

TEST(HttpResponse, IsRefusedForItsChunks) {
    for (const char *line : {"", "x", "-1", "0x1", ";a", "1x", "1,2",
                             "fffffffffffffffff", "8000000000000000"}) {
        EXPECT_EQ(error_of(chunked(line + std::string{"\r\n"})),
                  "bad chunk size \"" + std::string{line} + '"');
    }
    EXPECT_EQ(error_of(chunked("2\r\nabc\r\n")),
              "chunk is longer than its size");
}

TEST(HttpResponse, FramingHasALimit) {
    const std::string line = "1;" + std::string(kMaxFramingLine - 4, 'a');
    EXPECT_EQ(read_whole(chunked(line + "\r\n")).state, State::incomplete);

    for (const std::string &text :
         {chunked(line + "a\r\n"), chunked(line + std::string(10, 'a')),
          chunked("0\r\n" + std::string(kMaxFramingLine, 'a')),
          chunked("0\r\n" + repeated("Trailer: x\r\n", kMaxFraming / 12 + 1)),
          chunked(repeated(line + "\r\na\r\n", kMaxFraming / line.size()))}) {
        EXPECT_EQ(error_of(text), "chunk sizes or trailers are too long");
    }
}

TEST(HttpResponse, AsMuchAsIsKeptMayComeInChunksOfOneByte) {
    const Reading reading =
        read_whole(chunked(repeated("1\r\na\r\n", kMaxBodyKept) + "0\r\n\r\n"));

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.body.size(), kMaxBodyKept);
}

TEST(HttpResponse, LongBodyIsCountedButNotKept) {
    const std::string text =
        ok("Content-Length: 1048576\r\n", std::string(kMaxBodyKept, 'a'));

    const Reading kept = read_whole(text);
    EXPECT_EQ(kept.state, State::incomplete);
    EXPECT_TRUE(kept.judgeable);
    EXPECT_FALSE(kept.worth_finishing);
    EXPECT_EQ(kept.remaining, 1048576 - kMaxBodyKept);

    const Reading all =
        read_whole(text + std::string(1048576 - kMaxBodyKept, 'b'));
    EXPECT_EQ(all.state, State::complete);
    EXPECT_EQ(all.body, std::string(kMaxBodyKept, 'a'));
    EXPECT_EQ(all.body_size, 1048576u);
}

TEST(HttpResponse, BodyIsNotKeptWithoutATestOfIt) {
    const Reading reading =
        read_whole(ok("Content-Length: 3\r\n", "abc"), {.keep_body = false});

    EXPECT_EQ(reading.state, State::complete);
    EXPECT_EQ(reading.body, "");
    EXPECT_EQ(reading.body_size, 3u);
}

TEST(HttpResponse, IsJudgeableWhenNothingCanChange) {
    constexpr Asked header_only{.keep_body = false};
    const std::string header = ok("Content-Length: 3\r\n");

    EXPECT_FALSE(
        read_whole(header.substr(0, header.size() - 1), header_only).judgeable);
    EXPECT_TRUE(read_whole(header, header_only).judgeable);
    EXPECT_TRUE(read_whole(chunked("x\r\n"), header_only).judgeable);
    EXPECT_FALSE(read_whole(header + "ab").judgeable);
    EXPECT_TRUE(read_whole(header + "abc").judgeable);
    EXPECT_FALSE(read_whole(chunked("x\r\n")).judgeable);
    EXPECT_FALSE(
        read_whole(ok("Content-Length: x\r\n"), header_only).judgeable);
}

TEST(HttpResponse, IsWorthFinishingWhileTheRestIsShort) {
    constexpr Asked header_only{.keep_body = false};
    const auto worth = [&](const std::string &text) {
        return read_whole(text, header_only).worth_finishing;
    };

    EXPECT_TRUE(worth(ok("Content-Length: 65536\r\n")));
    EXPECT_FALSE(worth(ok("Content-Length: 65537\r\n")));
    EXPECT_FALSE(worth(ok("Content-Length: 65537\r\n", std::string(9, 'a'))));
    EXPECT_FALSE(worth(ok("Content-Length: 9\r\nConnection: close\r\n")));
    EXPECT_TRUE(worth(chunked("10000\r\n" + std::string(65536, 'a'))));
    EXPECT_FALSE(worth(chunked("10001\r\n" + std::string(65537, 'a'))));
    EXPECT_FALSE(worth(chunked("x\r\n")));
    EXPECT_FALSE(worth(ok("Server: x\r\n")));
}

TEST(HttpResponse, SaysIfTheConnectionIsKept) {
    const auto keeps = [](std::string_view version, std::string_view headers) {
        return read_whole("HTTP/" + std::string{version} + " 200 OK\r\n" +
                          std::string{headers} + "Content-Length: 0\r\n\r\n")
            .keeps_connection;
    };

    EXPECT_TRUE(keeps("1.1", ""));
    EXPECT_TRUE(keeps("1.1", "Connection: keep-alive\r\n"));
    EXPECT_TRUE(keeps("1.1", "Connection: closed, x\r\n"));
    EXPECT_FALSE(keeps("1.1", "connection: Close\r\n"));
    EXPECT_FALSE(keeps("1.1", "Connection: x ,\tclose\r\n"));
    EXPECT_FALSE(keeps("1.1", "Connection: x\r\nConnection: close\r\n"));
    EXPECT_FALSE(keeps("1.0", ""));
    EXPECT_TRUE(keeps("1.0", "Connection: Keep-Alive\r\n"));
    EXPECT_FALSE(
        keeps("1.0", "Connection: keep-alive\r\nConnection: close\r\n"));
}

TEST(HttpResponse, BytesAfterTheEndForbidReuse) {
    const std::string text = ok("Content-Length: 0\r\n");
    const std::string with_more = text + "x";

    for (const auto &pieces : std::vector<std::vector<std::string_view>>{
             {with_more}, {text, "x"}, {text, text}}) {
        const Reading reading = read_pieces(pieces);
        EXPECT_EQ(reading.state, State::complete);
        EXPECT_FALSE(reading.keeps_connection);
    }
    EXPECT_FALSE(read_whole(text, kEnd).keeps_connection);
    EXPECT_TRUE(read_pieces({text, ""}).keeps_connection);
}

TEST(HttpResponse, StaysBroken) {
    HttpResponse response(false, true);
    response.receive("x");

    EXPECT_EQ(response.receive(ok("Content-Length: 0\r\n")), State::broken);
    EXPECT_EQ(response.end(), State::broken);
    EXPECT_EQ(response.error(), "not an HTTP/1.x response");
    EXPECT_FALSE(response.has_header());
}

// The state of a response: whole, incomplete or broken, with its parts.
std::vector<std::string> kinds_of_responses() {
    return {ok("Content-Length: 5\r\nServer: nginx\r\n", "hello"),
            ok("Content-Length: 5\r\n", "hello, and more"),
            ok("Content-Length: 0\r\n"),
            ok("Connection: close\r\n", "until the end"),
            ok("Content-Length: five\r\n", "hello"),
            ok("Folded: a\r\n b\r\n"),
            chunked("3;x\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n"),
            chunked("1\na\n0\n\n") + "more",
            chunked("2\r\nabc\r\n0\r\n\r\n"),
            chunked("2\r\nab\r\n;\r\n0\r\n\r\n"),
            "HTTP/1.0 500 Oops\r\n\r\n<html>\r\n\r\n</html>",
            "HTTP/1.0 200\nConnection: keep-alive\nContent-Length: 1\n\na",
            "HTTP/1.1 100 Continue\r\n\r\n" + ok("Content-Length: 1\r\n", "a"),
            "HTTP/1.1 204 No Content\r\n\r\nexcess",
            "HTTP/1.1 2oo OK\r\n\r\n",
            "HTTP/2.0 200 OK\r\n\r\n",
            "+OK POP3 ready\r\n"};
}

std::vector<Asked> all_ways_to_ask() {
    std::vector<Asked> ways;
    for (unsigned bits = 0; bits < 8; ++bits) {
        ways.push_back({(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0});
    }
    return ways;
}

TEST(HttpResponse, MayBeCutAnywhere) {
    for (const std::string &text : kinds_of_responses()) {
        for (const Asked asked : all_ways_to_ask()) {
            const Reading whole = read_whole(text, asked);
            EXPECT_EQ(read_octets(text, asked), whole) << text;

            const std::string_view view = text;
            for (std::size_t i = 0; i <= text.size(); ++i) {
                EXPECT_EQ(
                    read_pieces({view.substr(0, i), view.substr(i)}, asked),
                    whole)
                    << text << ", cut at " << i;
            }
        }
    }
}

TEST(HttpResponse, MayBeDamagedAnywhere) {
    test::RandomBytes random(1);

    for (const std::string &text : kinds_of_responses()) {
        for (int i = 0; i < 500; ++i) {
            std::string damaged = text;
            const std::size_t at = random.below(text.size());
            damaged.replace(at, random.below(3), 1,
                            static_cast<char>(random.below(256)));
            EXPECT_EQ(read_octets(damaged), read_whole(damaged)) << damaged;
        }
    }
}

}  // namespace
}  // namespace ngx_vrrp::check
