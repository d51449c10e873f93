// A module that was built without the headers of libcurl.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/transport/curl_transport.hpp"
#include "tests/os/fake_watcher.hpp"
#include "tests/support/openssl_signer.hpp"

namespace ngx_vrrp::transport {

namespace {

class Sink : public notify::DeliverySink, public LogSink {
public:
    void finished(notify::DeliveryId, const notify::Outcome &outcome,
                  Instant) override {
        outcomes.push_back(outcome);
    }

    void write(LogLevel, std::string_view) override {}

    std::vector<notify::Outcome> outcomes;
};

TEST(NoCurlTransportTest, SaysThatItCannotDeliver) {
    os::FakeWatcher watcher;
    test::OpensslSigner signer;
    Sink sink;
    CurlTransport transport(watcher, signer, sink, sink);

    transport.deliver({}, {}, {});

    ASSERT_EQ(sink.outcomes.size(), 1U);
    EXPECT_TRUE(sink.outcomes[0].permanent);
    EXPECT_EQ(sink.outcomes[0].text,
              "this ngx_vrrp module was built without the headers of libcurl");
    EXPECT_EQ(CurlTransport::unavailable(), sink.outcomes[0].text);
}

}  // namespace

}  // namespace ngx_vrrp::transport
