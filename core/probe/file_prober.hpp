// core/probe makes checks that need no connection of nginx: files, pings,
// scripts and listening sockets. Each prober implements check::Prober for one
// kind of check and owns its descriptors. The Checker (core/check) calls
// start() when a check is due; the prober reports one Outcome to
// check::Outcomes, within start() or later from on_readable() or on_timer(). It
// does not judge: times, timeouts, fall and rise are the Checker's. Probers
// start without results in each process; only the Checker's results outlive a
// reload.
//
// track_file: the number in a file, or its existence. It is read whenever the
// check runs, and
// whenever the file changes, even if it is replaced or created later. inotify
// watches the directory, not the file. If there is no directory yet, or if a
// link leads elsewhere, only the check's interval applies.
#pragma once

#include <map>
#include <set>
#include <string>

#include "core/base/log.hpp"
#include "core/check/ports.hpp"
#include "core/os/fd.hpp"
#include "core/os/watcher.hpp"

namespace ngx_vrrp::probe {

class FileProber final : public check::Prober {
public:
    // All of them outlive the prober. It opens nothing before start().
    FileProber(os::Watcher &watcher, check::Outcomes &outcomes, LogSink &log);
    FileProber(const FileProber &) = delete;
    FileProber &operator=(const FileProber &) = delete;
    ~FileProber() override;

    // Finishes before it returns. Any number passes; a missing and an empty
    // file are 0. Where only its existence counts, the file is not opened.
    void start(check::CheckId id, const check::Config &config,
               Instant now) override;
    check::Outcome cancel(check::CheckId id) override;
    void forget(check::CheckId id) override;

    bool on_readable(int fd) override;

private:
    struct File {
        std::string folder;
        std::string name;
        int watch = -1;  // inotify's number for the folder
        bool failure_reported = false;
    };

    void follow(File &file);
    bool open();
    void report(File &file, int error);
    void release(int watch);
    std::set<check::CheckId> read_events();
    void take(int watch, std::uint32_t mask, std::string_view name,
              std::set<check::CheckId> &changed);

    os::Watcher &watcher_;
    check::Outcomes &outcomes_;
    Log log_;
    os::Fd inotify_;
    std::map<check::CheckId, File> files_;
};

}  // namespace ngx_vrrp::probe
