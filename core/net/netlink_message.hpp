// Requests to the kernel over netlink, built with libnl. A message that could
// not be built (no memory) is null, and RequestSocket answers it with ENOMEM.
#pragma once

#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstddef>
#include <memory>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::net {

struct MessageFree {
    void operator()(nl_msg *message) const { nlmsg_free(message); }
};

using Message = std::unique_ptr<nl_msg, MessageFree>;

// Enough for the requests of this module. The default of libnl is a page, which
// it fills with zeros for each request.
inline constexpr std::size_t kRequestRoom = 512;

// header: the fixed part of this type, ifaddrmsg for example. room: in octets,
// for all of it.
template <class Header>
Message make_message(int type, int flags, Header header,
                     std::size_t room = kRequestRoom) {
    Message message(nlmsg_alloc_size(room));
    const bool complete =
        message && nlmsg_put(message.get(), 0, 0, type, 0, flags) != nullptr &&
        nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO) ==
            0;
    return complete ? std::move(message) : nullptr;
}

inline void put_bytes(Message &message, int attribute, Bytes value) {
    if (message && nla_put(message.get(), attribute,
                           static_cast<int>(value.size()), value.data()) != 0) {
        message.reset();
    }
}

template <class T>
void put(Message &message, int attribute, const T &value) {
    put_bytes(message, attribute, bytes_of(value));
}

inline void put_text(Message &message, int attribute, const char *text) {
    if (message && nla_put_string(message.get(), attribute, text) != 0) {
        message.reset();
    }
}

// Calls `inside` between the begin and the end of a nested attribute.
template <class Inside>
void nest(Message &message, int attribute, const Inside &inside) {
    nlattr *begin =
        message ? nla_nest_start(message.get(), attribute) : nullptr;
    if (begin == nullptr) {
        message.reset();
        return;
    }
    inside();
    if (message) {
        nla_nest_end(message.get(), begin);
    }
}

// Of a received attribute.
inline Bytes value_of(const nlattr *attribute) {
    return {static_cast<const std::uint8_t *>(nla_data(attribute)),
            static_cast<std::size_t>(nla_len(attribute))};
}

// The fixed part of a received message; nullptr: it is too short.
template <class Header>
const Header *header_of(nlmsghdr *message) {
    return message->nlmsg_len >= NLMSG_LENGTH(sizeof(Header))
               ? static_cast<const Header *>(NLMSG_DATA(message))
               : nullptr;
}

}  // namespace ngx_vrrp::net
