// The log of the core. The context ("instance "VI_1", vrid 51, interface eth0")
// is attached once to a Log, so that no message repeats it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ngx_vrrp {

// nginx's levels, with nginx's meaning (see CONTRIBUTING.md).
enum class LogLevel : std::uint8_t {
    alert,   // a fault of ours, or an address that could not be removed
    crit,    // cannot do the job on one interface
    error,   // a request to the system failed
    warn,    // a peer disagrees with our configuration
    notice,  // state transitions, start, stop
    info,    // a packet was dropped, and why
    debug    // packets, timers, actions
};

class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(LogLevel level, std::string_view text) = 0;
};

// Cold: nothing is logged while nothing changes, and the compiler puts what
// leads to a line or a text apart from the rest of a function.
class Log {
public:
    // sink must outlive the Log. context may be empty.
    explicit Log(LogSink &sink, std::string context = {})
        : sink_(&sink), context_(std::move(context)) {}

    [[gnu::cold, gnu::format(printf, 3, 4)]] void operator()(LogLevel level,
                                                             const char *format,
                                                             ...) const;

private:
    LogSink *sink_;
    std::string context_;
};

// snprintf into a string of the right length.
[[gnu::cold, gnu::format(printf, 1, 2)]] std::string format(const char *format,
                                                            ...);

}  // namespace ngx_vrrp
