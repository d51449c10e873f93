// The vrrp process as a whole: joins the engine with the machine (core/net) and
// with the shared memory of its nginx (core/status). It decides nothing about
// VRRP; it handles processes: start, replacement, end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/repeated_line.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/nginx_history.hpp"
#include "core/engine/ownership_memory.hpp"
#include "core/engine/shared_ownership.hpp"
#include "core/net/host.hpp"
#include "core/net/kept_file.hpp"
#include "core/net/router_names.hpp"
#include "core/node/bfd_sessions.hpp"
#include "core/node/check_results.hpp"
#include "core/node/control.hpp"
#include "core/node/nginx_workers.hpp"
#include "core/node/peer_links.hpp"
#include "core/node/process.hpp"
#include "core/node/publisher.hpp"
#include "core/os/retry.hpp"
#include "core/status/area.hpp"
#include "core/status/description.hpp"
#include "core/status/worker_area.hpp"
#include "core/transport/event_socket.hpp"

namespace ngx_vrrp::node {

// The reading of nginx's configuration that this process belongs to, and its
// time.
struct Generation {
    std::uint64_t number = 0;
    Instant configured_at{};
    // Of the previous process, if it has another area.
    std::optional<status::Area> previous;
    // Readable when a verdict changes, or an operator asks for something; -1:
    // never.
    int wake_fd = -1;
    int demand_fd = -1;                 // see CheckResults
    std::vector<check::Role> checkers;  // the processes that check
    int event_fd = -1;                  // to the notifier process; -1: none
    // Readable when another vrrp process of this node wants us to look; -1:
    // never.
    int ownership_wake_fd = -1;
    // The names by which another nginx of this machine finds us; one for each
    // router.
    std::vector<net::RouterNames::Name> names;
    net::BfdSockets::Descriptors bfd_fds{-1, -1, -1, -1};
    std::string bfd_holder;  // the program that had one of their ports
    std::vector<PeerLink> peer_links;
    int peer_fd = -1;      // of the file of remembered peers, the node's
    int history_fd = -1;   // of the file of NginxHistory, the node's
    peer::Details shared;  // upstreams and certificates
    // Nothing: connections end when their address moves.
    std::shared_ptr<engine::Drains> drains{};
    // The master can start this process again as root.
    bool begins_as_root = false;
    std::string disabled;  // why it takes no part in VRRP; empty: it does
};

// The shared memory of this nginx.
struct Areas {
    status::Area status;
    status::WorkerArea workers;
};

class Node final : public Process,
                   net::Sink,
                   engine::Processes,
                   engine::Shared,
                   engine::Events {
public:
    // watcher, sink, signing and the memories outlive the node.
    Node(std::vector<engine::RouterConfig> configs, Generation generation,
         status::NodeFacts facts, os::Watcher &watcher, LogSink &sink,
         engine::Signing &signing, const Areas &areas, void *ownership);
    ~Node() override;

    // Before anything else. A previous process that did not call mark_stopped()
    // is counted as a crash.
    Status open();

    // Joins the elections, as soon as the machine allows it. If that is
    // impossible for good (no permission), the node stays in FAULT, and the
    // error has the reason.
    Status start(int master_pid) override;

    // Hands over to the process that a reload has started, or stops while nginx
    // still answers requests.
    void quit() override;

    // Gives up the addresses at once.
    void terminate() override;

    void on_readable(int fd) override;
    void on_timer() override;
    void share() override;
    void mark_stopped() override;
    void give_up() override;

    std::optional<Instant> deadline() const override;
    [[gnu::hot]] bool finished() const override {
        return begins_again_ || engine_.finished();
    }

private:
    void packet_received(const engine::ReceivedPacket &packet) override;
    void interfaces_changed(const engine::Interfaces &interfaces) override;
    void process_ended(int pid) override;
    void neighbour_claimed(const engine::NeighbourClaim &claim) override;
    bool is_alive(int pid, Instant now) override;
    void wake() override;
    void lost_successor() override;
    std::optional<engine::OperatorRelease> released(
        const engine::RouterKey &key) override;
    bool set_released(
        const engine::RouterKey &key,
        const std::optional<engine::OperatorRelease> &release) override;
    void end_crash_time_out(Instant now) override;
    bool is_latched(const engine::RouterKey &key,
                    const std::string &tracker) override;
    bool set_latched(const engine::RouterKey &key, const std::string &tracker,
                     bool latched) override;
    void on_event(const engine::Event &event, const vrrp::Config &config,
                  Instant now) override;

    void mark_started(Instant now);
    void note_nginx_runs(Instant now);
    void note_nginx_ends();
    engine::NginxRuns exchange_nginx_runs(engine::NginxRuns state);
    void continue_nginx(Instant now);
    void remember_history(const engine::NginxHistory::Clock &clock);
    void hold_preemption(Instant now);
    void end_hold(Instant now);
    void prepare_drains(Instant now);
    void remove_left_drains(Instant now);
    void look_at_drains(Instant now);
    void disable();
    void stop(const std::string &reason, bool serving);
    Status watch_master();
    Status try_to_start(Instant now);
    Status take_part();
    void publish_peers();
    void confirm();
    void mark_quit();
    void read_time_of_day(Instant now);
    void follow_previous();
    void repeat_events(Instant now);
    void report_details(Instant now);
    void remember(const engine::StateChanged &change, const std::string &reason,
                  const vrrp::Config &config, Instant now);
    void leave_to_successor(Instant now);
    void listen_for_wakes(Instant now);
    void apply_bfd();
    void check_names(Instant now);
    void apply_names(Instant now);
    bool begin_again();
    void remove_old_vmacs(const engine::Interfaces &interfaces);

    os::Watcher &watcher_;
    Log log_;
    status::Area area_;
    Publisher publisher_;
    Control control_;
    net::Host host_;
    NginxWorkers workers_;
    CheckResults checks_;
    net::RouterNames names_;
    engine::SharedOwnership ownership_;
    transport::EventSender events_;
    BfdSessions bfd_;
    net::LinkSockets link_sockets_;
    net::KeptFile peer_file_;
    net::KeptFile history_file_;
    engine::NginxHistory history_;
    engine::OwnershipMemory ownership_memory_;
    PeerLinks peers_;
    std::shared_ptr<engine::Drains> drains_;
    engine::Engine engine_;
    status::NodeFacts facts_;
    Generation generation_;
    int master_pid_ = 0;
    os::Retry start_;
    RepeatedLine start_line_;
    std::optional<Instant> successor_by_;
    std::optional<Instant> held_until_;  // preemption
    std::optional<Instant> left_drains_at_;
    std::optional<Instant> look_at_drains_;
    RepeatedLine left_line_{Seconds{60}};
    Instant next_clock_read_{};
    Instant next_repeat_{};
    std::uint64_t followed_ = 0;  // transitions in the previous area
    bool listens_for_wakes_ = false;
    bool begins_again_ = false;
    bool has_started_ = false;
    bool nginx_ends_ = false;
    struct {
        int pid = 0;
        Instant at{};
        bool alive = false;
    } seen_;  // the process that we have looked for last
};

}  // namespace ngx_vrrp::node
