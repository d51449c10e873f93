// Does the response fulfil the conditions of vrrp_match?
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/check/config.hpp"
#include "core/check/http_response.hpp"
#include "core/check/ports.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// The maximum length of an answer to send-expect: as much as HAProxy's buffer.
// It is short because all of it is checked again whenever more arrives.
inline constexpr std::size_t kMaxText = std::size_t{16} * 1024;

// The request line and header of a check, with the empty line.
std::string http_request(const HttpCheck &check);

// Tests of the body need the whole body.
bool needs_body(const Match &match);

// A response that is_judgeable(); the result has no reason if it passes. Status
// first (L7STS), then headers and body in their order (L7RSP). If several
// headers have the same name, one must pass a test, but all must pass a negated
// one.
Failure judge(const Match &match, const HttpResponse &response,
              RegexEngine &regexes);

// Judges the bytes of a peer so far (send-expect): nothing yet, a failure
// (L7RSP) or a pass. "equal" means that the text contains the value, because
// the end of an answer is not marked.
//
// There is a decision when the answer passes all tests, when a negated test
// fails, or when the text cannot change any more: ended, or kMaxText bytes. If
// there are only negated tests, the first bytes decide; if there are no tests,
// no answer is needed.
std::optional<Failure> judge_text(const Match &match, std::string_view text,
                                  bool ended, RegexEngine &regexes);

}  // namespace ngx_vrrp::check
