// Who of this node's processes owns a virtual router. Reload and binary
// upgrade run two vrrp processes for a while, and exactly one may own each
// router; a crash must pass it on at once.
//
// The claim is an abstract Unix socket named after the router: to be bound to
// the name is to be the owner, and the kernel takes the name back from a
// process that dies. It is known in the network namespace only, which is just
// where the router is.
//
//     heir                                   owner
//     bind() -> in use, connect()  ------->  accept()
//     "heir <time of its configuration>" ->  newer than mine? then
//     owner now                    <-------  "grant <handover>", with the
//                                            listening socket itself
//
// The socket is passed on and never closed, so no third process can come
// between. A process that is not newer waits on its connection: the owner's
// death is the end of that connection, and the owner's planned end a grant to
// it (so QUIT to the new binary gives the router back to the old one).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/engine/ports.hpp"
#include "core/net/fd.hpp"
#include "core/net/watcher.hpp"

namespace ngx_vrrp::net {

class ClaimSink {
public:
    virtual ~ClaimSink() = default;

    // We own it now; handover is empty when the owner before us died.
    virtual void claim_granted(const engine::RouterKey &key,
                               const std::string &handover) = 0;

    // A process with a newer configuration wants it: pass_on() is due.
    virtual void claim_wanted(const engine::RouterKey &key) = 0;
};

class Claims final : public engine::Claims {
public:
    // configured_at: when this process's configuration was read.
    Claims(Watcher &watcher, ClaimSink &sink, LogSink &log,
           Instant configured_at);
    ~Claims() override;

    bool claim(const engine::RouterKey &key) override;
    bool has_heir(const engine::RouterKey &key) const override;
    bool pass_on(const engine::RouterKey &key,
                 const std::string &handover) override;
    std::optional<std::string> withdraw(const engine::RouterKey &key) override;

    // False: not one of ours.
    bool on_readable(int fd);

private:
    struct Heir {
        Fd fd;
        std::optional<Instant> configured_at;  // once it has said it
    };

    struct Claim {
        engine::RouterKey key;
        Fd listening;             // we are the owner
        Fd waiting;               // or wait for its word
        std::vector<Heir> heirs;  // who waits for ours
    };

    Claim *find(const engine::RouterKey &key) const;
    bool take(Claim &claim);
    bool bind_name(Claim &claim);
    bool wait_for_owner(Claim &claim);
    void drop(const engine::RouterKey &key);
    void accept_heir(Claim &claim);
    void read_heir(Claim &claim, Heir &heir);
    void read_owner(Claim &claim);
    void own(Claim &claim, Fd listening);
    void close(Fd &fd);

    Watcher &watcher_;
    ClaimSink &sink_;
    Log log_;
    Instant configured_at_;
    std::vector<std::unique_ptr<Claim>> claims_;
};

}  // namespace ngx_vrrp::net
