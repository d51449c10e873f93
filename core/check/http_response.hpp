// Reads an HTTP/1.x response (RFC 9112) in any pieces, from a peer that may be
// hostile: every length is bounded, and pieces of one byte cost no more than
// the whole at once. It refuses responses with an ambiguous end (6.3 there),
// and accepts odd lines as nginx does with its upstreams: a check should not
// fail if clients are served. As soon as the response is_judgeable(), later
// bytes cannot change the result: judge it then, whatever state() is. Reading
// the rest is only useful to keep the connection; is_worth_finishing() is true
// if this is cheaper than a new connection. So a peer that never ends costs at
// most the header, kMaxBodyKept, kMaxBodyDropped and kMaxFraming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check/http_syntax.hpp"

namespace ngx_vrrp::check {

// Status line and header, including those of all informational responses.
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxBodyKept =
    std::size_t{256} * 1024;  // as nginx Plus
inline constexpr std::size_t kMaxBodyDropped =
    std::size_t{64} * 1024;                        // for keepalive
inline constexpr unsigned kMaxInformational = 16;  // 1xx before it

// Chunk sizes, extensions and trailers: of one line, and together. Enough for
// kMaxBodyKept in chunks of one byte.
inline constexpr std::size_t kMaxFramingLine = std::size_t{4} * 1024;
inline constexpr std::size_t kMaxFraming = std::size_t{2} * 1024 * 1024;

class HttpResponse {
public:
    enum class State : std::uint8_t { incomplete, complete, broken };

    // head: the response to a HEAD request has no body, whatever its header
    // says. keep_body: a test needs the body.
    HttpResponse(bool head, bool keep_body);

    // Takes bytes. Bytes after the end of the response are a violation, and the
    // connection is not used again.
    State receive(std::string_view bytes);

    // The peer has closed the connection, which may be the end of the body.
    State end();

    State state() const { return state_; }

    // broken: "header is longer than 65536 bytes", "bad chunk size "x""
    const std::string &error() const { return error_; }

    unsigned status() const;  // 0: not there yet
    const std::vector<HttpHeader> &headers() const { return headers_; }
    // The first kMaxBodyKept bytes, if it is kept.
    const std::string &body() const { return body_; }
    // All of the body that has come, kept or not.
    std::uint64_t body_size() const { return body_size_; }

    // The whole header is there, and makes sense.
    bool has_header() const { return framing_ != Framing::unknown; }

    // The data for all tests is complete, or will not grow any more: the header
    // and, if it is kept, the body or kMaxBodyKept bytes of it.
    bool is_judgeable() const;

    // The missing bytes of the body, if the header contains its length.
    std::optional<std::uint64_t> remaining() const;

    // Once judgeable: the connection can be kept, and only a short rest must be
    // read for this.
    bool is_worth_finishing() const;

    // The connection may carry another request.
    bool keeps_connection() const;

private:
    // The part to which the next bytes belong; all parts except data are lines.
    enum class Part : std::uint8_t {
        status_line,
        header,
        body,
        chunk_size,
        chunk_data,
        chunk_end,
        trailer
    };

    // How the end of the body is found (RFC 9112, 6.3).
    enum class Framing : std::uint8_t {
        unknown,  // the header is not there yet
        none,
        length,
        chunked,
        until_close
    };

    std::string_view take_data(std::string_view bytes);
    std::string_view take_line(std::string_view bytes);
    void keep(std::string_view data);

    void handle_line(std::string_view line);
    void handle_status_line(std::string_view line);
    void handle_header_line(std::string_view line);
    void handle_chunk_size(std::string_view line);
    void handle_chunk_end(std::string_view line);

    void finish_header();
    void skip_informational();
    Framing find_framing();
    Framing framing_by_coding(std::string_view coding);
    Framing framing_by_length(std::string_view value);
    void begin_body();
    void finish_data();

    bool is_in_header() const;
    bool is_in_data() const;
    bool has_no_body() const;
    bool persists() const;
    std::size_t line_limit() const;
    void fail(std::string error);

    bool head_;
    bool keep_body_;
    State state_ = State::incomplete;
    Part part_ = Part::status_line;
    Framing framing_ = Framing::unknown;
    bool persistent_ = false;  // the header says so
    bool closed_ = false;
    bool excess_ = false;  // bytes after the end
    unsigned informational_ = 0;
    unsigned minor_version_ = 0;
    unsigned status_ = 0;
    std::size_t budget_ = kMaxHeaderBytes;  // for lines that are to come
    std::uint64_t length_ = 0;              // of the body or the chunk, to come
    std::uint64_t body_size_ = 0;
    std::string line_;
    std::string error_;
    std::vector<HttpHeader> headers_;
    std::string body_;
};

}  // namespace ngx_vrrp::check
