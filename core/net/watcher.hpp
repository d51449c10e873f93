// The event loop as core/net uses it: the caller waits for the file
// descriptors.
#pragma once

namespace ngx_vrrp::net {

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

}  // namespace ngx_vrrp::net
