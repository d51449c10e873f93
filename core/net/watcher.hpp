// The event loop, as core/net needs it.
#pragma once

namespace ngx_vrrp::net {

class Watcher {
public:
    virtual ~Watcher() = default;

    // Calls on_readable of the owner when fd can be read, and again while it
    // can: one call reads within a bound. False if the loop has no room for
    // another descriptor.
    virtual bool watch(int fd) = 0;

    // Before fd is closed.
    virtual void unwatch(int fd) = 0;
};

}  // namespace ngx_vrrp::net
