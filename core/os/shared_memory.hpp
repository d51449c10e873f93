// Memory that the processes of this nginx share: the process that creates it
// has it mapped, and its children inherit the mapping by fork. No descriptor of
// it is kept, and it has no name.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"
#include "core/base/system_error.hpp"
#include "core/os/memory_file.hpp"

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

    // NULL after give_up_writing().
    void *writable() const { return may_write_ ? memory_.get() : nullptr; }
    const void *readable() const {
        return read_only_.get() != nullptr ? read_only_.get() : memory_.get();
    }

    // For this process and its children, and for ever: the kernel will not make
    // the remaining mapping writable again.
    void give_up_writing();

    // A protection that this kernel does not support, so that a process could
    // get write access again; empty: none.
    const std::string &weakness() const { return weakness_; }

private:
    Status map_read_only(int fd, std::size_t size);
    void add_weakness(const SystemError &error);

    Mapping memory_;
    Mapping read_only_;
    bool may_write_ = true;
    std::string weakness_;
};

}  // namespace ngx_vrrp::os
