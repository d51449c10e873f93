// The names by which an nginx finds out that another nginx of this network
// namespace has the same virtual router: abstract unix sockets that listen,
// "@ngx_vrrp/51/ipv4/eth0". No connection is accepted, and no data is sent: the
// listening process is the only information, and a connection ends when that
// process ends.
//
// A socket is made by the master, which keeps it over the death of the vrrp
// process and passes it to the next configuration and to a new binary. The vrrp
// process binds it while it is root.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/base/system_error.hpp"
#include "core/base/time.hpp"
#include "core/engine/name_holder.hpp"
#include "core/engine/router_key.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::net {

// Not closed by execve().
os::Fd open_name_socket();

// It has the name of this router.
bool has_name(int fd, const engine::RouterKey &router);

// A process has the name of this router, given by the text of its key.
bool is_name_taken(const std::string &router);

// Binds the name, unless the socket has it already, and listens: other
// processes see this process as the holder. EADDRINUSE: another socket has the
// name.
Status take_name(int fd, const engine::RouterKey &router);

class RouterNames {
public:
    struct Name {
        engine::RouterKey router;
        int fd = -1;  // -1: none, the holder is not looked for
    };

    // watcher outlives it; the descriptors remain the caller's.
    RouterNames(std::vector<Name> names, os::Watcher &watcher);
    ~RouterNames();

    std::size_t size() const { return entries_.size(); }

    // Nothing: it is ours.
    const std::optional<engine::NameHolder> &holder(std::size_t i) const {
        return entries_[i].holder;
    }

    // A name of another nginx, which has ended, is now bound by this process.
    bool any_came_free() const { return any_came_free_; }

    // Tries to get the missing names; again when deadline() has passed.
    void check(Instant now);
    std::optional<Instant> deadline() const { return next_check_; }

    // The end of a holder. False: not one of our descriptors.
    bool on_readable(int fd, Instant now);

private:
    struct Entry {
        Name name;
        bool ours = false;
        std::optional<engine::NameHolder> holder;
        os::Fd connection;  // to the holder
    };

    void check(Entry &entry);
    bool take(Entry &entry);
    bool ask(Entry &entry);
    void disconnect(Entry &entry);
    void schedule(Instant now);

    std::vector<Entry> entries_;
    os::Watcher &watcher_;
    std::optional<Instant> next_check_;
    bool any_came_free_ = false;
};

}  // namespace ngx_vrrp::net
