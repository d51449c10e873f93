#include "core/script/unsafe_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>
#include <vector>

#include "core/base/log.hpp"
#include "core/base/system_error.hpp"

namespace ngx_vrrp::script {

namespace {

// As the kernel: path_resolution(7).
constexpr unsigned kMaxLinks = 40;

using FileStatus = struct stat;

std::string quoted(const std::string &path) {
    return '"' + path + '"';
}

std::string failure(const char *call, const std::string &path) {
    return SystemError{format("%s of \"%s\"", call, path.c_str()), errno}
        .to_string();
}

// Other users who may replace this file or directory.
std::string writable_by(const FileStatus &status) {
    if ((status.st_mode & S_IWOTH) != 0) {
        return "is world-writable";
    }
    return (status.st_mode & S_IWGRP) != 0 ? "is group-writable" : "";
}

std::string foreign_owner(const FileStatus &status, std::uint32_t uid) {
    return status.st_uid == 0 || status.st_uid == uid
               ? ""
               : format("belongs to user %u", status.st_uid);
}

std::string first_of(const std::string &one, const std::string &other) {
    return one.empty() ? other : one;
}

// The members of a group are unknown here: it may be one of the user's.
bool may_execute(const FileStatus &status, std::uint32_t uid) {
    const mode_t any = S_IXUSR | S_IXGRP | S_IXOTH;
    const mode_t bits = uid == 0               ? any
                        : status.st_uid == uid ? S_IXUSR
                                               : S_IXGRP | S_IXOTH;
    return (status.st_mode & bits) != 0;
}

std::string unsafe_folder(const FileStatus &status, std::uint32_t uid) {
    const bool sticky = (status.st_mode & S_ISVTX) != 0;
    return first_of(foreign_owner(status, uid),
                    sticky ? "" : writable_by(status));
}

std::string unsafe_file(const FileStatus &status, std::uint32_t uid) {
    if (!S_ISREG(status.st_mode)) {
        return "is not a regular file";
    }
    if (!may_execute(status, uid)) {
        return format("cannot be executed by user %u", uid);
    }
    return first_of(foreign_owner(status, uid), writable_by(status));
}

// Walks from "/" to the file as the kernel would.
class Walk {
public:
    Walk(const std::string &path, std::uint32_t uid) : uid_(uid) { push(path); }

    std::string judge() {
        std::string wrong = enter({});
        while (wrong.empty() && !steps_.empty()) {
            const std::string step = steps_.back();
            steps_.pop_back();
            wrong = take(step);
        }
        return wrong.empty() && !at_file_ ? "it is not the path of a file"
                                          : wrong;
    }

private:
    // Onto the stack, the first step on top.
    void push(std::string_view path) {
        while (!path.empty()) {
            const std::size_t slash = path.rfind('/');
            const std::size_t begin =
                slash == std::string_view::npos ? 0 : slash + 1;
            const std::string_view step = path.substr(begin);
            if (!step.empty() && step != ".") {
                steps_.emplace_back(step);
            }
            path = path.substr(0, begin == 0 ? 0 : begin - 1);
        }
    }

    std::string take(const std::string &step) {
        if (step == "..") {
            here_.resize(here_.empty() ? 0 : here_.rfind('/'));
            return {};
        }
        return enter(here_ + '/' + step);
    }

    // An empty path is "/".
    std::string enter(const std::string &path) {
        const std::string name = path.empty() ? "/" : path;
        FileStatus status{};
        if (::lstat(name.c_str(), &status) != 0) {
            return failure("lstat()", name);
        }
        if (S_ISLNK(status.st_mode)) {
            const std::string wrong = foreign_owner(status, uid_);
            return wrong.empty() ? follow(name)
                                 : "link " + quoted(name) + ' ' + wrong;
        }

        here_ = path;
        if (steps_.empty()) {
            at_file_ = true;
            const std::string wrong = unsafe_file(status, uid_);
            return wrong.empty() ? "" : quoted(name) + ' ' + wrong;
        }
        const std::string wrong = unsafe_folder(status, uid_);
        return wrong.empty() ? "" : "directory " + quoted(name) + ' ' + wrong;
    }

    std::string follow(const std::string &link) {
        if (++links_ > kMaxLinks) {
            errno = ELOOP;
            return failure("readlink()", link);
        }
        std::array<char, PATH_MAX> target;
        const ssize_t n =
            ::readlink(link.c_str(), target.data(), target.size());
        if (n < 0) {
            return failure("readlink()", link);
        }
        const std::string_view path(target.data(), static_cast<std::size_t>(n));
        if (path.starts_with('/')) {
            here_.clear();
        }
        push(path);
        return {};
    }

    const std::uint32_t uid_;
    std::vector<std::string> steps_;  // the rest of the path, reversed
    std::string here_;                // the folder that was reached
    unsigned links_ = 0;
    bool at_file_ = false;  // "/folder/.." never comes to one
};

}  // namespace

std::string unsafe_path(const std::string &path, std::uint32_t uid) {
    if (!path.starts_with('/')) {
        return quoted(path) + " is not an absolute path";
    }
    return Walk(path, uid).judge();
}

}  // namespace ngx_vrrp::script
