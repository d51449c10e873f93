#include "core/net/unanswered.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

namespace ngx_vrrp::net {

namespace {

// Of both families, on one interface.
Message dump_request(const engine::Interface &interface) {
    Message message(nlmsg_alloc_simple(RTM_GETNEIGH, NLM_F_DUMP));
    ndmsg header{};
    header.ndm_family = AF_UNSPEC;
    if (!message ||
        nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO) <
            0 ||
        nla_put_u32(message.get(), NDA_IFINDEX, to_number(interface.index)) <
            0) {
        return nullptr;
    }
    return message;
}

bool is_unanswered(const ndmsg &neighbour, const engine::Interface &interface) {
    return (neighbour.ndm_state & NUD_INCOMPLETE) != 0 &&
           neighbour.ndm_ifindex ==
               static_cast<int>(to_number(interface.index));
}

Message removal_request(const ndmsg &neighbour, const nlattr *address) {
    Message message(nlmsg_alloc_simple(RTM_DELNEIGH, 0));
    ndmsg header{};
    header.ndm_family = neighbour.ndm_family;
    header.ndm_ifindex = neighbour.ndm_ifindex;
    if (!message ||
        nlmsg_append(message.get(), &header, sizeof(header), NLMSG_ALIGNTO) <
            0 ||
        nla_put(message.get(), NDA_DST, nla_len(address), nla_data(address)) <
            0) {
        return nullptr;
    }
    return message;
}

// The request that deletes the neighbor of a dump; none if there is nothing to
// delete.
Message removal_of(nlmsghdr *dumped, const engine::Interface &interface) {
    nlattr *attributes[NDA_MAX + 1];
    if (dumped->nlmsg_type != RTM_NEWNEIGH ||
        nlmsg_parse(dumped, sizeof(ndmsg), attributes, NDA_MAX, nullptr) < 0 ||
        attributes[NDA_DST] == nullptr) {
        return nullptr;
    }
    const auto *found = static_cast<const ndmsg *>(nlmsg_data(dumped));
    return is_unanswered(*found, interface)
               ? removal_request(*found, attributes[NDA_DST])
               : nullptr;
}

// A neighbor that is gone meanwhile is no error.
int remove_all(RequestSocket &socket, const std::vector<Message> &removals) {
    int first_error = 0;
    for (const Message &removal : removals) {
        const int error = socket.exchange(removal);
        if (error != 0 && error != ENOENT && first_error == 0) {
            first_error = error;
        }
    }
    return first_error;
}

}  // namespace

Status forget_unanswered(RequestSocket &socket,
                         const engine::Interface &interface) {
    const Message request = dump_request(interface);
    std::vector<Message> removals;
    const auto take = [&](nlmsghdr *message) {
        if (Message removal = removal_of(message, interface)) {
            removals.push_back(std::move(removal));
        }
    };
    int error = request ? socket.exchange(request, take) : ENOMEM;

    // a dump that is not consistent has still found some
    if (error == 0 || error == EINTR) {
        error = remove_all(socket, removals);
    }
    if (error != 0) {
        return Unexpected(
            SystemError{"deleting unanswered neighbour entries on \"" +
                            interface.name + "\"",
                        error});
    }
    return success();
}

}  // namespace ngx_vrrp::net
