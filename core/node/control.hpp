// Commands of operators in the vrrp process: they are executed at once, and
// answered when their outcome is known.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/engine/engine.hpp"
#include "core/node/peer_links.hpp"
#include "core/status/commands.hpp"

namespace ngx_vrrp::node {

class Control {
public:
    Control(const status::Commands &commands, LogSink &sink)
        : commands_(commands), log_(sink) {}

    // Executes the commands; only when in charge. True: there was one.
    bool execute(engine::Engine &engine, Instant now);

    // Any time, after the status has been updated. peers knows the names of
    // other nodes.
    void answer(const engine::Engine &engine, Instant now,
                const PeerLinks *peers = nullptr);

    // When answer() is due.
    std::optional<Instant> deadline() const;

private:
    // For an instance. While it waits for a successor, the next change of state
    // is the result.
    struct Awaited {
        engine::RouterOutcome outcome;
        bool leaving = false;
        std::uint64_t transitions = 0;
    };

    struct Pending {
        status::Commands::Ticket ticket;
        std::vector<Awaited> list;
        Instant answer_by{};
    };

    static bool is_leaving(const Pending &pending,
                           const engine::Engine &engine);
    static status::OutcomeRecord describe(const Awaited &awaited,
                                          const engine::VirtualRouter &router,
                                          const PeerLinks *peers);

    void execute(const status::Commands::Asked &asked, engine::Engine &engine,
                 Instant now);
    void report(const status::CommandRecord &record,
                const std::vector<engine::RouterOutcome> &outcomes,
                const engine::Engine &engine);

    status::Commands commands_;
    Log log_;
    std::uint64_t seen_ = 0;  // asks
    std::vector<Pending> pending_;
};

}  // namespace ngx_vrrp::node
