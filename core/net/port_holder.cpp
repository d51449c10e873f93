#include "core/net/port_holder.hpp"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <vector>

#include "core/os/clock.hpp"

namespace ngx_vrrp::net {

namespace {

// What the kernel shows as the target of a descriptor: "socket:[4711]".
using Links = std::vector<std::string>;

// A line has: number, local address and port, remote ones, state, queues,
// timer, retransmissions, user, timeout, inode.
void read_sockets(const char *path, std::uint16_t wanted, Instant give_up,
                  Links &links) {
    std::ifstream file(path);
    std::string line;
    while (os::now() < give_up && std::getline(file, line)) {
        unsigned port = 0;
        unsigned long inode = 0;
        constexpr const char *kLine =
            "%*s %*[0-9A-F]:%4x %*s %*s %*s %*s %*s %*s %*s %lu";
        if (std::sscanf(line.c_str(), kLine, &port, &inode) == 2 &&
            port == wanted) {
            links.push_back("socket:[" + std::to_string(inode) + "]");
        }
    }
}

// The first entry for which found() is true; empty: none.
std::string find_entry(const std::string &folder, Instant give_up,
                       const std::function<bool(const std::string &)> &found) {
    DIR *const all = ::opendir(folder.c_str());
    if (all == nullptr) {
        return "";
    }
    std::string result;
    while (const dirent *entry = ::readdir(all)) {
        if (os::now() >= give_up) {
            break;
        }
        if (found(entry->d_name)) {
            result = entry->d_name;
            break;
        }
    }
    ::closedir(all);
    return result;
}

bool has_one(const std::string &process, const Links &links, Instant give_up) {
    const std::string folder = "/proc/" + process + "/fd";
    return !find_entry(folder, give_up, [&](const std::string &descriptor) {
                std::array<char, 64> target{};
                return ::readlink((folder + "/" + descriptor).c_str(),
                                  target.data(), target.size() - 1) > 0 &&
                       std::ranges::count(links, std::string(target.data()));
            }).empty();
}

// A user may give a process any name.
std::string name_of(const std::string &process) {
    std::string name;
    std::getline(std::ifstream("/proc/" + process + "/comm"), name);
    std::ranges::replace_if(
        name, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
    return name;
}

}  // namespace

std::string find_udp_holder(std::uint16_t port, Instant give_up) {
    Links links;
    read_sockets("/proc/net/udp", port, give_up, links);
    read_sockets("/proc/net/udp6", port, give_up, links);
    if (links.empty()) {
        return "";
    }
    const std::string process =
        find_entry("/proc", give_up, [&](const std::string &name) {
            return name.find_first_not_of("0123456789") == std::string::npos &&
                   has_one(name, links, give_up);
        });
    return process.empty() ? ""
                           : name_of(process) + " (process " + process + ")";
}

}  // namespace ngx_vrrp::net
