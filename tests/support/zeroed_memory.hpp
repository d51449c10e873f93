// New memory: aligned to a page, and full of zeros. It ends exactly at its
// size: AddressSanitizer detects accesses beyond it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace ngx_vrrp::test {

class ZeroedMemory {
public:
    explicit ZeroedMemory(std::size_t size)
        : size_(size), memory_(::operator new(size, kAlignment)) {
        std::memset(memory_.get(), 0, size);
    }

    void *get() const { return memory_.get(); }

    std::span<std::uint64_t> words() const {
        return {static_cast<std::uint64_t *>(get()),
                size_ / sizeof(std::uint64_t)};
    }

private:
    static constexpr std::align_val_t kAlignment{64};

    struct Delete {
        void operator()(void *p) const { ::operator delete(p, kAlignment); }
    };

    std::size_t size_;
    std::unique_ptr<void, Delete> memory_;
};

}  // namespace ngx_vrrp::test
