#include "core/os/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/os/fd.hpp"
#include "core/os/memfd.hpp"

// Newer than some C libraries.
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace ngx_vrrp::os {

namespace {

// Allocate all of it now: a missing page would cause a SIGBUS later. Its mode
// is 0777 at first.
Status prepare(int fd, std::size_t size) {
    if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        return failure("fchmod() of shared memory");
    }
    if (::fallocate(fd, 0, 0, static_cast<off_t>(size)) != 0) {
        return failure("fallocate() of shared memory");
    }
    return success();
}

Status seal(int fd, int seals) {
    return ::fcntl(fd, F_ADD_SEALS, seals) == 0 ? success()
                                                : failure("fcntl(F_ADD_SEALS)");
}

}  // namespace

Result<SharedMemory, SystemError> SharedMemory::create(const char *name,
                                                       std::size_t size,
                                                       Writers writers) {
    SharedMemory memory(size);
    const Fd fd = create_memfd(name, MFD_CLOEXEC);
    if (!fd) {
        memory.add_weakness({"memfd_create()", errno});
    }

    Status made = fd ? prepare(fd.get(), size) : success();
    if (made) {
        made = memory.map_writable(fd.get());
    }
    if (made) {
        made = memory.map_readable(fd.get(), writers);
    }
    if (!made) {
        return Unexpected(made.error());
    }
    return memory;
}

SharedMemory::SharedMemory(SharedMemory &&other) noexcept
    : size_(other.size_),
      writable_(std::exchange(other.writable_, nullptr)),
      readable_(std::exchange(other.readable_, nullptr)),
      weakness_(std::move(other.weakness_)) {}

SharedMemory::~SharedMemory() {
    if (writable_ != nullptr) {
        ::munmap(writable_, size_);
    }
    if (readable_ != nullptr && readable_ != writable_) {
        ::munmap(const_cast<void *>(readable_), size_);
    }
}

// Without a descriptor the memory is anonymous.
void *SharedMemory::map(int fd, int protection) {
    void *memory =
        ::mmap(nullptr, size_, protection,
               fd < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

Status SharedMemory::map_writable(int fd) {
    writable_ = map(fd, PROT_READ | PROT_WRITE);
    return writable_ != nullptr ? success()
                                : failure("mmap() of shared memory");
}

// mprotect() can make a mapping writable again, unless the mapping was made
// after F_SEAL_FUTURE_WRITE (Linux 5.1), or through a descriptor that cannot
// write.
Status SharedMemory::map_readable(int fd, Writers writers) {
    readable_ = writable_;
    if (fd < 0) {
        return success();
    }

    Status sealed = seal(fd, F_SEAL_GROW | F_SEAL_SHRINK);
    if (!sealed) {
        add_weakness(sealed.error());
    }
    if (writers == Writers::all) {
        return success();
    }

    Fd reader;
    sealed = seal(fd, F_SEAL_FUTURE_WRITE);
    if (!sealed) {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        reader = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!reader) {
            add_weakness(sealed.error());
        }
    }
    readable_ = map(reader ? reader.get() : fd, PROT_READ);
    return readable_ != nullptr ? success()
                                : failure("mmap() of shared memory");
}

void SharedMemory::give_up_writing() {
    if (writable_ == nullptr) {
        return;
    }
    if (readable_ == writable_) {
        ::mprotect(writable_, size_, PROT_READ);
    } else {
        ::munmap(writable_, size_);
    }
    writable_ = nullptr;
}

void SharedMemory::add_weakness(const SystemError &error) {
    weakness_ += (weakness_.empty() ? "" : ", ") + error.to_string();
}

}  // namespace ngx_vrrp::os
