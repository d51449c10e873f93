// Is this the answer that was asked for (vrrp_match)?
#pragma once

#include <optional>
#include <string_view>

#include "core/check/config.hpp"
#include "core/check/http_response.hpp"
#include "core/check/ports.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// The request line and header of a check, with the empty line.
std::string http_request(const HttpCheck &check);

// Tests of the body have to wait for the whole of it.
bool needs_body(const Match &match);

// A complete response; without a reason it is what was asked for. Status
// first (L7STS), then headers and body (L7RSP).
Failure judge(const Match &match, const HttpResponse &response,
              RegexEngine &regexes);

// What a peer has sent so far (send-expect): nothing, a failure or a pass.
// There is a decision when the expected text has come, or when it cannot come
// any more (ended, or more than kMaxBodyKept bytes).
std::optional<Failure> judge_text(const Match &match, std::string_view text,
                                  bool ended, RegexEngine &regexes);

}  // namespace ngx_vrrp::check
