// An advert at rest allocates nothing: memory that was not used for a
// second costs more than all of the work.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "tests/engine/engine_fixture.hpp"

namespace {

std::size_t allocations = 0;

}  // namespace

void *operator new(std::size_t size) {
    ++allocations;
    if (void *memory = std::malloc(size)) {
        return memory;
    }
    throw std::bad_alloc();
}

void operator delete(void *memory) noexcept {
    std::free(memory);
}

void operator delete(void *memory, std::size_t) noexcept {
    std::free(memory);
}

namespace ngx_vrrp::engine {
namespace {

// A machine that succeeds, and writes nothing down.
class QuietMachine final : public Transmit, public Addresses {
public:
    Status listen(const Interface &, const vrrp::Config &) override {
        return success();
    }
    void forget(std::string_view) override {}
    void send(std::span<const OutgoingPacket> packets,
              std::vector<Status> &answers) override {
        sent += packets.size();
        answers.resize(answers.size() + packets.size(), success());
    }
    Status send_frame(const Interface &, Bytes) override { return success(); }
    void forget_unanswered(const Interface &) override {}
    void add(std::span<const LeaseRequest> requests,
             std::vector<Status> &answers) override {
        added += requests.size();
        answers.resize(answers.size() + requests.size(), success());
    }
    Status remove(const Interface &, const vrrp::VirtualAddress &) override {
        return success();
    }

    std::size_t sent = 0;
    std::size_t added = 0;
};

class AllocationsTest : public EngineTest {
protected:
    Ports quiet_ports() {
        const Ports ports = machine.ports();
        return {quiet,
                quiet,
                ports.workers,
                ports.shared,
                ports.results,
                ports.ownership,
                ports.events,
                ports.neighbours,
                ports.connections,
                ports.drains,
                ports.signing,
                ports.vmacs,
                ports.routes};
    }

    QuietMachine quiet;

    // In a call for one advert; workers need no check at that moment.
    std::size_t allocations_of_an_advert() {
        const wire::Endpoints ends{kPeer, vrrp::multicast_group(Family::ipv4)};
        wire::Advertisement advert;
        advert.vrid = Vrid{51};
        advert.priority = Priority{200};
        advert.interval = Milliseconds{100};
        advert.addresses = {kVip};
        const Buffer pdu =
            wire::serialize(advert, ends, wire::ChecksumForm::pseudo_header);
        run(Milliseconds{50});
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
        const std::size_t before = allocations;
        engine->handle_packet({"eth0", {ends, 255}, pdu}, now);
        return allocations - before;
    }
};

TEST_F(AllocationsTest, OfABackupAreNone) {
    beat();
    start();
    EXPECT_EQ(allocations_of_an_advert(), 0u);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(engine->routers()[0].counters().adverts_received, 2u);
}

TEST_F(AllocationsTest, OfAMasterAreNone) {
    beat();
    std::vector<RouterConfig> routers{{config(), {}}};
    engine.emplace(std::move(routers), quiet_ports(), log);
    engine->start(interfaces(true, true), now);
    run(Seconds{3});
    ASSERT_EQ(state(), vrrp::StateName::active);
    quiet.sent = 0;
    quiet.added = 0;
    const std::size_t before = allocations;
    run(Seconds{3});
    EXPECT_EQ(allocations, before);
    EXPECT_GE(quiet.sent, 29u);
    EXPECT_GE(quiet.added, 5u);
}

}  // namespace
}  // namespace ngx_vrrp::engine
