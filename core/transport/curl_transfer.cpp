#include "core/transport/curl_transfer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <variant>

#include "core/base/first_line.hpp"
#include "core/base/version.hpp"
#include "core/notify/email.hpp"

namespace ngx_vrrp::transport {

namespace {

using notify::EmailChannel;
using notify::WebhookChannel;

constexpr std::size_t kMaxAnswer = std::size_t{64} * 1024;
constexpr std::size_t kLongestText = 256;

// By number, because headers may be older or newer than the library: kProtocols
// was replaced by kProtocolsStr in 7.85, and kQuickExit exists since 7.87.
constexpr auto kProtocols = static_cast<CURLoption>(CURLOPTTYPE_LONG + 181);
constexpr auto kProtocolsStr =
    static_cast<CURLoption>(CURLOPTTYPE_STRINGPOINT + 318);
constexpr auto kQuickExit = static_cast<CURLoption>(CURLOPTTYPE_LONG + 322);
constexpr unsigned kHasNewOptions = CURL_VERSION_BITS(7, 87, 0);

const std::string &url_of(const notify::ChannelConfig &config) {
    const auto *mail = std::get_if<EmailChannel>(&config.how);
    return mail != nullptr ? mail->url
                           : std::get<WebhookChannel>(config.how).url;
}

// libcurl's error text is its own, or describes a certificate. Others may
// contain text of the configuration or of the other side.
bool is_about_tls(CURLcode code) {
    constexpr std::array kCodes{
        CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
        CURLE_SSL_CERTPROBLEM,   CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_ISSUER_ERROR,  CURLE_USE_SSL_FAILED};
    return std::ranges::find(kCodes, code) != kCodes.end();
}

// There was nothing more to receive.
bool is_silence(CURLcode code) {
    return code == CURLE_RECV_ERROR || code == CURLE_OPERATION_TIMEDOUT;
}

bool is_permanent(CURLcode code) {
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_NOT_BUILT_IN;
}

}  // namespace

CurlTransfer::CurlTransfer(const CurlLibrary &curl, notify::Signer &signer,
                           const notify::Delivery &delivery,
                           const notify::ChannelConfig &config,
                           notify::WallTime now)
    : curl_(curl),
      endpoint_(notify::endpoint_of(url_of(config))),
      is_mail_(std::holds_alternative<EmailChannel>(config.how)),
      list_(nullptr, ListCleanup{&curl}),
      handle_(curl.easy_init(), EasyCleanup{&curl}) {
    if (!handle_) {
        setting_ = CURLE_OUT_OF_MEMORY;
        return;
    }
    prepare(config);
    if (is_mail_) {
        prepare(std::get<EmailChannel>(config.how), delivery, now);
    } else {
        prepare(std::get<WebhookChannel>(config.how), signer, delivery, now);
    }
}

// Options are long, pointers, or curl_off_t.
template <class T>
void CurlTransfer::set(CURLoption option, T value) {
    const CURLcode code = curl_.easy_setopt(handle_.get(), option, value);
    setting_ = setting_ == CURLE_OK ? code : setting_;
}

void CurlTransfer::append(List &list, const std::string &text) {
    curl_slist *longer = curl_.slist_append(list.get(), text.c_str());
    if (longer == nullptr) {
        setting_ = CURLE_OUT_OF_MEMORY;
        return;
    }
    static_cast<void>(list.release());
    list.reset(longer);
}

// Directly to the URL: neither redirects nor the environment's proxies.
void CurlTransfer::prepare(const notify::ChannelConfig &config) {
    const auto timeout =
        static_cast<long>(std::max<std::int64_t>(to_ms(config.timeout), 1));

    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TIMEOUT_MS, timeout);
    set(CURLOPT_CONNECTTIMEOUT_MS, timeout);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &CurlTransfer::on_progress);
    set(CURLOPT_XFERINFODATA, static_cast<void *>(this));
    set(CURLOPT_WRITEFUNCTION, &CurlTransfer::on_body);
    set(CURLOPT_WRITEDATA, static_cast<void *>(this));
    prepare_protocols();
}

void CurlTransfer::prepare_protocols() {
    if (curl_.version_info(CURLVERSION_NOW)->version_num < kHasNewOptions) {
        set(kProtocols,
            static_cast<long>(is_mail_ ? CURLPROTO_SMTP | CURLPROTO_SMTPS
                                       : CURLPROTO_HTTP | CURLPROTO_HTTPS));
        return;
    }
    set(kProtocolsStr, is_mail_ ? "smtp,smtps" : "http,https");
    set(kQuickExit, 1L);  // do not wait for the lookup of a name
}

void CurlTransfer::prepare_tls(const std::string &ca, bool verify) {
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    set(CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    if (!ca.empty()) {
        set(CURLOPT_CAINFO, ca.c_str());
    }
}

// A connection for each mail: libcurl could not distinguish a late message on
// an open connection from a reply. One refused recipient must not keep the
// others from getting the mail.
void CurlTransfer::prepare(const EmailChannel &channel,
                           const notify::Delivery &delivery,
                           notify::WallTime now) {
    notify::Mail mail = notify::make_mail(delivery, channel, now);
    sent_ = std::move(mail.text);
    for (const std::string &recipient : mail.recipients) {
        append(list_, recipient);
    }
    prepare_tls(channel.ca, channel.verify);
    // libcurl takes the name for EHLO and HELO from the path.
    const std::string helo = channel.helo.empty() ? "" : "/" + channel.helo;
    set(CURLOPT_URL, (channel.url + helo).c_str());
    set(CURLOPT_VERBOSE, 1L);  // the only sign of the next command
    set(CURLOPT_DEBUGFUNCTION, &CurlTransfer::on_debug);
    set(CURLOPT_DEBUGDATA, static_cast<void *>(this));
    set(CURLOPT_USE_SSL,
        static_cast<long>(channel.start_tls ? CURLUSESSL_ALL
                                            : CURLUSESSL_NONE));
    if (!channel.username.empty()) {
        set(CURLOPT_USERNAME, channel.username.c_str());
        set(CURLOPT_PASSWORD, channel.password.c_str());
    }
    set(CURLOPT_MAIL_FROM, mail.sender.c_str());
    set(CURLOPT_MAIL_RCPT, list_.get());
    set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_HEADERFUNCTION, &CurlTransfer::on_reply);
    set(CURLOPT_HEADERDATA, static_cast<void *>(this));
    set(CURLOPT_READFUNCTION, &CurlTransfer::on_send);
    set(CURLOPT_READDATA, static_cast<void *>(this));
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(sent_.size()));
    set(CURLOPT_UPLOAD, 1L);
}

void CurlTransfer::prepare(const WebhookChannel &channel,
                           notify::Signer &signer,
                           const notify::Delivery &delivery,
                           notify::WallTime now) {
    format_ = channel.format;
    url_ = channel.url;
    prepare_tls(channel.ca, channel.verify);
    const auto request =
        notify::webhook_request(delivery, channel, signer, now);
    if (!request) {
        unsigned_ = true;
        return;
    }
    sent_ = request->body;
    append(list_, "Content-Type: application/json");
    append(list_, "Expect:");
    for (const std::string &header : request->headers) {
        append(list_, header);
    }
    set(CURLOPT_URL, request->url.c_str());
    set(CURLOPT_USERAGENT, (std::string("ngx_vrrp/") + kVersion).c_str());
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_HTTPHEADER, list_.get());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(sent_.size()));
    set(CURLOPT_POSTFIELDS, sent_.data());
}

std::string CurlTransfer::error() const {
    if (unsigned_) {
        return endpoint_.host + ": the message cannot be signed";
    }
    return setting_ == CURLE_OK
               ? ""
               : endpoint_.host +
                     ": preparing libcurl: " + curl_.easy_strerror(setting_);
}

long CurlTransfer::number(CURLINFO info) const {
    long value = 0;
    curl_.easy_getinfo(handle_.get(), info, &value);
    return value;
}

// A webhook has answered when there is a status, and its body has ended or is
// too long to matter; a mail server when it has refused, and not only one
// recipient.
bool CurlTransfer::is_answered(CURLcode code) const {
    if (is_mail_) {
        return code == CURLE_OK ||
               (number(CURLINFO_RESPONSE_CODE) >= 400 && !is_silence(code));
    }
    return code == CURLE_OK || (code == CURLE_WRITE_ERROR && too_long_);
}

notify::Outcome CurlTransfer::answered() const {
    const long code = number(CURLINFO_RESPONSE_CODE);
    if (is_mail_) {
        return refusals_.outcome(code);
    }
    notify::Outcome outcome = notify::webhook_outcome(format_, code, received_);
    outcome.text = notify::without_tokens(outcome.text, url_);
    return outcome;
}

notify::Outcome CurlTransfer::outcome(CURLcode code) const {
    if (is_mail_ && code == CURLE_OK) {
        return {.delivered = true};
    }
    if (!is_answered(code)) {
        return {.permanent = is_permanent(code), .text = failure(code)};
    }
    notify::Outcome outcome = answered();
    if (!outcome.delivered) {
        outcome.text = endpoint_.host + ": " + outcome.text;
    }
    return outcome;
}

std::string CurlTransfer::failure(CURLcode code) const {
    const std::string host = endpoint_.host + ": ";
    const long error = number(CURLINFO_OS_ERRNO);
    if (code == CURLE_COULDNT_CONNECT && error != 0) {
        return "connect to " + endpoint_.host_port + ": " +
               std::strerror(static_cast<int>(error));
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return waiting_for() + ": timed out";
    }
    if (is_about_tls(code) && error_[0] != '\0') {
        return host + first_line(error_.data(), kLongestText);
    }
    return host + curl_.easy_strerror(code);
}

std::string CurlTransfer::waiting_for() const {
    switch (stage_) {
        case Stage::lookup:
            return "look up " + endpoint_.host;
        case Stage::connect:
            return "connect to " + endpoint_.host_port;
        case Stage::answer:
            break;
    }
    return "wait for a response from " + endpoint_.host_port;
}

// Called whenever data was transferred, and once a second.
int CurlTransfer::on_progress(void *self, curl_off_t, curl_off_t, curl_off_t,
                              curl_off_t) {
    auto &me = *static_cast<CurlTransfer *>(self);
    curl_off_t resolved = 0;
    curl_off_t connected = 0;
    me.curl_.easy_getinfo(me.handle(), CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    me.curl_.easy_getinfo(me.handle(), CURLINFO_CONNECT_TIME_T, &connected);
    if (connected != 0) {
        me.stage_ = Stage::answer;
    } else if (resolved != 0) {
        me.stage_ = Stage::connect;
    }
    return me.aborted_ ? 1 : 0;
}

std::string CurlTransfer::refused() const {
    const std::string text = refusals_.of_recipients();
    return text.empty() ? text : endpoint_.host + " refused " + text;
}

std::size_t CurlTransfer::on_body(char *data, std::size_t, std::size_t n,
                                  void *self) {
    auto &me = *static_cast<CurlTransfer *>(self);
    if (me.received_.size() + n > kMaxAnswer) {
        me.too_long_ = true;
        return 0;
    }
    me.received_.append(data, n);
    return n;
}

std::size_t CurlTransfer::on_reply(char *data, std::size_t, std::size_t n,
                                   void *self) {
    static_cast<CurlTransfer *>(self)->refusals_.on_reply({data, n});
    return n;
}

// A refused EHLO or login is followed by another attempt, and is not reported.
int CurlTransfer::on_debug(CURL *, curl_infotype type, char *data,
                           std::size_t n, void *self) {
    if (type == CURLINFO_HEADER_OUT) {
        static_cast<CurlTransfer *>(self)->refusals_.on_command({data, n});
    }
    return 0;
}

std::size_t CurlTransfer::on_send(char *data, std::size_t, std::size_t n,
                                  void *self) {
    auto &me = *static_cast<CurlTransfer *>(self);
    const std::size_t size = me.sent_.copy(data, n, me.sent_size_);
    me.sent_size_ += size;
    return size;
}

}  // namespace ngx_vrrp::transport
