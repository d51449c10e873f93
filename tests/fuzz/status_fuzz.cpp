// A compromised checker may write any octets into the memory of the status. The
// output for operators is still JSON, UTF-8, lines of metrics; and the next
// vrrp process is still seen.
//
// An input: which of them is looked at (1 octet), and what is written
// (spoiled_memory.hpp).

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/status/health.hpp"
#include "core/status/render.hpp"
#include "core/status/view.hpp"
#include "tests/fuzz/spoiled_memory.hpp"
#include "tests/support/defaults.hpp"

namespace ngx_vrrp::status {
namespace {

using fuzz::require;

constexpr Room kRoom{
    .instances = 2, .addresses = 3, .trackers = 3, .routes = 3, .checks = 3};
constexpr std::uint64_t kGeneration = 3;
constexpr Instant kNow = instant_from_ns(1'000'000'000'000);
constexpr Moment kMoment{
    kNow, std::chrono::sys_time<Duration>{Duration{1'709'251'196'000'000'000}}};

struct Memory {
    test::ZeroedMemory status{Area::size(kRoom)};
    test::ZeroedMemory workers{WorkerArea::size(kRoom)};
    Area area{status.get(), kRoom};
    WorkerArea worker_area{workers.get(), kRoom};
};

// No octet of it is zero.
template <class T>
T full() {
    T record;
    std::memset(static_cast<void *>(&record), 1, sizeof(record));
    return record;
}

void publish(Area &area, std::int32_t pid) {
    const unsigned bank = area.free_bank();
    for (std::uint32_t i = 0; i < kRoom.instances; ++i) {
        auto instance = full<InstanceRecord>();
        instance.pid = pid;
        instance.name.set("VI_1");
        instance.state.set("MASTER");
        instance.first_address = i;
        instance.first_tracker = i;
        instance.first_route = i;
        area.publish(bank, i, instance,
                     std::vector(1 + i, full<AddressRecord>()),
                     std::vector(1 + i, full<TrackerRecord>()),
                     std::vector(1 + i, full<RouteRecord>()));
    }
    auto node = full<NodeRecord>();
    node.pid = pid;
    node.instances = kRoom.instances;
    area.publish(bank, node);
    area.set_alive(kNow);
}

PeerReports some_reports() {
    PeerReports reports;
    reports.drift = {{"lb2", "something is missing", kNow, true}};
    PeerReport &report = reports.nodes.emplace_back();
    report.node = 0x0101010101010101;
    report.interface = "eth0";
    report.boot_difference = Seconds{-1};
    report.wall_difference = Seconds{1};
    report.details.about = {"lb2", "1.22.1", "0.1.0"};
    peer::InstanceDetails &instance = report.details.instances.emplace_back();
    instance.vrid = Vrid{51};
    instance.name = "VI_1";
    instance.since = kNow;
    instance.addresses = {"10.0.0.1/24"};
    instance.trackers = {{"track_upstream web", peer::Health::up, 1, 1}};
    report.details.certificates = {{"www", 1'709'251'196}};
    reports.nodes.push_back(report);
    reports.nodes[1].via = reports.nodes[0].node;
    return reports;
}

void fill(Area &area) {
    area.set_generation(kGeneration);
    area.mark_started(kGeneration);
    area.confirm(kGeneration);
    area.set_crash_history(full<engine::CrashHistory>());
    area.hold(7);
    area.begin_notifying(8);
    area.channels().write({full<ChannelRecord>(), full<ChannelRecord>()});
    area.transitions().add(full<TransitionRecord>());
    area.transitions().add(full<TransitionRecord>());
    area.released().set("eth0/51", true);
    area.publish(some_reports());
    publish(area, 41);
    publish(area, 42);
    check::Table table = area.checks(kGeneration);
    check::Config config = test::default_check();
    config.identity = {"http", "web", "a", "a:80"};
    config.initial = check::Verdict::up;
    table.begin({config, config}, kRoom.checks, nullptr);
    for (check::CheckId id = 0; id < 2; ++id) {
        auto record = full<check::Record>();
        record.context.set("http");
        table.store(id, record);
    }
    for (const check::Role role : check::kRoles) {
        table.beat(role, {kNow, 1, Milliseconds{1}});
    }
}

void check_metrics(const std::string &text) {
    require(valid_utf8(text) == text, "metrics are not UTF-8");
    require(text.ends_with('\n'), "metrics without an end");
    std::string_view rest = text;
    while (!rest.empty()) {
        require(rest.starts_with("# ") || rest.starts_with("nginx_vrrp_"),
                "a line of metrics that is none");
        rest.remove_prefix(rest.find('\n') + 1);
    }
}

void check_health(const Snapshot &snapshot) {
    for (const std::string_view name : {"", "VI_1", "another"}) {
        const Health health = judge_health(
            snapshot, {.require_master = true, .instance = name}, kNow);
        require(!health.text.empty(), "a judgement without a reason");
        require(health.known || !health.healthy, "healthy and unknown");
    }
}

void check_view(const View &view, unsigned which) {
    check_health(view.snapshot);
    switch (which % 3) {
        case 0:
            return fuzz::require_json(to_json(view));
        case 1:
            return check_metrics(to_metrics(view, MetricsFormat::prometheus));
        default:
            return check_metrics(to_metrics(view, MetricsFormat::openmetrics));
    }
}

// The state that a new vrrp process takes from the previous ones.
void check_heritage(const Area &area) {
    engine::CrashHistory crashes = area.crash_history(kNow);
    require(crashes.out.ends_at <= kNow + engine::kLongestBackoff,
            "out for too long");
    crashes.add_crash(kNow);
    require(!crashes.reason().empty(), "a crash without a reason");
    static_cast<void>(area.has_ended(kGeneration));
    for (const TransitionRecord &record : area.transitions().read(1)) {
        require(record.at_ns >= 0, "a change of state before the beginning");
    }
}

void check_successor(Area &area) {
    publish(area, 43);
    const auto snapshot = area.read();
    require(snapshot && snapshot->node.pid == 43, "a status that is not seen");
    require(snapshot->instances.size() == kRoom.instances,
            "an instance is missing");
    area.transitions().add(full<TransitionRecord>());
    static_cast<void>(area.released().set("eth0/52", true));
    static_cast<void>(area.released().set("eth0/51", false));
    area.channels().write({full<ChannelRecord>()});
    require(area.channels().read().size() == 1, "channels that are not seen");
}

void run(Bytes input) {
    static Memory memory;
    static const fuzz::Pristine pristine = [] {
        fill(memory.area);
        return fuzz::Pristine(memory.status.words());
    }();
    pristine.restore(memory.status);
    fuzz::spoil(memory.status, pristine, input.subspan(1));

    const Area reader = Area::readable(memory.status.get(), kRoom);
    if (const auto view = take_view(reader, memory.worker_area, kMoment)) {
        check_view(*view, input[0]);
    }
    check_heritage(reader);
    check_successor(memory.area);
}

}  // namespace
}  // namespace ngx_vrrp::status

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data,
                                      std::size_t size) {
    if (size != 0) {
        ngx_vrrp::status::run(ngx_vrrp::Bytes(data, size));
    }
    return 0;
}
