// Reading a response in pieces, and what came of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/check/http_response.hpp"

namespace ngx_vrrp::test {

struct Asked {
    bool head = false;
    bool keep_body = true;
    bool then_end = false;  // the peer closes the connection
};

// Everything that a reader of a response can see.
struct Reading {
    check::HttpResponse::State state;
    std::string error;
    unsigned status;
    std::vector<std::string> headers;
    std::string body;
    std::uint64_t body_size;
    bool judgeable;
    bool worth_finishing;
    bool keeps_connection;
    std::optional<std::uint64_t> remaining;

    friend bool operator==(const Reading &, const Reading &) = default;
};

inline Reading reading_of(const check::HttpResponse &response) {
    std::vector<std::string> headers;
    for (const check::HttpHeader &header : response.headers()) {
        headers.push_back(header.name + ": " + header.value);
    }
    return {response.state(),
            response.error(),
            response.status(),
            headers,
            response.body(),
            response.body_size(),
            response.is_judgeable(),
            response.is_worth_finishing(),
            response.keeps_connection(),
            response.remaining()};
}

inline Reading read_pieces(const std::vector<std::string_view> &pieces,
                           Asked asked = {}) {
    check::HttpResponse response(asked.head, asked.keep_body);
    for (const std::string_view piece : pieces) {
        response.receive(piece);
    }
    if (asked.then_end) {
        response.end();
    }
    return reading_of(response);
}

inline Reading read_whole(std::string_view text, Asked asked = {}) {
    return read_pieces({text}, asked);
}

inline Reading read_octets(std::string_view text, Asked asked = {}) {
    std::vector<std::string_view> pieces;
    for (std::size_t i = 0; i < text.size(); ++i) {
        pieces.push_back(text.substr(i, 1));
    }
    return read_pieces(pieces, asked);
}

}  // namespace ngx_vrrp::test
