#include "core/peer/session.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/wire/hmac_trailer.hpp"

namespace ngx_vrrp::peer {

namespace {

constexpr std::string_view kOpenerLabel = "ngx_vrrp peer link, opener";
constexpr std::string_view kAcceptorLabel = "ngx_vrrp peer link, acceptor";

// The hellos are of the opener and of the acceptor, whole messages.
Buffer transcript(std::string_view label, Bytes opener, Bytes acceptor) {
    Buffer text(label.begin(), label.end());
    text.insert(text.end(), opener.begin(), opener.end());
    text.insert(text.end(), acceptor.begin(), acceptor.end());
    return text;
}

Bytes without_mac(Bytes message) {
    return message.first(message.size() - kMacSize);
}

}  // namespace

std::string_view to_string(End end) {
    constexpr std::array<std::string_view, 10> names{
        "it does not speak the protocol of a peer link",
        "it sends too many messages",
        "it did not complete the greeting in 3 s",
        "it has been silent for 4 s",
        "it has no secret, \"secret_file=\" must be the same on all nodes",
        "it has a secret, \"secret_file=\" must be the same on all nodes",
        "its secret is wrong, \"secret_file=\" must be the same on all nodes",
        "no HMAC is possible",
        "it is this node",
        "it closed the link"};
    return name_of(end, names);
}

Session::Session(Role role, const Identity &identity, const Nonce &nonce,
                 const Hmac &hmac, StatusList status, Instant now)
    : role_(role),
      identity_(identity),
      hmac_(hmac),
      ours_(std::move(status)),
      began_(now),
      heard_(now),
      sent_(now),
      second_(now) {
    Hello hello;
    hello.has_secret = !identity_.secret.empty();
    hello.node = identity_.node;
    hello.nonce = nonce;
    send(Type::hello, serialize(hello), now);
    hello_ = out_;
}

void Session::receive(Bytes octets, Instant now) {
    if (end_) {
        return;
    }
    in_.insert(in_.end(), octets.begin(), octets.end());
    std::size_t done = 0;
    while (!end_) {
        const Bytes rest = Bytes(in_).subspan(done);
        const auto length = message_length(rest);
        if (!length) {
            end(End::garbage);
        } else if (*length == 0) {
            break;
        } else {
            take(rest.first(*length), now);
            done += *length;
        }
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(done));
}

void Session::take(Bytes message, Instant now) {
    const Header header = parse_header(message);
    if (is_flood(now)) {
        end(End::flood);
        return;
    }
    if (state_ == State::greeting) {
        on_hello(message, now);
        return;
    }
    if (!is_authentic(message)) {
        end(End::wrong_secret);
        return;
    }
    // No number is used twice with one key.
    if (header.sequence != receive_sequence_++ || receive_sequence_ == 0) {
        end(End::garbage);
        return;
    }
    heard_ = now;
    const Bytes payload =
        (keyed_ ? without_mac(message) : message).subspan(kHeaderSize);
    if (header.type == Type::bye) {
        farewell_ = parse_bye(payload);
        end(End::bye);
    } else if (state_ == State::proving) {
        if (header.type == Type::about) {
            on_about(payload, now);
        } else {
            end(End::garbage);
        }
    } else if (header.type == Type::status) {
        on_status(payload);
    } else if (header.type == Type::order) {
        on_order(payload);
    } else if (header.type > Type::bye) {
        inbox_.push_back({header.type, {payload.begin(), payload.end()}});
    }
}

void Session::on_hello(Bytes message, Instant now) {
    const Header header = parse_header(message);
    const auto hello = parse_hello(message.subspan(kHeaderSize));
    if (header.type != Type::hello || header.sequence != 0 || !hello) {
        end(End::garbage);
        return;
    }
    theirs_ = *hello;
    receive_sequence_ = 1;
    const bool has_secret = !identity_.secret.empty();
    if (theirs_.node == identity_.node) {
        end(End::self);
    } else if (has_secret && !theirs_.has_secret) {
        end(End::no_secret);
    } else if (!has_secret && theirs_.has_secret) {
        end(End::secret_unknown);
    } else if (has_secret && !derive_keys(hello_, message)) {
        end(End::crypto);
    } else {
        keyed_ = has_secret;
        state_ = State::proving;
        heard_ = now;
        if (role_ == Role::opener) {
            send(Type::about, serialize(identity_.about), now);
        }
    }
}

bool Session::derive_keys(Bytes our_hello, Bytes their_hello) {
    const bool opener = role_ == Role::opener;
    const Bytes first = opener ? our_hello : their_hello;
    const Bytes second = opener ? their_hello : our_hello;
    const auto of_opener =
        hmac_(identity_.secret, transcript(kOpenerLabel, first, second));
    const auto of_acceptor =
        hmac_(identity_.secret, transcript(kAcceptorLabel, first, second));
    if (!of_opener || !of_acceptor) {
        return false;
    }
    send_key_ = opener ? *of_opener : *of_acceptor;
    receive_key_ = opener ? *of_acceptor : *of_opener;
    return true;
}

bool Session::is_authentic(Bytes message) const {
    if (!keyed_) {
        return true;
    }
    if (message.size() < kHeaderSize + kMacSize) {
        return false;
    }
    const auto mac = hmac_(receive_key_, without_mac(message));
    return mac && wire::equal_in_constant_time(*mac, message.last(kMacSize));
}

bool Session::is_flood(Instant now) {
    if (now - second_ >= Seconds{1}) {
        second_ = now;
        in_second_ = 0;
    }
    return ++in_second_ > kMostPerSecond;
}

void Session::on_about(Bytes payload, Instant now) {
    const auto about = parse_about(payload);
    if (!about) {
        end(End::garbage);
        return;
    }
    about_ = *about;
    state_ = State::up;
    news_ = true;
    if (role_ == Role::acceptor) {
        send(Type::about, serialize(identity_.about), now);
    }
    send(Type::status, serialize(ours_), now);
    if (!our_order_.empty()) {
        send_order(now);
    }
}

void Session::on_status(Bytes payload) {
    const auto status = parse_status(payload);
    if (!status) {
        end(End::garbage);
    } else if (*status != status_) {
        status_ = *status;
        news_ = true;
    }
}

void Session::set_status(const StatusList &status, Instant now) {
    if (end_ || status == ours_) {
        return;
    }
    ours_ = status;
    if (is_up()) {
        send(Type::status, serialize(ours_), now);
    }
}

void Session::on_order(Bytes payload) {
    const auto part = parse_order(payload);
    if (!part || order_parts_.size() + part->list.size() > kMostRouters) {
        end(End::garbage);
        return;
    }
    order_parts_.insert(order_parts_.end(), part->list.begin(),
                        part->list.end());
    if (!part->more) {
        news_ = news_ || order_ != order_parts_;
        order_ = std::exchange(order_parts_, {});
    }
}

void Session::set_order(const OrderList &order, Instant now) {
    if (end_ || order == our_order_) {
        return;
    }
    our_order_ = order;
    if (is_up()) {
        send_order(now);
    }
}

void Session::send_order(Instant now) {
    for (const OrderPart &part : split(our_order_)) {
        send(Type::order, serialize(part), now);
    }
}

bool Session::post(Type type, Bytes payload, Instant now) {
    if (end_ || !is_up() || payload.size() > kLargestPayload) {
        return false;
    }
    send(type, payload, now);
    return !end_;
}

// Without an authentic hello of the peer, there is no key: it sees the end of
// the connection only.
void Session::say_bye(Farewell reason, Instant now) {
    if (end_) {
        return;
    }
    if (has_greeted()) {
        send(Type::bye, serialize(reason), now);
    }
    farewell_ = reason;
    end(End::bye);
}

void Session::handle_time(Instant now) {
    if (end_) {
        return;
    }
    if (!is_up()) {
        if (now - began_ >= kGreetingTime) {
            end(End::slow);
        }
        return;
    }
    if (now - heard_ >= kSilence) {
        end(End::silent);
    } else if (now - sent_ >= kAliveInterval) {
        send(Type::alive, {}, now);
    }
}

std::optional<Instant> Session::deadline() const {
    if (end_) {
        return std::nullopt;
    }
    return is_up() ? std::min(heard_ + kSilence, sent_ + kAliveInterval)
                   : began_ + kGreetingTime;
}

void Session::send(Type type, Bytes payload, Instant now) {
    Buffer message =
        serialize({type, send_sequence_++}, payload, keyed_ ? kMacSize : 0);
    if (keyed_) {
        const auto mac = hmac_(send_key_, message);
        if (!mac) {
            end(End::crypto);
            return;
        }
        message.insert(message.end(), mac->begin(), mac->end());
    }
    out_.insert(out_.end(), message.begin(), message.end());
    sent_ = now;
}

void Session::end(End reason) {
    if (!end_) {
        end_ = reason;
    }
}

}  // namespace ngx_vrrp::peer
