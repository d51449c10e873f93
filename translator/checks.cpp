#include "translator/checks.hpp"

#include <algorithm>

#include "translator/text.hpp"
#include "translator/values.hpp"

namespace ngx_vrrp::translator {
namespace {

constexpr std::int64_t kMostOfCheck = 1000;  // fall=

// The first one that is set: of the checker, its server, its virtual server.
template <class T>
T effective(const std::optional<T> &checker, const std::optional<T> &real,
            const std::optional<T> &all, T otherwise) {
    return checker.value_or(real.value_or(all.value_or(otherwise)));
}

// What vrrp_check can do best of a server's checkers comes first.
int rank(const Checker &checker) {
    static constexpr std::string_view kKinds[] = {
        "HTTP_GET",   "SSL_GET",    "SMTP_CHECK", "TCP_CHECK", "DNS_CHECK",
        "PING_CHECK", "MISC_CHECK", "BFD_CHECK",  "FILE_CHECK"};
    return static_cast<int>(std::ranges::find(kKinds, checker.kind) -
                            std::begin(kKinds));
}

bool is_http(const Checker &checker) {
    return checker.kind == "HTTP_GET" || checker.kind == "SSL_GET";
}

class Chooser {
public:
    Chooser(Reading &reading, std::optional<std::string> &tls_parameters)
        : reading_(reading), tls_parameters_(tls_parameters) {}

    Check choose(const VirtualServer &server) {
        const RealServer *first = nullptr;
        Check check;
        for (const RealServer &real : server.servers) {
            const auto best = std::ranges::min_element(real.checkers, {}, rank);
            if (best == real.checkers.end()) {
                continue;
            }
            report_others(real, *best);
            const bool is_first = first == nullptr;
            const Check own = check_of(server, real, *best, is_first);
            if (is_first) {
                first = &real;
                check = own;
            } else if (own.line != check.line || own.match != check.match) {
                reading_.decide(best->place, best->kind,
                                "is not the check of the first server: an "
                                "upstream has one vrrp_check, and that of " +
                                    to_string(first->place) + " is written");
            }
        }
        if (first != nullptr) {
            report_unchecked(server, *first);
        } else {
            reading_.note(server.place, "virtual_server",
                          "has no checker, and gets no vrrp_check: only "
                          "max_fails of nginx avoids servers that fail");
        }
        return check;
    }

private:
    void report_others(const RealServer &real, const Checker &best) {
        for (const Checker &other : real.checkers) {
            if (&other != &best) {
                reading_.decide(other.place, other.kind,
                                "is left out: a server has one vrrp_check, "
                                "and the " +
                                    best.kind + " of " + to_string(best.place) +
                                    " is written");
            }
        }
    }

    void report_unchecked(const VirtualServer &server,
                          const RealServer &first) {
        for (const RealServer &real : server.servers) {
            if (real.checkers.empty()) {
                reading_.decide(real.place, "real_server",
                                "has no checker: keepalived always uses it. "
                                "The check of " +
                                    to_string(first.place) +
                                    " is for all servers of the upstream");
            }
        }
    }

    Check check_of(const VirtualServer &server, const RealServer &real,
                   const Checker &checker, bool report) {
        Check check;
        if (!checker.address.empty() && checker.address != real.address) {
            reading_.decide(checker.place, "connect_ip",
                            "has no counterpart: a check connects to the "
                            "address of its server");
        }
        if (is_http(checker)) {
            check.line = http_check(server, real, checker, check.match);
        } else if (checker.kind == "SMTP_CHECK") {
            check.line = "vrrp_check send-expect match=" + server.name;
            check.match = {"expect ~ \"^220\";"};
        } else {
            check.line = other_check(server, checker, report);
        }
        if (!check.line.empty()) {
            const std::int64_t port = checker.port.value_or(real.port);
            check.line +=
                (port == real.port ? "" : " port=" + std::to_string(port)) +
                timing(server, real, checker);
        }
        return check;
    }

    // Programs, packets and files: what is left of them is a connection.
    std::string other_check(const VirtualServer &server, const Checker &checker,
                            bool report) {
        const bool tcp = checker.kind == "TCP_CHECK" ||
                         (checker.kind == "DNS_CHECK"   ? true
                          : checker.kind == "UDP_CHECK" ? false
                                                        : !server.udp);
        if (report && checker.kind == "DNS_CHECK") {
            reading_.note(checker.place, checker.kind,
                          "becomes a connection by TCP, which DNS servers "
                          "accept, too; no question is sent");
        } else if (report && checker.kind == "PING_CHECK" && tcp) {
            reading_.note(checker.place, checker.kind,
                          "becomes a connection to the port: a server that "
                          "only answers pings is down");
        } else if (report && checker.kind != "TCP_CHECK") {
            reading_.decide(checker.place, checker.kind,
                            std::string("has no counterpart: ") +
                                (tcp ? "the check connects to the port of "
                                       "the server"
                                     : "there is no vrrp_check, and only "
                                       "max_fails of nginx avoids servers "
                                       "that fail"));
        }
        return tcp ? "vrrp_check tcp" : "";
    }

    std::string http_check(const VirtualServer &server, const RealServer &real,
                           const Checker &checker,
                           std::vector<std::string> &match) {
        const bool tls = checker.kind == "SSL_GET";
        if (checker.urls.empty()) {
            reading_.decide(checker.place, checker.kind,
                            "has no url: keepalived ignores it. The check "
                            "connects to the port of the server");
            return "vrrp_check tcp";
        }
        const CheckUrl &url = checker.urls[0];
        for (std::size_t i = 1; i < checker.urls.size(); ++i) {
            reading_.decide(checker.urls[i].place, "url",
                            "is left out: a check has one request");
        }
        const std::string *host = &url.host;
        for (const std::string *other :
             {&checker.host, &real.host, &server.host}) {
            host = host->empty() ? other : host;
        }
        match.push_back("status " +
                        (url.status.empty() ? "200-299" : url.status) + ";");
        if (!url.regex.empty()) {
            const std::string flags =
                url.regex_flags.empty() ? "" : "(?" + url.regex_flags + ")";
            match.push_back(std::string("body ") +
                            (url.no_match ? "!~ " : "~ ") +
                            nginx_word(flags + url.regex) + ";");
        }
        return std::string("vrrp_check ") + (tls ? "https " : "http ") +
               nginx_word("uri=" + url.path) + host_parameter(url, *host) +
               " match=" + server.name + (tls ? tls_parameters() : "");
    }

    std::string host_parameter(const CheckUrl &url, const std::string &host) {
        const bool valid = std::ranges::none_of(
            host, [](char c) { return c <= ' ' || c > '~' || c == '/'; });
        if (!valid) {
            reading_.decide(url.place, "virtualhost",
                            "\"" + printable(host) + "\" is not a host");
        }
        return host.empty() || !valid ? "" : " " + nginx_word("host=" + host);
    }

    const std::string &tls_parameters() {
        if (!tls_parameters_) {
            tls_parameters_ = tls_text();
        }
        return *tls_parameters_;
    }

    std::string tls_text() {
        const CheckTls &tls = reading_.model.check_tls;
        std::string text;
        if (!tls.ca.empty()) {
            reading_.note(tls.place, "ca",
                          "without effect: keepalived verifies no "
                          "certificate. Here: verify=on ca=" +
                              printable(tls.ca));
        }
        if (tls.certificate.empty()) {
            return text;
        }
        for (const auto &[name, file] :
             {std::pair("cert=", &tls.certificate), {"key=", &tls.key}}) {
            if (file->empty()) {
                continue;
            }
            if (!reading_.files.exists(*file)) {
                reading_.decide(tls.place, "SSL",
                                printable(*file) +
                                    " does not exist on this machine: the "
                                    "check sends no certificate");
                return {};
            }
            text += " " + nginx_word(name + *file);
        }
        return text;
    }

    static std::string timing(const VirtualServer &server,
                              const RealServer &real, const Checker &checker) {
        const CheckTiming &own = checker.timing;
        const CheckTiming &of_real = real.timing;
        const CheckTiming &all = server.timing;
        constexpr std::int64_t kShortest = kSecond / 100;
        const bool dns = checker.kind == "DNS_CHECK";
        const std::int64_t interval =
            std::max(kShortest, effective(own.delay_loop, of_real.delay_loop,
                                          all.delay_loop, 60 * kSecond));
        const std::int64_t timeout =
            effective(own.connect_timeout, of_real.connect_timeout,
                      all.connect_timeout, 5 * kSecond);
        const std::int64_t retry =
            effective(own.retry, of_real.retry, all.retry,
                      std::int64_t{dns                            ? 3
                                   : checker.kind == "MISC_CHECK" ? 0
                                                                  : 1});
        const std::int64_t pause = std::clamp(
            effective(own.delay_before_retry, of_real.delay_before_retry,
                      all.delay_before_retry,
                      dns                ? interval
                      : is_http(checker) ? 3 * kSecond
                                         : kSecond),
            kShortest, interval);
        std::string text = " interval=" + nginx_time(interval) +
                           " timeout=" + nginx_time(timeout) + " fall=" +
                           std::to_string(std::min(retry + 1, kMostOfCheck)) +
                           " rise=1";
        if (retry != 0 && pause < interval) {
            text += " fastinter=" + nginx_time(pause);
        }
        return effective(own.alpha, of_real.alpha, all.alpha, false)
                   ? text + " mandatory"
                   : text;
    }

    Reading &reading_;
    std::optional<std::string> &tls_parameters_;
};

}  // namespace

Check Checks::choose(const VirtualServer &server) {
    return Chooser(reading_, tls_parameters_).choose(server);
}

}  // namespace ngx_vrrp::translator
