#include "core/base/seqlock.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace ngx_vrrp {
namespace {

TEST(Seqlock, NothingIsReadBeforeTheFirstWrite) {
    Seqlock lock{};
    EXPECT_FALSE(lock.read([] { FAIL() << "there is no value"; }));
    lock.write([] {});
    EXPECT_TRUE(lock.read([] {}));
}

TEST(Seqlock, ReadersGiveUpWhileAWriteIsUnderWay) {
    Seqlock lock{};
    lock.write([] {});
    lock.write([&] { EXPECT_FALSE(lock.read([] {})); });
    EXPECT_TRUE(lock.read([] {}));
}

TEST(Seqlock, AReadThatMeetsAWriteIsMadeAgain) {
    Seqlock lock{};
    lock.write([] {});
    int reads = 0;
    EXPECT_TRUE(lock.read([&] {
        if (++reads == 1) {
            lock.write([] {});
        }
    }));
    EXPECT_EQ(reads, 2);
}

TEST(Seqlock, ReadersGiveUpAfterManyWrites) {
    Seqlock lock{};
    lock.write([] {});
    int reads = 0;
    EXPECT_FALSE(lock.read([&] {
        ++reads;
        lock.write([] {});
    }));
    EXPECT_EQ(reads, Seqlock::kReadAttempts);
}

// It leaves the value half written, and the next writer makes it good again.
TEST(Seqlock, AWriterThatDiedInTheMiddleBlocksNoReader) {
    struct Death {};
    Seqlock lock{};
    lock.write([] {});
    for (int deaths = 0; deaths < 3; ++deaths) {
        EXPECT_THROW(lock.write([] { throw Death{}; }), Death);
        EXPECT_FALSE(lock.read([] {}));
    }

    lock.write(
        [&] { EXPECT_FALSE(lock.read([] {})) << "it is being written"; });
    EXPECT_TRUE(lock.read([] {}));
    lock.write(
        [&] { EXPECT_FALSE(lock.read([] {})) << "it is being written"; });
    EXPECT_TRUE(lock.read([] {}));
}

// After it was overwritten.
TEST(Seqlock, AWriteIsSeenWhateverStoodThereBefore) {
    for (const std::uint64_t before :
         {std::uint64_t{1}, UINT64_MAX - 1, UINT64_MAX}) {
        Seqlock lock{};
        static_assert(sizeof(lock) == sizeof(before));
        std::memcpy(static_cast<void *>(&lock), &before, sizeof(lock));
        lock.write([] {});
        EXPECT_TRUE(lock.read([] {})) << before;
    }
}

TEST(Seqlock, WordsKeepBytesOfAnyLength) {
    const std::array<std::uint8_t, 17> bytes{1,  2,  3,  4,  5,  6,  7,  8, 9,
                                             10, 11, 12, 13, 14, 15, 16, 17};
    for (std::size_t n = 0; n <= bytes.size(); ++n) {
        std::array<SharedWord, 4> shared{};
        shared[words(n)] = 42;
        store_words(shared.data(), Bytes(bytes).first(n));
        EXPECT_EQ(shared[words(n)], 42u) << n;

        Buffer back(n + 1, 0xa5);
        load_words(shared.data(), std::span(back).first(n));
        EXPECT_TRUE(std::equal(back.begin(), back.end() - 1, bytes.begin()));
        EXPECT_EQ(back.back(), 0xa5) << n;
    }
}

}  // namespace
}  // namespace ngx_vrrp
