// Bounded big-endian reading and writing. A reader never goes past its end:
// it turns bad once and then yields zeros, so a parser can read a whole
// header and ask once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ngx_vrrp {

using Bytes = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

// The memory of a value without pointers.
template <class T>
Bytes bytes_of(const T &value) {
    return {reinterpret_cast<const std::uint8_t *>(&value), sizeof(T)};
}

template <class T>
std::span<std::uint8_t> writable_bytes_of(T &value) {
    return {reinterpret_cast<std::uint8_t *>(&value), sizeof(T)};
}

class ByteReader {
public:
    explicit ByteReader(Bytes bytes) : rest_(bytes) {}

    bool ok() const { return ok_; }
    std::size_t remaining() const { return rest_.size(); }

    std::uint8_t u8() {
        const Bytes b = take(1);
        return b.empty() ? std::uint8_t{0} : b[0];
    }

    std::uint16_t u16() {
        const Bytes b = take(2);
        return b.empty() ? std::uint16_t{0}
                         : static_cast<std::uint16_t>(b[0] << 8 | b[1]);
    }

    std::uint32_t u32() {
        const std::uint32_t high = u16();
        return high << 16 | u16();
    }

    std::uint64_t u64() {
        const std::uint64_t high = u32();
        return high << 32 | u32();
    }

    // An empty span, and a bad reader, when fewer than n are left.
    Bytes take(std::size_t n) {
        if (n > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const Bytes head = rest_.first(n);
        rest_ = rest_.subspan(n);
        return head;
    }

private:
    Bytes rest_;
    bool ok_ = true;
};

class ByteWriter {
public:
    explicit ByteWriter(Buffer &out) : out_(out) {}

    ByteWriter &u8(std::uint8_t v) {
        out_.push_back(v);
        return *this;
    }

    ByteWriter &u16(std::uint16_t v) {
        return u8(static_cast<std::uint8_t>(v >> 8))
            .u8(static_cast<std::uint8_t>(v & 0xff));
    }

    ByteWriter &u32(std::uint32_t v) {
        return u16(static_cast<std::uint16_t>(v >> 16))
            .u16(static_cast<std::uint16_t>(v & 0xffff));
    }

    ByteWriter &u64(std::uint64_t v) {
        return u32(static_cast<std::uint32_t>(v >> 32))
            .u32(static_cast<std::uint32_t>(v & 0xffffffff));
    }

    ByteWriter &bytes(Bytes b) {
        out_.insert(out_.end(), b.begin(), b.end());
        return *this;
    }

    ByteWriter &zeros(std::size_t n) {
        out_.insert(out_.end(), n, 0);
        return *this;
    }

    // Overwrites two bytes that are written already: for a field that depends
    // on the following ones, such as a checksum.
    ByteWriter &u16_at(std::size_t offset, std::uint16_t v) {
        out_.at(offset) = static_cast<std::uint8_t>(v >> 8);
        out_.at(offset + 1) = static_cast<std::uint8_t>(v & 0xff);
        return *this;
    }

private:
    Buffer &out_;
};

}  // namespace ngx_vrrp
