// A process that checks, driven through the C interface, and peers that answer
// as a test wants.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "core/os/wake.hpp"
#include "tests/node/configuration.hpp"
#include "tests/node/driven_process.hpp"

namespace ngx_vrrp::node {

class CheckProcess final : public DrivenProcess {
public:
    struct Change {
        std::size_t check;
        vrrp_core_verdict_e verdict;
    };

    CheckProcess(const Configuration &configuration, const SharedArea &area,
                 vrrp_checker_role_e role = VRRP_CHECKER_PROBES)
        : DrivenProcess([&](const vrrp_process_ops_t &ops) {
              const vrrp_checker_ops_t own = checker_ops();
              return vrrp_checker_create(&configuration.conf, role, &ops, &own,
                                         area.get());
          }),
          area_(area.get()),
          generation_(configuration.conf.generation) {}
    ~CheckProcess() override { destroy(); }

    vrrp_core_verdict_e verdict(std::size_t check) const {
        return vrrp_core_check_verdict(area_, generation_, check);
    }

    // The behaviour of a peer; nothing: it is silent.
    std::function<void(std::size_t check)> on_open;
    std::function<void(std::size_t check, const std::string &bytes)> on_send;

    std::vector<Change> changes;
    std::size_t opens = 0;
    std::size_t closes = 0;

private:
    static CheckProcess &self(void *data) {
        return static_cast<CheckProcess &>(*static_cast<DrivenProcess *>(data));
    }

    // A recovery changes no verdict.
    void add_change(const Change &change) {
        const auto last = std::find_if(
            changes.rbegin(), changes.rend(),
            [&](const auto &c) { return c.check == change.check; });
        if (last == changes.rend() || last->verdict != change.verdict) {
            changes.push_back(change);
        }
    }

    static vrrp_checker_ops_t checker_ops() {
        vrrp_checker_ops_t ops{};
        ops.open = [](void *data, size_t check) {
            ++self(data).opens;
            if (self(data).on_open) {
                self(data).on_open(check);
            }
        };
        ops.send = [](void *data, size_t check, const char *bytes, size_t len) {
            if (self(data).on_send) {
                self(data).on_send(check, std::string(bytes, len));
            }
        };
        ops.close = [](void *data, size_t) { ++self(data).closes; };
        ops.regex = [](void *, void *regex, const char *subject, size_t len) {
            const std::string_view wanted(static_cast<const char *>(regex));
            return std::string_view(subject, len).find(wanted) !=
                           std::string_view::npos
                       ? 1
                       : 0;
        };
        ops.changed = [](void *data, size_t check) {
            self(data).add_change({check, self(data).verdict(check)});
        };
        return ops;
    }

    vrrp_core_memory_t *area_;
    std::uint64_t generation_;
};

}  // namespace ngx_vrrp::node
