// A node: its kernel, its nginx, and the vrrp processes of it. Processes are
// real engines with the real memory that they share.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bfd/speaker.hpp"
#include "core/check/verdict.hpp"
#include "core/engine/bfd_ownership.hpp"
#include "core/engine/engine.hpp"
#include "core/engine/shared_ownership.hpp"
#include "core/node/peer_links.hpp"
#include "core/peer/remembered.hpp"
#include "tests/simulation/lan.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/traffic.hpp"
#include "tests/simulation/wires.hpp"

namespace ngx_vrrp::simulation {

class Machine;

// Of a vrrp process: as core/node/bfd_sessions.hpp, without sockets.
class BfdPart final : bfd::Output {
public:
    BfdPart(Machine &machine, engine::ProcessId self,
            engine::Processes &processes, LogSink &sink);

    void start(Instant now);
    void stop(Instant now);
    void give_up() { ownership_.give_up(); }
    void receive(const Frame &frame, Instant now);
    void handle_time(Instant now);
    std::optional<Instant> deadline() const;
    bool take_changed();
    bfd::Status status(Instant now) const;
    bool is_ours() const { return ours_; }
    const bfd::Session &session() const { return speaker_.sessions()[0]; }

private:
    void send(std::size_t session, Bytes payload) override;
    bool has_session(Instant now);
    void take_over(Instant now);
    void save();

    Machine &machine_;
    bfd::SessionConfig config_;
    engine::BfdOwnership ownership_;
    bfd::Speaker speaker_;
    bool started_ = false;
    bool stopped_ = false;
    bool ours_ = false;
    bool news_ = false;
    std::optional<Instant> poll_at_;
};

// Of a vrrp process: what it asks the kernel to do with packets.
class DrainPart final : public engine::Drains {
public:
    explicit DrainPart(Machine &machine);

    const std::string &why_unavailable() const override { return why_; }
    std::string why_not_hidden(const engine::Interface &) const override {
        return {};
    }
    bool look_at(const engine::Interface &) override { return false; }
    Status forward(const engine::Interface &interface,
                   const std::vector<IpAddress> &addresses,
                   const MacAddress &to, Duration lease) override;
    Status stop_forwarding(const engine::Interface &interface,
                           const std::vector<IpAddress> &addresses) override;
    Status hide(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses, const MacAddress &,
                Duration lease) override;
    Status show(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses) override;
    Status remove_left_behind(const engine::Interfaces &) override {
        return success();
    }
    engine::DrainCounts counts(const engine::Interface &,
                               const std::vector<IpAddress> &) const override {
        return {};
    }

private:
    Machine &machine_;
    std::string why_;
};

class Process final : engine::Transmit,
                      engine::Addresses,
                      engine::Workers,
                      engine::Shared,
                      engine::Results,
                      engine::Events,
                      engine::Neighbours,
                      engine::Connections,
                      engine::Signing,
                      engine::Vmacs,
                      engine::Routes,
                      engine::Processes,
                      LogSink {
public:
    Process(Machine &machine, int pid, Instant configured_at,
            unsigned generation);

    void start();
    void quit();  // SIGQUIT of nginx's master process
    void terminate();
    void master_died();

    void receive(const Frame &frame);
    void interfaces_changed();
    void checks_changed();
    void workers_changed();
    void woken();
    void links_readable();
    void handle_time();
    std::vector<engine::RouterOutcome> execute(
        engine::Command command, const engine::ReleaseTerms &terms);
    Instant wake_at() const { return wake_at_; }

    // SIGSTOP: frames wait, unless the machine as a whole does not run.
    void pause(bool frames_wait);
    void resume();
    bool is_paused() const { return paused_; }

    int pid() const { return pid_; }
    unsigned generation() const { return generation_; }
    Instant configured_at() const { return configured_at_; }
    const engine::Engine &engine() const { return engine_; }
    // Of a router, by its number in the plan.
    const engine::VirtualRouter &router(std::size_t number) const;
    bool has_ended() const { return stopping_ && engine_.finished(); }
    bool is_in_charge() const { return !paused_ && engine_.is_in_charge(); }
    const LinkSockets &sockets() const { return sockets_; }
    const BfdPart *bfd() const { return bfd_ ? &*bfd_ : nullptr; }
    void give_up_bfd() { bfd_ ? bfd_->give_up() : void(); }

private:
    void stop(const std::string &reason, bool serving);
    void deliver(const Frame &frame);
    void share();
    void plan_wake();

    Status listen(const engine::Interface &, const vrrp::Config &) override;
    void forget(std::string_view) override {}
    void send(std::span<const engine::OutgoingPacket> packets,
              std::vector<Status> &answers) override;
    Status send_frame(const engine::Interface &interface, Bytes frame) override;
    void forget_unanswered(const engine::Interface &) override {}
    void add(std::span<const engine::LeaseRequest> requests,
             std::vector<Status> &answers) override;
    Status remove(const engine::Interface &interface,
                  const vrrp::VirtualAddress &address) override;
    std::span<const engine::Heartbeat> heartbeats() override;
    std::optional<Instant> oldest_beat() override;
    void lost_successor() override;
    std::optional<engine::OperatorRelease> released(
        const engine::RouterKey &key) override;
    bool set_released(
        const engine::RouterKey &key,
        const std::optional<engine::OperatorRelease> &release) override;
    bool is_latched(const engine::RouterKey &, const std::string &) override {
        return false;
    }
    bool set_latched(const engine::RouterKey &, const std::string &,
                     bool) override {
        return true;
    }
    std::optional<check::Verdict> verdict(check::CheckId id) const override;
    std::optional<engine::CheckResult> result(check::CheckId id) const override;
    void demand(check::CheckId) override;
    std::optional<bfd::Status> bfd(std::size_t) const override;
    void on_event(const engine::Event &, const vrrp::Config &,
                  Instant) override {}
    Status watch_neighbours(const std::vector<IpAddress> &) override {
        return success();
    }
    Result<engine::Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &) override;
    Result<std::vector<unsigned>, SystemError> count_connections(
        const std::vector<IpAddress> &addresses) override;
    std::optional<Digest> hmac_sha256(Bytes, Bytes) override { return {}; }
    WallTime wall_clock() override { return {}; }
    Status make_vmac(const engine::Interface &, const vrrp::Config &) override {
        return success();
    }
    Status set_up(const engine::Interface &, bool) override {
        return success();
    }
    Status remove_vmac(const engine::Interface &) override { return success(); }
    Status add(const vrrp::Route &, const engine::Interfaces &,
               Seconds) override {
        return success();
    }
    Status add(const vrrp::Rule &) override { return success(); }
    Status prolong(const vrrp::Route &, const engine::Interfaces &,
                   Seconds) override {
        return success();
    }
    Status remove(const vrrp::Route &, const engine::Interfaces &) override {
        return success();
    }
    Status remove(const vrrp::Rule &) override { return success(); }
    bool is_alive(int pid, Instant now) override;
    void wake() override;
    void write(LogLevel level, std::string_view text) override;

    Machine &machine_;
    engine::Heartbeat heartbeat_;
    int pid_;
    Instant configured_at_;
    unsigned generation_;
    engine::SharedOwnership ownership_;
    std::optional<BfdPart> bfd_;
    LinkSockets sockets_;
    node::PeerLinks peers_;
    DrainPart drains_;
    engine::Engine engine_;
    Instant wake_at_ = Instant::max();
    std::optional<Instant> successor_by_;
    bool stopping_ = false;
    bool paused_ = false;
    bool frames_wait_ = false;
    std::deque<Frame> waiting_;
    bool interfaces_wait_ = false;
    bool checks_wait_ = false;
    std::vector<std::function<void()>> signals_;
};

struct Unmap {
    void operator()(void *memory) const;
};

using SharedMemory = std::unique_ptr<void, Unmap>;

// The file in /run.
class PeerStore final : public Store {
public:
    std::string read() override { return text_; }
    Status write(std::string_view text) override {
        text_ = text;
        return success();
    }

private:
    std::string text_;
};

class Machine {
public:
    Machine(Lan &lan, Wires &wires, Traffic &traffic, const Plan &plan,
            NodeNumber number);

    void power_on();
    void power_off();
    void start_nginx();
    void quit_nginx();
    void terminate_nginx();
    void reload();
    // The vrrp process gets SIGKILL; nginx starts another one.
    void crash();
    void kill_master();
    void pause(bool frames_wait);
    void resume();
    void execute(engine::Command command,
                 const engine::ReleaseTerms &terms = {});
    void set_check(bool passes);
    void set_workers(bool beat);
    // Another program removes a virtual address.
    void lose_address(std::size_t router);
    void carrier_changed();
    void links_readable();
    // The checker process gets SIGKILL; nginx starts another one.
    void crash_checker();

    void receive(const Frame &frame);
    Instant wake_at() const;
    void wake();

    bool is_powered() const { return powered_; }
    bool has_nginx() const { return master_; }
    bool is_paused() const;
    bool kernel_runs() const { return powered_ && !stands_still_; }
    // And takes no part in the election.
    bool is_released() const {
        return std::ranges::any_of(
            releases, [](const auto &one) { return !one.second.rescue; });
    }
    // The process that has all routers and runs; nullptr: none now.
    const Process *process() const;
    const std::vector<std::unique_ptr<Process>> &processes() const {
        return processes_;
    }
    bool holds(const vrrp::VirtualAddress &address) const;
    bool holds_all(std::size_t router) const;
    // Of a drain: at the interface "lo".
    bool holds_at_lo(const IpAddress &address) const;
    bool is_hidden(const IpAddress &address) const;
    Traffic::Kernel kernel(std::size_t network, const IpAddress &address) const;
    // Nothing of a drain is left.
    bool has_drained() const;
    bool expects_report() const { return report_pending_; }
    unsigned crashes() const { return crashes_; }

    // For its processes.
    void report_later();
    engine::Interfaces interfaces() const;
    void add(std::size_t network, const vrrp::VirtualAddress &address,
             Seconds lease);
    void remove(std::size_t network, const IpAddress &address);
    // The kernel does it until then.
    void forward(const IpAddress &address, const MacAddress &to, Instant until);
    void hide(const IpAddress &address, Instant until);
    void wake_owners();
    bool is_alive(int pid) const;
    // The checker process pings the witness.
    void ask_witness();
    MacAddress mac() const;

    Lan &lan;
    Wires &wires;
    Traffic &traffic;
    const Plan &plan;
    const NodeNumber number;
    SharedMemory memory;
    std::map<std::string, engine::OperatorRelease> releases;
    PeerStore remembered;
    peer::NodeId node_id = 0;
    unsigned generation = 0;
    unsigned confirmed = 0;
    unsigned quit = 0;  // generation of the process that got QUIT
    bool check_passes = true;
    engine::CheckResult witness;
    Instant witness_passed_at{};  // for the last time
    bool workers_beat = true;
    Instant workers_gone_at{};
    std::function<void()> changed;            // after each event
    std::function<void()> addresses_changed;  // of the kernel
    std::function<void(std::size_t network, const IpAddress &)> announced;

private:
    struct Forward {
        NodeNumber to;
        Instant until;
    };

    struct Held {
        std::size_t network;
        IpAddress address;
        std::uint8_t prefix_length;
        Instant until;
    };

    void start_process(Instant configured_at);
    void reap();
    void check_witness_at_rest(unsigned of);
    void on_ping(bool passed);
    void add_neighbours(engine::Interface &interface,
                        std::size_t network) const;
    engine::Interface loopback() const;
    bool answers_question(std::size_t network, const IpAddress &address) const;
    Instant next_lapse() const;
    void lapse();

    std::vector<Held> held_;
    std::map<IpAddress, Forward> forwards_;
    std::map<IpAddress, Instant> hidden_;
    std::vector<std::unique_ptr<Process>> processes_;
    bool powered_ = false;
    bool master_ = false;
    bool wants_nginx_ = false;
    bool frozen_ = false;
    bool stands_still_ = false;  // the kernel, too
    bool report_pending_ = false;
    bool has_checker_ = false;
    bool pings_ = false;       // now
    bool wants_ping_ = false;  // after that, or when it runs again
    unsigned failed_pings_ = 0;
    unsigned checkers_ = 0;  // until now
    int last_pid_ = 100;
    unsigned crashes_ = 0;
    unsigned life_ = 0;  // tasks of an earlier one are void
};

}  // namespace ngx_vrrp::simulation
