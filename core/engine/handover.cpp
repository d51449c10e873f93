#include "core/engine/handover.hpp"

#include <charconv>

#include "core/base/log.hpp"

namespace ngx_vrrp::engine {

namespace {

constexpr std::string_view kFirstLine = "ngx_vrrp handover 1";

// Writing

void put(std::string &text, std::string_view key, std::string_view value) {
    text.append(key).append(" ").append(value).append("\n");
}

void put(std::string &text, std::string_view key, std::int64_t value) {
    put(text, key, std::to_string(value));
}

void put(std::string &text, std::string_view key,
         const std::optional<Instant> &value) {
    if (value) {
        put(text, key, to_ns(*value));
    }
}

void put_active(std::string &text, const vrrp::Checkpoint &checkpoint) {
    put(text, "advertised", checkpoint.advertised.value);
    put(text, "advertised_interval", checkpoint.advertised_interval.count());
    put(text, "advertised_at", to_ns(checkpoint.advertised_at));
    put(text, "advertise_at", to_ns(checkpoint.advertise_at));
    put(text, "renew_at", to_ns(checkpoint.renew_at));
    put(text, "announce_at", checkpoint.announce_at);
    put(text, "refresh_at", checkpoint.refresh_at);
}

void put_backup(std::string &text, const vrrp::Checkpoint &checkpoint) {
    put(text, "timer_started", to_ns(checkpoint.timer_started));
    put(text, "active_interval", checkpoint.active_interval.count());
    put(text, "fell_at", checkpoint.fell_at);
    put(text, "fallen", checkpoint.fallen);
    put(text, "preempt_at", checkpoint.preempt_at);
    if (checkpoint.leaver) {
        put(text, "leaver", checkpoint.leaver->to_string());
    }
    if (const auto &master = checkpoint.active_router) {
        put(text, "master_address", master->address.to_string());
        put(text, "master_priority", master->priority.value);
        put(text, "master_interval", master->interval.count());
        put(text, "master_heard_at", to_ns(master->heard_at));
    }
}

void put_state(std::string &text,
               const std::optional<vrrp::Checkpoint> &checkpoint) {
    if (!checkpoint) {
        put(text, "state", "none");
        return;
    }
    put(text, "link_up_at", checkpoint->link_up_at);
    if (checkpoint->active) {
        put(text, "state", "active");
        put_active(text, *checkpoint);
    } else {
        put(text, "state", "backup");
        put_backup(text, *checkpoint);
    }
}

void put_time_out(std::string &text, const TimeOut &out) {
    const Backoff &backoff = out.fault.backoff;
    put(text, "out",
        std::string{to_string(out.cause)} + " " +
            std::to_string(backoff.length.count()) + " " +
            std::to_string(to_ns(backoff.ends_at)) + " " + out.fault.text);
}

void put_held(std::string &text, const vrrp::VirtualAddress &address) {
    put(text, "held",
        format("%s/%u %s %s", address.address.to_string().c_str(),
               unsigned{address.prefix_length}, address.interface.c_str(),
               address.label.c_str()));
}

void put_sign(std::string &text, const SuspectedSign &suspected) {
    put(text, "sign",
        std::string{to_string(suspected.sign)} + " " +
            std::to_string(to_ns(suspected.since)) + " " + suspected.detail);
}

void put_counter(std::string &text, std::string_view name,
                 std::uint64_t value) {
    put(text, "counter", std::string{name} + " " + std::to_string(value));
}

// Reading

std::string_view take_until(std::string_view &text, char end) {
    const std::size_t at = text.find(end);
    const std::string_view head = text.substr(0, at);
    text.remove_prefix(at == text.npos ? text.size() : at + 1);
    return head;
}

template <class T>
T number(std::string_view text) {
    T value{};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Instant instant(std::string_view text) {
    return instant_from_ns(number<std::int64_t>(text));
}

Duration duration(std::string_view text) {
    return Duration{number<std::int64_t>(text)};
}

bool is_true(std::string_view text) {
    return number<int>(text) != 0;
}

Priority priority(std::string_view text) {
    return Priority{number<std::uint8_t>(text)};
}

bool read_active(vrrp::Checkpoint &checkpoint, std::string_view key,
                 std::string_view value) {
    if (key == "advertised") {
        checkpoint.advertised = priority(value);
    } else if (key == "advertised_interval") {
        checkpoint.advertised_interval = duration(value);
    } else if (key == "advertised_at") {
        checkpoint.advertised_at = instant(value);
    } else if (key == "advertise_at") {
        checkpoint.advertise_at = instant(value);
    } else if (key == "renew_at") {
        checkpoint.renew_at = instant(value);
    } else if (key == "announce_at") {
        checkpoint.announce_at = instant(value);
    } else if (key == "refresh_at") {
        checkpoint.refresh_at = instant(value);
    } else {
        return false;
    }
    return true;
}

vrrp::ActiveRouter &master(vrrp::Checkpoint &checkpoint) {
    if (!checkpoint.active_router) {
        checkpoint.active_router.emplace();
    }
    return *checkpoint.active_router;
}

bool read_backup(vrrp::Checkpoint &checkpoint, std::string_view key,
                 std::string_view value) {
    if (key == "timer_started") {
        checkpoint.timer_started = instant(value);
    } else if (key == "active_interval") {
        checkpoint.active_interval = duration(value);
    } else if (key == "fell_at") {
        checkpoint.fell_at = instant(value);
    } else if (key == "fallen") {
        checkpoint.fallen = is_true(value);
    } else if (key == "preempt_at") {
        checkpoint.preempt_at = instant(value);
    } else if (key == "link_up_at") {
        checkpoint.link_up_at = instant(value);
    } else if (key == "leaver") {
        checkpoint.leaver = IpAddress::parse(value);
    } else if (key == "master_address") {
        master(checkpoint).address =
            IpAddress::parse(value).value_or(IpAddress{});
    } else if (key == "master_priority") {
        master(checkpoint).priority = priority(value);
    } else if (key == "master_interval") {
        master(checkpoint).interval = duration(value);
    } else if (key == "master_heard_at") {
        master(checkpoint).heard_at = instant(value);
    } else {
        return false;
    }
    return true;
}

void read_held(Handover &handover, std::string_view value) {
    const auto address = IpAddress::parse(take_until(value, '/'));
    const auto length = number<std::uint8_t>(take_until(value, ' '));
    const std::string interface { take_until(value, ' ') };
    if (address) {
        handover.held.push_back(
            {*address, length, interface, std::string{value}});
    }
}

void read_counter(Counters &counters, std::string_view value) {
    const std::string_view name = take_until(value, ' ');
    for (const CounterName &entry : kCounterNames) {
        if (entry.name == name) {
            counters.*entry.counter = number<std::uint64_t>(value);
        }
    }
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        if (name == to_string(static_cast<wire::DropReason>(i))) {
            counters.dropped[i] = number<std::uint64_t>(value);
        }
    }
}

void read_time_out(Handover &handover, std::string_view value) {
    const auto cause = fault_cause(take_until(value, ' '));
    TimeOut out;
    out.fault.backoff.length = duration(take_until(value, ' '));
    out.fault.backoff.ends_at = instant(take_until(value, ' '));
    out.fault.text = value;
    if (cause) {
        out.cause = *cause;
        handover.time_outs.push_back(std::move(out));
    }
}

void read_sign(Handover &handover, std::string_view value) {
    const std::string_view name = take_until(value, ' ');
    const Instant since = instant(take_until(value, ' '));
    for (const SplitBrainSign sign : kSplitBrainSigns) {
        if (to_string(sign) == name) {
            handover.signs.push_back({sign, since, std::string{value}});
        }
    }
}

void read_rest(Handover &handover, std::string_view key,
               std::string_view value) {
    if (key == "since") {
        handover.last.at = instant(value);
    } else if (key == "reason") {
        handover.last.reason = value;
    } else if (key == "held") {
        read_held(handover, value);
    } else if (key == "failed") {
        handover.failed.emplace_back(value);
    } else if (key == "out") {
        read_time_out(handover, value);
    } else if (key == "released") {
        handover.released = is_true(value);
    } else if (key == "counter") {
        read_counter(handover.counters, value);
    } else if (key == "sign") {
        read_sign(handover, value);
    }
}

}  // namespace

std::string to_text(const Handover &handover) {
    std::string text{kFirstLine};
    text += '\n';
    put_state(text, handover.checkpoint);
    put(text, "since", to_ns(handover.last.at));
    put(text, "reason", handover.last.reason);
    for (const vrrp::VirtualAddress &address : handover.held) {
        put_held(text, address);
    }
    for (const std::string &title : handover.failed) {
        put(text, "failed", title);
    }
    for (const TimeOut &out : handover.time_outs) {
        put_time_out(text, out);
    }
    put(text, "released", handover.released);
    for (const SuspectedSign &suspected : handover.signs) {
        put_sign(text, suspected);
    }
    for (const CounterName &entry : kCounterNames) {
        put_counter(text, entry.name, handover.counters.*entry.counter);
    }
    for (std::size_t i = 0; i < wire::kDropReasons; ++i) {
        put_counter(text, to_string(static_cast<wire::DropReason>(i)),
                    handover.counters.dropped[i]);
    }
    return text;
}

std::optional<Handover> parse_handover(std::string_view text) {
    if (take_until(text, '\n') != kFirstLine) {
        return std::nullopt;
    }
    Handover handover;
    vrrp::Checkpoint checkpoint;
    std::string_view state;
    while (!text.empty()) {
        std::string_view value = take_until(text, '\n');
        const std::string_view key = take_until(value, ' ');
        if (key == "state") {
            state = value;
        } else if (!read_active(checkpoint, key, value) &&
                   !read_backup(checkpoint, key, value)) {
            read_rest(handover, key, value);
        }
    }

    if (state != "none") {
        checkpoint.active = state == "active";
        handover.checkpoint = checkpoint;
    }
    return handover;
}

}  // namespace ngx_vrrp::engine
