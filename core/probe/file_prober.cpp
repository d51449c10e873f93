#include "core/probe/file_prober.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/base/system_error.hpp"
#include "core/check/file_text.hpp"
#include "core/os/clock.hpp"

namespace ngx_vrrp::probe {

namespace {

using check::Reason;

// A file that is open for writing is not read yet, because its writer has not
// finished.
constexpr std::uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_DELETE |
                                  IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF |
                                  IN_ONLYDIR;

constexpr std::size_t kEventBuffer = 4096;
constexpr unsigned kMaxFileReads = 16;

check::Outcome file_failure(const char *call, const std::string &path,
                            int error) {
    return check::failed(
        Reason::file,
        SystemError{format("%s of \"%s\"", call, path.c_str()), error}
            .to_string());
}

// O_NONBLOCK: a pipe would wait for its writer.
check::Outcome read_file(const std::string &path) {
    const os::Fd fd(
        ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return missing ? check::passed(0) : file_failure("open()", path, errno);
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return file_failure("fstat()", path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return check::failed(Reason::file,
                             '"' + path + "\" is not a regular file");
    }

    std::array<char, check::kLongestFileText + 1> text;
    const ssize_t size = ::read(fd.get(), text.data(), text.size());
    return size < 0 ? file_failure("read()", path, errno)
                    : check::judge_file_text(
                          {text.data(), static_cast<std::size_t>(size)});
}

// A link to nothing does not exist: what counts is the file behind it.
check::Outcome find_file(const std::string &path, bool wanted) {
    struct stat status {};
    const bool exists = ::stat(path.c_str(), &status) == 0;
    if (!exists && errno != ENOENT && errno != ENOTDIR) {
        return file_failure("stat()", path, errno);
    }
    return exists == wanted
               ? check::passed()
               : check::failed(Reason::file,
                               '"' + path + "\" " +
                                   (exists ? "exists" : "does not exist"));
}

check::Outcome judge(const check::FileCheck &check) {
    return check.test == check::FileTest::number
               ? read_file(check.path)
               : find_file(check.path, check.test == check::FileTest::absent);
}

std::string folder_of(const std::string &path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileProber::FileProber(os::Watcher &watcher, check::Outcomes &outcomes,
                       LogSink &log)
    : watcher_(watcher), outcomes_(outcomes), log_(log) {}

FileProber::~FileProber() {
    if (inotify_) {
        watcher_.unwatch(inotify_.get());
    }
}

// The watch first: a change after the file was read must not be missed.
void FileProber::start(check::CheckId id, const check::Config &config,
                       Instant now) {
    const auto &check = std::get<check::FileCheck>(config.probe);
    const std::string &path = check.path;
    File &file = files_[id];
    file.folder = folder_of(path);
    file.name = path.substr(path.rfind('/') + 1);
    follow(file);
    outcomes_.finished(id, judge(check), now);
}

// There is never anything to wait for.
check::Outcome FileProber::cancel(check::CheckId) {
    return check::passed();
}

void FileProber::forget(check::CheckId id) {
    const auto it = files_.find(id);
    if (it != files_.end()) {
        const int watch = it->second.watch;
        files_.erase(it);
        release(watch);
    }
}

// Done each time: the path may be another directory now. For the same directory
// inotify returns the same number.
void FileProber::follow(File &file) {
    const int watch = open() ? ::inotify_add_watch(inotify_.get(),
                                                   file.folder.c_str(), kEvents)
                             : -1;
    if (watch < 0) {
        report(file, errno);
    }
    if (watch != file.watch) {
        const int before = file.watch;
        file.watch = watch;
        release(before);
    }
}

// False: errno says why.
bool FileProber::open() {
    if (inotify_) {
        return true;
    }
    os::Fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) {
        return false;
    }
    if (!watcher_.watch(fd.get())) {
        errno = EMFILE;
        return false;
    }
    inotify_ = std::move(fd);
    return true;
}

// Once for a file. A missing directory is not an error.
void FileProber::report(File &file, int error) {
    if (file.failure_reported || error == ENOENT || error == ENOTDIR) {
        return;
    }
    file.failure_reported = true;
    log_(LogLevel::warn,
         "inotify for \"%s\" failed (%d: %s), reading file \"%s\" only at its "
         "interval",
         file.folder.c_str(), error, std::strerror(error), file.name.c_str());
}

void FileProber::release(int watch) {
    for (const auto &[id, file] : files_) {
        if (file.watch == watch) {
            return;
        }
    }
    if (watch >= 0) {
        ::inotify_rm_watch(inotify_.get(), watch);
    }
}

bool FileProber::on_readable(int fd) {
    if (!inotify_ || fd != inotify_.get()) {
        return false;
    }
    const Instant time = os::now();
    for (const check::CheckId id : read_events()) {
        outcomes_.check_now(id, time);
    }
    return true;
}

std::set<check::CheckId> FileProber::read_events() {
    std::set<check::CheckId> changed;
    for (unsigned n = 0; n < kMaxFileReads; n++) {
        alignas(inotify_event) std::array<char, kEventBuffer> buffer;
        const ssize_t size =
            ::read(inotify_.get(), buffer.data(), buffer.size());
        if (size <= 0) {
            break;
        }
        const char *at = buffer.data();
        const char *const end = at + size;
        while (at < end) {
            inotify_event event;
            std::memcpy(&event, at, sizeof(event));
            const char *name = at + sizeof(event);
            take(event.wd, event.mask,
                 std::string_view(name, ::strnlen(name, event.len)), changed);
            at = name + event.len;
        }
    }
    return changed;
}

// Events without a name are about the directory. Lost events may have been
// about any file.
void FileProber::take(int watch, std::uint32_t mask, std::string_view name,
                      std::set<check::CheckId> &changed) {
    for (auto &[id, file] : files_) {
        const bool mine =
            file.watch == watch && (name.empty() || name == file.name);
        if (mine || (mask & IN_Q_OVERFLOW) != 0) {
            changed.insert(id);
        }
        if (mine && (mask & IN_IGNORED) != 0) {
            file.watch = -1;
        }
    }
}

}  // namespace ngx_vrrp::probe
