// Instead of the other files about libcurl, if its headers were not there or
// too old when the module was built. nginx refuses a configuration with mails
// and webhooks then, so nothing is delivered.

#include "core/transport/curl_transport.hpp"

namespace ngx_vrrp::transport {

struct CurlTransport::Session {};

CurlTransport::CurlTransport(os::Watcher &watcher, notify::Signer &signer,
                             notify::DeliverySink &sink, LogSink &log)
    : watcher_(watcher), signer_(signer), sink_(sink), log_(log) {}

CurlTransport::~CurlTransport() = default;

void CurlTransport::deliver(const notify::Delivery &delivery,
                            const notify::ChannelConfig &, Instant now) {
    sink_.finished(delivery.id, {.permanent = true, .text = unavailable()},
                   now);
}

notify::Outcome CurlTransport::cancel(notify::DeliveryId) {
    return {.permanent = true, .text = unavailable()};
}

bool CurlTransport::on_readable(int) {
    return false;
}

std::string CurlTransport::unavailable() {
    return "this ngx_vrrp module was built without the headers of libcurl";
}

}  // namespace ngx_vrrp::transport
