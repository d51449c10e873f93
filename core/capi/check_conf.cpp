#include "core/capi/check_conf.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "core/capi/values.hpp"

namespace ngx_vrrp {

namespace {

using namespace check;

static_assert(static_cast<int>(Test::not_regex) == VRRP_CORE_TEST_NOT_REGEX);
static_assert(static_cast<int>(Verdict::down) == VRRP_CORE_DOWN);
static_assert(static_cast<int>(FileTest::absent) == VRRP_CORE_FILE_ABSENT);

HttpCheck to_http(const vrrp_core_check_conf_t &c) {
    return {.method = to_string(c.method),
            .uri = to_string(c.uri),
            .host = to_string(c.host),
            .keepalive = c.keepalive != 0};
}

ListenCheck to_listen(const vrrp_core_check_conf_t &c) {
    return {.address = to_ip(c.ip), .port = c.port};
}

PingCheck to_ping(const vrrp_core_check_conf_t &c) {
    return {.address = to_ip(c.ip),
            .gateway = c.gateway != 0,
            .loss_percent = to<unsigned>(c.loss_percent),
            .window = to<unsigned>(c.window)};
}

FileCheck to_file(const vrrp_core_check_conf_t &c) {
    return {.path = c.ncommand == 0 ? std::string{} : to_string(c.command[0]),
            .test = static_cast<FileTest>(c.file_test)};
}

ScriptCheck to_script(const vrrp_core_check_conf_t &c) {
    ScriptCheck script{.command = {}, .uid = c.uid, .gid = c.gid};
    for (std::size_t i = 0; i < c.ncommand; ++i) {
        script.command.push_back(to_string(c.command[i]));
    }
    return script;
}

Probe to_probe(const vrrp_core_check_conf_t &c) {
    switch (c.kind) {
        case VRRP_CORE_CHECK_TCP:
            return TcpCheck{};
        case VRRP_CORE_CHECK_HTTP:
            return to_http(c);
        case VRRP_CORE_CHECK_SEND_EXPECT:
            return SendExpectCheck{};
        case VRRP_CORE_CHECK_PING:
            return to_ping(c);
        case VRRP_CORE_CHECK_LISTEN:
            return to_listen(c);
        case VRRP_CORE_CHECK_FILE:
            return to_file(c);
        case VRRP_CORE_CHECK_SCRIPT:
            return to_script(c);
        case VRRP_CORE_CHECK_NONE:
            break;
    }
    return TcpCheck{};
}

TextTest to_test(const vrrp_core_test_conf_t &c) {
    return {.header = to_string(c.header),
            .test = static_cast<Test>(c.test),
            .value = to_string(c.value),
            .regex = c.regex};
}

Match to_match(const vrrp_core_match_conf_t &c) {
    Match match;
    match.name = to_string(c.name);
    for (std::size_t i = 0; i < c.nstatuses; ++i) {
        const vrrp_core_status_conf_t &status = c.statuses[i];
        match.statuses.push_back({.low = status.low,
                                  .high = status.high,
                                  .negated = status.negated != 0});
    }
    for (std::size_t i = 0; i < c.ntests; ++i) {
        match.tests.push_back(to_test(c.tests[i]));
    }
    match.send = to_string(c.send);
    return match;
}

Timing to_timing(const vrrp_core_check_conf_t &c) {
    return {.interval = Duration{c.interval_ns},
            .timeout = Duration{c.timeout_ns},
            .fast_interval = Duration{c.fastinter_ns},
            .down_interval = Duration{c.downinter_ns},
            .fall = to<unsigned>(c.fall),
            .rise = to<unsigned>(c.rise),
            .jitter_percent = to<unsigned>(c.jitter_percent)};
}

}  // namespace

Config to_check(const vrrp_core_check_conf_t &conf) {
    Config config;
    if (conf.kind == VRRP_CORE_CHECK_NONE) {
        config.initial = Verdict::unused;
        return config;
    }
    config.identity = {.context = to_string(conf.context),
                       .group = to_string(conf.group),
                       .name = to_string(conf.name),
                       .address = to_string(conf.address)};
    config.backup = conf.backup != 0;
    config.on_demand = conf.on_demand != 0;
    config.probe = to_probe(conf);
    config.timing = to_timing(conf);
    config.initial = static_cast<Verdict>(conf.initial);
    if (conf.match != nullptr) {
        config.match = to_match(*conf.match);
    }
    return config;
}

std::vector<Config> to_checks(const vrrp_core_conf_t &conf) {
    std::vector<Config> checks;
    checks.reserve(conf.nchecks);
    for (std::size_t i = 0; i < conf.nchecks; ++i) {
        checks.push_back(to_check(conf.checks[i]));
    }
    return checks;
}

bool has_role(const vrrp_core_conf_t &conf, Role role) {
    return std::any_of(
        conf.checks, conf.checks + conf.nchecks,
        [&](const auto &c) { return role_of(to_probe(c)) == role; });
}

std::vector<Role> roles_of(const vrrp_core_conf_t &conf) {
    std::vector<Role> roles;
    std::copy_if(kRoles.begin(), kRoles.end(), std::back_inserter(roles),
                 [&](Role role) { return has_role(conf, role); });
    return roles;
}

}  // namespace ngx_vrrp
