#include "translator/grammar.hpp"

#include <algorithm>

namespace ngx_vrrp::translator {
namespace {

class Parser {
public:
    Parser(const std::vector<Piece> &pieces, Reading &reading)
        : pieces_(pieces), reading_(reading) {}

    void read_top() {
        while (at_ < pieces_.size()) {
            read_block(kTop);
            if (at_ < pieces_.size()) {
                reading_.decide(pieces_[at_].place, "}",
                                "there is no block that it ends");
                ++at_;
            }
        }
        if (!recognised_ && !pieces_.empty()) {
            throw NotKeepalived{
                pieces_.front().place,
                "a block of keepalived, for example \"vrrp_instance NAME "
                "{\""};
        }
    }

private:
    // Stops before the "}" that ends the block, or at the end.
    void read_block(const Grammar &grammar) {
        bool skipped = false;
        while (at_ < pieces_.size()) {
            const Piece &piece = pieces_[at_];
            if (piece.kind == PieceKind::close) {
                return;
            }
            ++at_;
            if (piece.kind == PieceKind::open) {
                if (!skipped) {
                    reading_.decide(piece.place, "{",
                                    "keepalived does not expect it here, and "
                                    "ignores it");
                }
                continue;
            }
            const Row *const row = grammar.find(piece.words[0]);
            skipped = row == nullptr;
            if (skipped) {
                unknown(grammar, piece);
            } else {
                recognised_ = true;
                read_row(*row, piece);
            }
        }
    }

    void unknown(const Grammar &grammar, const Piece &piece) {
        std::vector<std::string_view> names;
        for (const Row &row : grammar.rows) {
            names.push_back(row.name);
        }
        const std::string_view near = nearest(piece.words[0], names);
        std::string text = "is not a word of ";
        text += grammar.name;
        text += ": keepalived ignores this line";
        if (!near.empty()) {
            text += "; did you mean \"" + std::string(near) + "\"?";
        }
        if (&grammar != &kTop && kTop.find(piece.words[0]) != nullptr) {
            text += "; is a \"}\" missing before it?";
        }
        reading_.decide(piece.place, piece.words[0], std::move(text));
    }

    void read_row(const Row &row, const Piece &head) {
        if (!row.text.empty()) {
            reading_.remark(row.severity, head.place, row.name,
                            std::string(row.text));
        }
        Entry entry{head, {}};
        if (row.shape == Shape::line) {
            if (row.read != nullptr) {
                row.read(reading_, entry);
            }
            return;
        }
        open(head);
        if (row.shape == Shape::list) {
            read_list(entry);
        }
        if (row.read != nullptr) {
            row.read(reading_, entry);
        }
        if (row.shape == Shape::block) {
            read_block(*row.inner);
        }
        close(head);
        if (row.end != nullptr) {
            row.end(reading_, entry);
        }
    }

    void open(const Piece &head) {
        if (at_ < pieces_.size() && pieces_[at_].kind == PieceKind::open) {
            ++at_;
        } else {
            reading_.decide(head.place, head.words[0],
                            "\"{\" is missing after it; keepalived continues "
                            "as if it were there");
        }
    }

    void read_list(Entry &entry) {
        while (at_ < pieces_.size() && pieces_[at_].kind != PieceKind::close) {
            if (pieces_[at_].kind == PieceKind::open) {
                reading_.decide(pieces_[at_].place, "{",
                                "is in the list of " + entry.word(0) +
                                    ": is a \"}\" missing before it?");
            } else {
                entry.items.push_back(pieces_[at_]);
            }
            ++at_;
        }
    }

    void close(const Piece &head) {
        if (at_ < pieces_.size()) {
            ++at_;
        } else {
            reading_.decide(head.place, head.words[0],
                            "\"}\" is missing at the end of this block");
        }
    }

    const std::vector<Piece> &pieces_;
    Reading &reading_;
    std::size_t at_ = 0;
    bool recognised_ = false;
};

}  // namespace

const Row *Grammar::find(std::string_view word) const {
    const auto found = std::ranges::find(rows, word, &Row::name);
    return found == rows.end() ? nullptr : &*found;
}

void read_pieces(const std::vector<Piece> &pieces, Reading &reading) {
    Parser(pieces, reading).read_top();
}

}  // namespace ngx_vrrp::translator
