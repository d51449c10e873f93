// A new memfd that may be sealed and is never run.
#pragma once

#include <sys/mman.h>

#include <cerrno>

#include "core/os/fd.hpp"

// Linux 6.3, and newer than some C libraries.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace ngx_vrrp::os {

// flags: MFD_CLOEXEC, or none. vm.memfd_noexec=2 requires MFD_NOEXEC_SEAL,
// which kernels before 6.3 do not support. On failure there is no descriptor,
// and errno has the reason.
inline Fd create_memfd(const char *name, unsigned flags) {
    flags |= MFD_ALLOW_SEALING;
    const int fd = ::memfd_create(name, flags | MFD_NOEXEC_SEAL);
    return Fd(fd == -1 && errno == EINVAL ? ::memfd_create(name, flags) : fd);
}

}  // namespace ngx_vrrp::os
