// A node with one peer link, for tests with two of them: what it sends is in a
// queue until the test passes it on.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/node/peer_handover.hpp"
#include "tests/engine/engine_fixture.hpp"
#include "tests/peer/fake_hmac.hpp"

namespace ngx_vrrp::node {

struct PeerSide : peer::Transport {
    PeerSide(const IpAddress &own, std::uint8_t rank, peer::NodeId id)
        : address(own), priority(rank) {
        peer::LinkConfig config;
        config.interface = "eth0";
        links = std::make_unique<peer::Links>(
            std::vector<peer::LinkConfig>{config}, id,
            peer::About{"lb" + std::to_string(rank), "", ""}, peer::fake_hmac,
            *this, log);
        links->start();
        handover = std::make_unique<PeerHandover>(*links);
    }

    std::string connect(peer::ConnectionId, std::size_t,
                        const IpAddress &) override {
        return {};
    }
    bool send(peer::ConnectionId, Bytes octets) override {
        out.emplace_back(octets.begin(), octets.end());
        return true;
    }
    void set_greeted(peer::ConnectionId) override {}
    void close(peer::ConnectionId) override {}
    peer::Nonce nonce() override { return {priority}; }

    IpAddress address;
    std::uint8_t priority;
    test::RememberingLog log;
    test::FakeMachine machine;
    std::unique_ptr<peer::Links> links;
    std::unique_ptr<PeerHandover> handover;
    std::unique_ptr<engine::Engine> router;
    std::deque<Buffer> out;
};

}  // namespace ngx_vrrp::node
