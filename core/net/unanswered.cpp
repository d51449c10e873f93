#include "core/net/unanswered.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "core/base/find.hpp"

namespace ngx_vrrp::net {

namespace {

// Of both families, on one interface.
Message dump_request(const engine::Interface &interface) {
    ndmsg header{};
    header.ndm_family = AF_UNSPEC;
    Message message = make_message(RTM_GETNEIGH, NLM_F_DUMP, header);
    put(message, NDA_IFINDEX, to_number(interface.index));
    return message;
}

bool is_unanswered(const ndmsg &neighbour, const engine::Interface &interface) {
    return (neighbour.ndm_state & NUD_INCOMPLETE) != 0 &&
           neighbour.ndm_ifindex ==
               static_cast<int>(to_number(interface.index));
}

}  // namespace

std::optional<Message> removal_of(nlmsghdr *dumped,
                                  const engine::Interface &interface) {
    nlattr *attributes[NDA_MAX + 1];
    if (dumped->nlmsg_type != RTM_NEWNEIGH ||
        nlmsg_parse(dumped, sizeof(ndmsg), attributes, NDA_MAX, nullptr) < 0 ||
        attributes[NDA_DST] == nullptr) {
        return std::nullopt;
    }
    const auto *found = static_cast<const ndmsg *>(nlmsg_data(dumped));
    if (!is_unanswered(*found, interface)) {
        return std::nullopt;
    }
    ndmsg header{};
    header.ndm_family = found->ndm_family;
    header.ndm_ifindex = found->ndm_ifindex;
    Message message = make_message(RTM_DELNEIGH, 0, header);
    put_bytes(message, NDA_DST, value_of(attributes[NDA_DST]));
    return message;
}

Status forget_unanswered(RequestSocket &socket,
                         const engine::Interface &interface) {
    std::vector<Message> removals;
    int error =
        socket.exchange(dump_request(interface), [&](nlmsghdr *message) {
            if (auto removal = removal_of(message, interface)) {
                removals.push_back(std::move(*removal));
            }
        });

    // a dump that is not consistent has still found some
    if (error == 0 || error == EINTR) {
        // a neighbor that is gone meanwhile is no error
        const std::vector<int> errors = socket.exchange(removals);
        const int *failed =
            find_first(errors, [](int e) { return e != 0 && e != ENOENT; });
        error = failed != nullptr ? *failed : 0;
    }
    if (error != 0) {
        return failure("deleting unanswered neighbour entries on \"" +
                           interface.name + "\"",
                       error);
    }
    return success();
}

}  // namespace ngx_vrrp::net
