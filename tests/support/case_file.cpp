#include "tests/support/case_file.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <vector>

#include "core/vrrp/instance.hpp"
#include "tests/support/routers.hpp"
#include "tests/support/vrrp_text.hpp"

namespace ngx_vrrp::test {

namespace {

using namespace vrrp;

// The words of a line, one after the other; turns bad once and stays so.
class Words {
public:
    explicit Words(std::string_view line) : stream_(std::string{line}) {}

    std::string word() {
        std::string word;
        ok_ = static_cast<bool>(stream_ >> word) && ok_;
        return word;
    }

    // The rest of the line, without the blank before it.
    std::string rest() {
        std::string rest;
        std::getline(stream_ >> std::ws, rest);
        return rest;
    }

    bool more() { return !(stream_ >> std::ws).eof(); }

    // Expects this word.
    void skip(std::string_view expected) { require(word() == expected); }

    unsigned number() {
        const std::string text = word();
        unsigned value = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), value);
        require(error == std::errc{} && end == text.data() + text.size());
        return value;
    }

    Priority priority() {
        return Priority{static_cast<std::uint8_t>(number())};
    }

    IpAddress address() {
        const auto address = IpAddress::parse(word());
        require(address.has_value());
        return address.value_or(IpAddress{});
    }

    // "4h"
    Minutes minutes() {
        std::string text = word();
        require(text.ends_with('h'));
        return std::chrono::hours{std::atoi(text.c_str())};
    }

    // "1s", "100ms", perhaps with a colon behind it
    Duration duration() {
        std::string text = word();
        if (text.ends_with(':')) {
            text.pop_back();
        }
        std::size_t digits = 0;
        const int value = std::atoi(text.c_str());
        while (digits < text.size() && text[digits] >= '0' &&
               text[digits] <= '9') {
            ++digits;
        }
        const std::string unit = text.substr(digits);
        require(digits > 0 && (unit == "s" || unit == "ms"));
        return unit == "s" ? Duration{Seconds{value}} : Milliseconds{value};
    }

    void require(bool condition) { ok_ = ok_ && condition; }
    bool ok() const { return ok_; }

private:
    std::istringstream stream_;
    bool ok_ = true;
};

void apply_router_word(Config &config, const std::string &word, Words &words) {
    if (word == "version") {
        config.version = Version{static_cast<std::uint8_t>(words.number())};
    } else if (word == "vrid") {
        config.vrid = Vrid{static_cast<std::uint8_t>(words.number())};
    } else if (word == "priority") {
        config.priority = words.priority();
    } else if (word == "interval") {
        config.advert_interval = words.duration();
    } else if (word == "address") {
        config.addresses.push_back({words.address(), 24, "eth0", ""});
    } else if (word == "source") {
        config.source = words.address();
    } else if (word == "peer") {
        config.unicast_peers.push_back(words.address());
    } else if (word == "nopreempt") {
        config.preempt = false;
    } else if (word == "preempt_delay") {
        config.preempt_delay = words.duration();
    } else if (word == "link_up_delay") {
        config.link_up_delay = words.duration();
    } else if (word == "preempt_window") {
        config.preempt_windows.push_back({words.minutes(), words.minutes()});
    } else if (word == "garp_delay") {
        config.announce.delay = words.duration();
    } else if (word == "garp_refresh") {
        config.announce.refresh = words.duration();
    } else {
        words.require(false);
    }
}

Input read_advert(Words &words, const Config &config) {
    words.skip("priority");
    const Priority priority = words.priority();
    words.skip("from");
    AdvertReceived in{advert_of(config, priority), words.address()};
    if (words.more()) {
        words.skip("interval");
        in.advertisement.interval = words.duration();
    }
    return in;
}

Input read_shutdown(Words &words) {
    words.skip("serving");
    const Duration grace = words.duration();
    return Shutdown{words.rest(), true, grace};
}

Input read_release(Words &words) {
    const Duration grace = words.duration();
    return Release{words.rest(), grace};
}

Input read_window(Words &words) {
    const std::string word = words.word();
    if (word == "opens:") {
        return WindowChanged{words.rest()};
    }
    words.require(word == "closes");
    return WindowChanged{};
}

Input read_command(const std::string &word, Words &words) {
    if (word == "release") {
        return read_release(words);
    }
    if (word == "resume:") {
        return Resume{words.rest()};
    }
    if (word == "preempt:") {
        return Preempt{words.rest()};
    }
    if (word == "window") {
        return read_window(words);
    }
    if (word == "link") {
        words.skip("up");
        return LinkUp{};
    }
    if (word == "claim") {
        return AddressClaimed{};
    }
    words.require(word == "time");
    return TimeReached{};
}

Input read_input(Words &words, const Config &config) {
    const std::string word = words.word();
    if (word == "startup") {
        return Startup{};
    }
    if (word == "advert") {
        return read_advert(words, config);
    }
    if (word == "priority") {
        return PriorityChanged{words.priority(), ""};
    }
    if (word == "source") {
        return SourceChanged{words.address()};
    }
    if (word == "fault:") {
        return FaultChanged{words.rest()};
    }
    if (word == "fault") {
        words.skip("cleared");
        return FaultChanged{};
    }
    if (word == "shutdown:") {
        return Shutdown{words.rest(), false, {}};
    }
    if (word == "shutdown") {
        return read_shutdown(words);
    }
    return read_command(word, words);
}

// Runs a case line by line and writes it again.
class Replay {
public:
    // False: the line is not understood.
    bool line(const std::string &line) {
        Words words{line};
        const std::string first = words.more() ? words.word() : "";
        if (first.empty() || first.starts_with('#')) {
            text_ += line + "\n";
            return true;
        }
        if (first == "router") {
            text_ += line + "\n";
            return read_router(words);
        }
        return read_turn(line, first, words);
    }

    std::string text() const { return text_; }

private:
    bool read_router(Words &words) {
        words.require(!instance_);
        while (words.more()) {
            apply_router_word(config_, words.word(), words);
        }
        return words.ok();
    }

    bool read_turn(const std::string &line, const std::string &time,
                   Words &words) {
        const std::optional<Instant> at = read_time(time);
        words.skip("ms");
        const std::string direction = words.word();
        if (direction == "out") {
            return at && words.ok();  // written again after each input
        }
        words.require(direction == "in");
        const Input input = read_input(words, config_);
        words.require(!words.more());
        if (!at || *at < now_ || !words.ok()) {
            return false;
        }
        now_ = *at;
        text_ += line + "\n";
        speak(input, line.substr(0, line.find(" ms")));
        return true;
    }

    void speak(const Input &input, const std::string &time) {
        if (!instance_) {
            instance_.emplace(config_);
        }
        Lines lines = to_text(instance_->handle(input, now_));
        if (lines.empty()) {
            lines.push_back("nothing");
        }
        for (const std::string &action : lines) {
            text_ += time + " ms  out  " + action + "\n";
        }
    }

    // Milliseconds, with as many decimals as it takes.
    static std::optional<Instant> read_time(const std::string &text) {
        double ms = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), ms);
        if (error != std::errc{} || end != text.data() + text.size()) {
            return std::nullopt;
        }
        return instant_from_ns(std::llround(ms * 1e6));
    }

    static Config bare_config() {
        Config config = classic_config();
        config.addresses.clear();
        config.source.reset();
        return config;
    }

    Config config_ = bare_config();
    std::optional<Instance> instance_;
    Instant now_{};
    std::string text_;
};

}  // namespace

Result<std::string, std::string> replay_case(std::string_view text) {
    std::istringstream lines{std::string{text}};
    Replay replay;
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (!replay.line(line)) {
            return Unexpected{"line " + std::to_string(number) +
                              " is not understood: " + line};
        }
    }
    return replay.text();
}

}  // namespace ngx_vrrp::test
