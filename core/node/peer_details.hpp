// The details of nodes, see core/peer/details.hpp: those of this node from the
// engine and the configuration, those of others from peer links, and the
// differences between them. Only for interfaces whose peer link has a secret.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/log.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/signing.hpp"
#include "core/peer/drift.hpp"
#include "core/peer/exchange.hpp"
#include "core/peer/links.hpp"
#include "core/status/peer_reports.hpp"

namespace ngx_vrrp::node {

// What this node reports on the link of this interface. base has what does not
// come from the engine.
peer::Details details_of(const peer::Details &base,
                         const engine::Engine &engine,
                         const std::string &interface);

class PeerDetails final {
public:
    // signing, for its clock, and sink outlive it.
    PeerDetails(peer::Details base, engine::Signing &signing, LogSink &sink)
        : base_(std::move(base)), signing_(signing), log_(sink) {}

    // An interface, by one of its links.
    void add(const std::string &interface, std::size_t link, peer::NodeId self);
    // Differences that a previous process of this node has reported. They are
    // over if there is no such link any more.
    void take_over(std::vector<peer::Drift> drift, Instant now);

    // Each second, and after changes of state.
    void look(const engine::Engine &engine, peer::Links &links, Instant now);
    void receive(const peer::Received &received, const peer::Links &links,
                 Instant now);

    std::vector<peer::DriftNews> take_drift_news() {
        return std::exchange(news_, {});
    }
    std::vector<peer::Drift> drift() const { return drift_.list(); }

    // The reports are others than at the last call.
    bool take_changed() { return std::exchange(changed_, false); }
    status::PeerReports reports() const;

private:
    struct OfInterface {
        std::string interface;
        std::size_t link = 0;
        peer::Exchange exchange;
    };

    void exchange(OfInterface &one, const engine::Engine &engine,
                  peer::Links &links, Instant now);
    void compare();
    void watch_drift(Instant now);
    peer::Clocks clocks(Instant now) { return {now, signing_.wall_clock()}; }

    peer::Details base_;
    engine::Signing &signing_;
    Log log_;
    std::vector<OfInterface> interfaces_;
    std::map<std::string, std::vector<std::string>> differences_;  // by peer
    peer::DriftWatch drift_;
    std::vector<peer::DriftNews> news_;
    bool changed_ = true;  // a previous process may have published others
};

}  // namespace ngx_vrrp::node
