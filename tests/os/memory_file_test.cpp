// The memory that goes to a new binary: a descriptor is accepted only if it is
// ours.
#include "core/os/memory_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>

#include "core/capi.h"
#include "core/engine/ownership_memory.hpp"

namespace ngx_vrrp::os {
namespace {

constexpr std::size_t kSize = 8192;
constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
constexpr std::array<std::uint8_t, 4> kHead{1, 2, 3, 4};

class MemoryFile : public ::testing::Test {
protected:
    static Fd create() {
        auto made = create_memory_file("test", kSize, kHead);
        EXPECT_TRUE(made);
        return made ? std::move(made.value()) : Fd();
    }

    // As another program would make it.
    static Fd forge(std::size_t size, int seals) {
        Fd fd(::memfd_create("test", MFD_ALLOW_SEALING));
        EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
        EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
        return fd;
    }

    static bool fits(int fd, std::size_t size = kSize) {
        std::array<std::uint8_t, 4> head{};
        return read_memory_file(fd, head) == size;
    }
};

TEST_F(MemoryFile, IsReadAsItWasMade) {
    const Fd fd = create();
    std::array<std::uint8_t, 4> head{};
    EXPECT_EQ(read_memory_file(fd.get(), head), kSize);
    EXPECT_EQ(head, kHead);
}

TEST_F(MemoryFile, IsPrivate) {
    struct stat status {};
    ASSERT_EQ(::fstat(create().get(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(MemoryFile, KeepsItsSizeAndItsSeals) {
    const Fd fd = create();
    EXPECT_NE(::ftruncate(fd.get(), kSize / 2), 0);
    EXPECT_NE(::ftruncate(fd.get(), 2 * kSize), 0);
    EXPECT_NE(::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE), 0);
}

// Of another size it would be a SIGBUS later, or a read beyond the end.
TEST_F(MemoryFile, OfAnotherSizeIsRefused) {
    const Fd fd = create();
    EXPECT_FALSE(fits(fd.get(), kSize - 1));
    EXPECT_FALSE(fits(fd.get(), kSize + 1));
}

TEST_F(MemoryFile, WithOtherSealsIsRefused) {
    EXPECT_TRUE(fits(forge(kSize, kSeals).get()));
    EXPECT_FALSE(fits(forge(kSize, 0).get())) << "it may shrink";
    EXPECT_FALSE(fits(forge(kSize, F_SEAL_SHRINK | F_SEAL_GROW).get()))
        << "it may be sealed against writing";
    EXPECT_FALSE(fits(forge(kSize, F_SEAL_SEAL | F_SEAL_SHRINK).get()));
    EXPECT_FALSE(fits(forge(kSize, F_SEAL_SEAL | F_SEAL_GROW).get()));
    EXPECT_FALSE(fits(forge(kSize, kSeals | F_SEAL_WRITE).get()));
}

TEST_F(MemoryFile, OfAnotherTypeIsRefused) {
    const Fd event(::eventfd(0, 0));
    EXPECT_FALSE(fits(event.get()));
    const Fd file(::open("/tmp", O_TMPFILE | O_RDWR, 0600));
    ASSERT_EQ(::ftruncate(file.get(), kSize), 0);
    EXPECT_FALSE(fits(file.get()));
    EXPECT_FALSE(fits(-1));
}

TEST(Ownership, AnotherNumberIsRefused) {
    char why[128];
    const Fd fd(vrrp_core_ownership_create(7, why, sizeof(why)));
    ASSERT_TRUE(fd) << why;
    EXPECT_EQ(vrrp_core_ownership_fits(fd.get(), 7), VRRP_CORE_OK);
    EXPECT_EQ(vrrp_core_ownership_fits(fd.get(), 8), VRRP_CORE_ERROR);
}

// Only a living binary with the module has a use for the names of routers.
TEST(Ownership, HasALaterBinary) {
    char why[128];
    const Fd fd(vrrp_core_ownership_create(7, why, sizeof(why)));
    ASSERT_TRUE(fd) << why;
    const int self = ::getpid();
    EXPECT_EQ(vrrp_core_ownership_passed_on(fd.get(), self),
              VRRP_CORE_DECLINED);

    vrrp_core_ownership_start(fd.get(), self);
    EXPECT_EQ(vrrp_core_ownership_passed_on(fd.get(), self + 1), VRRP_CORE_OK);
    EXPECT_EQ(vrrp_core_ownership_passed_on(fd.get(), self),
              VRRP_CORE_DECLINED);

    const pid_t ended = ::fork();
    if (ended == 0) {
        ::_exit(0);
    }
    ::waitpid(ended, nullptr, 0);
    vrrp_core_ownership_start(fd.get(), ended);
    EXPECT_EQ(vrrp_core_ownership_passed_on(fd.get(), self),
              VRRP_CORE_DECLINED);
}

// Its descriptors are ours, too, and must be closed.
TEST(Ownership, AnotherLayoutIsRecognised) {
    using Memory = engine::OwnershipMemory;
    const auto fits = [](std::uint64_t magic, std::size_t size) {
        auto header = Memory::header(7);
        header.magic ^= magic;
        const auto bytes =
            std::bit_cast<std::array<std::uint8_t, sizeof(header)>>(header);
        const auto made = create_memory_file("test", size, bytes);
        EXPECT_TRUE(made);
        return made ? vrrp_core_ownership_fits(made->get(), 7) : 1;
    };
    EXPECT_EQ(fits(0, Memory::kSize), VRRP_CORE_OK);
    EXPECT_EQ(fits('2' ^ '3', Memory::kSize), VRRP_CORE_DECLINED);
    EXPECT_EQ(fits(0, Memory::kSize - 4096), VRRP_CORE_DECLINED);
    EXPECT_EQ(fits('2' ^ '3', 4096), VRRP_CORE_DECLINED);
    EXPECT_EQ(fits(0x100, Memory::kSize), VRRP_CORE_ERROR);
}

}  // namespace
}  // namespace ngx_vrrp::os
