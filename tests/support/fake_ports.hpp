// Ports that record the actions of the engine, in order, as short lines.
#pragma once

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/find.hpp"
#include "core/base/log.hpp"
#include "core/engine/ports.hpp"
#include "core/wire/advertisement.hpp"
#include "tests/support/openssl_signer.hpp"

namespace ngx_vrrp::test {

class FakeMachine final : public engine::Transmit,
                          public engine::Addresses,
                          public engine::Workers,
                          public engine::Shared,
                          public engine::Results,
                          public engine::Ownership,
                          public engine::Events,
                          public engine::Neighbours,
                          public engine::Connections,
                          public engine::Drains,
                          public engine::Signing,
                          public engine::Vmacs,
                          public engine::Routes {
public:
    // The actions since the last take(), e.g. "advert 100 224.0.0.18", "add
    // 10.0.1.5 2s", "garp".
    std::vector<std::string> take() { return std::exchange(done_, {}); }

    // From now on: "add" always, "add 10.0.1.5" for this address.
    void fail(const std::string &call, int code) { failures_[call] = code; }
    void heal() { failures_.clear(); }

    std::vector<engine::Heartbeat> beats;
    std::vector<std::int32_t> seen;  // pids of them, at the last look
    static constexpr unsigned kShortChecks = 3;
    unsigned short_checks = 0;  // of these only, until the next look
    unsigned looks = 0;         // at all of them
    std::map<check::CheckId, engine::CheckResult> checks;  // all we know
    std::vector<check::CheckId> demanded;                  // to be made now
    std::map<std::size_t, bfd::Status> sessions;           // of BFD
    std::optional<Instant> active_before;  // the life before this one
    std::optional<Instant> active_after;   // what this one leaves
    // Over the life of a process.
    std::map<engine::RouterKey, engine::OperatorRelease> releases;
    std::set<std::string> latched;  // titles of trackers
    Instant crashes_end_at{};  // the time out of a crash loop, by an operator
    bool full = false;         // no room for one more
    bool owned_by_other = false;    // request() has to wait
    std::string overtaken_at;       // with this, another one owns it
    bool successor = false;         // another process waits for us
    bool successor_sleeps = false;  // it does not run now
    // The router that others want or own; else all of them.
    std::optional<engine::OwnershipId> only;
    std::optional<engine::Handover> passed_on;     // received by the successor
    std::optional<engine::Handover> granted_late;  // when we stopped waiting
    bool given_up = false;                         // give_up() was called
    std::vector<engine::Event> events;             // all that happened
    std::vector<IpAddress> watched;                // whose neighbours are heard
    std::vector<IpAddress> questions;  // asked of the LAN: who has it?
    std::vector<IpAddress> announced;  // to the LAN, in this order
    std::vector<IpAddress> listed;     // by the last advertisement
    std::optional<Seconds> preferred;  // of the last add
    unsigned connections = 0;          // to each address
    unsigned counted = 0;              // so often
    unsigned unclosed = 0;             // of these, they cannot be closed
    std::string no_drains;             // why they are not available
    std::string not_hidden;            // why IPv4 addresses cannot be hidden
    engine::DrainCounts drain_counts;
    // Of the last advertisement.
    std::uint8_t sent_ttl = 0;
    std::optional<wire::ChecksumForm> sent_checksum;
    IpAddress sent_from;
    WallTime wall_time{};       // what the clock of the node shows
    std::vector<Buffer> sent;   // all advertisements
    std::string advertised_on;  // its interface
    std::string framed_on;
    static constexpr unsigned kClosedAtOnce = 100;

    // The previous owner passes it on, with this handover or without one.
    void grant(std::optional<engine::Handover> handover) {
        granted_ = engine::Inheritance{
            .from = {}, .handover = std::move(handover), .active_at = {}};
        owned_by_other = false;
    }

    // It has died, and was active until then; or not.
    void inherit(std::optional<Instant> active_at) {
        granted_ = engine::Inheritance{.from = engine::Inheritance::From::dead,
                                       .handover = {},
                                       .active_at = active_at};
        owned_by_other = false;
    }

    Status listen(const engine::Interface &interface,
                  const vrrp::Config &router) override {
        if (listened_[interface.name] == interface.index) {
            return result("listen");
        }
        listened_[interface.name] = interface.index;
        done_.push_back("listen " + interface.name +
                        (router.is_unicast() ? "" : " multicast"));
        return result("listen");
    }

    void forget(std::string_view interface) override {
        if (listened_.erase(std::string(interface)) != 0) {
            done_.push_back("forget " + std::string(interface));
        }
    }

    void send(std::span<const engine::OutgoingPacket> packets,
              std::vector<Status> &answers) override {
        for (const engine::OutgoingPacket &p : packets) {
            const IpAddress &to = p.endpoints.destination;
            sent.emplace_back(p.pdu.begin(), p.pdu.end());
            advertised_on = p.interface->name;
            const auto parsed =
                wire::parse_advertisement(p.pdu, p.endpoints, 0);
            sent_ttl = p.ttl;
            sent_checksum =
                parsed ? std::optional{parsed->checksum_form} : std::nullopt;
            sent_from = p.endpoints.source;
            const wire::Advertisement *advert =
                parsed ? &parsed->advertisement : nullptr;
            listed = advert ? advert->addresses : std::vector<IpAddress>{};
            note(advert != nullptr
                     ? "advert " + std::to_string(advert->priority.value) +
                           " " + to.to_string()
                     : "advert that does not parse");
            answers.push_back(result("send", to));
        }
    }

    Status send_frame(const engine::Interface &interface,
                      Bytes frame) override {
        framed_on = interface.name;
        if (const auto question = question_of(frame)) {
            questions.push_back(*question);
            return result("send_frame");
        }
        const bool is_arp = frame.size() == kArpFrame;
        announced.push_back(IpAddress::from_octets(
            frame.subspan(is_arp ? 28 : 62, is_arp ? 4 : 16)));
        note(is_arp ? "garp" : "na");
        return result("send_frame");
    }

    void forget_unanswered(const engine::Interface &interface) override {
        done_.push_back("forget unanswered " + interface.name);
    }

    void add(std::span<const engine::LeaseRequest> requests,
             std::vector<Status> &answers) override {
        for (const engine::LeaseRequest &r : requests) {
            note("add " + r.address->address.to_string() + " " +
                 std::to_string(r.lease.count()) + "s");
            preferred = r.preferred;
            answers.push_back(result("add", r.address->address));
        }
    }

    Status remove(const engine::Interface &,
                  const vrrp::VirtualAddress &address) override {
        const bool usual = address.prefix_length == kPrefixLength;
        done_.push_back(
            "remove " + address.address.to_string() +
            (usual ? "" : '/' + std::to_string(address.prefix_length)));
        return result("remove", address.address);
    }

    Status add(const vrrp::Route &route, const engine::Interfaces &,
               Seconds) override {
        note("add " + route.to_string());
        return result("add " + route.to_string());
    }

    Status add(const vrrp::Rule &rule) override {
        note("add " + rule.to_string());
        return result("add " + rule.to_string());
    }

    Status prolong(const vrrp::Route &route, const engine::Interfaces &,
                   Seconds lease) override {
        note("prolong " + route.to_string() + " " +
             std::to_string(lease.count()) + "s");
        return result("prolong");
    }

    Status remove(const vrrp::Route &route,
                  const engine::Interfaces &) override {
        note("remove " + route.to_string());
        return result("remove " + route.to_string());
    }

    Status remove(const vrrp::Rule &rule) override {
        note("remove " + rule.to_string());
        return result("remove " + rule.to_string());
    }

    std::span<const engine::Heartbeat> heartbeats() override {
        ++looks;
        const bool same = engine::are_of(beats, seen);
        short_checks = same ? kShortChecks : 0;
        if (!same) {
            seen = engine::pids_of(beats);
        }
        return beats;
    }

    // As NginxWorkers: another worker is noticed by a look at all of them.
    std::optional<Instant> oldest_beat() override {
        std::optional<Instant> oldest;
        if (short_checks == 0) {
            return oldest;
        }
        --short_checks;
        for (const std::int32_t pid : seen) {
            const engine::Heartbeat *of = find_first(
                beats, [&](const auto &one) { return one.pid == pid; });
            if (!of || of->gone_at != Instant::max()) {
                return std::nullopt;
            }
            take_earlier(oldest, {of->beat});
        }
        return oldest;
    }

    void lost_successor() override {}

    std::optional<engine::OperatorRelease> released(
        const engine::RouterKey &key) override {
        const auto found = releases.find(key);
        return found == releases.end() ? std::nullopt
                                       : std::optional{found->second};
    }

    bool set_released(
        const engine::RouterKey &key,
        const std::optional<engine::OperatorRelease> &release) override {
        releases.erase(key);
        if (release && !full) {
            releases.emplace(key, *release);
        }
        return !full;
    }

    void end_crash_time_out(Instant now) override { crashes_end_at = now; }

    bool is_latched(const engine::RouterKey &,
                    const std::string &tracker) override {
        return latched.contains(tracker);
    }

    bool set_latched(const engine::RouterKey &, const std::string &tracker,
                     bool is) override {
        if (is) {
            latched.insert(tracker);
        } else {
            latched.erase(tracker);
        }
        return true;
    }

    std::optional<bfd::Status> bfd(std::size_t session) const override {
        const auto found = sessions.find(session);
        return found == sessions.end() ? std::nullopt
                                       : std::optional{found->second};
    }

    std::optional<check::Verdict> verdict(check::CheckId id) const override {
        const auto result = this->result(id);
        return result ? std::optional{result->verdict} : std::nullopt;
    }

    void demand(check::CheckId id) override { demanded.push_back(id); }

    std::optional<engine::CheckResult> result(
        check::CheckId id) const override {
        const auto it = checks.find(id);
        return it == checks.end() ? std::nullopt : std::optional{it->second};
    }

    engine::OwnershipId open(const engine::RouterKey &, Duration) override {
        return engine::OwnershipId{opened_++};
    }

    bool owns(engine::OwnershipId id) const override {
        return !owned_by_other || only.value_or(id) != id;
    }

    std::optional<engine::Inheritance> request(engine::OwnershipId,
                                               Instant) override {
        if (owned_by_other) {
            return std::nullopt;
        }
        return std::exchange(granted_, std::nullopt)
            .value_or(engine::Inheritance{
                .from = {}, .handover = {}, .active_at = active_before});
    }

    std::optional<engine::Inheritance> withdraw(engine::OwnershipId,
                                                Instant) override {
        done_.push_back("withdraw");
        if (!granted_late) {
            return std::nullopt;
        }
        owned_by_other = false;
        return engine::Inheritance{.from = {},
                                   .handover = std::exchange(granted_late, {}),
                                   .active_at = {}};
    }

    Demand demand(engine::OwnershipId id, bool, Instant now) override {
        ask_at_.reset();
        if (!successor || only.value_or(id) != id) {
            return Demand::none;
        }
        ask_at_ = now + Milliseconds{20};
        return successor_sleeps ? Demand::waits : Demand::due;
    }

    void watch_owner(engine::OwnershipId, Instant) override {}

    bool pass_on(engine::OwnershipId, const engine::Handover &handover, bool,
                 Instant) override {
        passed_on = handover;
        owned_by_other = std::exchange(successor, false);
        return owned_by_other;
    }

    bool has_successor(engine::OwnershipId) const override {
        return !successor_sleeps;
    }

    std::optional<engine::Inheritance> take_back(engine::OwnershipId,
                                                 Instant) override {
        return request({}, {});
    }

    void advertised(engine::OwnershipId, Instant at) override {
        active_after = at;
    }
    void left(engine::OwnershipId) override { active_after.reset(); }
    void give_up(engine::OwnershipId) override { given_up = true; }

    std::optional<Instant> deadline(engine::OwnershipId) const override {
        return ask_at_;
    }

    void on_event(const engine::Event &event, const vrrp::Config &,
                  Instant) override {
        events.push_back(event);
    }

    Status watch_neighbours(const std::vector<IpAddress> &addresses) override {
        watched = addresses;
        return result("watch_neighbours");
    }

    // "close 10.0.1.5:80"
    Result<engine::Closed, SystemError> close_connections(
        const std::vector<IpAddress> &addresses,
        const std::vector<std::uint16_t> &ports) override {
        done_.push_back("close " + addresses.at(0).to_string() + ":" +
                        std::to_string(ports.at(0)));
        if (const Status status = result("close"); !status) {
            return Unexpected(status.error());
        }
        const unsigned closed = std::min(connections - unclosed, kClosedAtOnce);
        connections -= closed;
        return engine::Closed{closed, connections == unclosed};
    }

    Result<std::vector<unsigned>, SystemError> count_connections(
        const std::vector<IpAddress> &addresses) override {
        ++counted;
        if (const Status status = result("count"); !status) {
            return Unexpected(status.error());
        }
        return std::vector<unsigned>(addresses.size(), connections);
    }

    const std::string &why_unavailable() const override { return no_drains; }
    std::string why_not_hidden(const engine::Interface &) const override {
        return not_hidden;
    }
    bool look_at(const engine::Interface &) override { return false; }

    // "forward 10.0.1.5 on eth0 to 02:00:00:00:00:02"
    Status forward(const engine::Interface &interface,
                   const std::vector<IpAddress> &addresses,
                   const MacAddress &to, Duration) override {
        done_.push_back("forward " + addresses.at(0).to_string() + " on " +
                        interface.name + " to " + text_of(to));
        return result("forward");
    }
    Status stop_forwarding(const engine::Interface &,
                           const std::vector<IpAddress> &addresses) override {
        done_.push_back("stop forwarding " + addresses.at(0).to_string());
        return result("stop_forwarding");
    }
    Status hide(const engine::Interface &interface,
                const std::vector<IpAddress> &addresses, const MacAddress &from,
                Duration) override {
        done_.push_back("hide " + addresses.at(0).to_string() + " on " +
                        interface.name + " behind " + text_of(from));
        return result("hide");
    }
    Status show(const engine::Interface &,
                const std::vector<IpAddress> &addresses) override {
        done_.push_back("show " + addresses.at(0).to_string());
        return result("show");
    }
    Status remove_left_behind(const engine::Interfaces &) override {
        return success();
    }
    engine::DrainCounts counts(const engine::Interface &,
                               const std::vector<IpAddress> &) const override {
        return drain_counts;
    }

    std::optional<Digest> hmac_sha256(Bytes key, Bytes text) override {
        if (!result("hmac_sha256")) {
            return std::nullopt;
        }
        return openssl_hmac_sha256(key, text);
    }

    WallTime wall_clock() override { return wall_time; }

    Status make_vmac(const engine::Interface &base,
                     const vrrp::Config &router) override {
        done_.push_back("make " + router.vmac + " on " + base.name);
        return result("make_vmac");
    }

    Status set_up(const engine::Interface &device, bool up) override {
        done_.push_back((up ? "up " : "down ") + device.name);
        return result("set_up");
    }

    Status remove_vmac(const engine::Interface &device) override {
        done_.push_back("delete " + device.name);
        return result("remove_vmac");
    }

    engine::Ports ports() {
        return {*this, *this, *this, *this, *this, *this, *this,
                *this, *this, *this, *this, *this, *this};
    }

private:
    void note(std::string what) {
        owned_by_other = owned_by_other || (!overtaken_at.empty() &&
                                            what.starts_with(overtaken_at));
        done_.push_back(std::move(what));
    }

    static std::string text_of(const MacAddress &mac) {
        return format("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                      mac[3], mac[4], mac[5]);
    }

    static constexpr std::size_t kArpFrame = 42;
    static constexpr unsigned kPrefixLength = 24;  // of most of the tests

    // The address that an ARP probe or a neighbour solicitation asks for.
    static std::optional<IpAddress> question_of(Bytes frame) {
        constexpr std::uint8_t kSolicitation = 135;
        const auto address = [&](std::size_t offset, std::size_t size) {
            return IpAddress::from_octets(frame.subspan(offset, size));
        };
        if (frame.size() == kArpFrame) {
            return address(28, 4).is_unspecified()
                       ? std::optional{address(38, 4)}
                       : std::nullopt;
        }
        return frame[54] == kSolicitation ? std::optional{address(62, 16)}
                                          : std::nullopt;
    }

    Status result(const std::string &call, const IpAddress &address) {
        const Status status = result(call);
        return status ? result(call + " " + address.to_string()) : status;
    }

    Status result(const std::string &call) {
        const auto it = failures_.find(call);
        if (it == failures_.end()) {
            return success();
        }
        return Unexpected(SystemError{call + "()", it->second});
    }

    std::vector<std::string> done_;
    std::map<std::string, int> failures_;
    std::map<std::string, IfIndex> listened_;
    std::optional<engine::Inheritance> granted_;
    std::size_t opened_ = 0;
    std::optional<Instant> ask_at_;  // for demand()
};

class RememberingLog final : public LogSink {
public:
    struct Line {
        LogLevel level;
        std::string text;
    };

    void write(LogLevel level, std::string_view text) override {
        lines.push_back({level, std::string(text)});
    }

    // How many lines have `part` in them.
    std::size_t count(std::string_view part) const {
        std::size_t n = 0;
        for (const Line &line : lines) {
            n += line.text.find(part) != std::string::npos;
        }
        return n;
    }

    std::vector<Line> lines;
};

}  // namespace ngx_vrrp::test
