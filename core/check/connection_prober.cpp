#include "core/check/connection_prober.hpp"

#include <string>
#include <utility>

namespace ngx_vrrp::check {

namespace {

Reason to_reason(Stage stage) {
    switch (stage) {
        case Stage::socket:
            return Reason::sockerr;
        case Stage::connect:
            return Reason::l4con;
        case Stage::tls:
            return Reason::l6rsp;
        case Stage::established:
            return Reason::l7rsp;
    }
    return Reason::sockerr;
}

}  // namespace

// Every call of the transport may call the prober, and the end of a check may
// start or remove a check. So a conversation may not exist any more after
// either of them.

ConnectionProber::ConnectionProber(Transport &transport, RegexEngine &regexes,
                                   Outcomes &outcomes)
    : transport_(transport), regexes_(regexes), outcomes_(outcomes) {}

ConnectionProber::~ConnectionProber() {
    for (auto &[id, conversation] : conversations_) {
        close(id, conversation);
    }
}

void ConnectionProber::start(CheckId id, const Config &config, Instant now) {
    Conversation &conversation = conversations_[id];
    conversation.config = &config;
    conversation.reused = conversation.phase == Phase::kept;
    if (conversation.reused) {
        ask(id, conversation, now);
    } else {
        close(id, conversation);
        connect(id, conversation);
    }
}

Outcome ConnectionProber::cancel(CheckId id) {
    Conversation &conversation = conversations_[id];
    Failure failure = timed_out(conversation);
    conversation.config = nullptr;
    close(id, conversation);
    return {.failure = std::move(failure)};
}

void ConnectionProber::forget(CheckId id) {
    if (Conversation *conversation = find(id)) {
        close(id, *conversation);
        conversations_.erase(id);
    }
}

void ConnectionProber::opened(CheckId id, Instant now) {
    Conversation *conversation = find(id);
    if (conversation != nullptr && (conversation->phase == Phase::connecting ||
                                    conversation->phase == Phase::securing)) {
        ask(id, *conversation, now);
    }
}

void ConnectionProber::connected(CheckId id) {
    Conversation *conversation = find(id);
    if (conversation != nullptr && conversation->phase == Phase::connecting) {
        conversation->phase = Phase::securing;
    }
}

void ConnectionProber::received(CheckId id, std::string_view bytes,
                                Instant now) {
    Conversation *conversation = find(id);
    if (conversation == nullptr) {
        return;
    }
    switch (conversation->phase) {
        case Phase::answering:
            conversation->answered = true;
            take(id, *conversation, bytes, now);
            break;
        case Phase::draining:
            conversation->answer->receive(bytes);
            keep_or_close(id, *conversation);
            break;
        case Phase::kept:  // no check is running
            close(id, *conversation);
            break;
        default:
            break;
    }
}

void ConnectionProber::ended(CheckId id, Instant now) {
    Conversation *conversation = find(id);
    if (conversation == nullptr) {
        return;
    }
    Failure failure{Reason::l4con, "connection closed"};
    if (conversation->config != nullptr && conversation->answer) {
        failure = conversation->answer->end();
    }
    lose(id, *conversation, is_stale(*conversation), std::move(failure), now);
}

void ConnectionProber::failed(CheckId id, Stage stage, std::string_view text,
                              Instant now) {
    if (Conversation *conversation = find(id)) {
        const bool again = is_stale(*conversation);
        conversation->phase = Phase::closed;  // the transport did
        lose(id, *conversation, again, {to_reason(stage), std::string(text)},
             now);
    }
}

ConnectionProber::Conversation *ConnectionProber::find(CheckId id) {
    const auto it = conversations_.find(id);
    return it == conversations_.end() ? nullptr : &it->second;
}

Failure ConnectionProber::timed_out(const Conversation &conversation) {
    switch (conversation.phase) {
        case Phase::connecting:
            return {Reason::l4tout, "no connection within the timeout"};
        case Phase::securing:
            return {Reason::l6tout, "no TLS handshake within the timeout"};
        default:
            return {Reason::l7tout, conversation.answer->missing()};
    }
}

// The peer closed a kept connection while we started to use it again.
bool ConnectionProber::is_stale(const Conversation &conversation) {
    return conversation.phase == Phase::answering && conversation.reused &&
           !conversation.answered;
}

void ConnectionProber::lose(CheckId id, Conversation &conversation, bool again,
                            Failure failure, Instant now) {
    close(id, conversation);
    if (again) {
        connect(id, conversation);
    } else {
        finish(id, conversation, std::move(failure), now);
    }
}

void ConnectionProber::connect(CheckId id, Conversation &conversation) {
    conversation.phase = Phase::connecting;
    conversation.reused = false;
    transport_.open(id);
}

void ConnectionProber::ask(CheckId id, Conversation &conversation,
                           Instant now) {
    conversation.answer = expected_answer(*conversation.config, regexes_);
    if (!conversation.answer) {
        close(id, conversation);
        finish(id, conversation, {}, now);
        return;
    }
    conversation.phase = Phase::answering;
    conversation.answered = false;
    const std::string request = conversation.answer->request();
    if (!request.empty()) {
        transport_.send(id, request);
    }
    // If no answer has to come, a request that was sent is enough.
    Conversation *left = find(id);
    if (left != nullptr && left->phase == Phase::answering) {
        take(id, *left, {}, now);
    }
}

void ConnectionProber::take(CheckId id, Conversation &conversation,
                            std::string_view bytes, Instant now) {
    if (auto failure = conversation.answer->receive(bytes)) {
        keep_or_close(id, conversation);
        finish(id, conversation, std::move(*failure), now);
    }
}

// After the decision: keep, drain or close the connection.
void ConnectionProber::keep_or_close(CheckId id, Conversation &conversation) {
    switch (conversation.answer->reuse()) {
        case Reuse::never:
            close(id, conversation);
            break;
        case Reuse::later:
            conversation.phase = Phase::draining;
            break;
        case Reuse::now:
            conversation.phase = Phase::kept;
            conversation.answer.reset();
            break;
    }
}

void ConnectionProber::finish(CheckId id, Conversation &conversation,
                              Failure failure, Instant now) {
    if (std::exchange(conversation.config, nullptr) != nullptr) {
        outcomes_.finished(id, {.failure = std::move(failure)}, now);
    }
}

void ConnectionProber::close(CheckId id, Conversation &conversation) {
    conversation.answer.reset();
    if (std::exchange(conversation.phase, Phase::closed) != Phase::closed) {
        transport_.close(id);
    }
}

}  // namespace ngx_vrrp::check
