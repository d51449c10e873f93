// The BFD sessions of the vrrp process: joins them with sockets and with the
// memory from which the next vrrp process continues.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/bfd/speaker.hpp"
#include "core/bfd/status.hpp"
#include "core/engine/bfd_ownership.hpp"
#include "core/engine/virtual_router.hpp"
#include "core/net/bfd_sockets.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::node {

// Of all trackers, by their number.
std::vector<bfd::SessionConfig> sessions_of(
    const std::vector<engine::RouterConfig> &configs);

class BfdSessions final : public bfd::Statuses, bfd::Output {
public:
    struct Ports {
        net::BfdSockets::Descriptors descriptors;
        std::string holder{};  // the program that has one; empty: none known
    };

    // watcher, sink, processes and the memory outlive it.
    BfdSessions(std::vector<bfd::SessionConfig> configs, Ports ports,
                void *memory, engine::ProcessId self,
                engine::Processes &processes, os::Watcher &watcher,
                LogSink &sink);

    // The process takes part in VRRP: it takes the sessions, or waits for them.
    void start(Instant now);

    // The process ends. The peers are informed unless another one continues.
    void stop(Instant now);
    void give_up() { ownership_.give_up(); }

    bool on_readable(int fd, Instant now);
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;

    // A status is another one.
    bool take_changed() { return speaker_.take_changed() || take_news(); }

    bfd::Status status(std::size_t session) const override;

    // Of packets that this process has received; nullptr: no sessions.
    const bfd::Drops *drops() const {
        return configs_.empty() ? nullptr : &speaker_.drops();
    }

private:
    void send(std::size_t session, Bytes payload) override;

    bool take_news();
    bool has_sessions(Instant now);
    void take_over(Instant now);
    void lose(Instant now);
    void open(Instant now);
    Status open_all();
    void save();
    bool is_used(std::size_t which) const;

    std::string with_hint(const SystemError &error) const;

    std::vector<bfd::SessionConfig> configs_;
    std::string holder_;
    Log log_;
    engine::BfdOwnership ownership_;
    net::BfdSockets sockets_;
    bfd::Speaker speaker_;
    Duration poll_;
    bool started_ = false;
    bool stopped_ = false;
    bool ours_ = false;
    bool news_ = false;
    std::vector<std::uint16_t> ports_;  // of the previous process
    std::string trouble_;
    std::optional<Instant> retry_at_;
    std::optional<Instant> poll_at_;
    RepeatedLine trouble_line_{Seconds{60}};
    RepeatedLine send_line_{Seconds{60}};
    Instant now_{};
};

}  // namespace ngx_vrrp::node
