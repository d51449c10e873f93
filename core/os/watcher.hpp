// The event loop, which the caller runs: it waits for the file descriptors.
//
// core/os has what every process of the module needs from the operating system,
// and what says nothing about VRRP. Fd owns a descriptor; the functions that
// open one return an empty Fd and leave errno, or a SystemError. Retry, now()
// and Watcher are the times and descriptors of a process that never blocks.
// wake() wakes another process, ProcessWatch notices its end. SharedMemory is
// inherited by fork, a memory file is passed on as a descriptor.
#pragma once

namespace ngx_vrrp::os {

class Watcher {
public:
    virtual ~Watcher() = default;

    // Calls on_readable of the owner when fd can be read, repeatedly as long as
    // it can: one call reads within a bound. False when the loop cannot take
    // another descriptor.
    virtual bool watch(int fd) = 0;

    // Before fd is closed.
    virtual void unwatch(int fd) = 0;
};

}  // namespace ngx_vrrp::os
