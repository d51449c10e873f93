#include "tests/simulation/schedule.hpp"

#include <algorithm>
#include <utility>

#include "core/base/log.hpp"
#include "core/vrrp/timing.hpp"

namespace ngx_vrrp::simulation {

namespace {

constexpr Duration kGatewayJitter = std::chrono::microseconds{300};

// Forks, reports and wake-ups of some processes, one after the other.
constexpr Duration kMargin = Milliseconds{60};

// Delays and jitter of the simulation, several times.
constexpr Duration kReaction = Milliseconds{10};

// More than a refresh of the announcements.
constexpr Duration kRefresh = Milliseconds{1500};

// An address that is removed six times in a minute is not added again.
constexpr unsigned kMostRemovals = 4;

// A process that is late by no more still renews its leases in time.
constexpr Duration kShortPause = Milliseconds{450};
constexpr Duration kShortPauseOfBfd = Milliseconds{150};

// A MASTER that is cut off notices it: a link has been silent for 4 s, the
// links are looked at once a second, and a witness that has not answered yet
// fails three times, one question a second.
constexpr Duration kGivesUp = Milliseconds{8000};

// The same, if the witness has answered since the links were lost: 30 times.
constexpr Duration kStays = Seconds{25};
constexpr Duration kGivesUpLate = Seconds{32};

// A question for the witness while it does not answer, and a ping.
constexpr Duration kAsksAgain = Milliseconds{1250};

constexpr Duration kLongestConnection = Seconds{4};

// A node that quits waits for the answer of its successor, which is dead, and
// then for its advertisement, or for its own connections. Then nginx starts.
constexpr Duration kQuits = Seconds{2} + kLongestConnection;

// The last connection has ended, and a node without its successor has noticed
// that; what a dead process has left ends with its lease.
constexpr Duration kDrained = kLongestConnection + Seconds{13};

}  // namespace

// Gateway

Gateway::Gateway(Lan &lan, const Plan &plan) : lan_(lan), plan_(plan) {}

void Gateway::restart() {
    std::vector<bfd::SessionConfig> sessions;
    for (const NodePlan &node : plan_.nodes) {
        bfd::SessionConfig config = plan_.session;
        config.peer = node.ipv4[0];
        sessions.push_back(config);
    }
    const std::size_t count = sessions.size();
    bfd::Output &output = *this;
    LogSink &log = *this;
    speaker_.emplace(std::move(sessions), lan_.dice().below(1'000'000), output,
                     log);
    for (std::size_t i = 0; i < count; ++i) {
        speaker_->start(i, lan_.now());
    }
    plan_wake();
}

void Gateway::receive(const Frame &frame) {
    if (speaker_ && frame.kind == Frame::Kind::bfd) {
        speaker_->receive({.source = frame.ends.source,
                           .destination = frame.ends.destination,
                           .interface = interface_of(frame.network),
                           .ttl = frame.ttl,
                           .multihop = false,
                           .payload = frame.payload},
                          lan_.now());
        plan_wake();
    }
}

void Gateway::handle_time() {
    speaker_->handle_time(lan_.now());
    plan_wake();
}

bool Gateway::is_up(NodeNumber node) const {
    return speaker_->sessions()[node].variables().state == bfd::State::up;
}

void Gateway::send(std::size_t session, Bytes payload) {
    Frame frame;
    frame.kind = Frame::Kind::bfd;
    frame.from = plan_.nodes.size();
    frame.ends = {gateway_address(), plan_.nodes[session].ipv4[0]};
    frame.payload.assign(payload.begin(), payload.end());
    lan_.send_to(session, std::make_shared<const Frame>(std::move(frame)));
}

void Gateway::plan_wake() {
    const auto due = speaker_->deadline();
    wake_at_ =
        due ? std::max(*due, lan_.now()) + lan_.dice().up_to(kGatewayJitter)
            : Instant::max();
}

// Schedule

Schedule::Schedule(std::uint32_t seed, Extras extras, bool verbose)
    : dice_(seed),
      plan_(Plan::random(dice_, extras)),
      lan_(plan_, dice_),
      wires_(lan_, plan_),
      traffic_(lan_),
      gateway_(lan_, plan_) {
    lan_.verbose = verbose;
    for (NodeNumber node = 0; node < plan_.nodes.size(); ++node) {
        machines_.push_back(
            std::make_unique<Machine>(lan_, wires_, traffic_, plan_, node));
    }
    watch_.emplace(lan_, wires_, plan_, machines_);
    connect();
    connect_traffic();
}

// Clients send all the time: after each event.
void Schedule::connect_traffic() {
    traffic_.kernel = [this](NodeNumber node, std::size_t network,
                             const IpAddress &address) {
        return machines_[node]->kernel(network, address);
    };
    traffic_.owner = [this](std::size_t network, const IpAddress &address) {
        return watch_->believed(network, address);
    };
}

void Schedule::connect() {
    for (NodeNumber node = 0; node < machines_.size(); ++node) {
        machines_[node]->changed = [this, node] {
            watch_->look(node);
            traffic_.send();
        };
        machines_[node]->addresses_changed = [this] {
            watch_->addresses_changed();
        };
        machines_[node]->announced = [this, node](std::size_t network,
                                                  const IpAddress &address) {
            watch_->announced(node, network, address);
        };
    }
    wires_.is_running = [this](NodeNumber node) {
        return machines_[node]->kernel_runs();
    };
    wires_.readable = [this](NodeNumber node) {
        machines_[node]->links_readable();
    };
    lan_.deliver = [this](NodeNumber to, const Frame &frame) {
        if (to == machines_.size()) {
            gateway_.receive(frame);
        } else {
            machines_[to]->receive(frame);
        }
    };
    lan_.next_wake = [this] {
        Instant first = gateway_.wake_at();
        for (const auto &machine : machines_) {
            first = std::min(first, machine->wake_at());
        }
        return first;
    };
    lan_.wake = [this] {
        if (gateway_.wake_at() <= lan_.now()) {
            gateway_.handle_time();
        }
        for (const auto &machine : machines_) {
            if (machine->wake_at() <= lan_.now()) {
                machine->wake();
            }
        }
    };
}

std::optional<std::string> Schedule::run() {
    begin();
    for (unsigned rounds = 1 + dice_.below(2); rounds > 0 && !failed();
         --rounds) {
        trouble();
        quieten();
        run_for(plan_.longest_delay() + plan_.takeover() + kMargin +
                (plan_.has_drains ? kQuits : Duration::zero()));
        expect_owner();
        wait_for_ends();
        run_for(settling_time());
        expect_settled();
        if (plan_.has_drains && !failed()) {
            run_for(kDrained);
            expect_drained();
        }
        if (!failed()) {
            expect_no_change();
        }
        if (!failed()) {
            finale();
        }
    }
    return watch_->failure();
}

Machine &Schedule::any_machine() {
    return *machines_[dice_.below(static_cast<unsigned>(machines_.size()))];
}

Duration Schedule::settling_time() const {
    const vrrp::Config &config = plan_.routers.front();
    return config.preempt_delay + 2 * plan_.takeover() + kRefresh;
}

void Schedule::begin() {
    if (plan_.has_bfd) {
        gateway_.restart();
    }
    for (const auto &machine : machines_) {
        machine->power_on();
        if (dice_.one_in(2)) {
            run_for(dice_.up_to(2 * plan_.takeover()));
        }
    }
}

// Faults

void Schedule::trouble() {
    for (unsigned i = 1 + dice_.below(8); i > 0 && !failed(); --i) {
        open_connections();
        Machine &machine = any_machine();
        switch (dice_.below(plan_.has_witness ? 5 : 4)) {
            case 0:
                disturb_network();
                break;
            case 4:
                disturb_witness(machine);
                break;
            case 1:
                disturb_process(machine);
                break;
            case 2:
                disturb_nginx(machine);
                break;
            default:
                command(machine);
        }
        run_for(
            dice_.up_to((dice_.one_in(2) ? 6 : 1) * plan_.slowest_interval()));
    }
}

void Schedule::open_connections() {
    for (std::size_t i = 0; plan_.has_drains && i < plan_.routers.size(); ++i) {
        for (const vrrp::VirtualAddress &to : plan_.routers[i].addresses) {
            const auto node = watch_->believed(plan_.networks[i], to.address);
            if (plan_.is_drained(to) && node && machines_[*node]->holds(to) &&
                machines_[*node]->has_nginx() && !dice_.one_in(4)) {
                traffic_.open(*node, plan_.networks[i], to.address,
                              dice_.up_to(kLongestConnection));
            }
        }
    }
}

void Schedule::disturb_network() {
    const std::size_t network =
        dice_.below(static_cast<unsigned>(plan_.network_count));
    const unsigned nodes = static_cast<unsigned>(machines_.size());
    const NodeNumber node = dice_.below(nodes);
    const NodeNumber other = (node + 1 + dice_.below(nodes - 1)) % nodes;
    switch (dice_.below(plan_.links.empty() ? 6 : 8)) {
        case 0:
            lan_.trace("loss on network " + std::to_string(network));
            lan_.set_loss(network, 10 + dice_.below(60));
            break;
        case 1:
            lan_.trace("network " + std::to_string(network) + " loses node " +
                       std::to_string(node));
            lan_.set_island(network, node, 1);
            break;
        case 2:
            lan_.trace("all networks lose node " + std::to_string(node));
            for (std::size_t i = 0; i < plan_.network_count; ++i) {
                lan_.set_island(i, node, 1);
            }
            break;
        case 3:
            lan_.trace("network " + std::to_string(network) + ": node " +
                       std::to_string(node) + " does not hear node " +
                       std::to_string(other));
            lan_.set_deaf(network, node, other);
            if (!plan_.links.empty() && dice_.one_in(2)) {
                wires_.set_cut(network, node, other);
            }
            break;
        case 4:
            lan_.trace("network " + std::to_string(network) + ", node " +
                       std::to_string(node) + ": carrier changes");
            lan_.set_carrier(network, node, !lan_.has_carrier(network, node));
            machines_[node]->carrier_changed();
            break;
        case 5:
            lan_.trace("the networks heal");
            lan_.heal();
            wires_.heal();
            break;
        default:
            disturb_links(network, node, other);
    }
    watch_->links_changed();
}

void Schedule::disturb_links(std::size_t network, NodeNumber a, NodeNumber b) {
    switch (dice_.below(5)) {
        case 0:
            lan_.trace("the peer links of network " + std::to_string(network) +
                       " are reset");
            wires_.reset_all(network);
            break;
        case 1:
            lan_.trace("network " + std::to_string(network) +
                       ": no connection between nodes " + std::to_string(a) +
                       " and " + std::to_string(b));
            wires_.set_cut(network, a, b);
            break;
        default:
            lose_adverts(network, a, b);
    }
}

// In one direction, or in both.
void Schedule::lose_adverts(std::size_t network, NodeNumber of, NodeNumber to) {
    const bool both = dice_.one_in(2);
    lan_.trace("network " + std::to_string(network) + ": node " +
               std::to_string(to) + " gets no adverts of node " +
               std::to_string(of) + (both ? ", nor the other way round" : ""));
    lan_.set_unheard(network, of, to);
    if (both) {
        lan_.set_unheard(network, to, of);
    }
}

void Schedule::disturb_process(Machine &machine) {
    switch (dice_.below(5)) {
        case 0:
            machine.crash();
            break;
        case 1:
            machine.reload();
            break;
        case 2:
            watch_->disturbed(machine.number);
            machine.pause(dice_.one_in(2));
            break;
        case 3:
            watch_->disturbed(machine.number);
            machine.resume();
            break;
        default:
            if (plan_.has_bfd && dice_.one_in(2)) {
                lan_.trace("the gateway starts again");
                watch_->disturbed(machines_.size());
                gateway_.restart();
            } else if (removals_ < kMostRemovals) {
                lan_.trace("node " + std::to_string(machine.number) +
                           ": another program removes an address");
                ++removals_;
                machine.lose_address(
                    dice_.below(static_cast<unsigned>(plan_.routers.size())));
            }
    }
}

void Schedule::disturb_nginx(Machine &machine) {
    watch_->disturbed(machine.number);
    if (!machine.has_nginx()) {
        if (machine.is_powered()) {
            machine.start_nginx();
        } else {
            machine.power_on();
        }
        return;
    }
    switch (dice_.below(4)) {
        case 0:
            machine.quit_nginx();
            break;
        case 1:
            machine.terminate_nginx();
            break;
        case 2:
            machine.kill_master();
            break;
        default:
            machine.power_off();
    }
}

void Schedule::command(Machine &machine) {
    switch (dice_.below(5)) {
        case 0:
            machine.execute(engine::Command::release,
                            {.rescue = dice_.one_in(2)});
            break;
        case 1:
            machine.execute(engine::Command::resume);
            break;
        case 2:
            machine.execute(engine::Command::failback);
            break;
        case 3:
            lan_.trace("node " + std::to_string(machine.number) +
                       ": the check changes");
            machine.set_check(!machine.check_passes);
            break;
        default:
            lan_.trace("node " + std::to_string(machine.number) +
                       ": workers end or start");
            machine.set_workers(!machine.workers_beat);
    }
}

void Schedule::disturb_witness(Machine &machine) {
    const std::string node = "node " + std::to_string(machine.number);
    switch (dice_.below(5)) {
        case 0:
            lan_.trace("the witness does not answer");
            lan_.set_witness(false);
            break;
        case 1:
            lan_.trace("the witness answers");
            lan_.set_witness(true);
            break;
        case 2:
            lan_.trace(node + " does not reach the witness");
            lan_.set_witness_path(machine.number, false);
            break;
        case 3:
            lan_.trace(node + " may reach the witness");
            lan_.set_witness_path(machine.number, true);
            break;
        default:
            machine.crash_checker();
    }
}

void Schedule::quieten() {
    lan_.trace("QUIET");
    lan_.heal();
    wires_.heal();
    for (const auto &machine : machines_) {
        watch_->disturbed(machine->number);
        for (std::size_t i = 0; i < plan_.network_count; ++i) {
            if (!lan_.has_carrier(i, machine->number)) {
                lan_.set_carrier(i, machine->number, true);
                machine->carrier_changed();
            }
        }
        watch_->links_changed();
        machine->resume();
        machine->set_check(true);
        machine->set_workers(true);
        if (!machine->is_powered() && !dice_.one_in(4)) {
            machine->power_on();
        } else if (!machine->has_nginx() && !dice_.one_in(4)) {
            machine->start_nginx();
        }
        if (!dice_.one_in(4)) {
            machine->execute(engine::Command::resume);
        }
    }
}

// nginx that quits in the middle of a reload, after the new process was killed:
// the old process waits for its successor for 30 s.
void Schedule::wait_for_ends() {
    const auto ends = [](const auto &machine) {
        return !machine->has_nginx() && !machine->processes().empty();
    };
    const auto ends_soon = [&](const auto &machine) {
        return ends(machine) && machine->quit == machine->generation;
    };
    bool late = false;
    for (int i = 0; i < 32 && std::ranges::any_of(machines_, ends); ++i) {
        run_for(Seconds{1});
        late = late || (i == (plan_.has_drains ? 16 : 8) &&
                        std::ranges::any_of(machines_, ends_soon));
    }
    if (late || std::ranges::any_of(machines_, ends)) {
        watch_->fail("a process does not end");
    }
}

// Invariants

bool Schedule::is_eligible(NodeNumber node, std::size_t router) const {
    const Machine &machine = *machines_[node];
    if (!machine.has_nginx() || machine.is_released() ||
        !machine.workers_beat ||
        (!machine.check_passes && plan_.tracker == TrackerPlan::fault) ||
        (plan_.has_bfd && !plan_.bfd_has_weight &&
         !lan_.has_carrier(0, node))) {
        return false;
    }
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        if (plan_.are_together(i, router) &&
            !lan_.has_carrier(plan_.networks[i], node)) {
            return false;
        }
    }
    return true;
}

bool Schedule::has_other(NodeNumber node) const {
    for (NodeNumber other = 0; other < machines_.size(); ++other) {
        if (other != node && is_eligible(other, 0)) {
            return true;
        }
    }
    return false;
}

void Schedule::expect_owner() {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        bool any = false;
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            any = any || is_eligible(node, i);
        }
        const bool is_held = std::ranges::any_of(
            machines_, [&](const auto &one) { return one->holds_all(i); });
        if (any && watch_->active(i).empty() && !is_held) {
            watch_->fail(format("router %zu has no MASTER", i));
        }
    }
}

void Schedule::expect_settled() {
    std::optional<NodeNumber> before;
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const auto active = watch_->active(i);
        bool any = false;
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            const bool fit = is_eligible(node, i);
            any = any || fit;
            const Process *process = machines_[node]->process();
            const auto state = process ? process->router(i).instance().state()
                                       : vrrp::StateName::initialize;
            const bool takes_part = state == vrrp::StateName::active ||
                                    state == vrrp::StateName::backup;
            if (takes_part != fit) {
                watch_->fail(format("router %zu on node %zu is %s", i, node,
                                    vrrp::public_name(state).data()));
            }
        }
        if (active.size() != (any ? 1 : 0)) {
            watch_->fail(
                format("router %zu has %zu MASTERs", i, active.size()));
        }
        if (failed() || active.empty()) {
            continue;
        }
        expect_order(i, active.front());
        expect_clients(i, active.front());
        if (before && plan_.are_together(i, i - 1) &&
            *before != active.front()) {
            watch_->fail("members of a group are on two nodes");
        }
        before = active.front();
    }
    if (plan_.has_bfd && !failed()) {
        expect_bfd();
    }
}

// With preemption, no router is better.
void Schedule::expect_order(std::size_t router, NodeNumber owner) {
    const auto priority = [&](NodeNumber node) {
        return machines_[node]
            ->process()
            ->router(router)
            .instance()
            .effective_priority();
    };
    for (NodeNumber node = 0; node < machines_.size(); ++node) {
        if (plan_.preempts() && is_eligible(node, router) &&
            priority(node) > priority(owner)) {
            watch_->fail(format("node %zu should be MASTER of router %zu", node,
                                router));
        }
    }
}

void Schedule::expect_clients(std::size_t router, NodeNumber owner) {
    for (const vrrp::VirtualAddress &address :
         plan_.routers[router].addresses) {
        for (const auto &machine : machines_) {
            if (machine->holds(address) != (machine->number == owner)) {
                watch_->fail(
                    format("node %zu %s %s of router %zu", machine->number,
                           machine->holds(address) ? "has" : "has not",
                           address.address.to_string().c_str(), router));
            }
        }
        if (watch_->believed(plan_.networks[router], address.address) !=
            owner) {
            watch_->fail(
                format("clients of router %zu use a wrong node", router));
        }
    }
}

void Schedule::expect_bfd() {
    for (NodeNumber node = 0; node < machines_.size(); ++node) {
        const Process *process = machines_[node]->process();
        if (process && machines_[node]->has_nginx() &&
            lan_.has_carrier(0, node) &&
            (process->bfd()->session().variables().state != bfd::State::up ||
             !gateway_.is_up(node))) {
            watch_->fail(format("node %zu: the BFD session is not up", node));
        }
    }
}

void Schedule::expect_drained() {
    for (const auto &machine : machines_) {
        bool is_over = machine->has_drained();
        for (const auto &process : machine->processes()) {
            for (const auto &router : process->engine().routers()) {
                is_over = is_over && !router.is_moving() &&
                          !router.forwarding().is_on() &&
                          router.drain().step() == engine::Drain::Step::none;
            }
        }
        if (!is_over) {
            watch_->fail(
                format("node %zu: a drain does not end", machine->number));
        }
    }
}

void Schedule::expect_uncut(unsigned before) {
    if (traffic_.cut() != before) {
        watch_->fail(format("a planned move has cut %u connections",
                            traffic_.cut() - before));
    }
}

std::uint64_t Schedule::transitions(std::optional<NodeNumber> except) const {
    std::uint64_t sum = 0;
    for (const auto &machine : machines_) {
        for (const auto &process : machine->processes()) {
            for (const auto &router : process->engine().routers()) {
                sum += machine->number == except
                           ? 0
                           : router.counters().transitions;
            }
        }
    }
    return sum;
}

void Schedule::expect_no_change() {
    const std::uint64_t before = transitions({});
    run_for(3 * plan_.slowest_interval() + Seconds{1});
    if (transitions({}) != before) {
        watch_->fail("a settled state has changed");
    }
}

// The last event: everything else is as it should be.

void Schedule::finale() {
    const auto active = watch_->active(0);
    const auto what =
        static_cast<Finale>(dice_.below(plan_.links.empty() ? 8 : 13));
    switch (what) {
        case Finale::reload:
        case Finale::crash:
        case Finale::pause:
        case Finale::link_reset:
        case Finale::link_cut:
            return move_nothing(what, any_machine());
        case Finale::power_cut:
        case Finale::quit:
        case Finale::release:
        case Finale::tracker:
        case Finale::carrier:
            if (!active.empty()) {
                move_away(what, active.front());
            }
            return;
        default:
            if (active.empty() || !plan_.takeover_check) {
                return;
            }
            if (plan_.has_witness && dice_.one_in(2)) {
                cut_off(active.front());
            } else {
                stay_unheard(active.front());
            }
    }
}

// Events that no other node notices.
void Schedule::move_nothing(Finale finale, Machine &machine) {
    const bool was_active =
        std::ranges::count(watch_->active(0), machine.number) != 0;
    const std::uint64_t before = transitions(machine.number);
    if (!machine.process()) {
        return;
    }
    watch_->measure();
    Duration fastest = plan_.slowest_interval();
    for (const vrrp::Config &config : plan_.routers) {
        fastest = std::min(fastest, config.advert_interval);
    }
    switch (finale) {
        case Finale::reload:
            machine.reload();
            break;
        case Finale::crash:
            machine.crash();
            break;
        case Finale::link_reset:
        case Finale::link_cut:
            break_links(finale);
            break;
        default:
            machine.pause(true);
            run_for(std::min({fastest, kShortPause,
                              plan_.has_bfd ? kShortPauseOfBfd : kShortPause}) *
                    9 / 10);
            machine.resume();
    }
    run_for(plan_.takeover() + Seconds{1});
    if (transitions(machine.number) != before) {
        watch_->fail(format("other nodes notice it that node %zu %s",
                            machine.number,
                            finale == Finale::reload  ? "is reloaded"
                            : finale == Finale::crash ? "has a crash"
                            : finale == Finale::pause ? "pauses"
                                                      : "loses links"));
    }
    if (was_active && watch_->longest_unheld() != Duration{0}) {
        watch_->fail(format(
            "the addresses of node %zu were gone for %lld ms", machine.number,
            static_cast<long long>(to_ms(watch_->longest_unheld()))));
    }
}

void Schedule::break_links(Finale finale) {
    for (std::size_t network = 0; network < plan_.network_count; ++network) {
        if (finale == Finale::link_reset) {
            wires_.reset_all(network);
            continue;
        }
        for (NodeNumber node = 1; node < machines_.size(); ++node) {
            for (NodeNumber other = 0; other < node; ++other) {
                wires_.set_cut(network, other, node);
            }
        }
    }
}

// takeover_check

// The adverts of an owner of all routers are lost, and the links live: no node
// takes over, and the backups report it. Then something else happens.
void Schedule::stay_unheard(NodeNumber owner) {
    if (!is_linked(owner)) {
        return;
    }
    const std::uint64_t before = transitions({});
    const bool everywhere = lose_adverts_of(owner);
    run_for(plan_.takeover() + Seconds{1} + plan_.slowest_interval() +
            dice_.up_to(plan_.slowest_interval()));
    if (transitions({}) != before) {
        watch_->fail(
            "a node takes over, although only advertisements are lost");
    }
    if (!failed()) {
        expect_reports(owner);
    }
    const auto then = static_cast<Then>(dice_.below(7));
    if (!failed() && then < Then::heal) {
        disturb_unheard(then, any_machine());
    } else if (!failed()) {
        end_unheard(then, owner, everywhere);
    }
    lan_.heal();
    wires_.heal();
    watch_->links_changed();
    run_for(settling_time() + plan_.longest_delay());
    wait_for_ends();
    if (!failed()) {
        expect_settled();
    }
}

// All other nodes can ask it.
bool Schedule::is_linked(NodeNumber owner) const {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            if (watch_->active(i) != std::vector{owner} ||
                (node != owner && is_eligible(node, i) &&
                 !watch_->linked_since(i, node, owner))) {
                return false;
            }
        }
    }
    return true;
}

// True: on all networks.
bool Schedule::lose_adverts_of(NodeNumber owner) {
    const auto one = dice_.below(static_cast<unsigned>(plan_.network_count));
    const bool all = dice_.one_in(2);
    for (std::size_t i = 0; i < plan_.network_count; ++i) {
        if (!all && i != one) {
            continue;
        }
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            if (node != owner) {
                lose_adverts(i, owner, node);
            }
        }
    }
    watch_->links_changed();
    return all || plan_.network_count == 1;
}

// Each backup reports what it does not hear, and only that.
void Schedule::expect_reports(NodeNumber owner) {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            const Process *process = machines_[node]->process();
            if (node == owner || !process || !is_eligible(node, i)) {
                continue;
            }
            const bool is_lost = !lan_.hears(plan_.networks[i], owner, node);
            if (process->router(i).lost_adverts().has_value() != is_lost) {
                watch_->fail(
                    format("node %zu %s lost adverts of router %zu", node,
                           is_lost ? "does not report" : "reports", i));
            }
        }
    }
}

void Schedule::expect_sole(NodeNumber owner, const char *after) {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        if (watch_->active(i) != std::vector{owner}) {
            watch_->fail(
                format("while advertisements are lost, router %zu "
                       "moves after %s",
                       i, after));
        }
    }
}

void Schedule::disturb_unheard(Then then, Machine &machine) {
    const auto active = watch_->active(0);
    const std::uint64_t before = transitions(machine.number);
    if (!machine.process()) {
        return;
    }
    watch_->measure();
    switch (then) {
        case Then::reload:
            machine.reload();
            break;
        case Then::crash:
            machine.crash();
            break;
        default:
            break_links(Finale::link_reset);
    }
    run_for(plan_.takeover() + Seconds{1});
    const char *what = then == Then::reload  ? "a reload"
                       : then == Then::crash ? "a crash"
                                             : "a reset of links";
    if (transitions(machine.number) != before ||
        watch_->longest_unheld() != Duration{0}) {
        watch_->fail(
            format("while advertisements are lost, %s of node %zu is "
                   "noticed",
                   what, machine.number));
    }
    expect_sole(active.front(), what);
}

Duration Schedule::answer_lifetime() const {
    return vrrp::answer_lifetime(plan_.slowest_interval());
}

// The answers stop, or the adverts come back.
void Schedule::end_unheard(Then then, NodeNumber owner, bool everywhere) {
    const std::uint64_t before = transitions({});
    const bool has_successor = has_other(owner);
    Duration bound = Duration{0};
    watch_->measure();
    switch (then) {
        case Then::heal:
            lan_.trace("the adverts come back");
            lan_.heal();
            watch_->links_changed();
            run_for(plan_.slowest_interval() + kMargin);
            expect_reports(owner);
            if (transitions({}) != before) {
                watch_->fail("the end of lost advertisements is noticed");
            }
            return;
        case Then::link_cut:
            return leave_alone(owner, everywhere);
        case Then::power_cut:
            bound =
                (everywhere ? answer_lifetime() : plan_.takeover()) + kReaction;
            watch_->disturbed(owner);
            machines_[owner]->power_off();
            break;
        default:
            watch_->disturbed(owner);
            machines_[owner]->quit_nginx();
    }
    run_for(plan_.takeover() + kMargin);
    const Duration unheld = watch_->longest_unheld();
    if (has_successor && plan_.are_all_together() && unheld > bound) {
        watch_->fail(
            format("no node had the addresses for %lld ms after the answers "
                   "stopped, at most %lld ms are allowed",
                   static_cast<long long>(to_ms(unheld)),
                   static_cast<long long>(to_ms(bound))));
    }
}

// Without adverts and links, another node takes over. When there are links
// again, only one of the two stays (Watch).
void Schedule::leave_alone(NodeNumber owner, bool everywhere) {
    const bool has_successor = has_other(owner);
    break_links(Finale::link_cut);
    run_for((everywhere ? answer_lifetime() : plan_.takeover()) + kReaction);
    for (std::size_t i = 0;
         has_successor && everywhere && i < plan_.routers.size(); ++i) {
        const auto active = watch_->active(i);
        if (active.empty() || active == std::vector{owner}) {
            watch_->fail(
                format("router %zu: no node takes over when there is "
                       "no answer any more",
                       i));
        }
    }
    run_for(dice_.up_to(Seconds{12}));
    wires_.heal();
    run_for(Seconds{12});
}

// The witness

bool Schedule::all_are_eligible() const {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            if (!is_eligible(node, i)) {
                return false;
            }
        }
    }
    return true;
}

// Node: it is MASTER of all routers, and no other node is. Nothing: none is.
void Schedule::expect_active(std::optional<NodeNumber> node, const char *when) {
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const auto active = watch_->active(i);
        if (active != (node ? std::vector{*node} : std::vector<NodeNumber>{})) {
            watch_->fail(
                format("%s: router %zu has %zu MASTERs, the first is "
                       "node %zu, expected: %s",
                       when, i, active.size(),
                       active.empty() ? NodeNumber{0} : active.front(),
                       node ? std::to_string(*node).c_str() : "none"));
        }
    }
}

void Schedule::cut_off(NodeNumber owner) {
    if (!is_linked(owner) || !all_are_eligible()) {
        return;
    }
    switch (static_cast<CutOff>(dice_.below(4))) {
        case CutOff::one_reaches:
            leave_one(owner);
            break;
        case CutOff::none_reaches:
            leave_none(owner);
            break;
        case CutOff::no_witness:
            lose_master_and_witness(owner);
            break;
        case CutOff::witness_last:
            lose_others_and_witness(owner);
    }
    lan_.trace("the end of it");
    lan_.heal();
    wires_.heal();
    watch_->links_changed();
    run_for(settling_time() + plan_.longest_delay() + Seconds{12});
    wait_for_ends();
    if (!failed()) {
        expect_settled();
    }
}

void Schedule::cut_all_links() {
    lan_.trace("the nodes do not reach each other");
    for (std::size_t i = 0; i < plan_.network_count; ++i) {
        for (NodeNumber node = 0; node < machines_.size(); ++node) {
            for (NodeNumber other = 0; other < machines_.size(); ++other) {
                if (node != other) {
                    lan_.set_unheard(i, node, other);
                }
            }
        }
    }
    break_links(Finale::link_cut);
    watch_->links_changed();
}

// Whether it was MASTER or not, the node that reaches the witness is in the
// end. Until then, a MASTER without its links waits for the witness.
void Schedule::leave_one(NodeNumber owner) {
    const NodeNumber chosen = any_machine().number;
    cut_all_links();
    for (const auto &machine : machines_) {
        if (machine->number != chosen) {
            lan_.trace("node " + std::to_string(machine->number) +
                       " does not reach the witness");
            lan_.set_witness_path(machine->number, false);
        }
    }
    run_for(plan_.takeover() + kAsksAgain);
    for (std::size_t i = 0; i < plan_.routers.size(); ++i) {
        const auto active = watch_->active(i);
        if (std::ranges::count(active, chosen) == 0) {
            watch_->fail(
                format("node %zu reaches the witness and is not "
                       "MASTER of router %zu",
                       chosen, i));
        }
        for (const NodeNumber node : active) {
            if (node != chosen && node != owner) {
                watch_->fail(
                    format("node %zu is MASTER of router %zu without "
                           "the witness",
                           node, i));
            }
        }
    }
    run_for(kGivesUp);
    expect_active(chosen, "only one node reaches the witness");
    run_for(dice_.up_to(Seconds{40}));
    expect_active(chosen, "only one node reaches the witness, later");
}

void Schedule::leave_none(NodeNumber owner) {
    lan_.trace("the witness does not answer");
    lan_.set_witness(false);
    run_for(dice_.up_to(Seconds{20}));
    expect_active(owner, "no node reaches the witness");
    cut_all_links();
    run_for(kGivesUp);
    expect_active({}, "without links and witness");
    run_for(dice_.up_to(Seconds{20}));
    expect_active({}, "without links and witness, later");
    lan_.trace("the witness answers");
    lan_.set_witness(true);
    run_for(kAsksAgain + plan_.takeover() + plan_.longest_delay() + kMargin);
    expect_owner();
}

void Schedule::lose_master_and_witness(NodeNumber owner) {
    lan_.trace("the witness does not answer");
    lan_.set_witness(false);
    run_for(dice_.up_to(Seconds{20}));
    expect_active(owner, "no node reaches the witness");
    watch_->disturbed(owner);
    machines_[owner]->power_off();
    run_for(plan_.takeover() + dice_.up_to(Seconds{20}));
    expect_active({}, "a MASTER and the witness are dead");
    lan_.trace("the witness answers");
    lan_.set_witness(true);
    run_for(kAsksAgain + kMargin);
    expect_owner();
}

// The witness has answered when the links were lost: it may start again.
void Schedule::lose_others_and_witness(NodeNumber owner) {
    for (const auto &machine : machines_) {
        if (machine->number != owner) {
            watch_->disturbed(machine->number);
            machine->power_off();
        }
    }
    run_for(kGivesUp);
    expect_active(owner, "a MASTER alone");
    lan_.trace("the witness does not answer");
    lan_.set_witness(false);
    run_for(kStays);
    expect_active(owner, "a MASTER alone, and the witness starts again");
    run_for(kGivesUpLate - kStays);
    expect_active({}, "a MASTER alone, and the witness is dead");
    lan_.trace("the witness answers");
    lan_.set_witness(true);
    run_for(kAsksAgain + plan_.takeover() + plan_.longest_delay() + kMargin);
    expect_active(owner, "the witness is back");
}

// The owner ends, or gets a fault: another one takes over in time.
void Schedule::move_away(Finale finale, NodeNumber owner) {
    Machine &machine = *machines_[owner];
    const bool has_successor = has_other(owner);
    const bool names = names_one(finale, owner);
    const std::uint64_t before = transitions(owner);
    Duration bound = plan_.takeover();
    const bool cuts_nothing =
        names && this->cuts_nothing() && machine.processes().size() == 1;
    const unsigned cut = traffic_.cut();
    open_connections();
    watch_->disturbed(owner);
    watch_->measure();
    switch (finale) {
        case Finale::power_cut:
            machine.power_off();
            break;
        case Finale::quit:
            machine.quit_nginx();
            bound = Duration{0};
            break;
        case Finale::release:
            machine.execute(engine::Command::release,
                            {.rescue = dice_.one_in(2)});
            bound = Duration{0};
            break;
        case Finale::tracker:
            machine.set_check(false);
            bound = plan_.tracker == TrackerPlan::fault ? plan_.longest_skew()
                                                        : Duration{0};
            break;
        default:
            lan_.set_carrier(plan_.networks[0], owner, false);
            machine.carrier_changed();
            watch_->links_changed();
    }
    run_for(plan_.takeover() + plan_.slowest_interval() + kMargin);
    const Duration unheld = watch_->longest_unheld();
    if (has_successor && plan_.are_all_together() &&
        unheld > bound + (bound == Duration{0} ? bound : kMargin)) {
        watch_->fail(
            format("no node had the addresses for %lld ms, at most "
                   "%lld ms are allowed",
                   static_cast<long long>(to_ms(unheld)),
                   static_cast<long long>(to_ms(bound))));
    }
    if (names && transitions(owner) != before + plan_.routers.size()) {
        watch_->fail("a node that was not named takes over, too");
    }
    if (!failed()) {
        wait_for_ends();
        run_for(settling_time() + plan_.longest_delay());
        expect_settled();
    }
    if (plan_.has_drains && !failed()) {
        run_for(kDrained);
        expect_drained();
    }
    if (cuts_nothing && !failed()) {
        expect_uncut(cut);
    }
    if (cuts_nothing && finale == Finale::release && !failed()) {
        preempt_again(machine);
    }
}

void Schedule::preempt_again(Machine &machine) {
    const unsigned cut = traffic_.cut();
    open_connections();
    machine.execute(engine::Command::resume);
    run_for(settling_time() + plan_.longest_delay() + kDrained);
    expect_settled();
    expect_drained();
    expect_uncut(cut);
}

// Of all addresses, between all nodes.
bool Schedule::cuts_nothing() const {
    return plan_.has_drains &&
           std::ranges::all_of(plan_.nodes, &NodePlan::has_programs) &&
           std::ranges::all_of(plan_.routers, [](const vrrp::Config &config) {
               return config.drain_timeout > Duration::zero();
           });
}

// All other nodes are linked, and one of them is the best for all routers.
bool Schedule::names_one(Finale finale, NodeNumber owner) const {
    const auto priority = [&](NodeNumber node) {
        return machines_[node]
            ->process()
            ->router(0)
            .instance()
            .effective_priority();
    };
    if ((finale != Finale::quit && finale != Finale::release) ||
        !plan_.takeover_check || !all_are_eligible() || !is_linked(owner)) {
        return false;
    }
    for (NodeNumber node = 0; node < machines_.size(); ++node) {
        for (NodeNumber other = 0; other < node; ++other) {
            if (node != owner && other != owner &&
                priority(node) == priority(other)) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace ngx_vrrp::simulation
