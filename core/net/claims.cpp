#include "core/net/claims.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>

namespace ngx_vrrp::net {

namespace {

constexpr std::size_t kLongestMessage = std::size_t{64} * 1024;
constexpr std::string_view kHeir = "heir ";
constexpr std::string_view kGrant = "grant\n";
constexpr int kBacklog = 16;

// The owner may end between our bind() and our connect(), and we between its
// end and another's bind(): then it is our turn again, a few times at most.
constexpr int kAttempts = 8;
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 200'000};

struct Name {
    sockaddr_un address{};
    socklen_t length = 0;
};

Name name_of(const engine::RouterKey &key) {
    Name name;
    const std::string text = "ngx_vrrp/" + to_string(key);
    name.address.sun_family = AF_UNIX;
    // A first octet of zero makes the name abstract.
    std::memcpy(name.address.sun_path + 1, text.data(), text.size());
    name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                         text.size());
    return name;
}

Fd open_socket() {
    return Fd(
        ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Abstract names have no permissions: whoever is neither root nor our user
// must neither get a router nor keep one from us.
bool is_trusted(int fd) {
    ucred peer{};
    socklen_t length = sizeof(peer);
    return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
           (peer.uid == 0 || peer.uid == ::geteuid());
}

bool send_message(int fd, std::string_view text, int passed = -1) {
    iovec part{const_cast<char *>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;

    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
    if (passed >= 0) {
        message.msg_control = control;
        message.msg_controllen = sizeof(control);
        cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &passed, sizeof(int));
    }
    return ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(text.size());
}

struct Message {
    enum class Kind { text, nothing_yet, end } kind = Kind::end;
    std::string text;
    Fd passed;
};

Message receive_message(int fd) {
    Message result;
    result.text.resize(kLongestMessage);
    iovec part{result.text.data(), result.text.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);

    const ssize_t n = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        result.kind = Message::Kind::nothing_yet;
    }
    if (n <= 0) {
        return result;
    }
    result.kind = Message::Kind::text;
    result.text.resize(static_cast<std::size_t>(n));

    const cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
        int passed = -1;
        std::memcpy(&passed, CMSG_DATA(header), sizeof(int));
        result.passed = Fd(passed);
    }
    return result;
}

bool is_grant(const Message &message) {
    return message.kind == Message::Kind::text && message.passed &&
           message.text.starts_with(kGrant);
}

}  // namespace

Claims::Claims(Watcher &watcher, ClaimSink &sink, LogSink &log,
               Instant configured_at)
    : watcher_(watcher),
      sink_(sink),
      log_(log),
      configured_at_(configured_at) {}

Claims::~Claims() {
    while (!claims_.empty()) {
        drop(claims_.back()->key);
    }
}

Claims::Claim *Claims::find(const engine::RouterKey &key) const {
    const auto it = std::find_if(claims_.begin(), claims_.end(),
                                 [&](const auto &c) { return c->key == key; });
    return it == claims_.end() ? nullptr : it->get();
}

bool Claims::claim(const engine::RouterKey &key) {
    if (Claim *known = find(key)) {
        return static_cast<bool>(known->listening);
    }
    claims_.push_back(std::make_unique<Claim>());
    claims_.back()->key = key;
    return take(*claims_.back());
}

// True: we own it. Without a name to be had or an owner to wait for, the
// router is ours too: a lock that cannot be used must not cost the address.
bool Claims::take(Claim &claim) {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (bind_name(claim)) {
            return true;
        }
        if (errno == EADDRINUSE && wait_for_owner(claim)) {
            return false;
        }
        ::nanosleep(&kPause, nullptr);
    }
    log_(LogLevel::warn,
         "cannot claim virtual router %s among the processes of this node: "
         "%s, going on without",
         to_string(claim.key).c_str(), std::strerror(errno));
    return true;
}

bool Claims::bind_name(Claim &claim) {
    const Name name = name_of(claim.key);
    Fd fd = open_socket();
    if (!fd ||
        ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&name.address),
               name.length) != 0 ||
        ::listen(fd.get(), kBacklog) != 0) {
        return false;
    }
    own(claim, std::move(fd));
    return true;
}

bool Claims::wait_for_owner(Claim &claim) {
    const Name name = name_of(claim.key);
    Fd fd = open_socket();
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr *>(&name.address),
                  name.length) != 0) {
        return false;
    }
    if (!is_trusted(fd.get())) {
        errno = EPERM;
        return false;
    }
    if (!send_message(fd.get(), std::string{kHeir} +
                                    std::to_string(to_ns(configured_at_))) ||
        !watcher_.watch(fd.get())) {
        return false;
    }
    claim.waiting = std::move(fd);
    return true;
}

void Claims::own(Claim &claim, Fd listening) {
    if (!watcher_.watch(listening.get())) {
        log_(LogLevel::warn,
             "nobody can ask for virtual router %s: the "
             "event loop is full",
             to_string(claim.key).c_str());
    }
    claim.listening = std::move(listening);
}

bool Claims::has_heir(const engine::RouterKey &key) const {
    const Claim *claim = find(key);
    return claim && std::any_of(claim->heirs.begin(), claim->heirs.end(),
                                [](const Heir &h) {
                                    return h.configured_at.has_value();
                                });
}

bool Claims::pass_on(const engine::RouterKey &key,
                     const std::string &handover) {
    Claim *claim = find(key);
    if (!claim || !claim->listening) {
        return false;
    }
    std::sort(claim->heirs.begin(), claim->heirs.end(),
              [](const Heir &a, const Heir &b) {
                  return a.configured_at > b.configured_at;
              });
    for (const Heir &heir : claim->heirs) {
        if (heir.configured_at &&
            send_message(heir.fd.get(), std::string{kGrant} + handover,
                         claim->listening.get())) {
            drop(key);
            return true;
        }
    }
    return false;
}

// After shutdown() nothing more can be passed on to us, and the owner knows
// that; what was passed on before is still there to be read.
std::optional<std::string> Claims::withdraw(const engine::RouterKey &key) {
    Claim *claim = find(key);
    if (!claim || !claim->waiting) {
        drop(key);
        return std::nullopt;
    }
    ::shutdown(claim->waiting.get(), SHUT_RD);
    Message message = receive_message(claim->waiting.get());
    close(claim->waiting);
    if (!is_grant(message)) {
        drop(key);
        return std::nullopt;
    }
    own(*claim, std::move(message.passed));
    return message.text.substr(kGrant.size());
}

void Claims::drop(const engine::RouterKey &key) {
    const auto it = std::find_if(claims_.begin(), claims_.end(),
                                 [&](const auto &c) { return c->key == key; });
    if (it == claims_.end()) {
        return;
    }
    close((*it)->listening);
    close((*it)->waiting);
    for (Heir &heir : (*it)->heirs) {
        close(heir.fd);
    }
    claims_.erase(it);
}

void Claims::close(Fd &fd) {
    if (fd) {
        watcher_.unwatch(fd.get());
        fd.reset();
    }
}

bool Claims::on_readable(int fd) {
    for (const auto &claim : claims_) {
        if (claim->listening.get() == fd) {
            accept_heir(*claim);
            return true;
        }
        if (claim->waiting.get() == fd) {
            read_owner(*claim);
            return true;
        }
        for (Heir &heir : claim->heirs) {
            if (heir.fd.get() == fd) {
                read_heir(*claim, heir);
                return true;
            }
        }
    }
    return false;
}

void Claims::accept_heir(Claim &claim) {
    Fd fd(::accept4(claim.listening.get(), nullptr, nullptr,
                    SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd && is_trusted(fd.get()) && watcher_.watch(fd.get())) {
        claim.heirs.push_back({std::move(fd), std::nullopt});
    }
}

void Claims::read_heir(Claim &claim, Heir &heir) {
    const Message message = receive_message(heir.fd.get());
    if (message.kind == Message::Kind::nothing_yet) {
        return;
    }
    if (message.kind == Message::Kind::end ||
        !message.text.starts_with(kHeir)) {
        close(heir.fd);
        std::erase_if(claim.heirs, [](const Heir &h) { return !h.fd; });
        return;
    }

    std::int64_t ns = 0;
    std::from_chars(message.text.data() + kHeir.size(),
                    message.text.data() + message.text.size(), ns);
    heir.configured_at = instant_from_ns(ns);
    if (*heir.configured_at > configured_at_) {
        const engine::RouterKey key = claim.key;
        sink_.claim_wanted(key);
    }
}

// The owner's word, or its end: then whoever is first at the name is next.
void Claims::read_owner(Claim &claim) {
    Message message = receive_message(claim.waiting.get());
    if (message.kind == Message::Kind::nothing_yet) {
        return;
    }
    close(claim.waiting);

    const engine::RouterKey key = claim.key;
    if (is_grant(message)) {
        own(claim, std::move(message.passed));
        sink_.claim_granted(key, message.text.substr(kGrant.size()));
        return;
    }
    if (take(claim)) {
        sink_.claim_granted(key, {});
    }
}

}  // namespace ngx_vrrp::net
