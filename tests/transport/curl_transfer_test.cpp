// What a transfer asks of libcurl, by the age of the library.

#include "core/transport/curl_transfer.hpp"

#include <gtest/gtest.h>

#include "core/transport/curl_library.hpp"
#include "tests/notify/events.hpp"
#include "tests/support/openssl_signer.hpp"

namespace ngx_vrrp::transport {

namespace {

constexpr const char *kNobody = "127.0.0.1:1";  // no server is there

curl_version_info_data *version_7_76(CURLversion) {
    static curl_version_info_data info{};
    info.version_num = CURL_VERSION_BITS(7, 76, 0);
    return &info;
}

class CurlTransferTest : public testing::TestWithParam<bool> {
protected:
    CurlTransferTest() : curl_(*load_curl()) {
        if (GetParam()) {
            curl_.version_info = version_7_76;
        }
    }

    CURLcode perform(const notify::ChannelConfig &config) {
        test::OpensslSigner signer;
        const auto delivery =
            notify::sample::delivery({notify::sample::state_event()});
        const CurlTransfer transfer(curl_, signer, delivery, config, {});
        EXPECT_EQ(transfer.error(), "");

        CURLM *multi = curl_.multi_init();
        curl_.multi_add_handle(multi, transfer.handle());
        int running = 1;
        while (running != 0) {
            curl_.multi_perform(multi, &running);
            curl_.multi_poll(multi, nullptr, 0, running != 0 ? 100 : 0,
                             nullptr);
        }
        int left = 0;
        const CURLcode code = curl_.multi_info_read(multi, &left)->data.result;
        curl_.multi_remove_handle(multi, transfer.handle());
        curl_.multi_cleanup(multi);
        return code;
    }

    CURLcode webhook(const std::string &scheme) {
        notify::WebhookChannel how;
        how.url = scheme + "://" + kNobody + "/";
        notify::ChannelConfig config;
        config.timeout = Seconds{20};
        config.how = how;
        return perform(config);
    }

    CURLcode email(const std::string &scheme) {
        notify::EmailChannel how;
        how.url = scheme + "://" + kNobody;
        how.from = "lb1@example.org";
        how.to = {"ops@example.org"};
        notify::ChannelConfig config;
        config.timeout = Seconds{20};
        config.how = how;
        return perform(config);
    }

private:
    CurlLibrary curl_;
};

TEST_P(CurlTransferTest, WebhooksUseHttpOnly) {
    EXPECT_EQ(webhook("http"), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(webhook("https"), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(webhook("smtp"), CURLE_UNSUPPORTED_PROTOCOL);
    EXPECT_EQ(webhook("ftp"), CURLE_UNSUPPORTED_PROTOCOL);
}

TEST_P(CurlTransferTest, MailsUseSmtpOnly) {
    EXPECT_EQ(email("smtp"), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(email("smtps"), CURLE_COULDNT_CONNECT);
    EXPECT_EQ(email("http"), CURLE_UNSUPPORTED_PROTOCOL);
}

INSTANTIATE_TEST_SUITE_P(Libraries, CurlTransferTest, testing::Bool(),
                         [](const auto &library) {
                             return library.param ? "As7_76" : "Installed";
                         });

}  // namespace

}  // namespace ngx_vrrp::transport
