// A server on the loopback interface that lives in the test's own loop:
// nothing of it happens but in turn().
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <string>
#include <utility>

#include "core/os/fd.hpp"

namespace ngx_vrrp::transport {

class LittleServer {
public:
    // Takes from what a client has sent what it understands, and says what to
    // answer; called first when a client has come and has sent nothing.
    using Handler = std::function<std::string(std::string &)>;

    explicit LittleServer(Handler handler)
        : handler_(std::move(handler)),
          listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        EXPECT_EQ(::bind(listener_.get(), generic, size), 0);
        EXPECT_EQ(::listen(listener_.get(), 64), 0);
        EXPECT_EQ(::getsockname(listener_.get(), generic, &size), 0);
        port_ = ::ntohs(address.sin_port);
    }

    std::string port() const { return std::to_string(port_); }
    std::size_t connections() const { return accepted_; }
    bool has_clients() const { return !clients_.empty(); }

    // From now on connections are refused.
    void close() {
        clients_.clear();
        listener_.reset();
    }

    void turn() {
        accept();
        for (auto client = clients_.begin(); client != clients_.end();) {
            client =
                serve(*client) ? std::next(client) : clients_.erase(client);
        }
    }

private:
    struct Client {
        os::Fd fd;
        std::string in;
        std::string out;
    };

    void accept() {
        const int fd = listener_ ? ::accept4(listener_.get(), nullptr, nullptr,
                                             SOCK_NONBLOCK)
                                 : -1;
        if (fd >= 0) {
            clients_.push_back({os::Fd(fd), {}, {}});
            clients_.back().out = handler_(clients_.back().in);
            ++accepted_;
        }
    }

    // False: it has gone.
    bool serve(Client &client) {
        std::array<char, 4096> buffer;
        const ssize_t n =
            ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            return false;
        }
        if (n > 0) {
            client.in.append(buffer.data(), static_cast<std::size_t>(n));
            client.out += handler_(client.in);
        }
        return send(client);
    }

    static bool send(Client &client) {
        const ssize_t n = ::send(client.fd.get(), client.out.data(),
                                 client.out.size(), MSG_NOSIGNAL);
        if (n > 0) {
            client.out.erase(0, static_cast<std::size_t>(n));
        }
        return n >= 0 || errno == EAGAIN;
    }

    Handler handler_;
    os::Fd listener_;
    std::uint16_t port_ = 0;
    std::size_t accepted_ = 0;
    std::list<Client> clients_;
};

// Requests as they were, and always the same answer.
class HttpServer {
public:
    explicit HttpServer(std::string answer)
        : server([this](std::string &in) { return handle(in); }),
          answer_(std::move(answer)) {}

    static std::string answer(const std::string &status,
                              const std::string &body = "",
                              const std::string &header = "") {
        return "HTTP/1.1 " + status + "\r\n" + header +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
               body;
    }

    // From now on.
    void answer_with(std::string answer) { answer_ = std::move(answer); }

    std::string url(const std::string &path = "/") const {
        return "http://127.0.0.1:" + server.port() + path;
    }

    LittleServer server;
    std::list<std::string> requests;

private:
    static std::size_t body_size(const std::string &head) {
        const std::size_t at = head.find("Content-Length: ");
        return at == head.npos ? 0 : std::stoul(head.substr(at + 16));
    }

    std::string handle(std::string &in) {
        const std::size_t end = in.find("\r\n\r\n");
        if (end == in.npos) {
            return {};
        }
        const std::size_t size = end + 4 + body_size(in.substr(0, end));
        if (in.size() < size) {
            return {};
        }
        requests.push_back(in.substr(0, size));
        in.erase(0, size);
        return answer_;
    }

    std::string answer_;
};

// Replies "250 ok", or the configured reply to a command: "MAIL", "RCPT
// TO:<ops@example.org>", "." for the end of a mail.
class SmtpServer {
public:
    SmtpServer() : server([this](std::string &in) { return handle(in); }) {}

    std::string url() const { return "smtp://127.0.0.1:" + server.port(); }

    LittleServer server;
    std::string greeting = "220 test ready";
    std::list<std::pair<std::string, std::string>> replies;
    std::list<std::string> commands;
    std::string mail;

private:
    std::string reply_to(const std::string &command,
                         const std::string &otherwise) const {
        for (const auto &[beginning, reply] : replies) {
            if (command.starts_with(beginning)) {
                return reply.empty() ? "" : reply + "\r\n";
            }
        }
        return otherwise + "\r\n";
    }

    std::string handle(std::string &in) {
        if (in.empty()) {
            in_data_ = false;
            return greeting.empty() ? "" : greeting + "\r\n";
        }
        std::string answers;
        for (std::size_t end = in.find("\r\n"); end != in.npos;
             end = in.find("\r\n")) {
            const std::string line = in.substr(0, end);
            in.erase(0, end + 2);
            answers += in_data_ ? take(line) : obey(line);
        }
        return answers;
    }

    std::string take(const std::string &line) {
        if (line != ".") {
            mail += line + "\r\n";
            return {};
        }
        in_data_ = false;
        return reply_to(".", "250 queued");
    }

    std::string obey(const std::string &command) {
        commands.push_back(command);
        if (command.starts_with("DATA")) {
            const std::string reply = reply_to(command, "354 go on");
            in_data_ = reply.starts_with('3');
            return reply;
        }
        return reply_to(command,
                        command.starts_with("QUIT") ? "221 bye" : "250 ok");
    }

    bool in_data_ = false;
};

}  // namespace ngx_vrrp::transport
