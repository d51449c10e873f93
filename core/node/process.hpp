// A process of the module, for the loop that drives it.
//
// core/node joins the parts of a process. It has no rule of VRRP, of checks or
// of notifications, and makes no system call itself.
//
// Objects. Node is the vrrp process: an Engine, its Host (core/net), and the
// Publisher, which writes the state into the shared memory. CheckNode is the
// checker or the runner process: a Checker and its Probers (core/probe).
// NotifyNode is the notifier process: a Dispatcher and its Transports
// (core/transport). Each owns its parts. The Areas (core/status) are handles to
// memory that the processes share.
//
// Flow. nginx's loop calls on_readable() or on_timer(). The node asks its parts
// whose descriptor it is, and passes the data to the engine, the checker or the
// dispatcher, which act through ports that the parts implement. Then share()
// publishes what has changed.
//
// Reload. Old and new processes run side by side. Node waits until its
// successor is in charge, CheckNode ends when a later table of results is
// there, NotifyNode delivers its last events first.
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
