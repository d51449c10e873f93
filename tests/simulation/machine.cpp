#include "tests/simulation/machine.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace ngx_vrrp::simulation {

namespace {

constexpr Duration kLongestReport = std::chrono::microseconds{200};
constexpr Duration kFork = Milliseconds{3};
constexpr Duration kRespawn = Milliseconds{15};
// A ping and its answer, and the time to wait for it.
constexpr Duration kLongestPing = std::chrono::microseconds{600};
constexpr Duration kPingTime = Milliseconds{200};
constexpr unsigned kPingFall = 3;
constexpr Duration kPingPeriod = Seconds{10};
// The kernel looks for addresses whose lease has ended a few times a second.
constexpr Duration kLongestLapse = Milliseconds{250};
// The network of addresses at "lo", whose index is 1.
constexpr std::size_t kLoopback = static_cast<std::size_t>(-1);

// Zeros, and only those that are used cost something.
SharedMemory new_memory() {
    void *memory =
        mmap(nullptr, engine::OwnershipMemory::kSize, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return SharedMemory{memory == MAP_FAILED ? nullptr : memory};
}

}  // namespace

Machine::Machine(Lan &l, Wires &w, Traffic &t, const Plan &p, NodeNumber n)
    : lan(l), wires(w), traffic(t), plan(p), number(n) {}

void Unmap::operator()(void *memory) const {
    munmap(memory, engine::OwnershipMemory::kSize);
}

MacAddress Machine::mac() const {
    return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number + 1)};
}

// nginx

void Machine::power_on() {
    powered_ = true;
    start_nginx();
}

void Machine::power_off() {
    ++life_;
    lan.trace("node " + std::to_string(number) + ": no power");
    powered_ = false;
    master_ = false;
    wants_nginx_ = false;
    frozen_ = false;
    stands_still_ = false;
    report_pending_ = false;
    remembered = {};
    wires.power_off(number);
    processes_.clear();
    held_.clear();
    forwards_.clear();
    hidden_.clear();
    traffic.end(number);
    addresses_changed();
    changed();
}

void Machine::start_nginx() {
    if (!powered_ || master_) {
        return;
    }
    if (!processes_.empty()) {
        wants_nginx_ = true;  // when the other one has ended
        return;
    }
    lan.trace("node " + std::to_string(number) + ": nginx starts");
    memory = new_memory();
    releases.clear();
    node_id = 0;
    master_ = true;
    wants_nginx_ = false;
    ++generation;
    confirmed = 0;
    witness = {};
    failed_pings_ = 0;
    pings_ = wants_ping_ = false;
    has_checker_ = true;
    ++checkers_;
    if (plan.has_witness) {
        check_witness_at_rest(checkers_);
    }
    start_process(lan.now());
}

void Machine::start_process(Instant configured_at) {
    const unsigned life = life_;
    const unsigned of = generation;
    lan.after(lan.dice().up_to(kFork), [this, life, of, configured_at] {
        if (life != life_ || of != generation) {
            return;
        }
        if (!master_) {
            quit = of;  // it gets QUIT at once
            return;
        }
        processes_.push_back(std::make_unique<Process>(
            *this, ++last_pid_, configured_at, generation));
        processes_.back()->start();
        if (frozen_) {
            processes_.back()->pause(false);
        }
        changed();
    });
}

void Machine::reload() {
    if (!master_) {
        return;
    }
    lan.trace("node " + std::to_string(number) + ": reload");
    ++generation;
    const unsigned life = life_;
    start_process(lan.now());
    // nginx signals the old processes soon after it has started the new ones
    lan.after(kFork + lan.dice().up_to(kFork), [this, life] {
        for (std::size_t i = 0; life == life_ && i < processes_.size(); ++i) {
            if (processes_[i]->generation() < generation) {
                processes_[i]->quit();
            }
        }
        reap();
        changed();
    });
}

void Machine::quit_nginx() {
    lan.trace("node " + std::to_string(number) + ": nginx quits");
    master_ = false;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->quit();
    }
    reap();
    changed();
}

void Machine::terminate_nginx() {
    lan.trace("node " + std::to_string(number) + ": nginx terminates");
    master_ = false;
    traffic.end(number);
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->terminate();
    }
    reap();
    changed();
}

void Machine::kill_master() {
    lan.trace("node " + std::to_string(number) + ": the master process dies");
    master_ = false;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->master_died();
    }
    reap();
    changed();
}

void Machine::crash() {
    if (processes_.empty()) {
        return;
    }
    const auto which = static_cast<std::ptrdiff_t>(
        lan.dice().below(static_cast<unsigned>(processes_.size())));
    const Process &victim = *processes_[static_cast<std::size_t>(which)];
    lan.trace("node " + std::to_string(number) + ": pid " +
              std::to_string(victim.pid()) + " is killed");
    const Instant configured_at = victim.configured_at();
    const bool again = victim.generation() == generation;
    processes_.erase(processes_.begin() + which);
    ++crashes_;
    const unsigned life = life_;
    lan.after(lan.dice().up_to(kRespawn), [this, life, again, configured_at] {
        if (life == life_ && again && master_) {
            start_process(configured_at);
        }
    });
    reap();
    changed();
}

void Machine::reap() {
    std::erase_if(processes_, [](const auto &process) {
        if (process->has_ended()) {
            process->give_up_bfd();
        }
        return process->has_ended();
    });
    if (processes_.empty() && !master_) {
        wires.close_listeners(number);
    }
    if (processes_.empty() && wants_nginx_) {
        start_nginx();
    }
}

// The witness

void Machine::check_witness_at_rest(unsigned of) {
    const unsigned life = life_;
    ask_witness();
    lan.after(kPingPeriod, [this, life, of] {
        if (life == life_ && of == checkers_) {
            check_witness_at_rest(of);
        }
    });
}

void Machine::crash_checker() {
    if (!has_checker_ || !master_) {
        return;
    }
    lan.trace("node " + std::to_string(number) + ": the checker is killed");
    has_checker_ = false;
    wants_ping_ = std::exchange(pings_, false) || wants_ping_;
    const unsigned life = life_;
    const unsigned of = ++checkers_;
    lan.after(lan.dice().up_to(kRespawn), [this, life, of] {
        if (life == life_ && of == checkers_) {
            has_checker_ = true;
            check_witness_at_rest(of);
        }
    });
}

// One at a time.
void Machine::ask_witness() {
    if (!has_checker_ || frozen_ || pings_) {
        wants_ping_ = true;
        return;
    }
    pings_ = true;
    wants_ping_ = false;
    const bool passes = lan.ping_witness(number);
    const unsigned life = life_;
    const unsigned of = checkers_;
    lan.after(passes ? lan.dice().up_to(kLongestPing) : kPingTime,
              [this, life, of, passes] {
                  if (life == life_ && of == checkers_) {
                      on_ping(passes);
                  }
              });
}

void Machine::on_ping(bool passed) {
    pings_ = false;
    if (frozen_) {
        wants_ping_ = true;
        return;
    }
    failed_pings_ = passed ? 0 : failed_pings_ + 1;
    if (passed || failed_pings_ >= kPingFall) {
        witness.verdict = passed ? check::Verdict::up : check::Verdict::down;
    }
    witness.text = "L3TOUT no answer";
    witness.checked_at = lan.now();
    witness.passed = passed;
    if (passed) {
        witness_passed_at = lan.now();
    }
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->checks_changed();
    }
    reap();
    changed();
    if (wants_ping_) {
        ask_witness();
    }
}

void Machine::pause(bool frames_wait) {
    lan.trace("node " + std::to_string(number) +
              (frames_wait ? ": processes are stopped" : ": frozen"));
    frozen_ = true;
    stands_still_ = !frames_wait;
    for (const auto &process : processes_) {
        process->pause(frames_wait);
    }
    changed();
}

void Machine::resume() {
    if (!std::exchange(frozen_, false)) {
        return;
    }
    stands_still_ = false;
    lan.trace("node " + std::to_string(number) + ": runs again");
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->resume();
    }
    reap();
    changed();
    if (wants_ping_) {
        ask_witness();
    }
}

bool Machine::is_paused() const {
    return frozen_;
}

void Machine::execute(engine::Command command,
                      const engine::ReleaseTerms &terms) {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (processes_[i]->is_in_charge()) {
            const auto outcomes = processes_[i]->execute(command, terms);
            for (const auto &outcome : outcomes) {
                lan.trace("node " + std::to_string(number) + ": " +
                          std::string(to_string(command)) + ": " +
                          outcome.outcome.detail);
            }
            break;
        }
    }
    reap();
    changed();
}

void Machine::set_check(bool passes) {
    check_passes = passes;
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->checks_changed();
    }
    changed();
}

void Machine::set_workers(bool beat) {
    workers_beat = beat;
    workers_gone_at = lan.now();
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->workers_changed();
    }
    changed();
}

const Process *Machine::process() const {
    const auto it = std::ranges::find_if(
        processes_, [](const auto &one) { return one->is_in_charge(); });
    return it == processes_.end() ? nullptr : it->get();
}

bool Machine::is_alive(int pid) const {
    return std::ranges::any_of(
        processes_, [&](const auto &one) { return one->pid() == pid; });
}

void Machine::wake_owners() {
    const unsigned life = life_;
    lan.after(lan.dice().up_to(kLongestReport), [this, life] {
        for (std::size_t i = 0; life == life_ && i < processes_.size(); ++i) {
            if (processes_[i]->is_in_charge()) {
                processes_[i]->woken();
            }
        }
        reap();
        changed();
    });
}

// The kernel

engine::Interfaces Machine::interfaces() const {
    engine::Interfaces all;
    for (std::size_t i = 0; i < plan.network_count; ++i) {
        engine::Interface interface;
        interface.name = interface_of(i);
        interface.index = IfIndex{static_cast<std::uint32_t>(i + 2)};
        interface.mac = mac();
        interface.up = lan.has_carrier(i, number);
        interface.enabled = true;
        interface.addresses = {{plan.nodes[number].ipv4[i], 24},
                               {plan.nodes[number].ipv6[i], 64}};
        for (const Held &held : held_) {
            if (held.network == i) {
                interface.addresses.push_back(
                    {held.address, held.prefix_length, true});
            }
        }
        add_neighbours(interface, i);
        all.list.push_back(std::move(interface));
    }
    if (plan.has_drains) {
        all.list.push_back(loopback());
    }
    return all;
}

// Without one in its subnet, an address cannot leave its interface while
// connections are finished.
void Machine::add_neighbours(engine::Interface &interface,
                             std::size_t network) const {
    for (std::size_t i = 0; plan.has_drains && i < plan.routers.size(); ++i) {
        for (const vrrp::VirtualAddress &virtual_address :
             plan.routers[i].addresses) {
            if (plan.networks[i] == network &&
                !virtual_address.address.is_link_local()) {
                const Bytes octets = virtual_address.address.octets();
                Buffer own(octets.begin(), octets.end());
                own.back() = static_cast<std::uint8_t>(number + 1);
                interface.addresses.push_back({IpAddress::from_octets(own),
                                               virtual_address.prefix_length});
            }
        }
    }
}

engine::Interface Machine::loopback() const {
    engine::Interface lo;
    lo.name = "lo";
    lo.index = IfIndex{1};
    lo.up = lo.enabled = true;
    for (const Held &held : held_) {
        if (held.network == kLoopback) {
            lo.addresses.push_back({held.address, held.prefix_length, true});
        }
    }
    return lo;
}

void Machine::report_later() {
    if (std::exchange(report_pending_, true)) {
        return;
    }
    const unsigned life = life_;
    lan.after(lan.dice().up_to(kLongestReport), [this, life] {
        if (life != life_) {
            return;
        }
        report_pending_ = false;
        for (std::size_t i = 0; i < processes_.size(); ++i) {
            processes_[i]->interfaces_changed();
        }
        reap();
        changed();
    });
}

void Machine::carrier_changed() {
    report_later();
}

void Machine::links_readable() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->links_readable();
    }
    reap();
    changed();
}

void Machine::add(std::size_t network, const vrrp::VirtualAddress &address,
                  Seconds lease) {
    const Instant until = lan.now() + lease + lan.dice().up_to(kLongestLapse);
    const auto it = std::ranges::find_if(held_, [&](const Held &held) {
        return held.network == network && held.address == address.address;
    });
    if (it != held_.end()) {
        it->until = until;
        return;
    }
    held_.push_back({network, address.address, address.prefix_length, until});
    addresses_changed();
    report_later();
}

void Machine::remove(std::size_t network, const IpAddress &address) {
    if (std::erase_if(held_, [&](const Held &held) {
            return held.network == network && held.address == address;
        }) != 0) {
        addresses_changed();
        report_later();
    }
}

void Machine::lose_address(std::size_t router) {
    for (const vrrp::VirtualAddress &address : plan.routers[router].addresses) {
        remove(plan.networks[router], address.address);
    }
}

bool Machine::holds(const vrrp::VirtualAddress &address) const {
    return std::ranges::any_of(held_, [&](const Held &held) {
        return held.network != kLoopback && held.address == address.address;
    });
}

bool Machine::holds_at_lo(const IpAddress &address) const {
    return std::ranges::any_of(held_, [&](const Held &held) {
        return held.network == kLoopback && held.address == address;
    });
}

void Machine::forward(const IpAddress &address, const MacAddress &to,
                      Instant until) {
    forwards_[address] = {static_cast<NodeNumber>(to.back() - 1), until};
}

void Machine::hide(const IpAddress &address, Instant until) {
    hidden_[address] = until;
}

bool Machine::is_hidden(const IpAddress &address) const {
    const auto it = hidden_.find(address);
    return it != hidden_.end() && lan.now() < it->second;
}

Traffic::Kernel Machine::kernel(std::size_t network,
                                const IpAddress &address) const {
    Traffic::Kernel kernel;
    kernel.runs = kernel_runs();
    kernel.is_local = std::ranges::any_of(held_, [&](const Held &held) {
        return (held.network == network || held.network == kLoopback) &&
               held.address == address;
    });
    const auto it = forwards_.find(address);
    if (it != forwards_.end() && lan.now() < it->second.until) {
        kernel.forwards_to = it->second.to;
    }
    return kernel;
}

bool Machine::has_drained() const {
    const auto is_over = [&](const auto &one) {
        return one.second.until <= lan.now();
    };
    return std::ranges::all_of(forwards_, is_over) &&
           std::ranges::all_of(
               hidden_,
               [&](const auto &one) { return one.second <= lan.now(); }) &&
           std::ranges::none_of(held_, [](const Held &held) {
               return held.network == kLoopback;
           });
}

bool Machine::holds_all(std::size_t router) const {
    return std::ranges::all_of(
        plan.routers[router].addresses,
        [&](const auto &address) { return holds(address); });
}

Instant Machine::next_lapse() const {
    Instant first = Instant::max();
    for (const Held &held : held_) {
        first = std::min(first, held.until);
    }
    return first;
}

void Machine::lapse() {
    if (std::erase_if(held_, [&](const Held &held) {
            return held.until <= lan.now();
        }) != 0) {
        lan.trace("node " + std::to_string(number) + ": a lease ends");
        addresses_changed();
        report_later();
    }
}

// An IPv4 address at "lo" is answered for on all interfaces.
bool Machine::answers_question(std::size_t network,
                               const IpAddress &address) const {
    const NodePlan &node = plan.nodes[number];
    const bool is_own =
        address == node.ipv4[network] || address == node.ipv6[network];
    return (is_own && kernel_runs()) ||
           std::ranges::any_of(held_, [&](const Held &held) {
               return held.address == address &&
                      (held.network == network ||
                       (held.network == kLoopback &&
                        address.family() == Family::ipv4 &&
                        !is_hidden(address)));
           });
}

void Machine::receive(const Frame &frame) {
    if (!powered_) {
        return;
    }
    if (frame.kind == Frame::Kind::question) {
        if (answers_question(frame.network, frame.neighbour.address)) {
            Frame answer;
            answer.kind = Frame::Kind::claim;
            answer.from = number;
            answer.network = frame.network;
            answer.neighbour = {frame.neighbour.address, mac()};
            lan.send_to(frame.from,
                        std::make_shared<const Frame>(std::move(answer)));
        }
        return;
    }
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i]->receive(frame);
    }
    reap();
    changed();
}

Instant Machine::wake_at() const {
    Instant first = next_lapse();
    for (const auto &process : processes_) {
        first = std::min(first, process->wake_at());
    }
    return first;
}

void Machine::wake() {
    lapse();
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        if (processes_[i]->wake_at() <= lan.now()) {
            processes_[i]->handle_time();
        }
    }
    reap();
    changed();
}

}  // namespace ngx_vrrp::simulation
