// One check: the target, the method, the interval, and the expected answer. The
// configuration parser has checked it; no further checks are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ip.hpp"
#include "core/base/time.hpp"
#include "core/check/role.hpp"
#include "core/check/verdict.hpp"

namespace ngx_vrrp::check {

// The number of a check; the same in the configuration, in shared memory and
// in every process.
using CheckId = std::size_t;

struct Timing {
    Duration interval{0};
    Duration timeout{0};
    Duration fast_interval{0};  // fastinter, while undecided; 0: interval
    Duration down_interval{0};  // downinter, while down; 0: interval
    unsigned fall = 0;
    unsigned rise = 0;
    unsigned jitter_percent = 0;  // of the interval, plus or minus
};

// A compiled regular expression of nginx, which only nginx can execute.
using Regex = void *;

enum class Test : std::uint8_t {
    exists,     // header X;
    absent,     // header ! X;
    equal,      // header X = y;
    not_equal,  // header X != y;
    regex,      // header X ~ y;
    not_regex   // header X !~ y;
};

struct TextTest {
    std::string header;  // its name; empty: the body, or what a peer sends
    Test test = Test::exists;
    std::string value;  // to compare with; the expression as written
    Regex regex = nullptr;
};

struct StatusRange {
    unsigned low = 200;
    unsigned high = 399;
    bool negated = false;  // !301
};

// vrrp_match. Without any status: 200 to 399.
struct Match {
    std::string name;
    std::vector<StatusRange> statuses;
    std::vector<TextTest> tests;
    std::string send;  // send-expect
};

struct TcpCheck {};

struct HttpCheck {
    std::string method;
    std::string uri;
    std::string host;
    bool keepalive = false;
};

struct SendExpectCheck {};

struct PingCheck {
    IpAddress address;          // of a gateway: its family counts
    bool gateway = false;       // that of the default route, whichever it is
    unsigned loss_percent = 0;  // from here on it fails
    unsigned window = 0;        // of these pings
};

// A listening socket of this nginx: does nginx accept connections to it?
struct ListenCheck {
    IpAddress address;  // may be unspecified
    std::uint16_t port = 0;
};

enum class FileTest : std::uint8_t {
    number,  // the number in it is the value; any number passes
    exists,  // fails while it exists
    absent   // fails while it does not
};

struct FileCheck {
    std::string path;
    FileTest test = FileTest::number;
};

struct ScriptCheck {
    std::vector<std::string> command;  // path and arguments
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
};

using Probe = std::variant<TcpCheck, HttpCheck, SendExpectCheck, PingCheck,
                           ListenCheck, FileCheck, ScriptCheck>;

// The process that makes it.
inline Role role_of(const Probe &probe) {
    return std::holds_alternative<ScriptCheck>(probe) ? Role::scripts
                                                      : Role::probes;
}

// Together they are the key by which a check is identified after a reload.
struct Identity {
    std::string context;  // "http", "stream": an upstream; "vrrp": a tracker
    std::string group;    // the upstream, the vrrp_instance
    std::string name;     // the server as it was written, the tracker
    std::string address;  // where to: address:port, path, command

    friend bool operator==(const Identity &, const Identity &) = default;
};

struct Config {
    Identity identity;
    bool backup = false;  // a "backup" server
    // Also made when the vrrp process wants its result, and each result is
    // reported to it.
    bool on_demand = false;
    Probe probe;
    Timing timing;
    Verdict initial{};  // until the first results are there
    Match match;
};

}  // namespace ngx_vrrp::check
