// The refusals of a mail server, from a conversation as libcurl reports it:
// commands that are sent, and lines that are received.
#pragma once

#include <string>
#include <string_view>

#include "core/notify/ports.hpp"

namespace ngx_vrrp::notify {

class Refusals {
public:
    void on_command(std::string_view command);
    void on_reply(std::string_view line);

    // Of a mail that was refused.
    Outcome outcome(long code) const;

    // The number of refused recipients, and the last reply for one of them: "1
    // recipient: 550 5.1.1 No such user". Empty: none.
    std::string of_recipients() const;

private:
    std::string last_;  // reply of 400 and more
    unsigned recipients_ = 0;
    bool names_recipient_ = false;  // the last command
};

}  // namespace ngx_vrrp::notify
