#include "core/base/utf8.hpp"

#include <cstddef>

namespace ngx_vrrp {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// RFC 3629, 4: the octets that may follow a first octet.
struct Form {
    std::size_t size = 0;  // of the whole character; 0: there is none
    unsigned char second_from = 0x80;
    unsigned char second_to = 0xbf;
};

Form form_of(unsigned char first) {
    if (first < 0x80) {
        return {1};
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return {2};
    }
    switch (first) {
        case 0xe0:
            return {3, 0xa0, 0xbf};
        case 0xed:  // otherwise it were a surrogate
            return {3, 0x80, 0x9f};
        case 0xf0:
            return {4, 0x90, 0xbf};
        case 0xf4:  // U+10FFFF is the last one
            return {4, 0x80, 0x8f};
        default:
            break;
    }
    if (first >= 0xe1 && first <= 0xef) {
        return {3};
    }
    return first >= 0xf1 && first <= 0xf3 ? Form{4} : Form{};
}

// The octets of text that belong to a first character, and whether it is
// complete.
struct Character {
    std::size_t size = 1;
    bool complete = false;
};

Character first_character(std::string_view text) {
    const Form form = form_of(static_cast<unsigned char>(text[0]));
    Character character;
    while (character.size < form.size && character.size < text.size()) {
        const auto octet = static_cast<unsigned char>(text[character.size]);
        const bool second = character.size == 1;
        if (octet < (second ? form.second_from : 0x80) ||
            octet > (second ? form.second_to : 0xbf)) {
            break;
        }
        ++character.size;
    }
    character.complete = character.size == form.size;
    return character;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
    std::string valid;
    while (!text.empty()) {
        const Character character = first_character(text);
        valid +=
            character.complete ? text.substr(0, character.size) : kReplacement;
        text.remove_prefix(character.size);
    }
    return valid;
}

std::string_view whole_characters(std::string_view text, std::size_t size) {
    while (size < text.size() && size > 0 &&
           (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) {
        --size;
    }
    return text.substr(0, size);
}

}  // namespace ngx_vrrp
