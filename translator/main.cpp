// The command: options, files and the environment.

#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <ifaddrs.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "translator/text.hpp"
#include "translator/translate.hpp"

namespace {

using namespace ngx_vrrp::translator;

constexpr const char *kDefaultFile = "/etc/keepalived/keepalived.conf";
constexpr const char *kDefaults = "/etc/default/keepalived";

constexpr const char *kUsage =
    "usage: ngx-vrrp-from-keepalived [-o DIR] [--config-id NAME] [FILE]\n"
    "\n"
    "Translates a keepalived.conf into the configuration of ngx_vrrp, on\n"
    "standard output. FILE is /etc/keepalived/keepalived.conf by default, or\n"
    "the file of -f in DAEMON_ARGS of /etc/default/keepalived.\n"
    "\n"
    "  -o DIR            write files instead, for the contexts of nginx:\n"
    "                    DIR/vrrp.d/NAME.conf (main),\n"
    "                    DIR/conf.d/NAME-upstreams.conf (http),\n"
    "                    DIR/NAME-stream.conf (stream)\n"
    "  -i, --config-id NAME, --host NAME\n"
    "                    the name for \"@\" lines; by default the host name\n"
    "\n"
    "Exit status: 0 the translation is complete, 1 something needs a\n"
    "decision, 2 the file is not a keepalived.conf, or cannot be used.\n";

// Without a text, errno says why.
std::optional<std::string> read_file(const std::string &path) {
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) {
        return std::nullopt;
    }
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return std::nullopt;
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// Both texts are normalised, since IPv6 has many forms of an address.
bool is_address(const sockaddr *is, const std::string &text) {
    if (is == nullptr) {
        return false;
    }
    in6_addr wanted{};
    if (inet_pton(is->sa_family, text.c_str(), &wanted) != 1) {
        return false;
    }
    if (is->sa_family == AF_INET) {
        sockaddr_in own{};
        std::memcpy(&own, is, sizeof(own));
        return std::memcmp(&own.sin_addr, &wanted, sizeof(own.sin_addr)) == 0;
    }
    sockaddr_in6 own{};
    std::memcpy(&own, is, sizeof(own));
    return std::memcmp(&own.sin6_addr, &wanted, sizeof(wanted)) == 0;
}

class RealFiles final : public Files {
public:
    std::optional<std::string> read(const std::string &path) const override {
        return read_file(path);
    }

    std::vector<std::string> match(const std::string &pattern) const override {
        glob_t found{};
        std::vector<std::string> paths;
        if (glob(pattern.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
            paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        }
        globfree(&found);
        return paths;
    }

    std::optional<std::string> program(const std::string &name) const override {
        const char *const path = std::getenv("PATH");
        std::string rest = path != nullptr ? path : "/usr/bin:/bin";
        rest += ":/usr/sbin:/sbin";
        while (!name.empty() && !rest.empty()) {
            const std::size_t colon = std::min(rest.find(':'), rest.size());
            const std::string file = rest.substr(0, colon) + "/" + name;
            if (file.starts_with('/') && access(file.c_str(), X_OK) == 0) {
                return file;
            }
            rest.erase(0, colon + 1);
        }
        return std::nullopt;
    }

    bool exists(const std::string &path) const override {
        return access(path.c_str(), F_OK) == 0;
    }

    bool has_address(const std::string &address) const override {
        ifaddrs *all = nullptr;
        if (getifaddrs(&all) != 0) {
            return false;
        }
        bool found = false;
        for (const ifaddrs *one = all; one != nullptr; one = one->ifa_next) {
            found = found || is_address(one->ifa_addr, address);
        }
        freeifaddrs(all);
        return found;
    }

    bool has_user(const std::string &name) const override {
        return getpwnam(name.c_str()) != nullptr;
    }

    std::optional<std::string> environment(
        const std::string &name) const override {
        const char *const value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt
                                : std::optional<std::string>(value);
    }
};

struct Options {
    std::string file;
    std::string directory;
    std::string config_id;
};

// keepalived uses the host name up to the first dot.
std::string host_name() {
    char name[256] = "";
    gethostname(name, sizeof(name) - 1);
    const std::string text = name;
    return text.substr(0, text.find('.'));
}

// DAEMON_ARGS="-f /etc/other.conf -i main"
void read_defaults(Options &options) {
    const auto text = read_file(kDefaults);
    if (!text) {
        return;
    }
    std::string_view rest = *text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!line.starts_with("DAEMON_ARGS=")) {
            continue;
        }
        std::string arguments(line.substr(12));
        std::erase_if(arguments, [](char c) { return c == '"' || c == '\''; });
        const std::vector<std::string> words = split_words(arguments);
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (words[i] == "-f" || words[i] == "--use-file") {
                options.file = words[i + 1];
            } else if (words[i] == "-i" || words[i] == "--config-id") {
                options.config_id = words[i + 1];
            }
        }
    }
}

[[noreturn]] void fail(const std::string &text) {
    std::cerr << "ngx-vrrp-from-keepalived: " << text << "\n";
    std::exit(2);
}

Options read_options(int argc, char **argv) {
    Options options;
    options.file = kDefaultFile;
    options.config_id = host_name();
    read_defaults(options);
    bool has_file = false;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "-h" || word == "--help") {
            std::cout << kUsage;
            std::exit(0);
        }
        const bool directory = word == "-o";
        if (directory || word == "-i" || word == "--config-id" ||
            word == "--host") {
            if (++i == argc) {
                fail("\"" + word + "\" needs a value; see --help");
            }
            (directory ? options.directory : options.config_id) = argv[i];
        } else if (word.starts_with('-') || has_file) {
            fail("unknown argument \"" + word + "\"; see --help");
        } else {
            options.file = word;
            has_file = true;
        }
    }
    return options;
}

void make_directory(const std::string &path) {
    constexpr mode_t kMode = 0755;
    if (mkdir(path.c_str(), kMode) != 0 && access(path.c_str(), W_OK) != 0) {
        fail("cannot make the directory " + path);
    }
}

// An include of nginx can still have a file of an earlier translation.
// Returns false if there is one.
bool is_gone(const std::string &path) {
    if (access(path.c_str(), F_OK) != 0) {
        return true;
    }
    std::cerr << path
              << ": DECIDE: is from an earlier translation; nothing belongs "
                 "there now: remove it, and the include of it, if there is "
                 "one\n";
    return false;
}

// Other users must not read a password. The mode comes before the text: of an
// existing file, only the rights of others are removed.
void write_file(const std::string &path, const std::string &text, bool secret) {
    constexpr mode_t kOwner = 0600;
    constexpr mode_t kAll = 0666;
    constexpr mode_t kOthers = 0007;
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC,
                          secret ? kOwner : kAll);
    struct stat info {};
    if (file == -1 || fstat(file, &info) != 0 ||
        (secret && (info.st_mode & kOthers) != 0 &&
         fchmod(file, info.st_mode & ~kOthers & 07777) != 0)) {
        fail("cannot write " + path + ": " + std::strerror(errno));
    }
    std::string_view rest = text;
    bool written = ftruncate(file, 0) == 0 || !S_ISREG(info.st_mode);
    while (written && !rest.empty()) {
        const ssize_t size = write(file, rest.data(), rest.size());
        written = size > 0;
        rest.remove_prefix(written ? static_cast<std::size_t>(size) : 0);
    }
    if (close(file) != 0 || !written) {
        fail("cannot write " + path + ": " + std::strerror(errno));
    }
    std::cout << path << "\n";
}

// "stream {" in nginx.conf, with its line.
std::string find_stream(const std::string &nginx_conf) {
    const std::string text = read_file(nginx_conf).value_or("");
    std::string_view rest = text;
    for (unsigned number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = trim(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!line.starts_with("stream")) {
            continue;
        }
        line = trim(line.substr(6));
        if (line.empty() || line.starts_with('{')) {
            return nginx_conf + ":" + std::to_string(number);
        }
    }
    return {};
}

void explain_stream(const std::string &top, const std::string &path) {
    const std::string place = find_stream(top + "/nginx.conf");
    const std::string include = "include " + path + ";";
    std::cerr << path << ": "
              << (place.empty() ? "write \"stream { " + include +
                                      " }\" into nginx.conf, outside of http"
                                : "write \"" + include +
                                      "\" into the stream { } of " + place)
              << "\n";
}

// Returns false if something needs a decision.
bool write_files(const Options &options, const Output &output) {
    std::string name = options.file.substr(options.file.rfind('/') + 1);
    if (name.ends_with(".conf") && name.size() > 5) {
        name.resize(name.size() - 5);
    }
    const std::string &top = options.directory;
    make_directory(top);
    make_directory(top + "/vrrp.d");
    const std::string main = top + "/vrrp.d/" + name + ".conf";
    const std::string http = top + "/conf.d/" + name + "-upstreams.conf";
    const std::string stream = top + "/" + name + "-stream.conf";
    bool complete = true;
    if (output.main.empty()) {
        complete = is_gone(main) && complete;
    } else {
        write_file(main, output.main, output.secret);
    }
    if (output.http.empty()) {
        complete = is_gone(http) && complete;
    } else {
        make_directory(top + "/conf.d");
        write_file(http, output.http, false);
    }
    if (output.stream.empty()) {
        complete = is_gone(stream) && complete;
    } else {
        write_file(stream, output.stream, false);
        explain_stream(top, stream);
    }
    return complete;
}

void print(const Remarks &remarks) {
    for (const Remark &remark : remarks) {
        std::cerr << describe(remark) << "\n";
    }
}

}  // namespace

int main(int argc, char **argv) {
    const Options options = read_options(argc, argv);
    const RealFiles files;
    if (!read_file(options.file)) {
        fail("cannot read " + options.file + ": " + std::strerror(errno));
    }
    try {
        const Translation result =
            translate(files, options.file, {options.config_id});
        print(result.remarks);
        bool complete = !needs_decision(result.remarks);
        if (options.directory.empty()) {
            std::cout << as_one(result.output);
        } else {
            complete = write_files(options, result.output) && complete;
        }
        return complete ? 0 : 1;
    } catch (const NotKeepalived &error) {
        print(error.remarks);
        fail(to_string(error.place) + ": not a keepalived.conf: expected " +
             error.expected);
    }
}
