// Memory that the processes of this nginx share: the process that creates it
// has it mapped, and its children inherit the mapping by fork. No descriptor of
// it is kept, and it has no name.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"

namespace ngx_vrrp::os {

class SharedMemory {
public:
    enum class Writers {
        all,   // all that have it
        these  // those that have not called give_up_writing()
    };

    // Full of zeros. name: as shown in /proc.
    static Result<SharedMemory, SystemError> create(const char *name,
                                                    std::size_t size,
                                                    Writers writers);

    SharedMemory(SharedMemory &&other) noexcept;
    SharedMemory &operator=(SharedMemory &&) = delete;
    ~SharedMemory();

    // NULL after give_up_writing().
    void *writable() const { return writable_; }
    const void *readable() const { return readable_; }

    // For this process and its children, and for ever: the kernel will not make
    // the remaining mapping writable again.
    void give_up_writing();

    // A protection that this kernel does not support, so that a process could
    // get write access again; empty: none.
    const std::string &weakness() const { return weakness_; }

private:
    SharedMemory(std::size_t size) : size_(size) {}

    void *map(int fd, int protection);
    Status map_writable(int fd);
    Status map_readable(int fd, Writers writers);
    void add_weakness(const SystemError &error);

    std::size_t size_;
    void *writable_ = nullptr;
    const void *readable_ = nullptr;
    std::string weakness_;
};

}  // namespace ngx_vrrp::os
