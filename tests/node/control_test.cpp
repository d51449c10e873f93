// Commands on their way from a worker through the vrrp process: the engine is
// real, and so is the shared memory.
#include "core/node/control.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/engine/engine_fixture.hpp"
#include "tests/support/zeroed_memory.hpp"

namespace ngx_vrrp::node {
namespace {

using engine::Command;
using Progress = status::Commands::Progress;

class ControlTest : public engine::EngineTest {
protected:
    status::Commands::Ticket ask(Command command, std::string_view name = "") {
        status::CommandRecord record{};
        record.instance.set(name);
        record.who.set("127.0.0.1");
        record.command = command;
        return worker.ask(record, now).value();
    }

    // The work of the vrrp process after each event.
    bool share() {
        const bool news = control.execute(*engine, now);
        control.answer(*engine, now);
        return news;
    }

    // The detail of its first instance; empty: there is no answer.
    std::string answer(const status::Commands::Ticket &ticket) const {
        if (worker.progress(ticket) != Progress::answered) {
            return "none";
        }
        const status::Outcomes list = worker.answer(ticket);
        return list.empty() ? "no instance"
                            : std::string{list[0].detail.view()};
    }

    test::ZeroedMemory memory{status::Commands::size(1)};
    SharedWord asks{};
    status::Commands worker{asks, memory.get(), 1};
    Control control{worker, log};
};

TEST_F(ControlTest, AnswersWhenTheSuccessorHasSpoken) {
    become_active();
    const auto ticket = ask(Command::release, "VI_1");

    EXPECT_TRUE(share());
    EXPECT_FALSE(share());
    EXPECT_EQ(worker.progress(ticket), Progress::taken);
    EXPECT_TRUE(control.deadline());

    run(Milliseconds{7});
    receive(90);
    run(Milliseconds{50});
    share();
    EXPECT_EQ(answer(ticket),
              "released by the operator, 10.0.1.2 took over with priority 90");
    EXPECT_EQ(worker.answer(ticket)[0].state.view(), "FAULT");
    EXPECT_EQ(worker.answer(ticket)[0].successor.view(), "10.0.1.2");
    EXPECT_EQ(worker.answer(ticket)[0].after_ms, 7U);
    EXPECT_EQ(control.deadline(), std::nullopt);
    EXPECT_EQ(log.count("127.0.0.1 requests release of VI_1: released by the "
                        "operator"),
              1u);
}

TEST_F(ControlTest, DoesNotWaitForTheSuccessorForEver) {
    vrrp::Config slow = engine::config();
    slow.advert_interval = Seconds{10};
    beat();
    start(slow);
    run(Seconds{60});
    ASSERT_EQ(state(), vrrp::StateName::active);

    const auto ticket = ask(Command::release);
    share();
    now = control.deadline().value();
    share();

    EXPECT_EQ(answer(ticket),
              "releases the addresses when another router takes over, or "
              "within 10200 ms");
    EXPECT_TRUE(worker.answer(ticket)[0].successor.view().empty());
    EXPECT_EQ(worker.answer(ticket)[0].state.view(), "MASTER");
}

TEST_F(ControlTest, AReleaseHasTerms) {
    become_active();
    status::CommandRecord record{};
    record.who.set("127.0.0.1");
    record.command = Command::release;
    record.rescue = 1;
    record.length_ns = to_ns(Instant{Seconds{90}});
    const auto ticket = worker.ask(record, now).value();
    share();
    run(Milliseconds{500});
    share();

    EXPECT_EQ(answer(ticket),
              "no router has taken over, stays MASTER with priority 1, for "
              "1m30s, takes over only if there is no other MASTER");
    EXPECT_EQ(log.count("requests release of VI_1: released by the operator, "
                        "for 1m30s, takes over only"),
              1u);
    EXPECT_TRUE(engine->routers()[0].is_released());
}

TEST_F(ControlTest, AnswersAtOnceWithoutASuccessorToWaitFor) {
    become_active();
    const auto failback = ask(Command::failback);
    const auto unknown = ask(Command::release, "VI_9");

    share();

    EXPECT_EQ(answer(failback), "is already MASTER");
    EXPECT_EQ(answer(unknown), "no instance");
    EXPECT_EQ(log.count("requests release of \"VI_9\": no such instance"), 1u);
}

TEST_F(ControlTest, SeveralAtOnceAreAnsweredEach) {
    become_active();
    const auto release = ask(Command::release);
    const auto resume = ask(Command::resume);

    share();

    EXPECT_EQ(answer(resume), "stays MASTER, no router had taken over");
    EXPECT_EQ(answer(release), "released by the operator");
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// A broken worker uses a slot again and again: the last one is answered.
TEST_F(ControlTest, ASlotHasOneCommand) {
    become_active();
    for (int i = 0; i < 100; ++i) {
        const auto ticket = ask(Command::release, "VI_1");
        share();
        worker.forget(ticket);
        const auto again = ask(Command::resume, "VI_1");
        share();
        worker.forget(again);
    }
    const auto last = ask(Command::failback);
    share();
    EXPECT_EQ(answer(last), "is already MASTER");
    EXPECT_EQ(control.deadline(), std::nullopt);
}

}  // namespace
}  // namespace ngx_vrrp::node
