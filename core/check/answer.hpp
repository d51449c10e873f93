// The request to a connected peer, and its answer: HTTP, or the bytes of
// send-expect. Bytes in, a decision out; core/check/connection_prober has the
// connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/check/config.hpp"
#include "core/check/ports.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// Can the connection be used for the next check? later: after the rest of this
// response.
enum class Reuse : std::uint8_t { never, later, now };

class Answer {
public:
    virtual ~Answer() = default;

    // Makes the peer answer; empty: it does so unasked.
    virtual std::string request() const = 0;

    // Takes bytes, after the decision too. Nothing: there is no decision, or it
    // was returned before. A Failure without a reason: passed.
    virtual std::optional<Failure> receive(std::string_view bytes) = 0;

    // The peer will send no more. This is a decision, if there was none.
    virtual Failure end() = 0;

    // The missing part of the answer, as text.
    virtual std::string missing() const = 0;

    // After the decision.
    virtual Reuse reuse() const = 0;
};

// Nothing: a connection is enough (tcp). config and regexes outlive the
// answer's decision.
std::unique_ptr<Answer> expected_answer(const Config &config,
                                        RegexEngine &regexes);

}  // namespace ngx_vrrp::check
