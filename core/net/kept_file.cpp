#include "core/net/kept_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ngx_vrrp::net {

Result<os::Fd, SystemError> open_kept_file(const char *path) {
    const std::string what = "open(\"" + std::string(path) + "\")";
    os::Fd fd(::open(path,
                     O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                     S_IRUSR | S_IWUSR));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return failure(what);
    }
    if (!S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
        status.st_nlink != 1 || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return failure(what, EPERM);
    }
    return fd;
}

std::string KeptFile::read() {
    std::array<char, kLargestStore> text;
    const ssize_t size =
        fd_ ? ::pread(fd_.get(), text.data(), text.size(), 0) : -1;
    return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size))
                    : std::string();
}

// The rest of a longer text would make it useless.
Status KeptFile::write(std::string_view text) {
    if (!fd_) {
        return success();
    }
    const ssize_t size = ::pwrite(fd_.get(), text.data(), text.size(), 0);
    if (size != static_cast<ssize_t>(text.size())) {
        return failure("pwrite()", size < 0 ? errno : ENOSPC);
    }
    if (::ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) {
        return failure("ftruncate()");
    }
    return success();
}

}  // namespace ngx_vrrp::net
