// The delivery of one message by libcurl: the request, and the meaning of the
// answer. Its texts contain no more of a URL than the host.
//
// While it runs in another thread, only abort(), handle(), is_mail() and
// waiting_for() may be called.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "core/notify/config.hpp"
#include "core/notify/endpoint.hpp"
#include "core/notify/ports.hpp"
#include "core/notify/refusals.hpp"
#include "core/notify/signer.hpp"
#include "core/notify/text.hpp"
#include "core/notify/webhook.hpp"
#include "core/transport/curl_library.hpp"

namespace ngx_vrrp::transport {

class CurlTransfer {
public:
    // Of a channel that is an e-mail or a webhook. curl outlives it.
    CurlTransfer(const CurlLibrary &curl, notify::Signer &signer,
                 const notify::Delivery &delivery,
                 const notify::ChannelConfig &config, notify::WallTime now);
    CurlTransfer(const CurlTransfer &) = delete;
    CurlTransfer &operator=(const CurlTransfer &) = delete;

    bool is_mail() const { return is_mail_; }
    CURL *handle() const { return handle_.get(); }

    // Empty: it can begin. Otherwise the reason, in the message or in libcurl.
    std::string error() const;

    // Ends it when its progress callback is called next.
    void abort() { aborted_ = true; }

    // Of a transfer that libcurl has ended.
    notify::Outcome outcome(CURLcode code) const;

    // Of one that has not ended: "connect to mail.example.org:25".
    std::string waiting_for() const;

    // Of a mail that was accepted for some recipients, but not for all: the
    // number of refusals, and the last reply. Empty: for all.
    std::string refused() const;

private:
    enum class Stage : std::uint8_t { lookup, connect, answer };

    struct EasyCleanup {
        const CurlLibrary *curl;
        void operator()(CURL *handle) const { curl->easy_cleanup(handle); }
    };
    struct ListCleanup {
        const CurlLibrary *curl;
        void operator()(curl_slist *list) const { curl->slist_free_all(list); }
    };
    using List = std::unique_ptr<curl_slist, ListCleanup>;

    template <class T>
    void set(CURLoption option, T value);
    void append(List &list, const std::string &text);

    void prepare(const notify::ChannelConfig &config);
    void prepare_protocols();
    void prepare_tls(const std::string &ca, bool verify);
    void prepare(const notify::EmailChannel &channel,
                 const notify::Delivery &delivery, notify::WallTime now);
    void prepare(const notify::WebhookChannel &channel, notify::Signer &signer,
                 const notify::Delivery &delivery, notify::WallTime now);

    long number(CURLINFO info) const;
    bool is_answered(CURLcode code) const;
    notify::Outcome answered() const;
    std::string failure(CURLcode code) const;

    static int on_progress(void *self, curl_off_t, curl_off_t, curl_off_t,
                           curl_off_t);
    static std::size_t on_body(char *data, std::size_t size, std::size_t n,
                               void *self);
    static std::size_t on_reply(char *data, std::size_t size, std::size_t n,
                                void *self);
    static int on_debug(CURL *handle, curl_infotype type, char *data,
                        std::size_t n, void *self);
    static std::size_t on_send(char *data, std::size_t size, std::size_t n,
                               void *self);

    const CurlLibrary &curl_;
    notify::Endpoint endpoint_;
    bool is_mail_;
    notify::WebhookFormat format_{};

    List list_;         // headers, recipients
    std::string sent_;  // body, mail
    std::size_t sent_size_ = 0;
    std::string received_;
    bool too_long_ = false;
    notify::Refusals refusals_;
    std::string url_;
    std::atomic<bool> aborted_ = false;
    std::atomic<Stage> stage_ = Stage::lookup;
    CURLcode setting_ = CURLE_OK;
    bool unsigned_ = false;  // though it should be
    std::array<char, CURL_ERROR_SIZE> error_{};

    // The last member: while it ends, libcurl may still write to the others.
    std::unique_ptr<CURL, EasyCleanup> handle_;
};

}  // namespace ngx_vrrp::transport
