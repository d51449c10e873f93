#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "core/base/time.hpp"
#include "core/os/clock.hpp"
#include "core/os/fd.hpp"
#include "core/status/area.hpp"
#include "core/transport/event_socket.hpp"
#include "tests/node/check_process.hpp"

namespace ngx_vrrp::node {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Peers that refuse or accept connections, while the test says so.
void let_peers(CheckProcess &process, const bool &accept) {
    process.on_open = [&process, &accept](std::size_t check) {
        if (accept) {
            vrrp_checker_opened(process.get(), check);
        } else {
            vrrp_checker_failed(process.get(), check, VRRP_CHECKER_CONNECT,
                                "refused", 7);
        }
    };
}

// A process that stands for nginx's master, until it is killed.
class Master {
public:
    Master() : pid_(::fork()) {
        if (pid_ == 0) {
            ::pause();
            ::_exit(0);
        }
    }
    Master(const Master &) = delete;
    Master &operator=(const Master &) = delete;
    ~Master() {
        kill();
        ::waitpid(pid_, nullptr, 0);
    }

    void kill() { ::kill(pid_, SIGKILL); }
    pid_t pid() const { return pid_; }

private:
    pid_t pid_;
};

std::optional<check::Record> record(const SharedArea &area,
                                    const Configuration &configuration,
                                    std::size_t check) {
    return area.area().checks(configuration.conf.generation).load(check);
}

std::uint64_t changes(const SharedArea &area,
                      const Configuration &configuration) {
    return vrrp_core_checks_changes(area.get(), configuration.conf.generation);
}

TEST(CheckProcess, ReportsAServerThatIsDownAndUpAgain) {
    Configuration configuration({tcp_check("a")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    bool accept = false;
    let_peers(process, accept);
    EXPECT_EQ(process.verdict(0), VRRP_CORE_UP);
    const std::uint64_t before = changes(area, configuration);

    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    ASSERT_TRUE(process.run_until(
        [&] { return process.verdict(0) == VRRP_CORE_DOWN; }));

    ASSERT_EQ(process.changes.size(), 1u);
    EXPECT_EQ(process.changes[0].verdict, VRRP_CORE_DOWN);
    EXPECT_GT(changes(area, configuration), before);
    EXPECT_TRUE(os::take_wakes(configuration.wake.get()));
    const auto known = record(area, configuration, 0);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->reason, check::Reason::l4con);
    EXPECT_EQ(known->text.view(), "refused");

    accept = true;
    ASSERT_TRUE(
        process.run_until([&] { return process.verdict(0) == VRRP_CORE_UP; }));
    EXPECT_EQ(process.changes.size(), 2u);
    EXPECT_TRUE(os::take_wakes(configuration.wake.get()));
}

// What was down before it, no event of its own tells.
TEST(CheckProcess, SaysAgainWhatIsDown) {
    std::array<int, 2> events{};
    ASSERT_EQ(
        ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, events.data()),
        0);
    const os::Fd sent(events[0]);
    const os::Fd received(events[1]);
    vrrp_core_check_conf_t server = tcp_check("a");
    server.context = {"http", 4};
    Configuration configuration({server, tcp_check("b")});
    configuration.conf.event_fds[0] = sent.get();
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    take_down(configuration, area, 0);

    CheckProcess process(configuration, area);
    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    const transport::Incoming incoming =
        transport::receive_event(received.get());
    ASSERT_EQ(incoming.kind, transport::Incoming::Kind::event);
    EXPECT_TRUE(incoming.event.again);
    EXPECT_TRUE(incoming.event.bad);
    EXPECT_EQ(incoming.event.to.view(), "down");
    EXPECT_EQ(transport::receive_event(received.get()).kind,
              transport::Incoming::Kind::nothing);
}

TEST(CheckProcess, WakesNoProcessWithoutNews) {
    Configuration configuration({tcp_check("a")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    const bool accept = true;
    let_peers(process, accept);

    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    ASSERT_TRUE(process.run_until([&] { return process.opens >= 5; }));

    EXPECT_FALSE(os::take_wakes(configuration.wake.get()));
    EXPECT_TRUE(process.changes.empty());
}

TEST(CheckProcess, TalksHttp) {
    vrrp_core_check_conf_t check = tcp_check("a");
    check.kind = VRRP_CORE_CHECK_HTTP;
    check.method = text("GET");
    check.uri = text("/alive");
    check.host = text("web");
    char expression[] = "alive";
    const vrrp_core_test_conf_t test{
        {}, VRRP_CORE_TEST_REGEX, text("alive"), expression};
    const vrrp_core_status_conf_t status{200, 200, 0};
    const vrrp_core_match_conf_t match{text("m"), &status, 1, &test, 1, {}};
    check.match = &match;
    Configuration configuration({check});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);

    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nis alive";
    std::string request;
    process.on_open = [&](std::size_t id) {
        vrrp_checker_connected(process.get(), id);
        vrrp_checker_opened(process.get(), id);
    };
    process.on_send = [&](std::size_t id, const std::string &bytes) {
        request = bytes;
        vrrp_checker_received(process.get(), id, answer.data(), answer.size());
        vrrp_checker_ended(process.get(), id);
    };
    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    const auto passes = [&] {
        const auto known = record(area, configuration, 0);
        return known ? known->passes : 0;
    };
    ASSERT_TRUE(process.run_until([&] { return passes() >= 2; }));
    EXPECT_THAT(request, HasSubstr("GET /alive HTTP/1.1\r\n"));

    answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndead";
    ASSERT_TRUE(process.run_until(
        [&] { return process.verdict(0) == VRRP_CORE_DOWN; }));
    EXPECT_EQ(record(area, configuration, 0)->reason, check::Reason::l7rsp);
}

TEST(CheckProcess, SaysThatItLives) {
    Configuration configuration({});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    const check::Table table =
        area.area().checks(configuration.conf.generation);

    const auto last_beat = [&] {
        return table.last_beat(check::Role::probes).at;
    };
    const Instant first = last_beat();
    EXPECT_GT(first, Instant{});
    EXPECT_LE(process.deadline(), to_ns(first + Milliseconds{500}));
    EXPECT_TRUE(process.run_until([&] { return last_beat() > first; }));
    EXPECT_EQ(table.last_beat(check::Role::scripts).at, Instant{});
}

TEST(CheckProcess, FinishesWithTheMaster) {
    Configuration configuration({tcp_check("a")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    Master master;
    ASSERT_GT(master.pid(), 0);
    ASSERT_EQ(process.start(master.pid()), VRRP_CORE_OK);
    EXPECT_FALSE(process.finished());

    master.kill();
    EXPECT_TRUE(process.run_until_finished());

    EXPECT_EQ(process.deadline(), VRRP_CORE_NEVER);
    EXPECT_THAT(process.log, IsEmpty());
}

TEST(CheckProcess, FinishesAtOnceWhenTheMasterHasDied) {
    Configuration configuration({tcp_check("a")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    std::optional<Master> master(std::in_place);
    const pid_t gone = master->pid();
    master.reset();

    EXPECT_EQ(process.start(gone), VRRP_CORE_OK);
    EXPECT_TRUE(process.finished());
    EXPECT_EQ(process.opens, 0u);
}

TEST(CheckProcess, ScriptsAreOfAnotherProcess) {
    vrrp_core_check_conf_t script = tcp_check("s");
    script.kind = VRRP_CORE_CHECK_SCRIPT;
    const vrrp_core_str_t command = text("/bin/false");
    script.command = &command;
    script.ncommand = 1;
    script.uid = ::getuid();
    script.gid = ::getgid();
    Configuration configuration({tcp_check("a"), script});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    const bool accept = false;

    {
        CheckProcess probes(configuration, area);
        let_peers(probes, accept);
        ASSERT_EQ(probes.start(), VRRP_CORE_OK);
        ASSERT_TRUE(probes.run_until([&] { return probes.opens >= 5; }));
        EXPECT_EQ(probes.verdict(0), VRRP_CORE_DOWN);
        EXPECT_EQ(record(area, configuration, 1)->checked_at_ns, 0);
    }

    CheckProcess runner(configuration, area, VRRP_CHECKER_SCRIPTS);
    ASSERT_EQ(runner.start(), VRRP_CORE_OK);
    ASSERT_TRUE(
        runner.run_until([&] { return runner.verdict(1) == VRRP_CORE_DOWN; }));
    EXPECT_EQ(record(area, configuration, 1)->reason, check::Reason::procerr);
    EXPECT_EQ(runner.opens, 0u);
}

// Also of a check that times out, and whose verdict is the same.
TEST(CheckProcess, MakesACheckOnDemandAndReportsItsResult) {
    vrrp_core_check_conf_t check = tcp_check("witness");
    check.on_demand = 1;
    check.interval_ns = 3'600'000'000'000;
    check.timeout_ns = 20'000'000;
    Configuration configuration({check});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    check::Table table = area.area().checks(configuration.conf.generation);

    for (unsigned i = 0; i < 2; ++i) {
        table.demand(0, os::now());
        os::wake(configuration.demand.get());
        ASSERT_TRUE(process.run_until(
            [&] { return os::take_wakes(configuration.wake.get()); }));
        EXPECT_EQ(record(area, configuration, 0)->history_length, i + 1);
    }
    os::wake(configuration.demand.get());  // nothing new
    EXPECT_FALSE(
        process.run_until([&] { return process.opens > 2; }, Milliseconds{50}));
}

// A tracker multiplies the number in a file.
TEST(CheckProcess, WakesForAnotherNumberInAFile) {
    char path[] = "/tmp/check_node_test.XXXXXX";
    const os::Fd file(::mkstemp(path));
    ASSERT_TRUE(file);
    const vrrp_core_str_t command = text(path);
    vrrp_core_check_conf_t check = tcp_check("f");
    check.kind = VRRP_CORE_CHECK_FILE;
    check.command = &command;
    check.ncommand = 1;
    Configuration configuration({check});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    const auto woken_with = [&](std::int64_t value) {
        const bool woken = process.run_until(
            [&] { return os::take_wakes(configuration.wake.get()); });
        return woken && record(area, configuration, 0)->value == value;
    };

    ASSERT_EQ(process.start(), VRRP_CORE_OK);
    EXPECT_TRUE(woken_with(0));
    ASSERT_EQ(::pwrite(file.get(), "42", 2, 0), 2);
    EXPECT_TRUE(woken_with(42));
    ::unlink(path);
    EXPECT_TRUE(woken_with(0));
    EXPECT_TRUE(process.changes.empty());
}

TEST(CheckProcess, AnInternalErrorFinishesIt) {
    Configuration configuration({tcp_check("a"), tcp_check("b")});
    const SharedArea area(configuration.conf);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    CheckProcess process(configuration, area);
    process.on_open = [](std::size_t) { throw std::bad_alloc(); };

    ASSERT_EQ(process.start(), VRRP_CORE_OK);

    EXPECT_TRUE(process.run_until_finished());
    EXPECT_THAT(process.log, ElementsAre(HasSubstr("internal error")));
}

}  // namespace
}  // namespace ngx_vrrp::node
