// The sockets of the peer links of a process, as its owner uses them.
#pragma once

#include "core/base/ip.hpp"
#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/peer/links.hpp"

namespace ngx_vrrp::peer {

class Sockets : public Transport {
public:
    // Accepts connections from now on. To be called each second: the interface
    // may be another one, and the number of connections until the next call is
    // limited.
    virtual Status listen(std::size_t link) = 0;
    virtual void stop_listening() = 0;

    // The address from which connections are opened.
    virtual void set_source(std::size_t link, const IpAddress &source) = 0;

    // A random one, the same for all processes of this nginx.
    virtual NodeId node_id() = 0;

    virtual bool is_ours(int fd) const = 0;
    // A bounded part of what has arrived.
    virtual void read(Links &links, Instant now) = 0;
};

}  // namespace ngx_vrrp::peer
