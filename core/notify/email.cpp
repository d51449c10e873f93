#include "core/notify/email.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "core/base/first_line.hpp"
#include "core/base/log.hpp"
#include "core/base/utf8.hpp"
#include "core/notify/encoding.hpp"

namespace ngx_vrrp::notify {

namespace {

constexpr std::size_t kLongestReply = 128;

// RFC 2047, 2: a line with encoded-words has 76 characters at most. The
// header's name, "=?UTF-8?B?" and "?=" take 21, and 39 octets make 52.
constexpr std::size_t kEncodedOctets = 39;

constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The text of a header, on one line: in encoded-words if it is not ASCII.
std::string header_text(std::string_view text) {
    if (is_ascii(text)) {
        return std::string(text);
    }
    std::string words;
    while (!text.empty()) {
        const std::string_view piece = whole_characters(text, kEncodedOctets);
        words += (words.empty() ? "" : "\r\n ");
        words += "=?UTF-8?B?" + to_base64(piece) + "?=";
        text.remove_prefix(piece.size());
    }
    return words;
}

// RFC 5322, 3.3.
std::string date_text(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{floor<seconds>(time - day)};
    return format("%s, %u %s %04d %02d:%02d:%02d +0000",
                  kDays[weekday{day}.c_encoding()], unsigned{date.day()},
                  kMonths[unsigned{date.month()} - 1], int{date.year()},
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
}

// The part of the node's name that is valid in a domain.
std::string domain_of(const EventRecord &event) {
    std::string domain(event.node.view());
    for (char &c : domain) {
        const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9');
        c = fits ? c : '-';
    }
    return domain.empty() ? "node" : domain;
}

std::string message_id(const Delivery &delivery) {
    const EventRecord &newest = delivery.events.back();
    return format("<vrrp.%lld.%d.%llu.%zu@%s>",
                  static_cast<long long>(newest.wall_ns),
                  static_cast<int>(newest.pid),
                  static_cast<unsigned long long>(newest.sequence),
                  delivery.channel, domain_of(newest).c_str());
}

std::string subject_of(const Delivery &delivery) {
    const std::string count = count_line(delivery);
    const std::string newest = subject_line(delivery.events.back());
    return count.empty() ? newest : newest + " (" + count + ")";
}

std::string joined(const std::vector<std::string> &addresses) {
    std::string list;
    for (const std::string &address : addresses) {
        list += (list.empty() ? "" : ",\r\n ") + one_line(address);
    }
    return list;
}

std::string headers_of(const Delivery &delivery, const EmailChannel &channel,
                       WallTime now) {
    return "Date: " + date_text(now) + "\r\n" +          //
           "From: " + one_line(channel.from) + "\r\n" +  //
           "To: " + joined(channel.to) + "\r\n" +        //
           "Subject: " + header_text(subject_of(delivery)) + "\r\n" +
           "Message-ID: " + message_id(delivery) + "\r\n" +
           "Auto-Submitted: auto-generated\r\n"  // RFC 3834
           "MIME-Version: 1.0\r\n"
           "Content-Type: text/plain; charset=UTF-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n"
           "\r\n";
}

std::string paragraph_of(const EventRecord &event) {
    std::string text = headline_with_node(event) + "\n\n";
    for (const Detail &detail : details(event)) {
        text += format("  %-11s", (std::string(detail.name) + ":").c_str()) +
                detail.value + "\n";
    }
    return text;
}

std::string mail_body(const Delivery &delivery) {
    const std::string count = count_line(delivery);
    std::string text = count.empty() ? "" : count + ", the newest one last\n\n";
    for (const EventRecord &event : delivery.events) {
        text += paragraph_of(event) + "\n";
    }
    return text;
}

// "lb1 <lb1@example.org>" has its address within.
std::string address_of(std::string_view text) {
    const std::size_t begin = text.rfind('<');
    const std::size_t end = text.rfind('>');
    if (begin != text.npos && end != text.npos && begin < end) {
        text = text.substr(begin + 1, end - begin - 1);
    }
    return one_line(text);
}

}  // namespace

Mail make_mail(const Delivery &delivery, const EmailChannel &channel,
               WallTime now) {
    Mail mail{address_of(channel.from),
              {},
              headers_of(delivery, channel, now) +
                  quoted_printable(mail_body(delivery))};
    for (const std::string &to : channel.to) {
        mail.recipients.push_back(address_of(to));
    }
    return mail;
}

Outcome mail_refused(long code, std::string_view reply) {
    const std::string line = first_line(reply, kLongestReply);
    return {.permanent = code >= 500,
            .text = "SMTP " + (line.empty() ? std::to_string(code) : line)};
}

}  // namespace ngx_vrrp::notify
