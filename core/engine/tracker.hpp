// One dependency of a virtual router: a check, a pool of servers, the number in
// a file, a link, a BFD session. Its failure is a fault of the router, or, with
// a weight, changes its priority.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/bfd/status.hpp"
#include "core/check/config.hpp"
#include "core/check/monitor.hpp"
#include "core/check/verdict.hpp"
#include "core/engine/facts.hpp"
#include "core/engine/ports.hpp"

namespace ngx_vrrp::engine {

enum class TrackKind : std::uint8_t {
    check,      // is it up?
    pool,       // are min_up of several up?
    file,       // the number in it; 0: no failure
    interface,  // is it up?
    bfd         // is the session up?
};

struct TrackerConfig {
    TrackKind kind = TrackKind::interface;
    std::string type;  // the directive: "track_upstream"
    std::string name;  // the tracked object: "web"

    // Nothing: a failure is a fault. Otherwise -253..253, as in keepalived: a
    // negative weight is added to the priority when the tracker has failed, a
    // positive one while it has not; the number of a file is multiplied with
    // it.
    std::optional<int> weight;

    // takeover_check: its weight is 0, so it has no effect on the election.
    bool witness = false;

    // A failure stays until an operator resumes the router.
    bool latch = false;

    // For a pool, a file, an interface: this number of equal findings in a row
    // changes the state, one finding per interval. A check has its own count.
    unsigned fall = 0;
    unsigned rise = 0;
    Duration interval{0};

    // check and file: the first one
    check::CheckId first_check = 0;
    std::size_t checks = 0;
    // The time until the checks have a result, from their first start.
    Duration first_result{0};

    // pool
    unsigned min_up = 0;
    bool min_up_percent = false;  // of those that are used, rounded up

    std::string interface;

    // bfd: the session, and its number among those of this node
    bfd::SessionConfig session;
    std::size_t session_id = 0;
};

// The servers of a pool: their number, the number of those that are up, and the
// required number.
struct PoolCount {
    unsigned servers = 0;
    unsigned up = 0;
    unsigned needed = 0;
};

class Tracker {
    static constexpr const char *kNotChecked = "not checked yet";

public:
    explicit Tracker(TrackerConfig config);

    // Checks are being started: the time to wait for the first result.
    void begin(Instant checks_started_by);

    // For a process that continues another one, a tracker without a result
    // counts as up: a reload that adds a tracker must not move the address. A
    // single failure does not count either, where several in a row are a fault.
    void trust(Instant now);

    // Checks the tracked object. Call it again when the object may have
    // changed, and at the deadline.
    void evaluate(const Interfaces &interfaces, const Results &results,
                  Instant now);
    std::optional<Instant> deadline() const;

    const TrackerConfig &config() const { return config_; }

    // unknown, up or down
    check::Verdict state() const {
        return latched_ ? check::Verdict::down : monitor_.verdict();
    }
    // The reason, "1 of 3 servers up, 2 needed"; may be empty when it is up.
    const std::string &reason() const { return reason_; }

    // The last finding of a pool.
    const PoolCount &pool() const { return pool_; }

    // With config().latch: it has failed after it was up, and stays failed. A
    // tracker that was never up does not latch: at boot, a gateway may need
    // longer than nginx.
    bool must_latch() const {
        return config_.latch && was_up_ && !latched_ &&
               monitor_.verdict() == check::Verdict::down;
    }
    bool is_latched() const { return latched_; }
    void set_latched(bool latched);

    // The last finding of a BFD session.
    const bfd::Status &bfd() const { return bfd_; }

    // There is no result yet, but there may be one soon.
    bool is_awaited() const;
    // The router must not hold the address.
    bool is_fault() const;
    // Its current contribution to the priority.
    int priority_delta() const;

    // "track_upstream web"
    std::string label() const { return config_.type + " " + config_.name; }
    // "track_upstream web failed, 0 of 2 servers up (weight -20)"
    std::string describe() const;

private:
    // Of one look.
    struct Finding {
        check::Verdict verdict = check::Verdict::unknown;
        std::string reason;
        std::int64_t number = 0;
        PoolCount pool{};
        bfd::Status bfd{};
    };

    // Nothing: it could not be read, the previous finding holds.
    std::optional<Finding> find(const Interfaces &interfaces,
                                const Results &results) const;
    std::optional<Finding> find_check(const Results &results) const;
    std::optional<Finding> find_pool(const Results &results) const;
    std::optional<Finding> find_file(const Results &results) const;
    Finding find_interface(const Interfaces &interfaces) const;
    std::optional<Finding> find_bfd(const Results &results) const;
    void judge(const Finding &finding, Instant now);

    TrackerConfig config_;
    check::Monitor monitor_;
    std::string reason_ = kNotChecked;
    std::string finding_reason_ = kNotChecked;  // the same, if not latched
    std::int64_t number_ = 0;                   // file
    PoolCount pool_;
    bfd::Status bfd_;
    Instant next_check_{};  // while findings are being counted
    Instant known_by_ = Instant::max();
    bool overdue_ = false;  // known_by_ has passed
    bool trusted_ = false;
    bool was_up_ = false;
    bool latched_ = false;
};

}  // namespace ngx_vrrp::engine
