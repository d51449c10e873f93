// A vrrp process: as core/node/node.cpp, without system calls.
#include <algorithm>
#include <utility>

#include "core/bfd/status.hpp"
#include "core/wire/arp.hpp"
#include "core/wire/ndisc.hpp"
#include "tests/simulation/machine.hpp"

namespace ngx_vrrp::simulation {

namespace {

constexpr Duration kSuccessorTime = Seconds{30};
constexpr Duration kSuccessorCheck = Milliseconds{5};
constexpr Duration kLongestJitter = std::chrono::microseconds{300};
constexpr Duration kBfdPoll = Milliseconds{25};
constexpr std::size_t kSocketBuffer = 200;
constexpr Duration kOrphanDrain = Seconds{30};

constexpr std::size_t kArpFrame = 42;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv6 = 40;

IpAddress address_at(Bytes frame, std::size_t offset, std::size_t size) {
    return IpAddress::from_octets(frame.subspan(offset, size));
}

// What an Ethernet frame announces, or asks for.
void read_frame(Bytes bytes, Frame &frame) {
    const bool is_arp = bytes.size() == kArpFrame;
    const auto claim = is_arp ? wire::parse_arp(bytes.subspan(kEthernet))
                              : wire::parse_neighbour_advertisement(
                                    bytes.subspan(kEthernet + kIpv6));
    frame.kind = claim ? Frame::Kind::claim : Frame::Kind::question;
    if (claim) {
        frame.neighbour = *claim;
    } else {
        frame.neighbour.address =
            is_arp ? address_at(bytes, 38, 4) : address_at(bytes, 62, 16);
    }
}

std::size_t network_of(const engine::Interface &interface) {
    return std::size_t{to_number(interface.index)} - 2;
}

peer::Details details_of(NodeNumber node) {
    peer::Details details;
    details.about.router_id = "node" + std::to_string(node);
    return details;
}

// Without a secret; the sockets are those of the process.
std::vector<node::PeerLink> links_of(const Plan &plan) {
    std::vector<node::PeerLink> links;
    for (const LinkPlan &planned : plan.links) {
        node::PeerLink &link = links.emplace_back();
        link.config.interface = interface_of(planned.network);
        link.config.family = planned.family;
        for (const vrrp::Config &router : plan.routers) {
            for (const vrrp::VirtualAddress &address : router.addresses) {
                link.config.virtual_addresses.push_back(address.address);
            }
        }
        for (NodeNumber n = 0; plan.names_peers && n < plan.nodes.size(); ++n) {
            link.config.named.push_back(plan.source_of(links.size() - 1, n));
        }
    }
    return links;
}

}  // namespace

// BFD

BfdPart::BfdPart(Machine &machine, engine::ProcessId self,
                 engine::Processes &processes, LogSink &sink)
    : machine_(machine),
      config_(machine.plan.session),
      ownership_(machine.memory.get(), self, {to_string(config_)}, processes),
      speaker_(
          {config_},
          self.word() ^ static_cast<std::uint64_t>(to_ns(machine.lan.now())),
          *this, sink) {}

void BfdPart::start(Instant now) {
    started_ = true;
    has_session(now);
}

bool BfdPart::has_session(Instant now) {
    if (!started_) {
        return false;
    }
    if (ours_ && !ownership_.owns()) {
        ours_ = false;
        news_ = true;
    }
    if (!ours_ && !stopped_ && ownership_.claim(now)) {
        take_over(now);
    }
    poll_at_ = ours_ || stopped_ ? std::nullopt : std::optional{now + kBfdPoll};
    return ours_;
}

void BfdPart::take_over(Instant now) {
    ours_ = true;
    const bfd::Saved saved = ownership_.read(0, now).value_or(bfd::Saved{});
    if (saved.variables.local_discriminator != 0 &&
        saved.variables.state != bfd::State::admin_down) {
        speaker_.resume(0, saved.variables, now);
    } else {
        speaker_.start(0, now);
    }
    ownership_.write(0, {speaker_.sessions()[0].variables(), saved.source_port,
                         saved.sequence});
    save();
}

void BfdPart::stop(Instant now) {
    if (ours_ && !ownership_.owns()) {
        ours_ = false;
    }
    if (ours_ && !ownership_.has_successor(now)) {
        speaker_.take_down(now);
        save();
    } else {
        ours_ = false;
        ownership_.give_up();
    }
    stopped_ = true;
    poll_at_.reset();
}

void BfdPart::receive(const Frame &frame, Instant now) {
    if (has_session(now)) {
        speaker_.receive({.source = frame.ends.source,
                          .destination = frame.ends.destination,
                          .interface = interface_of(frame.network),
                          .ttl = frame.ttl,
                          .multihop = false,
                          .payload = frame.payload},
                         now);
        save();
    }
}

void BfdPart::handle_time(Instant now) {
    const auto due = deadline();
    if (due && now >= *due && has_session(now)) {
        speaker_.handle_time(now);
        save();
    }
}

std::optional<Instant> BfdPart::deadline() const {
    std::optional<Instant> earliest = poll_at_;
    if (ours_) {
        take_earlier(earliest, speaker_.deadline());
    }
    return earliest;
}

bool BfdPart::take_changed() {
    return speaker_.take_changed() || std::exchange(news_, false);
}

bfd::Status BfdPart::status(Instant now) const {
    if (!ours_ && !stopped_) {
        if (const auto saved = ownership_.read(0, now)) {
            bfd::Session copy(config_, 1, 1);
            copy.show(saved->variables);
            return status_of(copy);
        }
    }
    return status_of(speaker_.sessions()[0]);
}

void BfdPart::send(std::size_t, Bytes payload) {
    Frame frame;
    frame.kind = Frame::Kind::bfd;
    frame.from = machine_.number;
    frame.ends = {machine_.plan.nodes[machine_.number].ipv4[0], config_.peer};
    frame.payload.assign(payload.begin(), payload.end());
    machine_.lan.send_to(machine_.plan.nodes.size(),
                         std::make_shared<const Frame>(std::move(frame)));
}

void BfdPart::save() {
    if (ownership_.owns() && speaker_.take_touched(0)) {
        ownership_.write(0, {speaker_.sessions()[0].variables(), 49152, 0});
    }
}

// Drains

DrainPart::DrainPart(Machine &machine)
    : machine_(machine),
      why_(!machine.plan.has_drains ? "not simulated"
           : machine.plan.nodes[machine.number].has_programs
               ? ""
               : "the kernel refuses it") {}

Status DrainPart::forward(const engine::Interface &,
                          const std::vector<IpAddress> &addresses,
                          const MacAddress &to, Duration lease) {
    for (const IpAddress &address : addresses) {
        machine_.forward(address, to, machine_.lan.now() + lease);
    }
    return success();
}

Status DrainPart::stop_forwarding(const engine::Interface &,
                                  const std::vector<IpAddress> &addresses) {
    for (const IpAddress &address : addresses) {
        machine_.forward(address, machine_.mac(), machine_.lan.now());
    }
    return success();
}

Status DrainPart::hide(const engine::Interface &,
                       const std::vector<IpAddress> &addresses,
                       const MacAddress &, Duration lease) {
    for (const IpAddress &address : addresses) {
        machine_.hide(address, machine_.lan.now() + lease);
    }
    return success();
}

Status DrainPart::show(const engine::Interface &,
                       const std::vector<IpAddress> &addresses) {
    for (const IpAddress &address : addresses) {
        machine_.hide(address, machine_.lan.now());
    }
    return success();
}

// The process

Process::Process(Machine &machine, int pid, Instant configured_at,
                 unsigned generation)
    : machine_(machine),
      pid_(pid),
      configured_at_(configured_at),
      generation_(generation),
      ownership_(machine.memory.get(), {configured_at, pid}, *this, *this),
      sockets_(machine.wires, machine.lan, machine.plan, machine.number,
               machine.node_id),
      peers_(links_of(machine.plan), details_of(machine.number), *this,
             sockets_, *this),
      drains_(machine),
      engine_(machine.plan.configs_of(machine.number, configured_at),
              {*this, *this, *this, *this, *this, ownership_, *this, *this,
               *this, drains_, *this, *this, *this},
              *this) {
    peers_.remember_in(machine.remembered);
    if (machine.plan.has_bfd) {
        engine::Processes &processes = *this;
        LogSink &log = *this;
        bfd_.emplace(machine, engine::ProcessId{configured_at, pid}, processes,
                     log);
    }
}

void Process::start() {
    if (bfd_) {
        bfd_->start(machine_.lan.now());
    }
    peers_.start();
    engine_.start(machine_.interfaces(), machine_.lan.now());
    share();
}

// A stopped process gets its signals when it runs again.
void Process::quit() {
    if (paused_) {
        signals_.push_back([this] { quit(); });
    } else if (machine_.generation > generation_) {
        successor_by_ = machine_.lan.now() + kSuccessorTime;
        share();
    } else {
        machine_.quit = generation_;
        stop("nginx is shutting down", true);
    }
}

void Process::terminate() {
    if (paused_) {
        signals_.push_back([this] { terminate(); });
    } else {
        stop("nginx is terminating", false);
    }
}

void Process::master_died() {
    if (paused_) {
        signals_.push_back([this] { master_died(); });
    } else {
        engine_.limit_drains(kOrphanDrain, machine_.lan.now());
        stop("the nginx master process died", true);
    }
}

void Process::stop(const std::string &reason, bool serving) {
    stopping_ = true;
    engine_.stop(reason, serving, machine_.lan.now());
    if (bfd_) {
        bfd_->stop(machine_.lan.now());
    }
    peers_.stop(engine_, false, machine_.lan.now());
    share();
}

void Process::receive(const Frame &frame) {
    if (!paused_) {
        deliver(frame);
        share();
    } else if (frames_wait_ && waiting_.size() < kSocketBuffer) {
        waiting_.push_back(frame);
    }
}

void Process::deliver(const Frame &frame) {
    const Instant now = machine_.lan.now();
    switch (frame.kind) {
        case Frame::Kind::advert:
            engine_.handle_packet({interface_of(frame.network),
                                   {frame.ends, frame.ttl},
                                   frame.payload},
                                  now);
            break;
        case Frame::Kind::claim:
            engine_.handle_neighbour(
                {IfIndex{static_cast<std::uint32_t>(frame.network + 2)},
                 frame.neighbour},
                now);
            break;
        case Frame::Kind::bfd:
            if (bfd_) {
                bfd_->receive(frame, now);
            }
            break;
        case Frame::Kind::question:
            break;  // the kernel answers
    }
}

void Process::interfaces_changed() {
    if (paused_) {
        interfaces_wait_ = true;
        return;
    }
    engine_.handle_interfaces(machine_.interfaces(), machine_.lan.now());
    share();
}

void Process::checks_changed() {
    if (paused_) {
        checks_wait_ = true;
        return;
    }
    engine_.handle_checks(machine_.lan.now());
    share();
}

void Process::workers_changed() {
    if (!paused_) {
        engine_.handle_workers(machine_.lan.now());
        share();
    }
}

void Process::woken() {
    if (!paused_) {
        engine_.handle_ownership(machine_.lan.now());
        share();
    }
}

// Octets wait for a process that is stopped.
void Process::links_readable() {
    if (!paused_ && sockets_.is_readable()) {
        peers_.on_readable(LinkSockets::kFd, engine_, machine_.lan.now());
        share();
    }
}

void Process::handle_time() {
    const Instant now = machine_.lan.now();
    if (engine_.owns_any() && !engine_.is_in_charge()) {
        engine_.handle_ownership(now);
    }
    engine_.handle_time(now);
    if (bfd_) {
        bfd_->handle_time(now);
    }
    peers_.handle_time(now);
    share();
}

std::vector<engine::RouterOutcome> Process::execute(
    engine::Command command, const engine::ReleaseTerms &terms) {
    auto outcomes = engine_.execute(command, "", machine_.lan.now(), terms);
    share();
    return outcomes;
}

// After each event.
void Process::share() {
    const Instant now = machine_.lan.now();
    peers_.follow(engine_, now);
    if (bfd_ && bfd_->take_changed()) {
        engine_.handle_checks(now);
    }
    if (engine_.is_in_charge()) {
        machine_.confirmed = std::max(machine_.confirmed, generation_);
    }
    if (successor_by_) {
        engine_.handle_ownership(now);
        const bool has_successor = machine_.confirmed > generation_;
        const bool quits = machine_.quit == machine_.generation;
        if (has_successor || quits || now >= *successor_by_) {
            successor_by_.reset();
            stopping_ = true;
            engine_.stop("nginx has been reconfigured", true, now,
                         has_successor);
            if (bfd_) {
                bfd_->stop(now);
            }
            peers_.stop(engine_, has_successor, now);
        }
    }
    plan_wake();
}

void Process::plan_wake() {
    const Instant now = machine_.lan.now();
    std::optional<Instant> due = engine_.deadline();
    if (successor_by_) {
        take_earlier(due, {now + kSuccessorCheck});
    }
    if (bfd_) {
        take_earlier(due, bfd_->deadline());
    }
    take_earlier(due, peers_.deadline());
    wake_at_ = paused_ || !due ? Instant::max()
                               : std::max(*due, now) +
                                     machine_.lan.dice().up_to(kLongestJitter);
}

void Process::pause(bool frames_wait) {
    paused_ = true;
    frames_wait_ = frames_wait;
    plan_wake();
}

// What has arrived is handled before timers.
void Process::resume() {
    if (!std::exchange(paused_, false)) {
        return;
    }
    for (const Frame &frame : std::exchange(waiting_, {})) {
        deliver(frame);
    }
    links_readable();
    if (std::exchange(interfaces_wait_, false)) {
        interfaces_changed();
    }
    if (std::exchange(checks_wait_, false)) {
        checks_changed();
    }
    for (const auto &signal : std::exchange(signals_, {})) {
        signal();
    }
    handle_time();
}

const engine::VirtualRouter &Process::router(std::size_t number) const {
    const auto &order = machine_.plan.nodes[machine_.number].routers;
    const auto it = std::ranges::find(order, number);
    return engine_.routers()[static_cast<std::size_t>(it - order.begin())];
}

// Ports

Result<engine::Closed, SystemError> Process::close_connections(
    const std::vector<IpAddress> &addresses,
    const std::vector<std::uint16_t> &) {
    return engine::Closed{machine_.traffic.close(machine_.number, addresses)};
}

Result<std::vector<unsigned>, SystemError> Process::count_connections(
    const std::vector<IpAddress> &addresses) {
    std::vector<unsigned> counts;
    for (const IpAddress &address : addresses) {
        counts.push_back(machine_.traffic.count(machine_.number, {address}));
    }
    return counts;
}

Status Process::listen(const engine::Interface &, const vrrp::Config &) {
    return success();
}

void Process::send(std::span<const engine::OutgoingPacket> packets,
                   std::vector<Status> &answers) {
    for (const engine::OutgoingPacket &packet : packets) {
        Frame frame;
        frame.kind = Frame::Kind::advert;
        frame.from = machine_.number;
        frame.network = network_of(*packet.interface);
        frame.ends = packet.endpoints;
        frame.ttl = packet.ttl;
        frame.payload.assign(packet.pdu.begin(), packet.pdu.end());
        if (packet.endpoints.destination.is_multicast()) {
            machine_.lan.send(std::move(frame));
        } else {
            const auto &nodes = machine_.plan.nodes;
            const bool v4 =
                packet.endpoints.destination.family() == Family::ipv4;
            const auto to = std::ranges::find_if(nodes, [&](const auto &node) {
                return (v4 ? node.ipv4 : node.ipv6)[frame.network] ==
                       packet.endpoints.destination;
            });
            machine_.lan.send_to(
                static_cast<NodeNumber>(to - nodes.begin()),
                std::make_shared<const Frame>(std::move(frame)));
        }
        answers.push_back(success());
    }
}

Status Process::send_frame(const engine::Interface &interface, Bytes bytes) {
    Frame frame;
    frame.from = machine_.number;
    frame.network = network_of(interface);
    read_frame(bytes, frame);
    if (frame.kind == Frame::Kind::claim) {
        machine_.announced(frame.network, frame.neighbour.address);
    }
    machine_.lan.send(std::move(frame));
    return success();
}

void Process::add(std::span<const engine::LeaseRequest> requests,
                  std::vector<Status> &answers) {
    for (const engine::LeaseRequest &request : requests) {
        machine_.add(network_of(*request.interface), *request.address,
                     request.lease);
        answers.push_back(success());
    }
}

Status Process::remove(const engine::Interface &interface,
                       const vrrp::VirtualAddress &address) {
    machine_.remove(network_of(interface), address.address);
    return success();
}

std::span<const engine::Heartbeat> Process::heartbeats() {
    heartbeat_ = machine_.workers_beat
                     ? engine::Heartbeat{.pid = 1, .beat = machine_.lan.now()}
                     : engine::Heartbeat{.pid = 1,
                                         .beat = machine_.workers_gone_at,
                                         .gone_at = machine_.workers_gone_at};
    return {&heartbeat_, 1};
}

std::optional<Instant> Process::oldest_beat() {
    return machine_.workers_beat ? std::optional{machine_.lan.now()}
                                 : std::nullopt;
}

void Process::lost_successor() {
    machine_.confirmed = std::min(machine_.confirmed, generation_);
}

std::optional<engine::OperatorRelease> Process::released(
    const engine::RouterKey &key) {
    const auto found = machine_.releases.find(to_string(key));
    return found == machine_.releases.end() ? std::nullopt
                                            : std::optional{found->second};
}

bool Process::set_released(
    const engine::RouterKey &key,
    const std::optional<engine::OperatorRelease> &release) {
    machine_.releases.erase(to_string(key));
    if (release) {
        machine_.releases.emplace(to_string(key), *release);
    }
    return true;
}

std::optional<check::Verdict> Process::verdict(check::CheckId id) const {
    if (id == kWitnessCheck) {
        return machine_.witness.verdict;
    }
    return machine_.check_passes ? check::Verdict::up : check::Verdict::down;
}

std::optional<engine::CheckResult> Process::result(check::CheckId id) const {
    if (id == kWitnessCheck) {
        return machine_.witness;
    }
    engine::CheckResult result;
    result.verdict = *verdict(id);
    result.text = "it failed";
    return result;
}

void Process::demand(check::CheckId) {
    machine_.ask_witness();
}

std::optional<bfd::Status> Process::bfd(std::size_t) const {
    return bfd_ ? std::optional{bfd_->status(machine_.lan.now())}
                : std::nullopt;
}

bool Process::is_alive(int pid, Instant) {
    return machine_.is_alive(pid);
}

void Process::wake() {
    machine_.wake_owners();
}

void Process::write(LogLevel, std::string_view text) {
    if (text.starts_with("BACKUP -> MASTER") &&
        text.find("has named this node") != std::string_view::npos) {
        ++machine_.lan.named;
    }
    if (machine_.lan.verbose) {
        machine_.lan.trace("node " + std::to_string(machine_.number) + " pid " +
                           std::to_string(pid_) + ": " + std::string(text));
    }
}

}  // namespace ngx_vrrp::simulation
