// Memory that can be written by some and read by all, with the kernel's word
// for it.
#include "core/os/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace ngx_vrrp::os {
namespace {

constexpr std::size_t kSharedSize = 3 * 4096;

SharedMemory make(SharedMemory::Writers writers) {
    auto memory = SharedMemory::create("ngx_vrrp_test", kSharedSize, writers);
    EXPECT_TRUE(memory);
    return std::move(memory.value());
}

char *bytes(void *memory) {
    return static_cast<char *>(memory);
}

char first_of(const void *memory) {
    return *static_cast<const volatile char *>(memory);
}

// Which of them comes true in a child; 0: all of them are as they should be.
int in_a_child(const std::function<bool()> &is_right) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(is_right() ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return status;
}

// The lines of /proc/self/maps that are about it.
std::string mappings() {
    std::ifstream maps("/proc/self/maps");
    std::string text;
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:ngx_vrrp_test") != std::string::npos) {
            text += line.substr(line.find(' ') + 1, 4) + " ";
        }
    }
    return text;
}

bool is_refused(void *memory, int error) {
    return ::mprotect(memory, kSharedSize, PROT_READ | PROT_WRITE) == -1 &&
           errno == error;
}

TEST(SharedMemory, IsFullOfZerosAndSharedWithChildren) {
    const SharedMemory memory = make(SharedMemory::Writers::all);
    EXPECT_EQ(bytes(memory.writable())[kSharedSize - 1], 0);
    EXPECT_EQ(memory.readable(), memory.writable());
    EXPECT_EQ(memory.weakness(), "");

    EXPECT_EQ(in_a_child([&] {
                  bytes(memory.writable())[0] = 'w';
                  return true;
              }),
              0);
    EXPECT_EQ(first_of(memory.readable()), 'w');
}

TEST(SharedMemory, IsReadThroughAnotherMapping) {
    const SharedMemory memory = make(SharedMemory::Writers::these);
    ASSERT_NE(memory.readable(), memory.writable());
    EXPECT_EQ(memory.weakness(), "");
    EXPECT_EQ(mappings(), "r--s rw-s ");

    bytes(memory.writable())[0] = 'm';
    EXPECT_EQ(first_of(memory.readable()), 'm');
}

// A helper process of nginx: it is started when all is sealed.
TEST(SharedMemory, ChildrenWriteToo) {
    const SharedMemory memory = make(SharedMemory::Writers::these);
    EXPECT_EQ(in_a_child([&] {
                  bytes(memory.writable())[0] = 'h';
                  return true;
              }),
              0);
    EXPECT_EQ(first_of(memory.readable()), 'h');
}

// A worker. It tries all methods that work without a descriptor.
TEST(SharedMemory, WhoHasGivenUpWritingCannotWriteAgain) {
    SharedMemory memory = make(SharedMemory::Writers::these);
    EXPECT_EQ(in_a_child([&] {
                  void *const reader = const_cast<void *>(memory.readable());
                  memory.give_up_writing();
                  void *const again =
                      ::mremap(reader, 0, kSharedSize, MREMAP_MAYMOVE);
                  const int fd = ::open("/proc/self/mem", O_RDWR | O_CLOEXEC);
                  return memory.writable() == nullptr &&
                         mappings().find('w') == std::string::npos &&
                         is_refused(reader, EACCES) &&
                         (again == MAP_FAILED || is_refused(again, EACCES)) &&
                         ::pwrite(fd, "x", 1,
                                  reinterpret_cast<off_t>(reader)) == -1;
              }),
              0);
    bytes(memory.writable())[0] = 'm';
    EXPECT_EQ(first_of(memory.readable()), 'm');
}

// Nor can root, by the file behind the mapping.
TEST(SharedMemory, CannotBeOpenedForWriting) {
    SharedMemory memory = make(SharedMemory::Writers::these);
    memory.give_up_writing();
    bool seen = false;
    for (const auto &entry :
         std::filesystem::directory_iterator("/proc/self/map_files")) {
        std::error_code error;
        const auto target = std::filesystem::read_symlink(entry, error);
        if (target.string().find("ngx_vrrp_test") == std::string::npos) {
            continue;
        }
        seen = true;
        const int fd = ::open(entry.path().c_str(), O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            continue;  // without the rights for it
        }
        EXPECT_EQ(::pwrite(fd, "x", 1, 0), -1);
        EXPECT_EQ(::ftruncate(fd, 0), -1);
        EXPECT_EQ(::mmap(nullptr, kSharedSize, PROT_WRITE, MAP_SHARED, fd, 0),
                  MAP_FAILED);
        ::close(fd);
    }
    EXPECT_TRUE(seen || ::geteuid() != 0);
}

// Where the kernel, or what filters its calls, does not give us any.
TEST(SharedMemory, WithoutMemfdItIsWeakerAndSaysSo) {
    EXPECT_EQ(in_a_child([] {
                  const rlimit none{0, 0};
                  ::setrlimit(RLIMIT_NOFILE, &none);
                  auto memory =
                      SharedMemory::create("ngx_vrrp_test", kSharedSize,
                                           SharedMemory::Writers::these);
                  if (!memory || memory->weakness().find("memfd_create()") ==
                                     std::string::npos) {
                      return false;
                  }
                  bytes(memory->writable())[0] = 'm';
                  memory.value().give_up_writing();
                  return memory->writable() == nullptr &&
                         first_of(memory->readable()) == 'm';
              }),
              0);
}

TEST(SharedMemory, IsGoneWithItsOwner) {
    { const SharedMemory memory = make(SharedMemory::Writers::these); }
    EXPECT_EQ(mappings(), "");
}

TEST(SharedMemory, SaysWhyThereIsNone) {
    const auto memory = SharedMemory::create("ngx_vrrp_test", SIZE_MAX,
                                             SharedMemory::Writers::all);
    ASSERT_FALSE(memory);
    EXPECT_NE(memory.error().to_string().find("of shared memory failed ("),
              std::string::npos);
}

}  // namespace
}  // namespace ngx_vrrp::os
