// Memory that processes share through a descriptor: a memfd of a fixed size,
// mode 0600, that can neither grow nor shrink.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/bytes.hpp"
#include "core/base/system_error.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::os {

// Not closed by execve(). It begins with `head`, all other bytes are zero.
Result<Fd, SystemError> create_memory_file(const char *name, std::size_t size,
                                           Bytes head);

// Is it such a file? Then head gets its beginning, and its size is returned.
std::optional<std::size_t> read_memory_file(int fd,
                                            std::span<std::uint8_t> head);

// Memory that is unmapped with its owner.
class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping &&other) noexcept;
    Mapping &operator=(Mapping &&other) noexcept;
    ~Mapping();

    // fd -1: memory of this process and its children only. protection: as of
    // mmap().
    static Result<Mapping, SystemError> map(int fd, std::size_t size,
                                            int protection = PROT_READ |
                                                             PROT_WRITE);

    // From now on it cannot be written.
    void protect() const;

    // NULL without memory.
    void *get() const { return memory_; }

private:
    Mapping(void *memory, std::size_t size) : memory_(memory), size_(size) {}

    void *memory_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace ngx_vrrp::os
