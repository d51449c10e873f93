// An HTTPS server on the loopback interface: "openssl s_server" does TLS, the
// test's loop the rest. Its certificate, its own CA, is for 127.0.0.1.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/os/clock.hpp"
#include "core/os/fd.hpp"

namespace ngx_vrrp::transport {

class TlsServer {
public:
    TlsServer() {
        EXPECT_NE(::mkdtemp(folder_.data()), nullptr);
        make_certificate();
        start();
        const Instant end = os::now() + Seconds{20};
        while (port_.empty() && os::now() < end) {
            turn();
            find_port();
            ::poll(nullptr, 0, 2);
        }
        EXPECT_FALSE(port_.empty()) << received_;
    }
    TlsServer(const TlsServer &) = delete;
    TlsServer &operator=(const TlsServer &) = delete;

    ~TlsServer() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
        std::filesystem::remove_all(folder_);
    }

    std::string certificate() const { return folder_ + "/cert.pem"; }
    const std::string &port() const { return port_; }
    const std::string &received() const { return received_; }

    // Answers the first request that has come as a whole.
    void turn() {
        std::array<char, 4096> buffer;
        const ssize_t n = ::read(from_.get(), buffer.data(), buffer.size());
        if (n > 0) {
            received_.append(buffer.data(), static_cast<std::size_t>(n));
        }
        if (!answered_ &&
            received_.find("\"skipped\":0}") != std::string::npos) {
            constexpr std::string_view kAnswer =
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            answered_ = true;
            EXPECT_GT(::write(to_.get(), kAnswer.data(), kAnswer.size()), 0);
        }
    }

private:
    void make_certificate() const {
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt "
            "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test "
            "-addext subjectAltName=IP:127.0.0.1 -keyout " +
            folder_ + "/key.pem -out " + certificate() + " 2>" + folder_ +
            "/log";
        EXPECT_EQ(std::system(command.c_str()), 0) << command;
    }

    void start() {
        std::array<int, 2> to{};
        std::array<int, 2> from{};
        ASSERT_EQ(::pipe2(to.data(), O_CLOEXEC), 0);
        ASSERT_EQ(::pipe2(from.data(), O_CLOEXEC), 0);
        child_ = ::fork();
        if (child_ == 0) {
            ::dup2(to[0], STDIN_FILENO);
            ::dup2(from[1], STDOUT_FILENO);
            ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
            ::execlp("openssl", "openssl", "s_server", "-accept", "127.0.0.1:0",
                     "-cert", certificate().c_str(), "-key",
                     (folder_ + "/key.pem").c_str(), nullptr);
            ::_exit(127);
        }
        to_ = os::Fd(to[1]);
        from_ = os::Fd(from[0]);
        ::close(to[0]);
        ::close(from[1]);
        ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
    }

    void find_port() {
        const std::string before = "ACCEPT 127.0.0.1:";
        const std::size_t at = received_.find(before);
        const std::size_t end = received_.find('\n', at);
        if (at != std::string::npos && end != std::string::npos) {
            port_ =
                received_.substr(at + before.size(), end - at - before.size());
        }
    }

    std::string folder_ = "/tmp/ngx_vrrp_tls.XXXXXX";
    pid_t child_ = -1;
    os::Fd to_;
    os::Fd from_;
    std::string port_;
    std::string received_;
    bool answered_ = false;
};

}  // namespace ngx_vrrp::transport
