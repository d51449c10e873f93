#include "core/notify/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <string>

namespace ngx_vrrp::notify {

namespace {

constexpr std::size_t kBlock = 64;

// FIPS 180-4, 4.2.2: the first 32 bits of the fractional parts of the cube
// roots of the first 64 primes.
constexpr std::array<std::uint32_t, 64> kConstants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// 5.3.3: of the square roots of the first 8 primes.
using State = std::array<std::uint32_t, 8>;
constexpr State kInitial{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

using Schedule = std::array<std::uint32_t, 64>;

std::uint32_t word_at(std::string_view block, std::size_t index) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        word = word << 8 | static_cast<unsigned char>(block[4 * index + i]);
    }
    return word;
}

// 6.2.2, step 1.
Schedule schedule_of(std::string_view block) {
    Schedule w{};
    for (std::size_t t = 0; t < 16; ++t) {
        w[t] = word_at(block, t);
    }
    for (std::size_t t = 16; t < w.size(); ++t) {
        const std::uint32_t a = w[t - 15];
        const std::uint32_t b = w[t - 2];
        const std::uint32_t s0 = std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3);
        const std::uint32_t s1 =
            std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10);
        w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
    return w;
}

// 6.2.2, steps 2 to 4.
void absorb(State &state, std::string_view block) {
    const Schedule w = schedule_of(block);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t t = 0; t < w.size(); ++t) {
        const std::uint32_t s1 =
            std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const std::uint32_t choice = (e & f) ^ (~e & g);
        const std::uint32_t t1 = h + s1 + choice + kConstants[t] + w[t];
        const std::uint32_t s0 =
            std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const std::uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + s0 + majority;
    }
    const State worked{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i) {
        state[i] += worked[i];
    }
}

// 5.1.1: a one, zeros, and the length in bits.
std::string padded(std::string_view message) {
    std::string text(message);
    text += '\x80';
    while (text.size() % kBlock != kBlock - 8) {
        text += '\0';
    }
    const std::uint64_t bits = std::uint64_t{message.size()} * 8;
    for (int shift = 56; shift >= 0; shift -= 8) {
        text += static_cast<char>(bits >> shift & 0xff);
    }
    return text;
}

std::string_view view_of(const Digest &digest) {
    return {reinterpret_cast<const char *>(digest.data()), digest.size()};
}

// RFC 2104, 2: a key as long as a block, each octet of it changed.
std::string pad_of(std::string_view key, unsigned char with) {
    std::string pad(key);
    pad.resize(kBlock);
    for (char &c : pad) {
        c = static_cast<char>(static_cast<unsigned char>(c) ^ with);
    }
    return pad;
}

}  // namespace

Digest sha256(std::string_view message) {
    const std::string text = padded(message);
    State state = kInitial;
    for (std::size_t i = 0; i < text.size(); i += kBlock) {
        absorb(state, std::string_view(text).substr(i, kBlock));
    }
    Digest digest{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - i % 4 * 8));
    }
    return digest;
}

Digest hmac_sha256(std::string_view key, std::string_view message) {
    const Digest short_key = sha256(key);
    if (key.size() > kBlock) {
        key = view_of(short_key);
    }
    const Digest inner = sha256(pad_of(key, 0x36) + std::string(message));
    return sha256(pad_of(key, 0x5c) + std::string(view_of(inner)));
}

}  // namespace ngx_vrrp::notify
