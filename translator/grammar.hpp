// keepalived's blocks and words: one row for each word, with its shape, the
// function that reads it, and what an operator has to know about it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "translator/pieces.hpp"
#include "translator/reading.hpp"

namespace ngx_vrrp::translator {

enum class Shape {
    line,   // keyword value ...
    list,   // keyword ... { a line; a line }
    block,  // keyword ... { keyword value ... }
};

struct Entry {
    const Piece &head;
    std::vector<Piece> items;  // of a list

    std::string word(std::size_t i) const {
        return i < head.words.size() ? head.words[i] : std::string();
    }
};

using Handler = void (*)(Reading &, const Entry &);

struct Grammar;

// With a text but without a function: the text is the whole translation.
struct Row {
    std::string_view name;
    Shape shape = Shape::line;
    Handler read = nullptr;
    Severity severity = Severity::note;
    std::string_view text;
    const Grammar *inner = nullptr;
    Handler end = nullptr;  // at the end of a block
};

constexpr Row line_row(std::string_view name, Handler read) {
    return {name, Shape::line, read, Severity::note, {}, nullptr, nullptr};
}

constexpr Row list_row(std::string_view name, Handler read,
                       std::string_view text = {}) {
    return {name, Shape::list, read, Severity::note, text, nullptr, nullptr};
}

constexpr Row block_row(std::string_view name, Handler read,
                        const Grammar *inner, Handler end = nullptr) {
    return {name, Shape::block, read, Severity::note, {}, inner, end};
}

// A word whose whole translation is a remark.
constexpr Row note_row(std::string_view name, std::string_view text) {
    return {name, Shape::line, nullptr, Severity::note, text, nullptr, nullptr};
}

constexpr Row decide_row(std::string_view name, std::string_view text) {
    return {name, Shape::line, nullptr, Severity::decide,
            text, nullptr,     nullptr};
}

struct Grammar {
    std::string_view name;
    std::span<const Row> rows;

    const Row *find(std::string_view word) const;
};

// The top of a keepalived.conf.
extern const Grammar kTop;
// Parts of it, each in the file of its functions.
extern const Grammar kGlobals;
extern const Grammar kInstance;
extern const Grammar kSyncGroup;
extern const Grammar kScript;
extern const Grammar kProcess;
extern const Grammar kTrackFile;
extern const Grammar kBfd;
extern const Grammar kGarpGroup;
extern const Grammar kTrackGroup;
extern const Grammar kCheckTls;
extern const Grammar kVirtualServer;
extern const Grammar kRealServer;
extern const Grammar kHttpCheck;
extern const Grammar kUrl;
extern const Grammar kTcpCheck;
extern const Grammar kSmtpCheck;
extern const Grammar kSmtpHost;
extern const Grammar kDnsCheck;
extern const Grammar kMiscCheck;
extern const Grammar kBfdCheck;
extern const Grammar kUdpCheck;
extern const Grammar kFileCheck;

// Reads as keepalived does: a word that it does not recognise is skipped, "{"
// after it is ignored, and "}" always ends the current block.
void read_pieces(const std::vector<Piece> &pieces, Reading &reading);

}  // namespace ngx_vrrp::translator
