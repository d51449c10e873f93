// What a mail server refuses, in a conversation as libcurl tells it: what is
// said, and the lines that are heard.
#pragma once

#include <string>
#include <string_view>

#include "core/notify/ports.hpp"

namespace ngx_vrrp::notify {

class Refusals {
public:
    void say(std::string_view command);
    void hear(std::string_view line);

    // Of a mail that was refused.
    Outcome outcome(long code) const;

    // How many recipients were, and the last words about one: "1 recipient:
    // 550 5.1.1 No such user". Empty: none.
    std::string of_recipients() const;

private:
    std::string last_;  // reply of 400 and more
    unsigned recipients_ = 0;
    bool names_recipient_ = false;  // the last command
};

}  // namespace ngx_vrrp::notify
