#include "core/node/node.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <variant>

#include "core/base/version.hpp"
#include "core/engine/no_drains.hpp"
#include "core/node/event_records.hpp"
#include "core/os/clock.hpp"
#include "core/os/pidfd.hpp"
#include "core/os/wake.hpp"

namespace ngx_vrrp::node {

namespace {

// The time for which a process that is being replaced continues without its
// successor, and the interval of its checks for it.
constexpr Duration kSuccessorTime = Seconds{30};
constexpr Duration kSuccessorCheck = Milliseconds{5};

// A deadline that is served later may have more before it than was read.
constexpr Duration kLate = Milliseconds{1};

// Connections of the workers of a dead master: nginx is started again when all
// of its processes have ended.
constexpr Duration kOrphanDrain = Seconds{30};

// Daylight saving time, or an operator who sets the clock, may move the time of
// day.
constexpr Duration kClockRead = Seconds{1};

std::shared_ptr<engine::Drains> drains_of(const Generation &generation) {
    return generation.drains ? generation.drains
                             : std::make_shared<engine::NoDrains>(
                                   "its BPF programs were not loaded");
}

// A process that continues the drain of one that has ended replaces what that
// one left in the kernel by then.
constexpr Duration kLeftDrains = engine::kDrainLease + Seconds{1};

// Other programs add a qdisc rarely.
constexpr Duration kLookAtDrains = Seconds{10};

// Errors that are permanent. All others may pass: no memory, no descriptor, a
// full queue, a late answer.
bool is_for_good(int error) {
    return error == EPERM || error == EACCES || error == ENOSYS ||
           error == EAFNOSUPPORT || error == EPROTONOSUPPORT;
}

}  // namespace

Node::Node(std::vector<engine::RouterConfig> configs, Generation generation,
           status::NodeFacts facts, os::Watcher &watcher, LogSink &sink,
           engine::Signing &signing, const Areas &areas, void *ownership)
    : watcher_(watcher),
      log_(sink),
      area_(areas.status),
      publisher_(area_),
      control_(areas.workers.commands(), sink),
      host_(watcher, *this, sink),
      workers_(areas.workers, host_),
      checks_(area_.checks(generation.number), generation.wake_fd,
              generation.demand_fd, generation.checkers, watcher, sink),
      names_(std::move(generation.names), watcher),
      ownership_(ownership, {generation.configured_at, facts.pid}, *this, sink),
      events_(generation.event_fd, sink),
      bfd_(sessions_of(configs),
           {generation.bfd_fds, std::move(generation.bfd_holder)}, ownership,
           {generation.configured_at, facts.pid}, *this, watcher, sink),
      link_sockets_(sockets_of(generation.peer_links), watcher,
                    &engine::OwnershipMemory(ownership).peer_id()),
      peer_file_(os::Fd(generation.peer_fd)),
      history_file_(os::Fd(generation.history_fd)),
      ownership_memory_(ownership),
      peers_(generation.peer_links,
             {.about = {facts.router_id, facts.nginx_version, kVersion},
              .address = {},
              .configured_at = generation.configured_at,
              .relayed = {},
              .instances = {},
              .upstreams = generation.shared.upstreams,
              .certificates = generation.shared.certificates},
             signing, link_sockets_, sink),
      drains_(drains_of(generation)),
      engine_(std::move(configs),
              {host_, host_, workers_, *this, checks_, ownership_, *this, host_,
               host_, *drains_, signing, host_, host_},
              sink),
      facts_(std::move(facts)),
      generation_(generation) {
    facts_.started_at = os::now();
    checks_.show(bfd_);
    peers_.remember_in(peer_file_);
    peers_.details().take_over(area_.read_peer_reports().drift,
                               facts_.started_at);
    follow_previous();
}

Node::~Node() {
    if (listens_for_wakes_) {
        watcher_.unwatch(generation_.ownership_wake_fd);
    }
}

Status Node::open() {
    Status opened = checks_.open();
    if (opened) {
        mark_started(os::now());
        note_nginx_runs(os::now());
        hold_preemption(os::now());
    }
    return opened;
}

Status Node::start(int master_pid) {
    master_pid_ = master_pid;
    if (!generation_.disabled.empty()) {
        disable();
        return success();
    }
    return try_to_start(os::now());
}

// Until it has started it claims no router: on a reload, the previous process
// continues.
Status Node::try_to_start(Instant now) {
    Status status = watch_master();
    if (status) {
        status = take_part();
    }
    if (status || engine_.finished()) {
        start_.succeeded();
        return success();
    }
    if (is_for_good(status.error().code)) {
        start_.succeeded();
        engine_.disable(status.error().to_string(), now);
        return status;
    }
    const Duration pause = start_.failed(now);
    start_line_.write(log_, LogLevel::error,
                      status.error().to_string() +
                          format(", VRRP is not running yet, retrying in %lld "
                                 "ms",
                                 static_cast<long long>(to_ms(pause))),
                      now);
    return success();
}

// The status has the reason, and the process ends with the master.
void Node::disable() {
    log_(LogLevel::error, "%s; VRRP is disabled, nginx keeps serving",
         generation_.disabled.c_str());
    engine_.disable(generation_.disabled, os::now());
    if (const Status watching = watch_master(); !watching) {
        log_(LogLevel::alert, "%s", watching.error().to_string().c_str());
    }
}

Status Node::watch_master() {
    Status watching = host_.watch_process(master_pid_);
    if (!watching && watching.error().code == ESRCH) {
        process_ended(master_pid_);
    }
    return watching;
}

// nginx's master has restarted this process if the previous one ended
// unexpectedly.
void Node::mark_started(Instant now) {
    engine::CrashHistory history = area_.crash_history(now);
    if (area_.mark_started(generation_.number)) {
        area_.clear_holder(area_.holder());
        history.add_crash(now);
        area_.set_crash_history(history);
    }
    facts_.crashes = history.crashes;
    if (history.out.is_out(now)) {
        const std::string reason = history.reason();
        log_(LogLevel::error, "%s", reason.c_str());
        engine_.stay_out(engine::FaultCause::crash, {reason, history.out}, now);
    }
}

// An nginx that is killed is started again by systemd, and would take the
// addresses back each time.
void Node::note_nginx_runs(Instant now) {
    const engine::NginxHistory::Clock clock{now, os::wall_clock()};
    history_.read(history_file_.read(), clock);
    switch (exchange_nginx_runs(engine::NginxRuns::runs)) {
        case engine::NginxRuns::unknown:
            history_.start(now);
            remember_history(clock);
            break;
        case engine::NginxRuns::ends:
            history_.go_on();
            remember_history(clock);
            break;
        case engine::NginxRuns::runs:
            break;
    }
    facts_.nginx_crashes = history_.crashes();
}

void Node::remember_history(const engine::NginxHistory::Clock &clock) {
    if (const Status status = history_file_.write(history_.text(clock));
        !status) {
        log_(LogLevel::error, "counting the crashes of nginx: %s, %s",
             status.error().to_string().c_str(),
             nginx_ends_ ? "the next start counts this stop as a crash"
                         : "a crash of this nginx will not be counted");
    }
}

engine::NginxRuns Node::exchange_nginx_runs(engine::NginxRuns state) {
    const auto word = static_cast<std::uint64_t>(state);
    return static_cast<engine::NginxRuns>(
        ownership_memory_.nginx_runs().exchange(word));
}

// By a signal to its master process. After the death of that one, systemd sends
// TERM to the others: that is a crash. If another binary continues, its process
// is woken; that one, or the next process if the signal was for this one only,
// writes again that nginx runs.
void Node::note_nginx_ends() {
    if (!std::exchange(nginx_ends_, true) &&
        os::is_process_alive(master_pid_)) {
        history_.stop();
        remember_history({os::now(), os::wall_clock()});
        exchange_nginx_runs(engine::NginxRuns::ends);
        wake();
    }
}

void Node::continue_nginx(Instant now) {
    if (!nginx_ends_ &&
        ownership_memory_.nginx_runs().load() !=
            static_cast<std::uint64_t>(engine::NginxRuns::runs)) {
        note_nginx_runs(now);
    }
}

void Node::hold_preemption(Instant now) {
    held_until_ = history_.waits_until(now);
    if (held_until_) {
        log_(LogLevel::error, "%s", history_.reason().c_str());
        engine_.hold_preemption(true, now);
        facts_.preempts_from = *held_until_;
    }
}

void Node::end_hold(Instant now) {
    if (held_until_ && now >= *held_until_) {
        held_until_.reset();
        engine_.hold_preemption(false, now);
    }
}

void Node::prepare_drains(Instant now) {
    const auto drains = [](const engine::VirtualRouter &router) {
        return router.config().peer_link &&
               router.config().drain_timeout > Duration::zero();
    };
    if (std::ranges::none_of(engine_.routers(), drains)) {
        return;
    }
    const std::string &why = drains_->why_unavailable();
    if (why.empty()) {
        left_drains_at_ = now + kLeftDrains;
        look_at_drains_ = now;
    } else {
        log_(LogLevel::notice,
             "drain_timeout: not available: %s; connections end when their "
             "address moves",
             why.c_str());
    }
}

[[gnu::hot]] void Node::look_at_drains(Instant now) {
    if (!look_at_drains_ || now < *look_at_drains_) {
        return;
    }
    look_at_drains_ = now + kLookAtDrains;
    for (const auto &[interface, why] : engine_.look_at_drains()) {
        if (why.empty()) {
            log_(LogLevel::notice,
                 "drain_timeout: available for IPv4 on %s again",
                 interface.c_str());
        } else {
            log_(LogLevel::warn,
                 "drain_timeout: not available for IPv4: %s; connections end "
                 "when their address moves",
                 why.c_str());
        }
    }
}

void Node::remove_left_drains(Instant now) {
    if (!left_drains_at_ || now < *left_drains_at_) {
        return;
    }
    left_drains_at_.reset();
    const auto interfaces = host_.interfaces();
    const Status removed = interfaces ? drains_->remove_left_behind(*interfaces)
                                      : Status(Unexpected(interfaces.error()));
    if (!removed && !is_for_good(removed.error().code)) {
        left_drains_at_ = now + kLeftDrains;
    }
    if (!removed) {
        left_line_.write(
            log_, LogLevel::warn,
            removed.error().to_string() + (left_drains_at_ ? ", retrying" : ""),
            now);
    }
}

Status Node::take_part() {
    if (Status opened = host_.open(); !opened) {
        return opened;
    }
    // Without routes, too: the previous process may hand over some.
    Status watching = host_.watch_routes(engine_.has_routes());
    if (!watching && engine_.has_routes()) {
        return watching;
    }
    const auto interfaces = host_.interfaces();
    if (!interfaces) {
        return Unexpected(interfaces.error());
    }
    read_time_of_day(os::now());
    check_names(os::now());
    bfd_.start(os::now());
    peers_.start();
    engine_.start(*interfaces, os::now());
    prepare_drains(os::now());
    remove_old_vmacs(*interfaces);
    return success();
}

// Devices of routers that no nginx of this machine has any more: all its
// processes died, and its configuration has changed since. Devices of routers
// that are still configured are removed by the engine.
void Node::remove_old_vmacs(const engine::Interfaces &interfaces) {
    for (const engine::Interface &interface : interfaces.list) {
        const std::string made_for = interfaces.vmac_router(interface);
        const auto is_its_router = [&](const engine::VirtualRouter &router) {
            return to_string(router.key()) == made_for;
        };
        if (made_for.empty() ||
            std::ranges::any_of(engine_.routers(), is_its_router) ||
            net::is_name_taken(made_for)) {
            continue;
        }
        log_(LogLevel::notice,
             "removing %s, left by an earlier process for virtual router %s",
             interface.name.c_str(), made_for.c_str());
        if (Status removed = host_.remove_vmac(interface); !removed) {
            log_(LogLevel::error, "%s", removed.error().to_string().c_str());
        }
    }
}

void Node::stop(const std::string &reason, bool serving) {
    engine_.stop(reason, serving, os::now());
    bfd_.stop(os::now());
    peers_.stop(engine_, false, os::now());
}

void Node::quit() {
    if (area_.generation() > generation_.number) {
        successor_by_ = os::now() + kSuccessorTime;
    } else {
        mark_quit();
        stop("nginx is shutting down", true);
    }
}

// For a process that waits for us since a reload.
void Node::mark_quit() {
    note_nginx_ends();
    area_.mark_quit(area_.generation());
    if (auto &previous = generation_.previous) {
        previous->mark_quit(previous->generation());
    }
}

void Node::terminate() {
    note_nginx_ends();
    stop("nginx is terminating", false);
}

void Node::give_up() {
    stop("internal error", false);
}

void Node::mark_stopped() {
    bfd_.give_up();
    events_.send_goodbye();
    area_.mark_stopped(generation_.number);
}

[[gnu::hot]] void Node::on_readable(int fd) {
    const Instant now = os::now();
    if (checks_.on_readable(fd)) {
        engine_.handle_checks(now);
    } else if (fd == generation_.ownership_wake_fd) {
        os::take_wakes(fd);
        engine_.handle_ownership(now);
        continue_nginx(now);
    } else if (bfd_.on_readable(fd, now)) {
        apply_bfd();
    } else if (peers_.on_readable(fd, engine_, now)) {
        // share() follows.
    } else if (names_.on_readable(fd, now)) {
        apply_names(now);
    } else {
        host_.on_readable(fd);
    }
}

// The event loop hands over received packets before expired deadlines. But a
// process that was not scheduled meanwhile must not take over while the
// master's advertisements wait in its queue, nor renew an address that is gone:
// the loss would not be reported.
[[gnu::hot]] void Node::on_timer() {
    if (start_.is_due(os::now())) {
        const Status started = try_to_start(os::now());
        if (!started) {
            log_(LogLevel::alert, "%s, VRRP is disabled",
                 started.error().to_string().c_str());
        }
    }
    if (const auto due = names_.deadline(); due && os::now() >= *due) {
        check_names(os::now());
    }
    if (os::now() - engine_.deadline().value_or(Instant::max()) > kLate) {
        host_.catch_up();
    }
    host_.handle_time(os::now());
    if (engine_.owns_any() && !engine_.is_in_charge()) {
        engine_.handle_ownership(os::now());
    }
    end_hold(os::now());
    remove_left_drains(os::now());
    look_at_drains(os::now());
    engine_.handle_time(os::now());
    bfd_.handle_time(os::now());
    apply_bfd();
    peers_.handle_time(os::now());
}

void Node::apply_bfd() {
    if (bfd_.take_changed()) {
        engine_.handle_checks(os::now());
    }
}

[[gnu::hot]] void Node::share() {
    if (peers_.has_deaths()) {
        host_.catch_up();  // what it sent before must not disprove its death
    }
    const Instant now = os::now();
    follow_previous();
    read_time_of_day(now);
    peers_.follow(engine_, now);
    if (engine_.is_in_charge()) {
        if (control_.execute(engine_, now)) {
            publisher_.hurry();
            peers_.follow(engine_, now);
        }
        facts_.lost_packets = host_.lost().wanted;
        facts_.lost_other_packets = host_.lost().others;
        facts_.bfd_dropped = bfd_.drops();
        publisher_.publish(engine_, facts_, now);
        if (peers_.take_news(now)) {
            publish_peers();
        }
        report_details(now);
        // The previous process ends when it sees this, and a reload is over:
        // by then the status is that of the new configuration.
        confirm();
        checks_.watch_for_silence(now);
        repeat_events(now);
    }
    control_.answer(engine_, now, &peers_);
    if (engine_.holds_addresses()) {
        area_.hold(facts_.pid);
    } else {
        area_.clear_holder(facts_.pid);
    }
    leave_to_successor(now);
    listen_for_wakes(now);
    events_.handle_time(now);
}

[[gnu::hot]] void Node::report_details(Instant now) {
    PeerDetails &details = peers_.details();
    if (details.take_changed()) {
        area_.publish(details.reports());
    }
    for (const peer::DriftNews &news : details.take_drift_news()) {
        if (events_.has_listener()) {
            events_.send(
                to_event(news, facts_.router_id, {now, os::wall_clock()}), now);
        }
    }
}

void Node::check_names(Instant now) {
    names_.check(now);
    apply_names(now);
}

void Node::apply_names(Instant now) {
    if (begin_again()) {
        return;
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
        engine_.handle_name_holder(i, names_.holder(i), now);
    }
}

// Other processes see the user that has bound a name, and wait for names of
// root or of their own user. Our user is neither of them for an nginx of
// another user: the master starts this process again, as root, while it has
// nothing to do.
bool Node::begin_again() {
    if (names_.any_came_free() && generation_.begins_as_root &&
        !engine_.holds_addresses() && !begins_again_) {
        log_(LogLevel::notice,
             "another nginx with a virtual router of this one has exited, the "
             "vrrp process restarts to take over");
        begins_again_ = true;
    }
    return begins_again_;
}

// One wake-up reaches one process. It is not meant for waiting processes, even
// if they own other routers: they check by themselves. An earlier one may have
// reached another process.
[[gnu::hot]] void Node::listen_for_wakes(Instant now) {
    const int fd = generation_.ownership_wake_fd;
    const bool wanted = fd != -1 && engine_.is_in_charge();
    if (wanted == listens_for_wakes_) {
        return;
    }
    if (!wanted) {
        watcher_.unwatch(fd);
        listens_for_wakes_ = false;
    } else if (watcher_.watch(fd)) {
        listens_for_wakes_ = true;
        continue_nginx(now);
    }
}

// Only where something is decided by it.
[[gnu::hot]] void Node::read_time_of_day(Instant now) {
    if (engine_.needs_time_of_day() && now >= next_clock_read_) {
        next_clock_read_ = now + kClockRead;
        engine_.handle_time_of_day(os::time_of_day(), now);
    }
}

// Its record is longer than a page of the stack.
[[gnu::noinline]] void Node::publish_peers() {
    area_.publish(peers_.records());
}

[[gnu::hot]] void Node::confirm() {
    if (!has_started_) {
        has_started_ = true;
        ownership_.end_start(master_pid_);
    }
    area_.confirm(std::max(generation_.number, area_.confirmed()));
    if (auto &previous = generation_.previous) {
        previous->confirm(previous->generation());
    }
}

// Its processes may change their state until they end.
void Node::follow_previous() {
    if (const auto &previous = generation_.previous) {
        followed_ =
            area_.transitions().follow(previous->transitions(), followed_);
    }
}

// The successor does not want what it has not requested by now. It may get QUIT
// itself.
[[gnu::hot]] void Node::leave_to_successor(Instant now) {
    if (!successor_by_) {
        return;
    }
    // A successor that has died passes nothing on: the router is ours again
    // until the master has started another process.
    engine_.handle_ownership(now);
    const bool has_successor = area_.confirmed() > generation_.number;
    const bool quits = !has_successor && area_.quits();
    if (quits) {
        mark_quit();
    }
    if (has_successor || quits || now >= *successor_by_) {
        successor_by_.reset();
        engine_.stop(
            quits ? "nginx is shutting down" : "nginx has been reconfigured",
            true, now, has_successor);
        bfd_.stop(now);
        peers_.stop(engine_, has_successor, now);
    }
}

[[gnu::hot]] std::optional<Instant> Node::deadline() const {
    Instant next = engine_.deadline().value_or(Instant::max());
    if (engine_.is_in_charge()) {
        next = std::min(next, publisher_.deadline());
        next = events_.has_listener() ? std::min(next, next_repeat_) : next;
    }
    if (successor_by_) {
        next = std::min(next, os::now() + kSuccessorCheck);
    }
    if (engine_.needs_time_of_day()) {
        next = std::min(next, next_clock_read_);
    }
    next = std::min(next, held_until_.value_or(Instant::max()));
    next = std::min(next, left_drains_at_.value_or(Instant::max()));
    next = std::min(next, look_at_drains_.value_or(Instant::max()));
    for (const auto &due :
         {control_.deadline(), host_.deadline(), start_.at(), names_.deadline(),
          bfd_.deadline(), events_.deadline(), peers_.deadline()}) {
        next = std::min(next, due.value_or(Instant::max()));
    }
    return next == Instant::max() ? std::nullopt : std::optional{next};
}

[[gnu::hot]] void Node::packet_received(const engine::ReceivedPacket &packet) {
    engine_.handle_packet(packet, os::now());
}

void Node::interfaces_changed(const engine::Interfaces &interfaces) {
    engine_.handle_interfaces(interfaces, os::now());
}

// The workers of a dead master continue to serve, if they live: the address may
// wait for the successor, or until the last worker has ended.
void Node::process_ended(int pid) {
    if (pid == master_pid_) {
        nginx_ends_ = true;
        workers_.master_died();
        engine_.limit_drains(kOrphanDrain, os::now());
        stop("the nginx master process died", true);
    } else {
        workers_.ended(pid);
    }
    engine_.handle_workers(os::now());
}

void Node::neighbour_claimed(const engine::NeighbourClaim &claim) {
    engine_.handle_neighbour(claim, os::now());
}

bool Node::is_alive(int pid, Instant now) {
    if (pid != seen_.pid || now != seen_.at) {
        seen_ = {pid, now, os::is_process_alive(pid)};
    }
    return seen_.alive;
}

void Node::wake() {
    os::wake(generation_.ownership_wake_fd);
}

// This process is not replaced, but continues and waits for another successor.
void Node::lost_successor() {
    area_.confirm(std::min(generation_.number, area_.confirmed()));
}

std::optional<engine::OperatorRelease> Node::released(
    const engine::RouterKey &key) {
    const auto terms = area_.released().terms_of(to_string(key));
    return terms ? std::optional{engine::unpacked(*terms)} : std::nullopt;
}

bool Node::set_released(const engine::RouterKey &key,
                        const std::optional<engine::OperatorRelease> &release) {
    return area_.released().set(to_string(key), release.has_value(),
                                release ? engine::packed(*release) : 0);
}

void Node::end_crash_time_out(Instant now) {
    engine::CrashHistory history = area_.crash_history(now);
    if (history.out.is_out(now)) {
        history.out.ends_at = now;
        area_.set_crash_history(history);
    }
}

bool Node::is_latched(const engine::RouterKey &key,
                      const std::string &tracker) {
    return area_.released().contains(to_string(key) + ' ' + tracker);
}

bool Node::set_latched(const engine::RouterKey &key, const std::string &tracker,
                       bool latched) {
    return area_.released().set(to_string(key) + ' ' + tracker, latched);
}

void Node::on_event(const engine::Event &event, const vrrp::Config &config,
                    Instant now) {
    if (events_.has_listener()) {
        events_.send(
            to_event(event, config, facts_.router_id, {now, os::wall_clock()}),
            now);
    }
    const auto *change = std::get_if<engine::StateChanged>(&event.what);
    if (change != nullptr && !event.of_group) {
        remember(*change, event.reason, config, now);
    }
}

[[gnu::hot]] void Node::repeat_events(Instant now) {
    if (!events_.has_listener() || now < next_repeat_) {
        return;
    }
    next_repeat_ = now + notify::kRepeat;
    const Moment moment{now, os::wall_clock()};
    for (const peer::Drift &drift : peers_.details().drift()) {
        notify::EventRecord record = to_event(
            peer::DriftNews{drift.peer, drift.text}, facts_.router_id, moment);
        record.again = 1;
        events_.send(record, now);
    }
    for (const engine::VirtualRouter &router : engine_.routers()) {
        for (const engine::Event &event : lasting_events(router)) {
            notify::EventRecord record =
                to_event(event, router.config(), facts_.router_id, moment);
            record.again = 1;
            events_.send(record, now);
        }
    }
}

void Node::remember(const engine::StateChanged &change,
                    const std::string &reason, const vrrp::Config &config,
                    Instant now) {
    status::TransitionRecord record{};
    record.at_ns = to_ns(now);
    record.wall_ns = os::wall_clock().time_since_epoch().count();
    record.pid = facts_.pid;
    record.instance.set(config.name);
    record.from.set(vrrp::public_name(change.from));
    record.to.set(vrrp::public_name(change.to));
    record.reason.set(reason);
    area_.transitions().add(record);
}

}  // namespace ngx_vrrp::node
