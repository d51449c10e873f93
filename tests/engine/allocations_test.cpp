// An advert at rest allocates next to nothing: memory that was not used for a
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

class AllocationsTest : public EngineTest {
protected:
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

TEST_F(AllocationsTest, OfABackupAreOneListOfAddresses) {
    beat();
    start();
    EXPECT_LE(allocations_of_an_advert(), 1u);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_EQ(engine->routers()[0].counters().adverts_received, 2u);
}

}  // namespace
}  // namespace ngx_vrrp::engine
