// Is this the answer that was asked for (vrrp_match)?
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

// What a peer may say before it has said what is expected (send-expect): as
// much as HAProxy's buffer. It is short because all of it is looked at again
// whenever more has come.
inline constexpr std::size_t kMaxText = std::size_t{16} * 1024;

// The request line and header of a check, with the empty line.
std::string http_request(const HttpCheck &check);

// Tests of the body have to wait for the whole of it.
bool needs_body(const Match &match);

// A response that is_judgeable(); without a reason it is what was asked for.
// Status first (L7STS), then headers and body in their order (L7RSP).
//
// Of several headers with one name any may pass a test, but all must pass a
// negated one.
Failure judge(const Match &match, const HttpResponse &response,
              RegexEngine &regexes);

// What a peer has sent so far (send-expect): nothing yet, a failure (L7RSP) or
// a pass. "equal" means that the text contains the value: a peer does not tell
// where its answer ends.
//
// There is a decision when all that is expected has come, when something has
// come that is not (negated tests), or when the text cannot change any more:
// ended, or kMaxText bytes. If there are only negated tests, the first bytes
// decide; if there are none, nothing has to come.
std::optional<Failure> judge_text(const Match &match, std::string_view text,
                                  bool ended, RegexEngine &regexes);

}  // namespace ngx_vrrp::check
