#include "core/status/health.hpp"

#include "core/base/log.hpp"
#include "core/vrrp/state.hpp"

namespace ngx_vrrp::status {

namespace {

// It answers for an address of the master.
const SignRecord *stray(const InstanceRecord &instance) {
    const SignRecord &record = instance.signs[static_cast<std::size_t>(
        engine::SplitBrainSign::address_on_backup)];
    return record.since_ns != 0 ? &record : nullptr;
}

bool is_well(const InstanceRecord &instance, bool require_master) {
    const std::string_view state = instance.state.view();
    if (stray(instance)) {
        return false;
    }
    return state == public_name(vrrp::StateName::active) ||
           (state == public_name(vrrp::StateName::backup) && !require_master);
}

// "VI_1 FAULT: interface eth0 is down"
std::string line_of(const InstanceRecord &instance) {
    std::string line;
    line.append(instance.name.view()).append(" ").append(instance.state.view());
    if (!instance.fault.view().empty()) {
        line.append(": ").append(instance.fault.view());
    }
    if (const SignRecord *record = stray(instance)) {
        line.append(": ").append(record->detail.view());
    }
    return line + "\n";
}

Health stale(Duration age) {
    return {.known = true,
            .healthy = false,
            .text = format("unhealthy\nthe last report of the vrrp process "
                           "was %lld ms ago\n",
                           static_cast<long long>(to_ms(age)))};
}

}  // namespace

Health judge_health(const Snapshot &snapshot, const HealthQuestion &question,
                    Instant now) {
    if (!is_fresh(snapshot, now)) {
        return stale(age(snapshot, now));
    }
    Health health{
        .known = question.instance.empty(), .healthy = true, .text = ""};
    for (const InstanceRecord &instance : snapshot.instances) {
        if (!question.instance.empty() &&
            instance.name.view() != question.instance) {
            continue;
        }
        health.known = true;
        health.healthy &= is_well(instance, question.require_master);
        if (instance.second == 0 || !is_well(instance, false)) {
            health.text += line_of(instance);
        }
    }
    if (!health.known) {
        return {.known = false, .healthy = false, .text = "no such instance\n"};
    }
    health.text.insert(0, health.healthy ? "healthy\n" : "unhealthy\n");
    return health;
}

}  // namespace ngx_vrrp::status
