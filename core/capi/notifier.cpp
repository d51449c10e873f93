// The process that notifies.

#include <memory>
#include <optional>
#include <string_view>

#include "core/capi/memory.hpp"
#include "core/capi/notify_conf.hpp"
#include "core/capi/process.hpp"
#include "core/node/notify_node.hpp"
#include "core/notify/signer.hpp"
#include "core/status/channels.hpp"

namespace {

using namespace ngx_vrrp;
using namespace ngx_vrrp::notify;

static_assert(VRRP_CORE_MAX_CHANNELS == status::ChannelBoard::kMost);

class NotifierSigner final : public Signer {
public:
    NotifierSigner(vrrp_hmac_sha256_pt hmac, void *data)
        : hmac_(hmac), data_(data) {}

    std::optional<Digest> hmac_sha256(std::string_view key,
                                      std::string_view text) override {
        Digest digest{};
        const int rc = hmac_(data_, key.data(), key.size(), text.data(),
                             text.size(), digest.data());
        return rc == VRRP_CORE_OK ? std::optional(digest) : std::nullopt;
    }

private:
    vrrp_hmac_sha256_pt hmac_;
    void *data_;
};

struct NotifierProcess final : vrrp_process_s {
    NotifierProcess(const vrrp_core_conf_t &conf, const vrrp_process_ops_t &ops,
                    vrrp_hmac_sha256_pt hmac_sha256,
                    const vrrp_core_memory_t &memory)
        : vrrp_process_s(ops, {"notifications are disabled", "exiting"}),
          signer(hmac_sha256, ops.data),
          notifier(to_channels(conf), conf.event_fds[1], memory.area(),
                   area_before(conf, memory), {callbacks, signer, callbacks}) {}

    node::NotifyNode &node() override { return notifier; }

    NotifierSigner signer;
    node::NotifyNode notifier;
};

}  // namespace

vrrp_process_t *vrrp_notifier_create(const vrrp_core_conf_t *conf,
                                     const vrrp_process_ops_t *ops,
                                     vrrp_hmac_sha256_pt hmac_sha256,
                                     vrrp_core_memory_t *memory) {
    return create_process(*ops, [&] {
        return Created(std::make_unique<NotifierProcess>(*conf, *ops,
                                                         hmac_sha256, *memory));
    });
}
