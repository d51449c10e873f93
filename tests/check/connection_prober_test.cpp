#include "core/check/connection_prober.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/check/expectation.hpp"
#include "core/check/http_response.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::check {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr CheckId kId = 7;
constexpr Instant kNow{Seconds{1000}};

// Remembers what it was asked for; may answer from within the call.
class FakeTransport final : public Transport {
public:
    std::vector<std::string> take() { return std::exchange(done_, {}); }

    std::string sent;  // the last bytes
    bool is_open = false;
    std::function<void()> on_open;  // called within open()
    std::function<void()> on_send;

    void open(CheckId) override {
        done_.push_back("open");
        is_open = true;
        call(on_open);
    }
    void send(CheckId, std::string_view bytes) override {
        done_.push_back("send");
        sent = bytes;
        call(on_send);
    }
    void close(CheckId) override {
        done_.push_back("close");
        is_open = false;
    }

private:
    static void call(const std::function<void()> &f) {
        if (f) {
            f();
        }
    }

    std::vector<std::string> done_;
};

// An expression is a text that has to be found.
class FakeRegexes final : public RegexEngine {
public:
    bool matches(Regex regex, std::string_view text) override {
        longest = std::max(longest, text.size());
        return text.find(*static_cast<const std::string *>(regex)) !=
               std::string_view::npos;
    }

    std::size_t longest = 0;
};

class FakeOutcomes final : public Outcomes {
public:
    void finished(CheckId id, const Outcome &outcome, Instant) override {
        EXPECT_EQ(id, kId);
        done_.push_back(text_of(outcome));
    }
    void check_now(CheckId, Instant) override {}

    static std::string text_of(const Outcome &outcome) {
        return outcome.passed()
                   ? "passed"
                   : std::string(to_string(outcome.failure.reason)) + " " +
                         outcome.failure.text;
    }

    // The checks that have ended since the last take(): "passed", "L4CON
    // refused".
    std::vector<std::string> take() { return std::exchange(done_, {}); }

private:
    std::vector<std::string> done_;
};

class ConnectionProberTest : public ::testing::Test {
protected:
    void start(Probe probe, Match match = {}) {
        config_.probe = std::move(probe);
        config_.match = std::move(match);
        again();
    }
    void again() { prober_.start(kId, config_, kNow); }

    static HttpCheck http(const std::string &uri = "/", bool keepalive = true) {
        return {
            .method = "GET", .uri = uri, .host = "web", .keepalive = keepalive};
    }

    void start_http(Match match = {}) {
        start(http("/alive"), std::move(match));
        prober_.opened(kId, kNow);
    }

    // A passed check over a connection that is kept.
    void keep_connection() {
        start_http();
        receive(kOk);
        ASSERT_THAT(outcomes_.take(), ElementsAre("passed"));
        ASSERT_THAT(transport_.take(), ElementsAre("open", "send"));
    }

    void receive(std::string_view bytes) { prober_.received(kId, bytes, kNow); }

    static Match send(const std::string &text) {
        Match match;
        match.send = text;
        return match;
    }
    Match expect(const std::string &text, const std::string &to_send = {}) {
        expressions_.push_back(std::make_unique<std::string>(text));
        Match match = send(to_send);
        match.tests.push_back({.header = {},
                               .test = check::Test::regex,
                               .value = text,
                               .regex = expressions_.back().get()});
        return match;
    }

    static constexpr std::string_view kOk =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    FakeTransport transport_;
    FakeRegexes regexes_;
    FakeOutcomes outcomes_;
    Config config_ = test::default_check();
    std::vector<std::unique_ptr<std::string>> expressions_;
    ConnectionProber prober_{transport_, regexes_, outcomes_};
};

using TcpConversation = ConnectionProberTest;
using HttpConversation = ConnectionProberTest;
using KeptConnection = ConnectionProberTest;
using HostilePeer = ConnectionProberTest;
using ConversationTimeouts = ConnectionProberTest;
using ConversationEvents = ConnectionProberTest;
using SendExpectConversation = ConnectionProberTest;

TEST_F(TcpConversation, PassesWhenConnected) {
    start(TcpCheck{});
    EXPECT_THAT(transport_.take(), ElementsAre("open"));

    prober_.opened(kId, kNow);

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("close"));
}

TEST_F(TcpConversation, SaysWhyThereIsNoConnection) {
    const std::pair<Stage, std::string> stages[] = {
        {Stage::socket, "SOCKERR the text"},
        {Stage::connect, "L4CON the text"},
        {Stage::tls, "L6RSP the text"},
        {Stage::established, "L7RSP the text"}};

    for (const auto &[stage, expected] : stages) {
        start(TcpCheck{});
        prober_.failed(kId, stage, "the text", kNow);
        EXPECT_THAT(outcomes_.take(), ElementsAre(expected));
    }
}

TEST_F(TcpConversation, DoesNotCloseWhatHasFailed) {
    start(TcpCheck{});
    transport_.take();

    prober_.failed(kId, Stage::connect, "refused", kNow);

    EXPECT_THAT(transport_.take(), IsEmpty());
}

TEST_F(TcpConversation, MayBeReportedWithinOpen) {
    transport_.on_open = [&] { prober_.opened(kId, kNow); };
    start(TcpCheck{});
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));

    transport_.on_open = [&] {
        prober_.failed(kId, Stage::connect, "refused", kNow);
    };
    again();
    EXPECT_THAT(outcomes_.take(), ElementsAre("L4CON refused"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "close", "open"));
}

TEST_F(HttpConversation, PassesWithTheDefaultStatus) {
    start_http();
    EXPECT_THAT(transport_.sent, StartsWith("GET /alive HTTP/1.1\r\n"));
    EXPECT_THAT(transport_.sent, HasSubstr("Host: web\r\n"));

    receive("HTTP/1.1 2");
    EXPECT_THAT(outcomes_.take(), IsEmpty());
    receive("04 No Content\r\n\r\n");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
}

TEST_F(HttpConversation, FailsWithAnotherStatus) {
    start_http();
    receive("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");

    const auto outcomes = outcomes_.take();
    ASSERT_EQ(outcomes.size(), 1u);
    EXPECT_THAT(outcomes[0], StartsWith("L7STS "));
    EXPECT_THAT(outcomes[0], HasSubstr("500"));
}

TEST_F(HttpConversation, FailsWithGarbage) {
    start_http();
    receive("SSH-2.0-OpenSSH_9.2p1\r\n");

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7RSP ")));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(HttpConversation, WaitsForTheBodyWhenATestAsksForIt) {
    start_http(expect("alive"));
    receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nali");
    EXPECT_THAT(outcomes_.take(), IsEmpty());

    receive("ve");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
}

TEST_F(HttpConversation, FailsWhenTheBodyIsAnother) {
    start_http(expect("alive"));
    receive("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndead");

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7RSP ")));
}

TEST_F(HttpConversation, TakesTheEndOfTheConnectionAsThatOfTheBody) {
    start_http(expect("alive"));
    receive("HTTP/1.0 200 OK\r\n\r\nstill alive");
    EXPECT_THAT(outcomes_.take(), IsEmpty());
    transport_.take();

    prober_.ended(kId, kNow);

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("close"));
}

TEST_F(HttpConversation, FailsWhenTheAnswerIsCutShort) {
    for (const std::string_view part : {"", "HTTP/1.1 200 OK\r\nCont"}) {
        start_http();
        receive(part);
        prober_.ended(kId, kNow);
        EXPECT_THAT(outcomes_.take(),
                    ElementsAre(StartsWith("L7RSP connection closed")));
    }
}

TEST_F(HttpConversation, FailsWhenTheConnectionIsReset) {
    start_http();
    prober_.failed(kId, Stage::established, "recv() failed", kNow);

    EXPECT_THAT(outcomes_.take(), ElementsAre("L7RSP recv() failed"));
}

TEST_F(HttpConversation, MayFailWithinSend) {
    transport_.on_send = [&] {
        prober_.failed(kId, Stage::established, "send() failed", kNow);
    };
    start_http();

    EXPECT_THAT(outcomes_.take(), ElementsAre("L7RSP send() failed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send"));
}

// The result must not depend on how the answer is cut.
TEST_F(HttpConversation, DoesNotJudgeABodyThatNoTestAsksFor) {
    start_http();
    receive(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n");

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(KeptConnection, IsUsedByTheNextCheck) {
    keep_connection();

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("send"));
    receive(kOk);
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), IsEmpty());
}

TEST_F(KeptConnection, IsNotWhenThePeerDoesNotAgree) {
    start_http();
    receive(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(KeptConnection, IsNotWhenTheConfigurationDoesNotAgree) {
    start(http("/", false));
    prober_.opened(kId, kNow);
    receive(kOk);

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(KeptConnection, IsNotAfterAFailure) {
    start_http();
    receive("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7STS ")));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(KeptConnection, WhenTheRestOfTheBodyHasCome) {
    start_http();
    receive("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    receive("bo");
    receive("dy");
    transport_.take();

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("send"));
}

TEST_F(KeptConnection, NotWhenTheRestIsStillMissing) {
    start_http();
    receive("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo");
    transport_.take();

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("close", "open"));
}

TEST_F(KeptConnection, IsForgottenWhenThePeerClosesIt) {
    keep_connection();
    prober_.ended(kId, kNow);
    EXPECT_THAT(transport_.take(), ElementsAre("close"));

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("open"));
    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(KeptConnection, IsForgottenWhenItFails) {
    keep_connection();
    prober_.failed(kId, Stage::established, "reset", kNow);
    EXPECT_THAT(transport_.take(), IsEmpty());

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("open"));
    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(KeptConnection, IsClosedWhenThePeerSpeaksUnasked) {
    keep_connection();
    receive("HTTP/1.1 408 Request Timeout\r\n\r\n");
    EXPECT_THAT(transport_.take(), ElementsAre("close"));

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("open"));
    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(KeptConnection, StaleOneIsReplacedSilently) {
    keep_connection();
    again();
    prober_.ended(kId, kNow);
    EXPECT_THAT(transport_.take(), ElementsAre("send", "close", "open"));
    EXPECT_THAT(outcomes_.take(), IsEmpty());

    prober_.opened(kId, kNow);
    receive(kOk);
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
}

TEST_F(KeptConnection, StaleOneIsReplacedOnce) {
    keep_connection();
    again();
    prober_.failed(kId, Stage::established, "reset", kNow);
    EXPECT_THAT(transport_.take(), ElementsAre("send", "open"));

    prober_.opened(kId, kNow);
    prober_.failed(kId, Stage::established, "reset", kNow);
    EXPECT_THAT(outcomes_.take(), ElementsAre("L7RSP reset"));
}

TEST_F(KeptConnection, StaleOneMayBeReportedWithinSend) {
    keep_connection();
    transport_.on_send = [&] {
        transport_.on_send = nullptr;
        prober_.failed(kId, Stage::established, "reset", kNow);
    };
    transport_.on_open = [&] { prober_.opened(kId, kNow); };

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("send", "open", "send"));
    receive(kOk);
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
}

TEST_F(KeptConnection, OneThatHasBegunToAnswerIsNotReplaced) {
    keep_connection();
    again();
    receive("HTTP/1.1 2");
    prober_.ended(kId, kNow);

    EXPECT_THAT(outcomes_.take(),
                ElementsAre(StartsWith("L7RSP connection closed")));
}

TEST_F(HostilePeer, HeaderWithoutEnd) {
    start_http();
    const std::string line = "X: " + std::string(1000, 'x') + "\r\n";
    receive("HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < 100; ++i) {
        receive(line);
    }

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7RSP ")));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(HostilePeer, BodyWithoutEndThatIsNotNeeded) {
    start_http();
    receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));

    const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
    std::size_t taken = 0;
    while (taken < 2 * kMaxBodyDropped && transport_.is_open) {
        receive(chunk);
        taken += chunk.size();
    }
    EXPECT_FALSE(transport_.is_open);
    EXPECT_LE(taken, kMaxBodyDropped + 2 * chunk.size());
    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(HostilePeer, TextWithoutEnd) {
    start(SendExpectCheck{}, expect("never"));
    prober_.opened(kId, kNow);
    const std::string piece(1000, 'x');
    for (std::size_t sent = 0; sent < 2 * kMaxText; sent += piece.size()) {
        receive(piece);
    }

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7RSP ")));
    EXPECT_LE(regexes_.longest, kMaxText);
}

TEST_F(ConversationTimeouts, SayWhatWasWaitedFor) {
    const auto cancel = [&] {
        return FakeOutcomes::text_of(prober_.cancel(kId));
    };

    start(http());
    EXPECT_EQ(cancel(), "L4TOUT no connection within the timeout");

    again();
    prober_.connected(kId);
    EXPECT_EQ(cancel(), "L6TOUT no TLS handshake within the timeout");

    start_http();
    EXPECT_EQ(cancel(), "L7TOUT no answer");

    start_http();
    receive("HTTP/1.1 200 OK\r\nServer: ng");
    EXPECT_EQ(cancel(), "L7TOUT received only a part of the header");

    start_http(expect("alive"));
    receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nal");
    EXPECT_EQ(cancel(),
              "L7TOUT received status 200, but not the complete body");

    start(SendExpectCheck{}, expect("+PONG", "PING\r\n"));
    prober_.opened(kId, kNow);
    EXPECT_EQ(cancel(), "L7TOUT no answer");

    again();
    prober_.opened(kId, kNow);
    receive("+PO");
    EXPECT_EQ(cancel(), "L7TOUT received an answer, but not the expected one");

    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(ConversationTimeouts, CloseTheConnection) {
    start_http();
    transport_.take();
    prober_.cancel(kId);
    EXPECT_THAT(transport_.take(), ElementsAre("close"));

    again();
    EXPECT_THAT(transport_.take(), ElementsAre("open"));
}

TEST_F(ConversationTimeouts, OfAKeptConnectionAreFailures) {
    keep_connection();
    again();

    EXPECT_EQ(prober_.cancel(kId).failure.reason, Reason::l7tout);
    EXPECT_THAT(transport_.take(), ElementsAre("send", "close"));
}

TEST_F(ConversationEvents, OfConnectionsThatAreClosedAreIgnored) {
    const auto everything = [&] {
        prober_.connected(kId);
        prober_.opened(kId, kNow);
        receive(kOk);
        prober_.ended(kId, kNow);
        prober_.failed(kId, Stage::established, "reset", kNow);
    };

    everything();  // never started
    start_http();
    prober_.cancel(kId);
    transport_.take();
    everything();
    prober_.forget(kId);
    everything();

    EXPECT_THAT(outcomes_.take(), IsEmpty());
    EXPECT_THAT(transport_.take(), IsEmpty());
}

TEST_F(ConversationEvents, NothingComesOfAForgottenCheck) {
    start_http();
    transport_.take();

    prober_.forget(kId);

    EXPECT_THAT(transport_.take(), ElementsAre("close"));
    EXPECT_THAT(outcomes_.take(), IsEmpty());
}

TEST_F(ConversationEvents, AKeptConnectionIsClosedWithItsCheck) {
    keep_connection();
    prober_.forget(kId);
    EXPECT_THAT(transport_.take(), ElementsAre("close"));
}

TEST_F(SendExpectConversation, PassesWhenTheTextHasCome) {
    start(SendExpectCheck{}, expect("+PONG", "PING\r\n"));
    prober_.opened(kId, kNow);
    EXPECT_EQ(transport_.sent, "PING\r\n");

    receive("+PO");
    EXPECT_THAT(outcomes_.take(), IsEmpty());
    receive("NG\r\n");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

TEST_F(SendExpectConversation, MayWaitForAGreeting) {
    start(SendExpectCheck{}, expect("220 "));
    prober_.opened(kId, kNow);
    EXPECT_THAT(transport_.take(), ElementsAre("open"));

    receive("220 mail ready\r\n");
    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
}

TEST_F(SendExpectConversation, FailsWhenItCannotComeAnyMore) {
    start(SendExpectCheck{}, expect("+PONG"));
    prober_.opened(kId, kNow);
    receive("-ERR");
    prober_.ended(kId, kNow);

    EXPECT_THAT(outcomes_.take(), ElementsAre(StartsWith("L7RSP ")));
}

TEST_F(SendExpectConversation, WithNothingExpectedItIsEnoughToHaveAsked) {
    start(SendExpectCheck{}, send("PING\r\n"));
    prober_.opened(kId, kNow);

    EXPECT_THAT(outcomes_.take(), ElementsAre("passed"));
    EXPECT_THAT(transport_.take(), ElementsAre("open", "send", "close"));
}

}  // namespace
}  // namespace ngx_vrrp::check
