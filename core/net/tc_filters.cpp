#include "core/net/tc_filters.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace ngx_vrrp::net {

namespace {

// "VR". Filters of others with a lower number run before.
constexpr std::uint32_t kFilterPriority = 0x5652;

constexpr const char *kFilterName = "ngx_vrrp_drain";

std::uint32_t parent_of(Hook hook) {
    return TC_H_MAKE(TC_H_CLSACT, hook == Hook::ingress ? TC_H_MIN_INGRESS
                                                        : TC_H_MIN_EGRESS);
}

tcmsg qdisc_header(IfIndex interface) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = static_cast<int>(to_number(interface));
    header.tcm_parent = TC_H_CLSACT;
    header.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    return header;
}

tcmsg filter_header(IfIndex interface, Hook hook, std::uint32_t handle) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = static_cast<int>(to_number(interface));
    header.tcm_parent = parent_of(hook);
    header.tcm_handle = handle;
    header.tcm_info = TC_H_MAKE(kFilterPriority << 16, htons(ETH_P_ALL));
    return header;
}

std::string attribute_text(const nlattr *attribute) {
    return attribute != nullptr
               ? std::string(
                     static_cast<const char *>(nla_data(attribute)),
                     ::strnlen(static_cast<const char *>(nla_data(attribute)),
                               static_cast<std::size_t>(nla_len(attribute))))
               : "";
}

using TcAttributes = std::array<nlattr *, TCA_MAX + 1>;

bool parse_tc(nlmsghdr *message, TcAttributes &found) {
    return nlmsg_parse(message, sizeof(tcmsg), found.data(), TCA_MAX,
                       nullptr) >= 0;
}

// A filter that a process of ours has added.
bool is_ours(nlmsghdr *message) {
    TcAttributes outer{};
    std::array<nlattr *, TCA_BPF_MAX + 1> inner{};
    return parse_tc(message, outer) &&
           attribute_text(outer[TCA_KIND]) == "bpf" &&
           outer[TCA_OPTIONS] != nullptr &&
           nla_parse_nested(inner.data(), TCA_BPF_MAX, outer[TCA_OPTIONS],
                            nullptr) >= 0 &&
           attribute_text(inner[TCA_BPF_NAME]) == kFilterName;
}

std::uint32_t filter_handle() {
    return static_cast<std::uint32_t>(::getpid());
}

bool has_ended(std::uint32_t handle) {
    return ::kill(static_cast<pid_t>(handle), 0) < 0 && errno == ESRCH;
}

// The interface, the qdisc or the filter has gone: what was on it has, too.
bool is_gone(int error) {
    return error == ENOENT || error == EINVAL || error == ENODEV;
}

const char *hook_name(Hook hook) {
    return hook == Hook::ingress ? "ingress" : "egress";
}

Unexpected<SystemError> filter_failure(const char *what,
                                       const engine::Interface &interface,
                                       Hook hook, int error) {
    return failure(std::string(what) + " a filter at " + hook_name(hook) +
                       " of " + interface.name,
                   error);
}

}  // namespace

Status TcFilters::open() {
    return requests_.open();
}

Status TcFilters::add(const engine::Interface &interface, Hook hook,
                      int program) {
    const Place place{interface.index, hook};
    if (added_.contains(place)) {
        return success();
    }
    if (Status done = add_qdisc(interface, hook); !done) {
        return done;
    }
    int error = add_filter(place, program);
    if (error == EEXIST && remove_dead(place) == 0) {
        error = add_filter(place, program);
    }
    if (error != 0) {
        return filter_failure("adding", interface, hook, error);
    }
    added_[place] = filter_handle();
    return success();
}

Status TcFilters::add_qdisc(const engine::Interface &interface, Hook hook) {
    Message request = make_message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL,
                                   qdisc_header(interface.index));
    put_text(request, TCA_KIND, "clsact");
    const int error = requests_.exchange(request);
    if (error != 0 && error != EEXIST) {
        return failure("adding the qdisc clsact to " + interface.name, error);
    }
    if (error == EEXIST && hook == Hook::egress &&
        kind_at_ingress(interface.index) != "clsact") {
        return failure("adding the qdisc clsact to " + interface.name +
                           ", which has the qdisc ingress,",
                       error);
    }
    return success();
}

// Of the qdisc; empty: there is none.
std::string TcFilters::kind_at_ingress(IfIndex interface) {
    std::string kind;
    requests_.exchange(
        // Without "echo" there is no answer.
        make_message(RTM_GETQDISC, NLM_F_ECHO, qdisc_header(interface)),
        [&](nlmsghdr *message) {
            TcAttributes found{};
            if (parse_tc(message, found)) {
                kind = attribute_text(found[TCA_KIND]);
            }
        });
    return kind;
}

int TcFilters::add_filter(const Place &place, int program) {
    Message request = make_message(
        RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
        filter_header(place.interface, place.hook, filter_handle()));
    put_text(request, TCA_KIND, "bpf");
    nest(request, TCA_OPTIONS, [&] {
        put(request, TCA_BPF_FD, static_cast<std::uint32_t>(program));
        put_text(request, TCA_BPF_NAME, kFilterName);
        put(request, TCA_BPF_FLAGS, std::uint32_t{TCA_BPF_FLAG_ACT_DIRECT});
    });
    return requests_.exchange(request);
}

Status TcFilters::remove(const engine::Interface &interface, Hook hook) {
    const Place place{interface.index, hook};
    const auto it = added_.find(place);
    if (it == added_.end()) {
        return success();
    }
    const int error = remove_filter(place, it->second);
    if (error != 0) {
        return filter_failure("removing", interface, hook, error);
    }
    added_.erase(it);
    return success();
}

void TcFilters::remove_all() {
    for (const auto &[place, handle] : added_) {
        remove_filter(place, handle);
    }
    added_.clear();
}

int TcFilters::remove_filter(const Place &place, std::uint32_t handle) {
    Message request = make_message(
        RTM_DELTFILTER, 0, filter_header(place.interface, place.hook, handle));
    put_text(request, TCA_KIND, "bpf");
    const int error = requests_.exchange(request);
    return is_gone(error) ? 0 : error;
}

// The handles of the filters that processes of ours have added there.
int TcFilters::list(const Place &place, std::vector<std::uint32_t> &handles) {
    const int error = requests_.exchange(
        make_message(RTM_GETTFILTER, NLM_F_DUMP,
                     filter_header(place.interface, place.hook, 0)),
        [&](nlmsghdr *message) {
            const auto *header = header_of<tcmsg>(message);
            if (header != nullptr && header->tcm_handle != 0 &&
                TC_H_MAJ(header->tcm_info) == kFilterPriority << 16 &&
                is_ours(message)) {
                handles.push_back(header->tcm_handle);
            }
        });
    return is_gone(error) ? 0 : error;
}

int TcFilters::remove_dead(const Place &place) {
    std::vector<std::uint32_t> handles;
    int result = list(place, handles);
    for (const std::uint32_t handle : handles) {
        // One with our pid that we have not added is of a process before us.
        const bool dead = handle == filter_handle() ? !added_.contains(place)
                                                    : has_ended(handle);
        if (const int error = dead ? remove_filter(place, handle) : 0;
            error != 0) {
            result = error;
        }
    }
    return result;
}

Status TcFilters::remove_left_behind(const engine::Interface &interface) {
    Status status = success();
    for (const Hook hook : {Hook::ingress, Hook::egress}) {
        if (const int error = remove_dead({interface.index, hook});
            error != 0) {
            status = filter_failure("removing", interface, hook, error);
        }
    }
    return status;
}

}  // namespace ngx_vrrp::net
