// Allocations that lie side by side. The heap of a process that nginx has
// forked has free pieces between the objects of the configuration: small
// objects that are used together would be on as many pages. After a second of
// sleep, the first access to a page costs more than the work of several
// functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace ngx_vrrp::os {

// While it lives, it has the free pieces of the heap: other allocations come
// from the end of the heap.
class SideBySide {
public:
    SideBySide() {
        void *const end = std::malloc(kBehindPieces);
        for (std::size_t size = kLargest; size > kClasses; size /= 2) {
            take_pieces(size, end);
        }
        for (std::size_t size = kClasses; size != 0; size -= kClass) {
            take_pieces(size, end);
        }
        std::free(end);
    }

    ~SideBySide() {
        while (first_) {
            std::free(std::exchange(first_, first_->next));
        }
    }

    SideBySide(const SideBySide &) = delete;
    SideBySide &operator=(const SideBySide &) = delete;

private:
    struct Piece {
        Piece *next;
    };

    // Bytes. Larger than most pieces, and smaller than what mmap() is used for.
    static constexpr std::size_t kBehindPieces = 64 * std::size_t{1024};
    static constexpr std::size_t kLargest = kBehindPieces / 2;
    // Up to here, malloc() has a list of free pieces for each size.
    static constexpr std::size_t kClasses = 1024;
    static constexpr std::size_t kClass = 16;
    static constexpr std::size_t kMost = 1024 * std::size_t{1024};

    // Until one is behind the end.
    void take_pieces(std::size_t size, const void *end) {
        for (; taken_ + size <= kMost; taken_ += size) {
            void *const piece = std::malloc(size);
            if (reinterpret_cast<std::uintptr_t>(piece) >
                reinterpret_cast<std::uintptr_t>(end)) {
                std::free(piece);
                return;
            }
            if (!piece) {
                return;
            }
            first_ = ::new (piece) Piece{first_};
        }
    }

    Piece *first_ = nullptr;
    std::size_t taken_ = 0;  // bytes
};

}  // namespace ngx_vrrp::os
