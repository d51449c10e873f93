// A vrrp process, driven through the C interface.
#pragma once

#include "tests/node/configuration.hpp"
#include "tests/node/driven_process.hpp"

namespace ngx_vrrp::node {

class RouterProcess final : public DrivenProcess {
public:
    // disabled: why it takes part in nothing, or NULL.
    RouterProcess(const Configuration &configuration, const SharedArea &area,
                  int pid, const char *disabled = nullptr)
        : DrivenProcess([&](const vrrp_process_ops_t &ops) {
              vrrp_router_facts_t facts{};
              facts.pid = pid;
              facts.peer_fd = -1;
              facts.history_fd = -1;
              facts.server_version = text("1.22.1");
              facts.disabled = disabled;
              return vrrp_router_create(&configuration.conf, &facts, &ops,
                                        hmac_sha256, area.get());
          }) {}

private:
    static int hmac_sha256(void *, const char *, std::size_t, const char *,
                           std::size_t, std::uint8_t *) {
        return VRRP_CORE_ERROR;
    }
};

}  // namespace ngx_vrrp::node
