#include "core/check/answer.hpp"

#include <utility>
#include <variant>

#include "core/base/log.hpp"
#include "core/check/expectation.hpp"
#include "core/check/http_response.hpp"

namespace ngx_vrrp::check {

namespace {

class HttpAnswer final : public Answer {
public:
    HttpAnswer(const HttpCheck &check, const Match &match, RegexEngine &regexes)
        : check_(check),
          match_(match),
          regexes_(regexes),
          keepalive_(check.keepalive),
          response_(check.method == "HEAD", needs_body(match)) {}

    std::string request() const override { return http_request(check_); }

    std::optional<Failure> receive(std::string_view bytes) override {
        begun_ = begun_ || !bytes.empty();
        response_.receive(bytes);
        return decided_ ? std::nullopt : decide();
    }

    Failure end() override {
        response_.end();
        return decide().value_or(
            Failure{Reason::l7rsp, "the response is incomplete"});
    }

    std::string missing() const override {
        if (response_.has_header()) {
            return format("received status %u, but not the complete body",
                          response_.status());
        }
        return begun_ ? "received only a part of the header" : "no answer";
    }

    // A failed check is not repeated over the same connection: a new connection
    // may have another result.
    Reuse reuse() const override {
        if (!keepalive_ || !passed_) {
            return Reuse::never;
        }
        if (response_.keeps_connection()) {
            return Reuse::now;
        }
        return response_.state() == HttpResponse::State::incomplete &&
                       response_.is_worth_finishing()
                   ? Reuse::later
                   : Reuse::never;
    }

private:
    std::optional<Failure> decide() {
        std::optional<Failure> failure;
        if (response_.is_judgeable()) {
            failure = judge(match_, response_, regexes_);
        } else if (response_.state() == HttpResponse::State::broken) {
            failure = Failure{Reason::l7rsp, response_.error()};
        }
        decided_ = failure.has_value();
        passed_ = decided_ && failure->reason == Reason::none;
        return failure;
    }

    const HttpCheck &check_;
    const Match &match_;
    RegexEngine &regexes_;
    bool keepalive_;  // config may be gone after the decision
    HttpResponse response_;
    bool begun_ = false;
    bool decided_ = false;
    bool passed_ = false;
};

class TextAnswer final : public Answer {
public:
    TextAnswer(const Match &match, RegexEngine &regexes)
        : match_(match), regexes_(regexes) {}

    std::string request() const override { return match_.send; }

    std::optional<Failure> receive(std::string_view bytes) override {
        text_.append(bytes.substr(0, kMaxText - text_.size()));
        return judge_text(match_, text_, false, regexes_);
    }

    Failure end() override {
        return judge_text(match_, text_, true, regexes_)
            .value_or(Failure{Reason::l7rsp, "connection closed"});
    }

    std::string missing() const override {
        return text_.empty() ? "no answer"
                             : "received an answer, but not the expected one";
    }

    Reuse reuse() const override { return Reuse::never; }

private:
    const Match &match_;
    RegexEngine &regexes_;
    std::string text_;
};

}  // namespace

std::unique_ptr<Answer> expected_answer(const Config &config,
                                        RegexEngine &regexes) {
    if (const auto *http = std::get_if<HttpCheck>(&config.probe)) {
        return std::make_unique<HttpAnswer>(*http, config.match, regexes);
    }
    if (std::holds_alternative<SendExpectCheck>(config.probe)) {
        return std::make_unique<TextAnswer>(config.match, regexes);
    }
    return nullptr;
}

}  // namespace ngx_vrrp::check
