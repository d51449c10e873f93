#include "core/notify/refusals.hpp"

#include "core/base/first_line.hpp"
#include "core/notify/email.hpp"

namespace ngx_vrrp::notify {

namespace {

constexpr std::size_t kLongestRefusal = 256;

}  // namespace

void Refusals::on_command(std::string_view command) {
    names_recipient_ = command.starts_with("RCPT ");
}

// RFC 5321, 4.2.1: all lines of a reply but the last one have a hyphen.
void Refusals::on_reply(std::string_view line) {
    const bool is_last = line.size() < 4 || line[3] != '-';
    if (is_last && (line.starts_with('4') || line.starts_with('5'))) {
        last_ = line.substr(0, kLongestRefusal);
        recipients_ += names_recipient_;
    }
}

Outcome Refusals::outcome(long code) const {
    return mail_refused(code, last_);
}

std::string Refusals::of_recipients() const {
    if (recipients_ == 0) {
        return {};
    }
    return std::to_string(recipients_) +
           (recipients_ == 1 ? " recipient: " : " recipients, the last one: ") +
           first_line(last_, kLongestRefusal);
}

}  // namespace ngx_vrrp::notify
