// One random configuration with random faults, after which everything must
// settle; then one more event, with a strict bound.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/bfd/speaker.hpp"
#include "tests/simulation/lan.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/traffic.hpp"
#include "tests/simulation/watch.hpp"

namespace ngx_vrrp::simulation {

// The other side of the BFD sessions.
class Gateway final : bfd::Output, LogSink {
public:
    Gateway(Lan &lan, const Plan &plan);

    void restart();
    void receive(const Frame &frame);
    void handle_time();
    Instant wake_at() const { return wake_at_; }
    bool is_up(NodeNumber node) const;

private:
    void send(std::size_t session, Bytes payload) override;
    void write(LogLevel, std::string_view) override {}
    void plan_wake();

    Lan &lan_;
    const Plan &plan_;
    std::optional<bfd::Speaker> speaker_;
    Instant wake_at_ = Instant::max();
};

class Schedule {
public:
    Schedule(std::uint32_t seed, Extras extras, bool verbose);

    // What went wrong; nothing: all was right.
    std::optional<std::string> run();

    std::string describe() const { return plan_.describe(); }
    unsigned named_takeovers() const { return lan_.named; }
    unsigned forwarded_segments() const { return traffic_.forwarded(); }

private:
    enum class Finale : std::uint8_t {
        reload,
        crash,
        pause,
        power_cut,
        quit,
        release,
        tracker,
        carrier,
        link_reset,
        link_cut,
        adverts_lost
    };

    // While adverts are lost. The first ones change nothing.
    enum class Then : std::uint8_t {
        reload,
        crash,
        link_reset,
        heal,
        power_cut,
        quit,
        link_cut
    };

    // The nodes are cut off from each other, and perhaps from the witness.
    enum class CutOff : std::uint8_t {
        one_reaches,  // the witness; the others do not
        none_reaches,
        no_witness,   // a MASTER's machine dies while the witness is dead
        witness_last  // it dies after all other nodes
    };

    void connect();
    void connect_traffic();
    void begin();
    void open_connections();
    void trouble();
    void disturb_network();
    void disturb_links(std::size_t network, NodeNumber a, NodeNumber b);
    void lose_adverts(std::size_t network, NodeNumber of, NodeNumber to);
    void disturb_process(Machine &machine);
    void disturb_nginx(Machine &machine);
    void command(Machine &machine);
    void disturb_witness(Machine &machine);
    void quieten();
    void wait_for_ends();
    void expect_owner();
    void expect_settled();
    void expect_order(std::size_t router, NodeNumber owner);
    void expect_clients(std::size_t router, NodeNumber owner);
    void expect_bfd();
    void expect_drained();
    void expect_uncut(unsigned before);
    void preempt_again(Machine &machine);
    void expect_no_change();
    void finale();
    void break_links(Finale finale);
    void move_nothing(Finale finale, Machine &machine);
    void stay_unheard(NodeNumber owner);
    bool is_linked(NodeNumber owner) const;
    bool lose_adverts_of(NodeNumber owner);
    void expect_reports(NodeNumber owner);
    void disturb_unheard(Then then, Machine &machine);
    void end_unheard(Then then, NodeNumber owner, bool everywhere);
    void leave_alone(NodeNumber owner, bool everywhere);
    void expect_sole(NodeNumber owner, const char *after);
    void cut_off(NodeNumber owner);
    void cut_all_links();
    void leave_one(NodeNumber owner);
    void leave_none(NodeNumber owner);
    void lose_master_and_witness(NodeNumber owner);
    void lose_others_and_witness(NodeNumber owner);
    void expect_active(std::optional<NodeNumber> node, const char *when);
    bool all_are_eligible() const;
    Duration answer_lifetime() const;
    void move_away(Finale finale, NodeNumber owner);
    bool names_one(Finale finale, NodeNumber owner) const;
    bool cuts_nothing() const;

    bool is_eligible(NodeNumber node, std::size_t router) const;
    bool has_other(NodeNumber node) const;
    std::uint64_t transitions(std::optional<NodeNumber> except) const;
    Duration settling_time() const;
    void run_for(Duration duration) { lan_.run_until(lan_.now() + duration); }
    bool failed() const { return watch_->failure().has_value(); }
    Machine &any_machine();

    Dice dice_;
    Plan plan_;
    Lan lan_;
    Wires wires_;
    Traffic traffic_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::optional<Watch> watch_;
    Gateway gateway_;
    unsigned removals_ = 0;
};

}  // namespace ngx_vrrp::simulation
