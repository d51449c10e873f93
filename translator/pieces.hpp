// Lines as keepalived's parser takes them: words, "{" and "}".
#pragma once

#include <string>
#include <vector>

#include "translator/lines.hpp"

namespace ngx_vrrp::translator {

enum class PieceKind { words, open, close };

struct Piece {
    PieceKind kind = PieceKind::words;
    Place place;
    std::vector<std::string> words;  // without their quotes
    std::string text;                // as it is in the line
};

std::vector<Piece> split_pieces(const std::vector<Line> &lines,
                                Remarks &remarks);

// A script and what follows it, with quotes and escapes as in a shell.
struct Command {
    std::vector<std::string> arguments;  // the program and its arguments
    std::vector<std::string> behind;     // user, group
    bool complete = true;                // every quote is closed
};

// "text" begins with the keyword.
Command parse_command(const std::string &text);

}  // namespace ngx_vrrp::translator
