// Requests to the kernel that are sent together, one after the other in memory
// that is used again: the leases of a MASTER are renewed without an allocation,
// and without libnl.
#pragma once

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"

namespace ngx_vrrp::net {

// Calls `call` for each netlink message in these octets, within their bounds.
template <class Call>
[[gnu::hot]] void each_message(std::span<std::uint8_t> octets,
                               const Call &call) {
    while (octets.size() >= sizeof(nlmsghdr)) {
        auto *message = reinterpret_cast<nlmsghdr *>(octets.data());
        const std::size_t size = message->nlmsg_len;
        if (size < sizeof(nlmsghdr) || size > octets.size()) {
            return;
        }
        call(message);
        const std::size_t used = NLMSG_ALIGN(size);
        octets = octets.subspan(used < octets.size() ? used : octets.size());
    }
}

class RequestBatch {
public:
    void clear() {
        used_ = 0;
        count_ = 0;
    }

    // header: the fixed part of this type, ifaddrmsg for example. The
    // attributes of the request follow.
    template <class Header>
    void begin(int type, int flags, const Header &header) {
        nlmsghdr message{};
        message.nlmsg_type = static_cast<std::uint16_t>(type);
        message.nlmsg_flags = static_cast<std::uint16_t>(flags);
        begin(bytes_of(message));
        append(bytes_of(header));
    }

    // A whole request.
    void put(const nlmsghdr &request) {
        begin({reinterpret_cast<const std::uint8_t *>(&request),
               request.nlmsg_len});
    }

    void put_bytes(int attribute, Bytes value) {
        const nlattr header{
            .nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + value.size()),
            .nla_type = static_cast<std::uint16_t>(attribute)};
        append(bytes_of(header));
        append(value);
    }

    template <class T>
    void put(int attribute, const T &value) {
        put_bytes(attribute, bytes_of(value));
    }

    // With a zero at its end.
    void put_text(int attribute, const std::string &text) {
        put_bytes(attribute,
                  {reinterpret_cast<const std::uint8_t *>(text.c_str()),
                   text.size() + 1});
    }

    std::span<std::uint8_t> octets() { return {octets_.data(), used_}; }

    // 0 or errno for each request, when it has been sent.
    std::span<int> errors() { return {errors_.data(), count_}; }

private:
    [[gnu::hot]] void begin(Bytes part) {
        last_ = used_;
        append(part);
        if (errors_.size() == count_) {
            errors_.push_back(0);
        }
        ++count_;
    }

    // Each part begins at a multiple of four octets.
    [[gnu::hot]] void append(Bytes part) {
        if (part.empty()) {
            return;
        }
        const std::size_t size = NLMSG_ALIGN(part.size());
        if (octets_.size() - used_ < size) {
            octets_.resize(2 * octets_.size() + size + kFirstRoom);
        }
        std::uint8_t *to = octets_.data() + used_;
        std::memset(to + size - NLMSG_ALIGNTO, 0, NLMSG_ALIGNTO);
        std::memcpy(to, part.data(), part.size());
        used_ += size;
        const auto length = static_cast<std::uint32_t>(used_ - last_);
        std::memcpy(octets_.data() + last_, &length, sizeof(length));
    }

    static constexpr std::size_t kFirstRoom = 1024;

    Buffer octets_;  // room, and its beginning is used
    std::size_t used_ = 0;
    std::size_t last_ = 0;     // the beginning of the last request
    std::vector<int> errors_;  // has room for more
    std::size_t count_ = 0;
};

}  // namespace ngx_vrrp::net
