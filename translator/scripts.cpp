#include "translator/scripts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "translator/text.hpp"

namespace ngx_vrrp::translator {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kLongestScript = 64 * 1024;

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool has(const Words &words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

bool names_nginx(const Words &words) {
    return std::any_of(words.begin() + 1, words.end(), [](const auto &word) {
        return is_one_of(base_name(word), {"nginx", "nginx.service"});
    });
}

bool is_pid_file(std::string_view path) {
    return path.starts_with('/') && path.ends_with("nginx.pid");
}

// What one simple command does.
enum class Act {
    harmless,
    asks_nginx,
    restarts_nginx,
    stops_keepalived,
    requests,
    connects,
    unknown,
};

// systemctl VERB UNIT; service UNIT VERB
Act judge_service(const Words &words) {
    const bool keepalived =
        has(words, "keepalived") || has(words, "keepalived.service");
    if (keepalived && (has(words, "stop") || has(words, "kill"))) {
        return Act::stops_keepalived;
    }
    if (!names_nginx(words)) {
        return Act::unknown;
    }
    if (has(words, "is-active") || has(words, "status") ||
        has(words, "is-failed")) {
        return Act::asks_nginx;
    }
    return has(words, "start") || has(words, "restart") || has(words, "reload")
               ? Act::restarts_nginx
               : Act::unknown;
}

// kill and its relatives: signal 0 asks, others end.
Act judge_kill(const Words &words) {
    if (has(words, "keepalived")) {
        return Act::stops_keepalived;
    }
    const bool asks = has(words, "-0") || has(words, "0");
    const bool nginx =
        names_nginx(words) ||
        std::any_of(words.begin(), words.end(), [](const std::string &word) {
            return word.find("nginx.pid") != std::string::npos;
        });
    return asks && nginx ? Act::asks_nginx : Act::unknown;
}

bool is_local_host(std::string_view host) {
    return is_one_of(host, {"localhost", "127.0.0.1", "[::1]"}) ||
           host.starts_with("127.");
}

struct Url {
    std::string scheme;
    std::string host;
    std::string rest;  // port and path
};

bool parse_url(std::string_view text, Url &url) {
    const std::size_t scheme = text.find("://");
    url.scheme = scheme == std::string_view::npos
                     ? "http"
                     : std::string(text.substr(0, scheme));
    if (scheme != std::string_view::npos) {
        text.remove_prefix(scheme + 3);
    }
    if (url.scheme != "http" && url.scheme != "https") {
        return false;
    }
    const std::size_t host =
        text.starts_with('[')
            ? std::min(text.find(']') + 1, text.size())
            : std::min(text.find_first_of(":/?"), text.size());
    url.host = text.substr(0, host);
    url.rest = text.substr(host);
    return !url.host.empty() &&
           text.find_first_of("$`\\") == std::string_view::npos;
}

// curl and wget: the options that tutorials use.
class Request {
public:
    bool read(const Words &words) {
        for (std::size_t i = 1; i < words.size(); ++i) {
            const std::string &word = words[i];
            if (word.size() > 1 && word[0] == '-') {
                if (!option(words, i)) {
                    return false;
                }
            } else if (word.find(">/dev/null") == std::string::npos &&
                       word != "/dev/null") {
                if (!url.empty()) {
                    return false;
                }
                url = word;
            }
        }
        Url parsed;
        if (url.empty() || !parse_url(url, parsed) ||
            !is_local_host(parsed.host)) {
            return false;
        }
        if (parsed.host == "localhost") {
            parsed.host = "127.0.0.1";
            if (host.empty()) {
                host = "localhost";
            }
        }
        target = parsed.scheme + "://" + parsed.host + parsed.rest;
        return true;
    }

    std::string parameters() const {
        std::string result;
        if (head) {
            result += " method=HEAD";
        }
        if (!host.empty()) {
            result += " " + nginx_word("host=" + host);
        }
        if (fails) {
            result += " status=200-399";
        } else {
            result += " status=100-599";
        }
        return result;
    }

    std::string url;
    std::string target;
    std::string host;
    bool head = false;
    bool fails = false;

private:
    bool option(const Words &words, std::size_t &i) {
        const std::string &word = words[i];
        if (is_one_of(word, {"-m", "--max-time", "--connect-timeout", "-o",
                             "--output", "-O", "-T", "--timeout", "-t",
                             "--tries", "--retry", "-w", "--write-out"}) &&
            i + 1 < words.size()) {
            ++i;
            return true;
        }
        if (is_one_of(word, {"-H", "--header"}) && i + 1 < words.size()) {
            const std::string_view header = words[++i];
            if (!header.starts_with("Host:")) {
                return false;
            }
            host = trim(header.substr(5));
            return true;
        }
        if (word.starts_with("--")) {
            head = head || word == "--head" || word == "--spider";
            fails = fails || word == "--fail" || word == "--spider";
            return is_one_of(word,
                             {"--head", "--spider", "--fail", "--silent",
                              "--quiet", "--insecure", "--location",
                              "--show-error", "--no-check-certificate"}) ||
                   word.starts_with("--tries=") ||
                   word.starts_with("--timeout=") ||
                   word.starts_with("--max-time=");
        }
        return letters(std::string_view(word).substr(1), i);
    }

    // "-fsSo", "-I", "-qO-": the last one can have a value.
    bool letters(std::string_view text, std::size_t &i) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const char c = text[at];
            head = head || c == 'I';
            fails = fails || c == 'f';
            if (c == 'o' || c == 'O' || c == 'm' || c == 'w' || c == 'T') {
                i += at + 1 == text.size() ? 1 : 0;
                return true;
            }
            if (std::string_view("fsSkILqv4").find(c) ==
                std::string_view::npos) {
                return false;
            }
        }
        return true;
    }
};

class CommandJudge {
public:
    Act judge(Words words) {
        while (!words.empty() && is_prefix(words[0])) {
            words.erase(words.begin());
        }
        if (words.empty()) {
            return Act::harmless;
        }
        const std::string_view name = base_name(words[0]);
        if (is_one_of(name, {"pgrep", "pidof", "ps"})) {
            return names_nginx(words) ||
                           std::ranges::any_of(words,
                                               [](const auto &word) {
                                                   return word == "[n]ginx";
                                               })
                       ? Act::asks_nginx
                   : name == "ps" ? Act::harmless
                                  : Act::unknown;
        }
        if (is_one_of(name, {"killall", "pkill", "kill"})) {
            return judge_kill(words);
        }
        if (is_one_of(name, {"systemctl", "service"})) {
            return judge_service(words);
        }
        if (words[0].starts_with("/etc/init.d/")) {
            words[0] = name;
            words.insert(words.begin(), "service");
            return judge_service(words);
        }
        if (is_one_of(name, {"curl", "wget"})) {
            return request_.read(words) ? Act::requests : Act::unknown;
        }
        if (name == "nginx-ha-check") {
            return Act::asks_nginx;
        }
        if (name == "nginx" && words[0].find('/') != std::string::npos) {
            return words.size() == 1 ? Act::restarts_nginx : Act::unknown;
        }
        return judge_shell(name, words);
    }

    const Request &request() const { return request_; }

private:
    static bool is_prefix(std::string_view word) {
        return is_one_of(word, {"if", "then", "else", "elif", "while", "until",
                                "do", "sudo", "{", "}", "(", ")"});
    }

    static Act judge_shell(std::string_view name, const Words &words) {
        if (is_one_of(name, {"grep", "egrep"})) {
            return names_nginx(words) || has(words, "[n]ginx") ? Act::asks_nginx
                                                               : Act::harmless;
        }
        if (is_one_of(name, {"[", "[[", "test"})) {
            return std::ranges::any_of(words, is_pid_file) ? Act::asks_nginx
                                                           : Act::harmless;
        }
        if (is_one_of(name, {"fi",    "done",   "exit",  "sleep",    "echo",
                             "wc",    "awk",    "sed",   "cut",      "head",
                             "tail",  "true",   "false", "set",      "logger",
                             "date",  "return", "break", "continue", "let",
                             "local", "export", "]",     "cat",      "printf",
                             "for",   "in"})) {
            return Act::harmless;
        }
        // The rest of a test after `command`.
        if (is_one_of(name, {"==", "=", "!="}) || name.starts_with('-')) {
            return Act::harmless;
        }
        // NAME=value
        const std::size_t equal = name.find('=');
        return equal != std::string_view::npos && equal != 0 &&
                       words[0].find('/') > words[0].find('=')
                   ? Act::harmless
                   : Act::unknown;
    }

    Request request_;
};

// The simple commands of a shell script, roughly.
std::vector<Words> simple_commands(std::string_view text) {
    std::vector<Words> commands;
    std::string current;
    const auto finish = [&] {
        Words words = split_words(current);
        std::erase_if(words, [](const std::string &word) {
            return word.starts_with("2>") || word.starts_with("&>") ||
                   word.starts_with(">") || word.starts_with("1>") ||
                   word.starts_with("<");
        });
        if (!words.empty()) {
            commands.push_back(std::move(words));
        }
        current.clear();
    };
    bool comment = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char before = i == 0 ? '\n' : text[i - 1];
        if (c == '\n') {
            comment = false;
            finish();
        } else if (comment) {
            continue;
        } else if (c == '#' && (before == '\n' || before == ' ' ||
                                before == '\t' || before == ';')) {
            comment = true;
        } else if (c == '&' &&
                   (before == '>' || text.substr(i + 1, 1) == ">")) {
            current += c;
        } else if (std::string_view(";|&()`").find(c) !=
                   std::string_view::npos) {
            // "NAME=$(command" and "NAME=`command": the name ends here.
            if (current.ends_with('$')) {
                current.pop_back();
            }
            finish();
        } else if (c != '"' && c != '\'') {
            current += c;
        } else if (text.substr(i + 1).starts_with("Host:")) {
            // -H "Host: name" is one word.
            const std::size_t end = std::min(text.find(c, i + 1), text.size());
            std::string header(text.substr(i + 1, end - i - 1));
            std::erase(header, ' ');
            current += header;
            i = std::min(end, text.size() - 1);
        }
    }
    finish();
    return commands;
}

bool is_shell_script(std::string_view text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    return line.starts_with("#!") && (line.find("sh") != line.npos);
}

Verdict judge_commands(const std::vector<Words> &commands) {
    Verdict verdict;
    CommandJudge judge;
    bool asks = false;
    unsigned requests = 0;
    for (const Words &words : commands) {
        switch (judge.judge(words)) {
            case Act::harmless:
            case Act::connects:
                break;
            case Act::asks_nginx:
                asks = true;
                break;
            case Act::restarts_nginx:
                verdict.restarts_nginx = true;
                break;
            case Act::stops_keepalived:
                verdict.stops_keepalived = true;
                break;
            case Act::requests:
                ++requests;
                break;
            case Act::unknown:
                return {Verdict::Kind::other,
                        {},
                        {},
                        verdict.restarts_nginx,
                        verdict.stops_keepalived};
        }
    }
    if (requests == 1) {
        verdict.kind = Verdict::Kind::http;
        verdict.target = judge.request().target;
        verdict.parameters = judge.request().parameters();
    } else if (asks && requests == 0) {
        verdict.kind = Verdict::Kind::nginx_runs;
    }
    return verdict;
}

// "</dev/tcp/127.0.0.1/80", which once was run by a shell
bool is_dev_tcp(const Words &command, Verdict &verdict) {
    for (std::string_view word : command) {
        const std::size_t at = word.find("/dev/tcp/");
        if (at == std::string_view::npos) {
            continue;
        }
        word.remove_prefix(at + 9);
        const std::size_t slash = word.find('/');
        const std::string host(word.substr(0, slash));
        if (slash != std::string_view::npos &&
            (address_family(host) == 4 || host == "localhost") &&
            parse_number(word.substr(slash + 1))) {
            verdict.kind = Verdict::Kind::tcp;
            verdict.target = (host == "localhost" ? "127.0.0.1" : host) + ":" +
                             std::string(word.substr(slash + 1));
            return true;
        }
    }
    return false;
}

}  // namespace

Verdict judge_script(const std::vector<std::string> &command,
                     const Files &files) {
    Verdict verdict;
    if (command.empty() || is_dev_tcp(command, verdict)) {
        return verdict;
    }
    // sh -c "command", bash /path/of/script, /path/of/script
    std::size_t first = 0;
    if (is_one_of(base_name(command[0]), {"sh", "bash", "dash"}) &&
        command.size() > 1) {
        first = 1;
        if (command[1] == "-c") {
            return command.size() > 2
                       ? judge_commands(simple_commands(command[2]))
                       : verdict;
        }
    }
    if (command[first].starts_with('/')) {
        const auto text = files.read(command[first]);
        if (text && text->size() <= kLongestScript && is_shell_script(*text)) {
            return judge_commands(simple_commands(*text));
        }
    }
    if (first == 0) {
        return judge_commands({command});
    }
    return verdict;
}

}  // namespace ngx_vrrp::translator
