#include "core/transport/fifo_transport.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>
#include <variant>

#include "core/base/log.hpp"
#include "core/notify/keepalived_format.hpp"

namespace ngx_vrrp::transport {

namespace {

SystemError failure(const char *call, const std::string &path, int error) {
    return {format("%s of \"%s\"", call, path.c_str()), error};
}

// The meaning of an error for a FIFO.
std::string explain(const SystemError &error) {
    if (error.code == ENXIO || error.code == EPIPE) {
        return "no process reads the FIFO";
    }
    return error.code == EAGAIN ? "the FIFO is full" : error.to_string();
}

}  // namespace

FifoTransport::FifoTransport(notify::DeliverySink &sink) : sink_(sink) {
    ::signal(SIGPIPE, SIG_IGN);
}

void FifoTransport::deliver(const notify::Delivery &delivery,
                            const notify::ChannelConfig &config, Instant now) {
    const std::string &path = std::get<notify::FifoChannel>(config.how).path;
    std::string lines;
    for (const notify::EventRecord &event : delivery.events) {
        lines += notify::line(event) + '\n';
    }
    const Status written = write(path, lines);
    notify::Outcome outcome{
        .delivered = written.has_value(), .permanent = false, .text = {}};
    if (!written) {
        outcome.text = explain(written.error());
    }
    sink_.finished(delivery.id, outcome, now);
}

notify::Outcome FifoTransport::cancel(notify::DeliveryId) {
    return {};
}

// Tries once more after EPIPE: the reader may have created the FIFO again.
// These few octets are written as a whole or not at all.
Status FifoTransport::write(const std::string &path, const std::string &lines) {
    for (int attempt = 0;; ++attempt) {
        if (!pipes_[path]) {
            if (const Status opened = open(path); !opened) {
                return opened;
            }
        }
        const ssize_t n =
            ::write(pipes_[path].get(), lines.data(), lines.size());
        if (n >= 0) {
            return success();
        }
        const int error = errno;
        if (error != EAGAIN) {
            pipes_[path].reset();
        }
        if (error != EPIPE || attempt != 0) {
            return Unexpected(failure("write()", path, error));
        }
    }
}

Status FifoTransport::open(const std::string &path) {
    os::Fd fd(
        ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd) {
        return Unexpected(failure("open()", path, errno));
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0) {
        return Unexpected(failure("fstat()", path, errno));
    }
    if (!S_ISFIFO(status.st_mode)) {
        return Unexpected(SystemError{
            format("using \"%s\", which is not a FIFO,", path.c_str()),
            EINVAL});
    }
    pipes_[path] = std::move(fd);
    return success();
}

}  // namespace ngx_vrrp::transport
