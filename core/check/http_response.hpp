// Reads an HTTP/1.x response (RFC 9112) as it comes, in any pieces, from a
// peer that may be hostile: every length is bounded and nothing is copied
// that no test asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ngx_vrrp::check {

inline constexpr std::size_t kMaxHeaderBytes = 64 * 1024;  // status line too
inline constexpr std::size_t kMaxBodyKept = 256 * 1024;    // as nginx Plus
inline constexpr unsigned kMaxInformational = 16;          // 1xx before it

struct HttpHeader {
    std::string name;   // as it came
    std::string value;  // without white space around it
};

class HttpResponse {
public:
    enum class State : std::uint8_t { incomplete, complete, broken };

    // head: the answer to a HEAD request has no body, whatever it says.
    // keep_body: a test asks for it.
    HttpResponse(bool head, bool keep_body);

    // Takes bytes; those after the end of the response are not expected and
    // forbid that the connection is used again.
    State receive(std::string_view bytes);

    // The peer has closed the connection, which may be the end of the body.
    State end();

    State state() const;

    // broken: "status line is longer than ...", "bad chunk size"
    const std::string &error() const;

    unsigned status() const;  // 0: not there yet
    const std::vector<HttpHeader> &headers() const;
    // The first kMaxBodyKept bytes.
    const std::string &body() const;

    // The whole header is there.
    bool has_header() const;

    // The connection may carry another request.
    bool keeps_connection() const;
};

}  // namespace ngx_vrrp::check
