#include "core/net/vmacs.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/engine/router_key.hpp"
#include "core/net/ipv4_settings.hpp"
#include "core/net/netlink_message.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::net {

namespace {

// An alias can have 255 characters.
constexpr std::size_t kRoom = 1024;

constexpr Ipv4Setting kOfDevice[] = {{IPV4_DEVCONF_ARP_IGNORE, 1},
                                     {IPV4_DEVCONF_RP_FILTER, 2},
                                     {IPV4_DEVCONF_PROMOTE_SECONDARIES, 1}};

constexpr ArpSettings kNeeded{.ignore = 1, .announce = 2};

ifinfomsg header_of(IfIndex index) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(to_number(index));
    return header;
}

Message build_make(const engine::Interface &base, const vrrp::Config &router) {
    Message message = make_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
                                   ifinfomsg{}, kRoom);
    put_text(message, IFLA_IFNAME, router.vmac.c_str());
    put(message, IFLA_LINK, to_number(base.index));
    put_bytes(message, IFLA_ADDRESS, vrrp::virtual_mac(router));
    put(message, IFLA_GROUP, kUnfinished);
    nest(message, IFLA_LINKINFO, [&] {
        put_text(message, IFLA_INFO_KIND, "macvlan");
        nest(message, IFLA_INFO_DATA, [&] {
            put(message, IFLA_MACVLAN_MODE,
                std::uint32_t{MACVLAN_MODE_PRIVATE});
        });
    });
    return message;
}

// The kernel does not accept these when the device is made.
Message build_settings(const std::string &name) {
    Message message = make_message(RTM_SETLINK, 0, ifinfomsg{}, kRoom);
    put_text(message, IFLA_IFNAME, name.c_str());
    put_ipv4_settings(message, kOfDevice);
    return message;
}

Message build_ipv6_settings(const std::string &name) {
    Message message = make_message(RTM_SETLINK, 0, ifinfomsg{}, kRoom);
    put_text(message, IFLA_IFNAME, name.c_str());
    nest(message, IFLA_AF_SPEC, [&] {
        nest(message, AF_INET6, [&] {
            put(message, IFLA_INET6_ADDR_GEN_MODE,
                std::uint8_t{IN6_ADDR_GEN_MODE_NONE});
        });
    });
    return message;
}

Message build_mark(const std::string &name, const VmacMark &mark) {
    Message message = make_message(RTM_SETLINK, 0, ifinfomsg{}, kRoom);
    put_text(message, IFLA_IFNAME, name.c_str());
    put_text(message, IFLA_IFALIAS, to_string(mark).c_str());
    return message;
}

// The last request of making a device, the first one of removing it.
Message build_group(const std::string &name, std::uint32_t group) {
    Message message = make_message(RTM_SETLINK, 0, ifinfomsg{});
    put_text(message, IFLA_IFNAME, name.c_str());
    put(message, IFLA_GROUP, group);
    return message;
}

int set_arp(RequestSocket &requests, IfIndex base, const ArpSettings &arp) {
    const Ipv4Setting settings[] = {{IPV4_DEVCONF_ARP_IGNORE, arp.ignore},
                                    {IPV4_DEVCONF_ARP_ANNOUNCE, arp.announce}};
    return set_ipv4_settings(requests, base, settings);
}

// "0" or "1". Without the file, the kernel has no IPv6 on this interface.
Status set_ipv6(const std::string &device, const char *setting, char value) {
    const std::string path =
        format("/proc/sys/net/ipv6/conf/%s/%s", device.c_str(), setting);
    const std::string what = format("setting net.ipv6.conf.%s.%s to %c",
                                    device.c_str(), setting, value);
    const os::Fd now(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!now) {
        return errno == ENOENT ? success() : failure(what);
    }
    char is = '\0';
    if (::read(now.get(), &is, 1) == 1 && is == value) {
        return success();
    }
    const os::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), &value, 1) != 1) {
        return failure(errno == EROFS ? what + " (/proc/sys is read-only here)"
                                      : what);
    }
    return success();
}

// A router advertisement would give an address and a default route to the
// device.
Status keep_from_autoconf(const vrrp::Config &router) {
    return router.family == Family::ipv4
               ? set_ipv6(router.vmac, "disable_ipv6", '1')
               : set_ipv6(router.vmac, "accept_ra", '0');
}

Status done(int error, const std::string &what) {
    return error == 0 ? success() : failure(what, error);
}

}  // namespace

Result<std::vector<Vmacs::Device>, SystemError> Vmacs::devices() {
    std::vector<Device> list;
    Message request = make_message(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{});
    put(request, IFLA_EXT_MASK, std::uint32_t{RTEXT_FILTER_SKIP_STATS});
    const int error = requests_.exchange(request, [&](nlmsghdr *message) {
        nlattr *attributes[IFLA_MAX + 1];
        const auto *link = header_of<ifinfomsg>(message);
        if (message->nlmsg_type != RTM_NEWLINK || link == nullptr ||
            nlmsg_parse(message, sizeof(ifinfomsg), attributes, IFLA_MAX,
                        nullptr) < 0 ||
            attributes[IFLA_IFNAME] == nullptr) {
            return;
        }
        const auto mark = vmac_mark(attributes[IFLA_IFALIAS]);
        const bool unfinished = is_unfinished(attributes[IFLA_GROUP]);
        if (!mark && !unfinished) {
            return;
        }
        Device &device = list.emplace_back();
        device.index = IfIndex{static_cast<std::uint32_t>(link->ifi_index)};
        device.unfinished = unfinished;
        device.mark = mark.value_or(VmacMark{});
        device.name = nla_get_string(attributes[IFLA_IFNAME]);
        if (attributes[IFLA_LINK] != nullptr) {
            device.base = IfIndex{nla_get_u32(attributes[IFLA_LINK])};
        }
    });
    if (error != 0 && error != EINTR) {
        return failure("reading links", error);
    }
    return list;
}

Status Vmacs::make(const engine::Interface &base, const vrrp::Config &router) {
    const auto all = devices();
    if (!all) {
        return Unexpected(all.error());
    }
    VmacMark mark{to_string(engine::RouterKey{router.interface, router.family,
                                              router.vrid}),
                  std::nullopt};
    if (const Device *device = find_first(*all, router.vmac, &Device::name);
        device && !device->unfinished && device->mark.router == mark.router) {
        return success();
    }
    if (router.family == Family::ipv4) {
        const auto arp = original_arp(base, *all);
        if (!arp) {
            return Unexpected(arp.error());
        }
        mark.arp = *arp;
    }
    const std::string what = format("making \"%s\" (macvlan) on \"%s\"",
                                    router.vmac.c_str(), base.name.c_str());
    if (const int error = requests_.exchange(build_make(base, router));
        error != 0) {
        return failure(what, error);
    }
    const Status completed = complete(base, router, mark);
    if (!completed) {
        Message undo = make_message(RTM_DELLINK, 0, ifinfomsg{});
        put_text(undo, IFLA_IFNAME, router.vmac.c_str());
        requests_.exchange(undo);
    }
    return completed;
}

Status Vmacs::complete(const engine::Interface &base,
                       const vrrp::Config &router, const VmacMark &mark) {
    int set = requests_.exchange(build_settings(router.vmac));
    if (set == 0) {
        set = requests_.exchange(build_ipv6_settings(router.vmac));
        set = set == EAFNOSUPPORT ? 0 : set;  // a kernel without IPv6
    }
    if (set != 0) {
        return failure("configuring \"" + router.vmac + "\"", set);
    }
    if (Status kept = keep_from_autoconf(router); !kept) {
        return kept;
    }
    const int marked = requests_.exchange(build_mark(router.vmac, mark));
    if (marked != 0) {
        return failure("marking \"" + router.vmac + "\"", marked);
    }
    if (mark.arp) {
        original_[base.index] = *mark.arp;
        const ArpSettings wanted{
            std::max(mark.arp->ignore, kNeeded.ignore),
            std::max(mark.arp->announce, kNeeded.announce)};
        const int error = set_arp(requests_, base.index, wanted);
        if (error != 0) {
            return failure(format("setting arp_ignore and arp_announce of "
                                  "\"%s\"",
                                  base.name.c_str()),
                           error);
        }
    }
    return done(requests_.exchange(build_group(router.vmac, 0)),
                "completing \"" + router.vmac + "\"");
}

// Another device has it already, or had it.
Result<ArpSettings, SystemError> Vmacs::original_arp(
    const engine::Interface &base, const std::vector<Device> &devices) {
    const Device *other = find_first(devices, [&](const Device &d) {
        return d.base == base.index && d.mark.arp;
    });
    if (other) {
        return *other->mark.arp;
    }
    const auto known = original_.find(base.index);
    return known != original_.end() ? known->second : read_arp(base.index);
}

Result<ArpSettings, SystemError> Vmacs::read_arp(IfIndex index) {
    const auto settings = read_ipv4_settings(requests_, index);
    if (!settings) {
        return Unexpected(settings.error());
    }
    return ArpSettings{(*settings)[IPV4_DEVCONF_ARP_IGNORE],
                       (*settings)[IPV4_DEVCONF_ARP_ANNOUNCE]};
}

Status Vmacs::set_up(const engine::Interface &device, bool up) {
    ifinfomsg header = header_of(device.index);
    header.ifi_flags = up ? IFF_UP : 0;
    header.ifi_change = IFF_UP;
    return done(
        requests_.exchange(make_message(RTM_SETLINK, 0, header)),
        format("setting \"%s\" %s", device.name.c_str(), up ? "up" : "down"));
}

// By its index and its mark: its name may belong to another device by now.
Status Vmacs::remove(const engine::Interface &device) {
    const auto all = devices();
    if (!all) {
        return Unexpected(all.error());
    }
    const Device *ours = find_first(*all, device.index, &Device::index);
    if (!ours || ours->mark.router != device.vmac_of) {
        return success();
    }
    // The settings of the base first: only the device has a record of them.
    requests_.exchange(build_group(ours->name, kUnfinished));
    const Status restored = restore_arp(*ours, *all);
    const int error = requests_.exchange(
        make_message(RTM_DELLINK, 0, header_of(device.index)));
    if (error != 0 && error != ENODEV) {
        return failure("removing \"" + device.name + "\"", error);
    }
    return restored;
}

// Values that another program has set meanwhile are not changed.
Status Vmacs::restore_arp(const Device &removed,
                          const std::vector<Device> &all) {
    const bool is_last = std::ranges::none_of(all, [&](const Device &d) {
        return d.base == removed.base && d.index != removed.index && d.mark.arp;
    });
    if (!removed.mark.arp || !is_last) {
        return success();
    }
    original_.erase(removed.base);
    const auto now = read_arp(removed.base);
    if (!now) {
        return success();  // there is no such interface any more
    }
    ArpSettings wanted = *now;
    if (wanted.ignore == kNeeded.ignore) {
        wanted.ignore = removed.mark.arp->ignore;
    }
    if (wanted.announce == kNeeded.announce) {
        wanted.announce = removed.mark.arp->announce;
    }
    return done(set_arp(requests_, removed.base, wanted),
                "restoring arp_ignore and arp_announce of its base");
}

}  // namespace ngx_vrrp::net
