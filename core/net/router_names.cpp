#include "core/net/router_names.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ngx_vrrp::net {

namespace {

// How often this process tries again to get a name that another one holds.
constexpr Duration kCheckPeriod = Seconds{1};

// The length of the queue: one place for each process of each other nginx.
constexpr int kBacklog = 64;

struct Address {
    sockaddr_un name{};
    socklen_t size = 0;

    const sockaddr *get() const {
        return reinterpret_cast<const sockaddr *>(&name);
    }
};

// Without a zero octet at its end: the name of an abstract socket has a length.
Address address_of(const std::string &router) {
    const std::string text = "ngx_vrrp/" + router;
    Address address;
    address.name.sun_family = AF_UNIX;
    const std::size_t n =
        text.copy(address.name.sun_path + 1, sizeof(sockaddr_un::sun_path) - 1);
    address.size =
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + n);
    return address;
}

Address address_of(const engine::RouterKey &router) {
    return address_of(to_string(router));
}

os::Fd open_socket(int flags) {
    return os::Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | flags, 0));
}

engine::NameHolder peer_of(int fd) {
    engine::NameHolder holder;
    ucred peer{};
    socklen_t size = sizeof(peer);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) {
        holder.pid = peer.pid;
        holder.uid = peer.uid;
        holder.is_own_user = peer.uid == ::geteuid();
    }
    return holder;
}

bool is_listening(int fd) {
    int listens = 0;
    socklen_t size = sizeof(listens);
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
           listens != 0;
}

}  // namespace

os::Fd open_name_socket() {
    return open_socket(0);
}

bool has_name(int fd, const engine::RouterKey &router) {
    const Address wanted = address_of(router);
    Address is;
    is.size = sizeof(is.name);
    return ::getsockname(fd, reinterpret_cast<sockaddr *>(&is.name),
                         &is.size) == 0 &&
           is.size == wanted.size &&
           std::memcmp(&is.name, &wanted.name, is.size) == 0;
}

// A queue that is full also has a listener. Without a descriptor it may be.
bool is_name_taken(const std::string &router) {
    const Address address = address_of(router);
    const os::Fd fd = open_socket(SOCK_CLOEXEC);
    return !fd || ::connect(fd.get(), address.get(), address.size) == 0 ||
           errno != ECONNREFUSED;
}

Status take_name(int fd, const engine::RouterKey &router) {
    const Address address = address_of(router);
    if (!has_name(fd, router) && ::bind(fd, address.get(), address.size) != 0) {
        return failure("bind() of a name");
    }
    if (::listen(fd, kBacklog) != 0) {
        return failure("listen() on a name");
    }
    return success();
}

RouterNames::RouterNames(std::vector<Name> names, os::Watcher &watcher)
    : watcher_(watcher) {
    for (Name &name : names) {
        Entry &entry = entries_.emplace_back();
        entry.name = std::move(name);
        entry.ours = entry.name.fd == -1 ||
                     (has_name(entry.name.fd, entry.name.router) &&
                      is_listening(entry.name.fd));
    }
}

RouterNames::~RouterNames() {
    for (Entry &entry : entries_) {
        disconnect(entry);
    }
}

void RouterNames::check(Instant now) {
    for (Entry &entry : entries_) {
        check(entry);
    }
    schedule(now);
}

[[gnu::hot]] bool RouterNames::on_readable(int fd, Instant now) {
    if (!next_check_) {
        return false;  // all are ours; it is asked for each packet
    }
    const auto it = std::ranges::find_if(entries_, [&](const Entry &entry) {
        return entry.connection && entry.connection.get() == fd;
    });
    if (it == entries_.end()) {
        return false;
    }
    disconnect(*it);
    check(*it);
    schedule(now);
    return true;
}

// It may come free between the two questions.
void RouterNames::check(Entry &entry) {
    if (!take(entry) && !entry.connection && !ask(entry) && !take(entry)) {
        entry.holder = engine::NameHolder{};
    }
}

bool RouterNames::take(Entry &entry) {
    if (!entry.ours && take_name(entry.name.fd, entry.name.router)) {
        entry.ours = true;
        any_came_free_ =
            any_came_free_ || (entry.holder && entry.holder->may_be_nginx());
        entry.holder.reset();
        disconnect(entry);
    }
    return entry.ours;
}

// False: no process listens, or the queue is full, which an nginx's never is.
bool RouterNames::ask(Entry &entry) {
    const Address address = address_of(entry.name.router);
    os::Fd fd = open_socket(SOCK_CLOEXEC);
    if (!fd || ::connect(fd.get(), address.get(), address.size) != 0) {
        return false;
    }
    entry.holder = peer_of(fd.get());
    if (watcher_.watch(fd.get())) {
        entry.connection = std::move(fd);
    }
    return true;
}

void RouterNames::disconnect(Entry &entry) {
    if (entry.connection) {
        watcher_.unwatch(entry.connection.get());
        entry.connection.reset();
    }
}

void RouterNames::schedule(Instant now) {
    const bool all_ours = std::ranges::all_of(entries_, &Entry::ours);
    next_check_ = all_ours ? std::nullopt : std::optional{now + kCheckPeriod};
}

}  // namespace ngx_vrrp::net
