// The event loop as core/net sees it: somebody else waits for its file
// descriptors.
#pragma once

namespace ngx_vrrp::net {

class Watcher {
public:
    virtual ~Watcher() = default;

    // Tell me (by on_readable of the owner) when fd can be read, and again as
    // long as it can: one call reads within a bound. False when the loop
    // cannot take another one.
    virtual bool watch(int fd) = 0;

    // Before fd is closed.
    virtual void unwatch(int fd) = 0;
};

}  // namespace ngx_vrrp::net
