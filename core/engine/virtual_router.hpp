// One virtual router on this machine: the state machine (vrrp::Instance), the
// facts it rests on, and the hands that perform its actions in their order.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/time.hpp"
#include "core/engine/counters.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/faults.hpp"
#include "core/engine/handover.hpp"
#include "core/engine/ports.hpp"
#include "core/engine/rate_limit.hpp"
#include "core/health/worker_watch.hpp"
#include "core/vrrp/instance.hpp"

namespace ngx_vrrp::engine {

// A virtual address, and whether the kernel has it.
struct AddressState {
    vrrp::VirtualAddress address;
    bool present = false;
};

class VirtualRouter {
public:
    VirtualRouter(vrrp::Config config, Ports ports, LogSink &sink);

    // Opens the sockets. The router is claimed when the workers are there, or
    // when they have not come within their timeout (that is a fault); the
    // owner joins the election, or goes on where the owner before it was.
    // interfaces outlives the router; set_interfaces() says that it changed.
    void start(const Interfaces &interfaces, Instant now);

    // We own the router now; handover is empty when nobody passed it on.
    void claim_granted(const std::string &handover, Instant now);

    // A process with a newer configuration asks for it.
    void hand_over(Instant now);

    // Instead of start: FAULT for this reason, for ever.
    void stand_aside(const std::string &reason, Instant now);

    // serving: nginx still answers, so the addresses may wait for the heir.
    void stop(const std::string &reason, bool serving, Instant now);

    void set_interfaces(Instant now);
    void set_workers(const health::WorkerVerdict &verdict, Instant now);
    void handle_packet(const ReceivedPacket &packet, Instant now);
    void handle_time(Instant now);

    std::optional<Instant> deadline() const { return instance_.deadline(); }
    bool finished() const;

    // We own it and take part in the election.
    bool has_joined() const { return phase_ == Phase::joined; }
    bool has_claimed() const { return phase_ != Phase::starting; }
    RouterKey key() const;

    const vrrp::Config &config() const { return instance_.config(); }
    const vrrp::Instance &instance() const { return instance_; }
    const std::vector<AddressState> &addresses() const { return addresses_; }
    const LastTransition &last_transition() const { return last_; }
    const Counters &counters() const { return counters_; }
    const Faults &faults() const { return faults_; }
    const IpAddress &source() const { return source_; }

private:
    enum class Phase : std::uint8_t { starting, claiming, joined };

    void input(const vrrp::Input &input, Instant now);
    void perform(const vrrp::Actions &actions, Instant now);
    void claim(Instant now);
    void resume(const Handover &handover, Instant now);
    std::optional<Handover> heritage(Instant now) const;
    void remove_unconfigured(const Handover &handover);
    bool is_marked(const AddressState &state) const;
    void add_missing(Instant now);
    void remove_leftovers();
    bool remove(const vrrp::VirtualAddress &address);
    void set_fault(FaultCause cause, std::string text, Instant now);

    void act(const vrrp::SendAdvert &action, Instant now);
    void act(const vrrp::AddAddresses &action, Instant now);
    void act(const vrrp::RenewAddresses &action, Instant now);
    void act(const vrrp::RemoveAddresses &action, Instant now);
    void act(const vrrp::AnnounceAddresses &action, Instant now);
    void act(const vrrp::AnnounceSource &action, Instant now);
    void act(const vrrp::ReportTransition &action, Instant now);
    void act(const vrrp::ReportMismatch &action, Instant now);

    void look_for_addresses();
    std::string interface_fault() const;
    std::string open_socket();
    std::string choose_source(Instant now);
    void tell_interface_faults(Instant now);
    void restore_removed(Instant now);
    bool is_virtual(const IpAddress &address) const;

    const Interface *own_interface() const;
    const Interface *interface_of(const vrrp::VirtualAddress &address) const;
    void hold_addresses(Instant now);
    void hold(AddressState &address, Instant now);
    void announce(const Interface &interface, const IpAddress &address,
                  Instant now);
    void send_to(const IpAddress &destination,
                 const wire::Advertisement &advert, Instant now);
    void report_send_error(const SystemError &error, Instant now);
    void report_drop(wire::DropReason reason, const ReceivedPacket &packet,
                     Instant now);

    Ports ports_;
    Log log_;
    vrrp::Instance instance_;
    Seconds lease_;

    const Interfaces *interfaces_ = nullptr;
    std::vector<AddressState> addresses_;
    IpAddress source_;
    Faults faults_;
    Instant claim_by_{};  // workers or not
    Phase phase_ = Phase::starting;
    bool waited_ = false;  // another process of this node owned the router
    bool stopped_ = false;

    LastTransition last_;
    Counters counters_;
    std::array<RateLimit, wire::kDropReasons> drop_limits_;
    RateLimit mismatch_limit_;
    RateLimit send_limit_;
    RateLimit address_limit_;
};

}  // namespace ngx_vrrp::engine
