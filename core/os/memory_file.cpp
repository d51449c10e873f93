#include "core/os/memory_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/os/memfd.hpp"

namespace ngx_vrrp::os {

namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;

#ifndef F_SEAL_EXEC
constexpr int F_SEAL_EXEC = 0x0020;
#endif

}  // namespace

Result<Fd, SystemError> create_memory_file(const char *name, std::size_t size,
                                           Bytes head) {
    Fd fd = create_memfd(name, 0);
    if (!fd) {
        return failure("memfd_create()");
    }
    if (::fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) {
        return failure("fchmod() of a memfd");
    }
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
        return failure("ftruncate() of a memfd");
    }
    if (::pwrite(fd.get(), head.data(), head.size(), 0) !=
        static_cast<ssize_t>(head.size())) {
        return failure("pwrite() to a memfd");
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
        return failure("fcntl(F_ADD_SEALS) of a memfd");
    }
    return fd;
}

std::optional<std::size_t> read_memory_file(int fd,
                                            std::span<std::uint8_t> head) {
    struct stat status {};
    const int seals = ::fcntl(fd, F_GET_SEALS);
    const bool is_one = seals != -1 && (seals & ~F_SEAL_EXEC) == kSeals &&
                        ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
                        ::pread(fd, head.data(), head.size(), 0) ==
                            static_cast<ssize_t>(head.size());
    return is_one ? std::optional{static_cast<std::size_t>(status.st_size)}
                  : std::nullopt;
}

Mapping::Mapping(Mapping &&other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_) {}

Mapping &Mapping::operator=(Mapping &&other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    return *this;
}

void Mapping::protect() const {
    ::mprotect(memory_, size_, PROT_READ);
}

Mapping::~Mapping() {
    if (memory_ != nullptr) {
        ::munmap(memory_, size_);
    }
}

Result<Mapping, SystemError> Mapping::map(int fd, std::size_t size,
                                          int protection) {
    const int flags = MAP_SHARED | (fd == -1 ? MAP_ANONYMOUS : 0);
    void *memory = ::mmap(nullptr, size, protection, flags, fd, 0);
    if (memory == MAP_FAILED) {
        return failure("mmap() of shared memory");
    }
    return Mapping(memory, size);
}

}  // namespace ngx_vrrp::os
