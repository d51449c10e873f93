// The record that a vrrp process passes on, damaged. Its values are checked,
// and an engine that continues from it stays within its rules: it removes
// nothing but what the kernel says is ours, and is done when it ends.
//
// An input: pairs of a place in the record (two octets) and eight octets that
// are written there.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/engine.hpp"
#include "core/engine/handover_record.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/defaults.hpp"
#include "tests/support/fake_ports.hpp"

namespace ngx_vrrp::engine {
namespace {

using fuzz::require;

constexpr Instant kNow = instant_from_ns(1'000'000'000'000);

vrrp::Config config() {
    vrrp::Config config = test::default_router();
    config.name = "VI_1";
    config.interface = "eth0";
    config.vrid = Vrid{51};
    config.version = Version::v3;
    config.advert_interval = Milliseconds{100};
    config.addresses = {{*IpAddress::parse("10.0.1.5"), 24, "eth0", ""}};
    return config;
}

// 10.0.1.6 has no owner, 10.0.1.7 was in an earlier configuration.
Interfaces interfaces() {
    return {{{.name = "eth0",
              .index = IfIndex{2},
              .mac = {2, 0, 0, 0, 0, 1},
              .up = true,
              .addresses = {{*IpAddress::parse("10.0.1.1"), 24},
                            {*IpAddress::parse("10.0.1.6"), 24},
                            {*IpAddress::parse("10.0.1.7"), 24, true}}}}};
}

Handover active() {
    Handover handover;
    handover.checkpoint.emplace();
    handover.checkpoint->active = true;
    handover.checkpoint->advertised = Priority{100};
    handover.checkpoint->advertised_interval = Milliseconds{100};
    handover.checkpoint->advertised_at = kNow - Milliseconds{50};
    handover.checkpoint->advertise_at = kNow + Milliseconds{50};
    handover.checkpoint->renew_at = kNow + Milliseconds{50};
    handover.last = {kNow - Seconds{9}, "no advertisement for 365 ms"};
    for (const char *address : {"10.0.1.5", "10.0.1.6", "10.0.1.7"}) {
        handover.held.push_back(
            fingerprint_of(*IpAddress::parse(address), 24, "eth0"));
    }
    return handover;
}

HandoverRecord damaged(const std::uint8_t *data, std::size_t size) {
    constexpr std::size_t kPlace = 2;
    constexpr std::size_t kPatch = 8;

    HandoverRecord record = to_record(active());
    auto *bytes = reinterpret_cast<std::uint8_t *>(&record);
    for (; size >= kPlace + kPatch;
         data += kPlace + kPatch, size -= kPlace + kPatch) {
        const std::size_t place = std::size_t{data[0]} << 8 | data[1];
        std::memcpy(bytes + place % (sizeof(record) - kPatch), data + kPlace,
                    kPatch);
    }
    return record;
}

void check(const Handover &handover) {
    require(handover.held.size() <= kMostHeld, "too many addresses");
    require(handover.failed.size() <= kMostFailed, "too many trackers");
    require(handover.last.at <= kNow, "a change in the future");
    for (const TimeOut &out : handover.time_outs) {
        require(out.fault.backoff.ends_at <= kNow + kLongestBackoff,
                "a fault without end");
    }
}

// As long as the longest time that a record can keep it out, and then to its
// end.
void continue_from(const Handover &handover) {
    test::FakeMachine machine;
    test::RememberingLog log;
    std::vector<RouterConfig> routers{{config(), {}}};
    Engine engine(std::move(routers), machine.ports(), log);
    Instant now = kNow;
    machine.beats = {{.pid = 1, .beat = now}};
    machine.grant(handover);
    engine.start(interfaces(), now);
    for (int i = 0; i < 100; ++i) {
        now = std::max(now, engine.deadline().value_or(now));
        machine.beats = {{.pid = 1, .beat = now}};
        engine.handle_time(now);
    }
    engine.stop("end", false, now);
    engine.handle_time(now + Seconds{60});
    require(engine.finished(), "it does not end");
    for (const std::string &line : machine.take()) {
        require(!line.starts_with("remove 10.0.1.6"), "somebody else's");
        require(!line.starts_with("remove 10.0.1.1"), "the node's own");
    }
}

}  // namespace
}  // namespace ngx_vrrp::engine

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    using namespace ngx_vrrp::engine;

    if (const auto handover = to_handover(damaged(data, size), kNow)) {
        check(*handover);
        continue_from(*handover);
    }
    return 0;
}
