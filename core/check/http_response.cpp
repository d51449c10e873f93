#include "core/check/http_response.hpp"

#include <algorithm>

#include "core/base/log.hpp"
#include "core/check/quote.hpp"

namespace ngx_vrrp::check {

namespace {

// IIS may send it twice, and nginx ignores the second one.
constexpr std::string_view kSecondStatusLine = "HTTP/";

constexpr unsigned kSwitchingProtocols = 101;
constexpr unsigned kNoContent = 204;
constexpr unsigned kNotModified = 304;

std::string_view without_line_end(std::string_view line) {
    line.remove_suffix(1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace

HttpResponse::HttpResponse(bool head, bool keep_body)
    : head_(head), keep_body_(keep_body) {}

HttpResponse::State HttpResponse::receive(std::string_view bytes) {
    while (!bytes.empty() && state_ == State::incomplete) {
        bytes = is_in_data() ? take_data(bytes) : take_line(bytes);
    }
    if (!bytes.empty() && state_ == State::complete) {
        excess_ = true;
    }
    return state_;
}

HttpResponse::State HttpResponse::end() {
    closed_ = true;
    if (state_ != State::incomplete) {
        return state_;
    }
    if (framing_ == Framing::until_close) {
        state_ = State::complete;
    } else if (has_header()) {
        fail("connection closed within the body");
    } else if (part_ == Part::status_line && line_.empty()) {
        fail("connection closed before an answer");
    } else {
        fail("connection closed within the header");
    }
    return state_;
}

unsigned HttpResponse::status() const {
    return has_header() ? status_ : 0;
}

bool HttpResponse::is_judgeable() const {
    return has_header() && (!keep_body_ || state_ == State::complete ||
                            body_.size() == kMaxBodyKept);
}

std::optional<std::uint64_t> HttpResponse::remaining() const {
    if (state_ == State::complete) {
        return 0;
    }
    return framing_ == Framing::length ? std::optional{length_} : std::nullopt;
}

bool HttpResponse::is_worth_finishing() const {
    const std::uint64_t dropped = body_size_ - body_.size();
    return state_ != State::broken && persistent_ && !closed_ && !excess_ &&
           dropped + remaining().value_or(0) <= kMaxBodyDropped;
}

bool HttpResponse::keeps_connection() const {
    return state_ == State::complete && persistent_ && !closed_ && !excess_;
}

// Takes the part of the body or the chunk; returns the rest.
std::string_view HttpResponse::take_data(std::string_view bytes) {
    if (framing_ == Framing::until_close) {
        keep(bytes);
        return {};
    }
    const std::size_t n = static_cast<std::size_t>(
        std::min<std::uint64_t>(length_, bytes.size()));
    keep(bytes.substr(0, n));
    length_ -= n;
    if (length_ == 0) {
        finish_data();
    }
    return bytes.substr(n);
}

void HttpResponse::keep(std::string_view data) {
    body_size_ += data.size();
    if (keep_body_) {
        body_ += data.substr(0, kMaxBodyKept - body_.size());
    }
}

void HttpResponse::finish_data() {
    if (framing_ == Framing::chunked) {
        part_ = Part::chunk_end;
    } else {
        state_ = State::complete;
    }
}

// Takes a line, or the available part of it; returns the rest.
std::string_view HttpResponse::take_line(std::string_view bytes) {
    const std::size_t line_feed = bytes.find('\n');
    const bool is_whole =
        line_feed != std::string_view::npos && line_feed < line_limit();
    const std::size_t n =
        is_whole ? line_feed + 1 : std::min(bytes.size(), line_limit());

    line_ += bytes.substr(0, n);
    budget_ -= n;
    if (part_ == Part::status_line && !begins_like_http(line_)) {
        fail("not an HTTP/1.x response");
    } else if (is_whole) {
        handle_line(without_line_end(line_));
        line_.clear();
    } else if (line_limit() == 0) {
        fail(is_in_header()
                 ? format("header is longer than %zu bytes", kMaxHeaderBytes)
                 : "chunk sizes or trailers are too long");
    }
    return bytes.substr(n);
}

// How much more the line may have.
std::size_t HttpResponse::line_limit() const {
    return is_in_header() ? budget_
                          : std::min(budget_, kMaxFramingLine - line_.size());
}

void HttpResponse::handle_line(std::string_view line) {
    switch (part_) {
        case Part::status_line:
            handle_status_line(line);
            break;
        case Part::header:
            handle_header_line(line);
            break;
        case Part::chunk_size:
            handle_chunk_size(line);
            break;
        case Part::chunk_end:
            handle_chunk_end(line);
            break;
        case Part::trailer:
            state_ = line.empty() ? State::complete : State::incomplete;
            break;
        case Part::body:
        case Part::chunk_data:
            break;
    }
}

void HttpResponse::handle_status_line(std::string_view line) {
    const auto parsed = parse_status_line(line);
    if (!parsed) {
        fail("bad status line " + quote(line));
        return;
    }
    minor_version_ = parsed->minor_version;
    status_ = parsed->status;
    part_ = Part::header;
}

void HttpResponse::handle_header_line(std::string_view line) {
    if (line.empty()) {
        finish_header();
        return;
    }
    if (line.starts_with(kSecondStatusLine)) {
        return;
    }
    auto header = parse_header_line(line);
    if (!header) {
        fail("bad header line " + quote(line));
        return;
    }
    headers_.push_back(*std::move(header));
}

// After 101 another protocol would follow, so it is a final response.
void HttpResponse::finish_header() {
    if (status_ < 200 && status_ != kSwitchingProtocols) {
        skip_informational();
        return;
    }
    framing_ = find_framing();
    if (framing_ != Framing::unknown) {
        persistent_ = persists();
        begin_body();
    }
}

void HttpResponse::skip_informational() {
    if (++informational_ > kMaxInformational) {
        fail(format("more than %u informational responses", kMaxInformational));
        return;
    }
    headers_.clear();
    part_ = Part::status_line;
}

// All of them are checked, even if there cannot be a body. RFC 9112, 6.3: both
// headers at once "ought to be handled as an error", and so are several.
HttpResponse::Framing HttpResponse::find_framing() {
    Framing framing = Framing::until_close;
    for (const HttpHeader &header : headers_) {
        const bool is_coding = header.is("Transfer-Encoding");
        if (!is_coding && !header.is("Content-Length")) {
            continue;
        }
        if (framing != Framing::until_close) {
            fail("several Content-Length or Transfer-Encoding headers");
            return Framing::unknown;
        }
        framing = is_coding ? framing_by_coding(header.value)
                            : framing_by_length(header.value);
        if (framing == Framing::unknown) {
            return framing;
        }
    }
    return has_no_body() ? Framing::none : framing;
}

HttpResponse::Framing HttpResponse::framing_by_coding(std::string_view coding) {
    if (!same_word(coding, "chunked")) {
        fail("unknown Transfer-Encoding " + quote(coding));
        return Framing::unknown;
    }
    return Framing::chunked;
}

HttpResponse::Framing HttpResponse::framing_by_length(std::string_view value) {
    const auto length = parse_content_length(value);
    if (!length) {
        fail("bad Content-Length " + quote(value));
        return Framing::unknown;
    }
    length_ = *length;
    return Framing::length;
}

bool HttpResponse::has_no_body() const {
    return head_ || status_ < 200 || status_ == kNoContent ||
           status_ == kNotModified;
}

// RFC 9112, 9.3: "close" wins; HTTP/1.0 needs "keep-alive".
bool HttpResponse::persists() const {
    if (framing_ == Framing::until_close || status_ == kSwitchingProtocols) {
        return false;
    }
    bool persistent = minor_version_ > 0;
    for (const HttpHeader &header : headers_) {
        if (!header.is("Connection")) {
            continue;
        }
        if (lists(header.value, "close")) {
            return false;
        }
        persistent = persistent || lists(header.value, "keep-alive");
    }
    return persistent;
}

void HttpResponse::begin_body() {
    const bool is_empty = framing_ == Framing::none ||
                          (framing_ == Framing::length && length_ == 0);
    if (is_empty) {
        state_ = State::complete;
    } else if (framing_ == Framing::chunked) {
        part_ = Part::chunk_size;
        budget_ = kMaxFraming;
    } else {
        part_ = Part::body;
    }
}

void HttpResponse::handle_chunk_size(std::string_view line) {
    const auto length = parse_chunk_size(line);
    if (!length) {
        fail("bad chunk size " + quote(line));
        return;
    }
    length_ = *length;
    part_ = length_ == 0 ? Part::trailer : Part::chunk_data;
}

void HttpResponse::handle_chunk_end(std::string_view line) {
    if (!line.empty()) {
        fail("chunk is longer than its size");
        return;
    }
    part_ = Part::chunk_size;
}

bool HttpResponse::is_in_header() const {
    return part_ == Part::status_line || part_ == Part::header;
}

bool HttpResponse::is_in_data() const {
    return part_ == Part::body || part_ == Part::chunk_data;
}

void HttpResponse::fail(std::string error) {
    state_ = State::broken;
    error_ = std::move(error);
}

}  // namespace ngx_vrrp::check
