// Checks over a connection: tcp, http, send-expect. Bytes go in and come out;
// the transport is behind core/check/ports.hpp.
//
// HTTP/1.1 with Host; the connection is kept between checks when the peer
// agrees. If a kept connection turns out to be closed before a byte of the
// answer came, the check is made again, once, over a new one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>

#include "core/check/answer.hpp"
#include "core/check/config.hpp"
#include "core/check/ports.hpp"

namespace ngx_vrrp::check {

// Stage of a failure that the transport reports.
enum class Stage : std::uint8_t { socket, connect, tls, established };

class ConnectionProber final : public Prober {
public:
    // All of them outlive the prober.
    ConnectionProber(Transport &transport, RegexEngine &regexes,
                     Outcomes &outcomes);
    ~ConnectionProber() override;

    void start(CheckId id, const Config &config, Instant now) override;
    Outcome cancel(CheckId id) override;
    void forget(CheckId id) override;

    // From the transport. Events of closed connections are ignored.
    void opened(CheckId id, Instant now);
    // TLS begins: distinguishes L4TOUT from L6TOUT.
    void connected(CheckId id);
    void received(CheckId id, std::string_view bytes, Instant now);
    void ended(CheckId id, Instant now);
    void failed(CheckId id, Stage stage, std::string_view text, Instant now);

private:
    enum class Phase : std::uint8_t {
        closed,
        connecting,
        securing,   // TLS
        answering,  // the peer has to
        draining,   // the check has ended, its answer not yet
        kept        // between two checks
    };

    struct Conversation {
        Phase phase = Phase::closed;
        const Config *config = nullptr;  // while a check is made
        std::unique_ptr<Answer> answer;
        bool reused = false;    // the connection is one that was kept
        bool answered = false;  // a byte has come
    };

    static Failure timed_out(const Conversation &conversation);
    static bool is_stale(const Conversation &conversation);
    Conversation *find(CheckId id);
    void connect(CheckId id, Conversation &conversation);
    void ask(CheckId id, Conversation &conversation, Instant now);
    void take(CheckId id, Conversation &conversation, std::string_view bytes,
              Instant now);
    void keep_or_close(CheckId id, Conversation &conversation);
    void lose(CheckId id, Conversation &conversation, bool again,
              Failure failure, Instant now);
    void finish(CheckId id, Conversation &conversation, Failure failure,
                Instant now);
    void close(CheckId id, Conversation &conversation);

    std::map<CheckId, Conversation> conversations_;
    Transport &transport_;
    RegexEngine &regexes_;
    Outcomes &outcomes_;
};

}  // namespace ngx_vrrp::check
