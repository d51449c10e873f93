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
    SharedMemory memory;
    const Fd fd = create_memfd(name, MFD_CLOEXEC);
    if (!fd) {
        memory.add_weakness({"memfd_create()", errno});
    }
    if (const Status made = fd ? prepare(fd.get(), size) : success(); !made) {
        return Unexpected(made.error());
    }

    // Without a descriptor the memory is anonymous.
    auto mapped = Mapping::map(fd.get(), size);
    if (!mapped) {
        return Unexpected(mapped.error());
    }
    memory.memory_ = std::move(mapped.value());
    if (!fd) {
        return memory;
    }
    if (const Status sealed = seal(fd.get(), F_SEAL_GROW | F_SEAL_SHRINK);
        !sealed) {
        memory.add_weakness(sealed.error());
    }
    if (writers == Writers::these) {
        if (const Status made = memory.map_read_only(fd.get(), size); !made) {
            return Unexpected(made.error());
        }
    }
    return memory;
}

// mprotect() can make a mapping writable again, unless the mapping was made
// after F_SEAL_FUTURE_WRITE (Linux 5.1), or through a descriptor that cannot
// write.
Status SharedMemory::map_read_only(int fd, std::size_t size) {
    Fd reader;
    if (const Status sealed = seal(fd, F_SEAL_FUTURE_WRITE); !sealed) {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        reader = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!reader) {
            add_weakness(sealed.error());
        }
    }
    auto mapped = Mapping::map(reader ? reader.get() : fd, size, PROT_READ);
    if (!mapped) {
        return Unexpected(mapped.error());
    }
    read_only_ = std::move(mapped.value());
    return success();
}

void SharedMemory::give_up_writing() {
    if (!may_write_) {
        return;
    }
    may_write_ = false;
    if (read_only_.get() != nullptr) {
        memory_ = {};
    } else {
        memory_.protect();
    }
}

void SharedMemory::add_weakness(const SystemError &error) {
    weakness_ += (weakness_.empty() ? "" : ", ") + error.to_string();
}

}  // namespace ngx_vrrp::os
