// Allocations that lie side by side.
#include "core/os/side_by_side.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <vector>

namespace ngx_vrrp::os {
namespace {

using Block = std::vector<char>;

constexpr std::size_t kPage = 4096;

// A heap with a free piece on each of many pages.
std::vector<Block> scattered_pieces(std::size_t size) {
    std::vector<Block> all;
    for (int i = 0; i < 100; ++i) {
        all.emplace_back(kPage);
        all.emplace_back(size);
    }
    for (std::size_t i = 1; i < all.size(); i += 2) {
        all[i] = Block();
    }
    return all;
}

std::size_t pages_of(const std::vector<Block> &blocks) {
    std::set<std::uintptr_t> pages;
    for (const Block &block : blocks) {
        pages.insert(reinterpret_cast<std::uintptr_t>(block.data()) / kPage);
    }
    return pages.size();
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
TEST(SideBySideTest, SmallObjectsAreOnFewPages) {
    for (const std::size_t size : {100U, 600U}) {
        const std::vector<Block> heap = scattered_pieces(size);
        {
            const std::vector<Block> without(20, Block(size));
            EXPECT_GT(pages_of(without), 10U) << size;
        }
        const SideBySide allocations;
        const std::vector<Block> with(20, Block(size));
        EXPECT_LE(pages_of(with), 20 * size / kPage + 3) << size;
    }
}
#endif

TEST(SideBySideTest, ThePiecesAreUsableAgain) {
    const std::vector<Block> heap = scattered_pieces(100);
    { const SideBySide allocations; }
    const std::vector<Block> more(50, Block(100, 'x'));
    EXPECT_EQ(more.back().back(), 'x');
}

}  // namespace
}  // namespace ngx_vrrp::os
