// What the processes of this node have in common for the loop that drives them.
#pragma once

#include <optional>

#include "core/base/system_error.hpp"
#include "core/base/time.hpp"

namespace ngx_vrrp::node {

class Process {
public:
    Process() = default;
    Process(const Process &) = delete;
    Process &operator=(const Process &) = delete;
    virtual ~Process() = default;

    // The process finishes after the master has ended. With an error, it has
    // finished, or stays disabled.
    virtual Status start(int master_pid) = 0;

    // nginx's QUIT, and TERM, which may follow it.
    virtual void quit() = 0;
    virtual void terminate() = 0;

    virtual void on_readable(int fd) = 0;
    virtual void on_timer() = 0;

    // After each of the above: publishes the state for the other processes.
    virtual void share() {}

    // A planned end; without this call, it may count as a crash.
    virtual void mark_stopped() {}

    // An exception was caught: releases what it holds; no other call follows.
    virtual void give_up() {}

    virtual std::optional<Instant> deadline() const = 0;
    virtual bool finished() const = 0;
};

}  // namespace ngx_vrrp::node
