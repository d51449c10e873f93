// The wall between C and the core: no exception crosses it.

#include "core/capi/process.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace ngx_vrrp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Lines = std::vector<std::string>;

class FakeNode final : public node::Process {
public:
    explicit FakeNode(Lines &calls) : calls_(calls) {}

    Status start(int) override {
        calls_.emplace_back("start");
        return can_start ? success()
                         : Unexpected(SystemError{"starting", EPERM});
    }
    void quit() override { call("quit"); }
    void terminate() override { call("terminate"); }
    void on_readable(int fd) override { call("fd " + std::to_string(fd)); }
    void on_timer() override { call("timer"); }
    void share() override { calls_.emplace_back("share"); }
    void mark_stopped() override { calls_.emplace_back("end of life"); }
    void give_up() override { call("give up"); }
    std::optional<Instant> deadline() const override { return due; }
    bool finished() const override { return false; }

    bool can_start = true;
    std::function<void()> fail;
    std::optional<Instant> due;

private:
    void call(std::string name) {
        calls_.push_back(std::move(name));
        if (fail) {
            fail();
        }
    }

    Lines &calls_;
};

struct FakeProcess final : vrrp_process_s {
    FakeProcess(const vrrp_process_ops_t &ops, Lines &calls)
        : vrrp_process_s(ops, {"nothing is tested", "leaving the test"}),
          fake(calls) {}

    FakeNode &node() override { return fake; }

    FakeNode fake;
};

class WallTest : public ::testing::Test {
protected:
    ~WallTest() override { destroy(); }

    void destroy() {
        if (process != nullptr) {
            vrrp_process_destroy(process);
        }
        process = nullptr;
    }

    vrrp_process_ops_t ops() {
        vrrp_process_ops_t ops{};
        ops.data = this;
        ops.log = [](void *data, vrrp_core_log_level_e level, const char *line,
                     size_t len) {
            EXPECT_EQ(level, VRRP_CORE_LOG_ALERT);
            static_cast<WallTest *>(data)->log.emplace_back(line, len);
        };
        return ops;
    }

    Lines calls;
    Lines log;
    FakeProcess *process = new FakeProcess(ops(), calls);
    FakeNode &node = process->fake;
};

TEST_F(WallTest, EachCallEndsWithSharing) {
    EXPECT_EQ(vrrp_process_start(process, 1), VRRP_CORE_OK);
    vrrp_process_on_readable(process, 7);
    vrrp_process_on_timer(process);
    vrrp_process_quit(process);
    vrrp_process_terminate(process);
    destroy();

    EXPECT_THAT(calls, ElementsAre("start", "share", "fd 7", "share", "timer",
                                   "share", "quit", "share", "terminate",
                                   "share", "end of life"));
    EXPECT_THAT(log, IsEmpty());
}

TEST_F(WallTest, AnExceptionEndsTheProcess) {
    node.fail = [] { throw std::runtime_error("no memory"); };
    EXPECT_FALSE(vrrp_process_finished(process));
    vrrp_process_on_timer(process);

    EXPECT_TRUE(vrrp_process_finished(process));
    EXPECT_THAT(log,
                ElementsAre("internal error: no memory, leaving the test"));

    vrrp_process_on_timer(process);
    EXPECT_EQ(vrrp_process_start(process, 1), VRRP_CORE_ERROR);
    destroy();
    EXPECT_THAT(calls, ElementsAre("timer", "give up")) << "a crash";
}

TEST_F(WallTest, SomethingElseThanAnExceptionIsCaughtToo) {
    node.fail = [] { throw 42; };
    vrrp_process_quit(process);
    EXPECT_TRUE(vrrp_process_finished(process));
    EXPECT_THAT(
        log,
        ElementsAre("internal error: unknown exception, leaving the test"));
}

TEST_F(WallTest, AFailedStartIsReported) {
    node.can_start = false;
    EXPECT_EQ(vrrp_process_start(process, 1), VRRP_CORE_ERROR);
    EXPECT_FALSE(vrrp_process_finished(process));
    EXPECT_THAT(log, ElementsAre("starting failed (1: Operation not permitted),"
                                 " nothing is tested"));
}

TEST_F(WallTest, NoDeadlineIsNever) {
    EXPECT_EQ(vrrp_process_deadline(process), VRRP_CORE_NEVER);
    node.due = Instant{Milliseconds{3}};
    EXPECT_EQ(vrrp_process_deadline(process), 3'000'000);
}

TEST_F(WallTest, CreatingReportsWhyItFails) {
    EXPECT_EQ(create_process(ops(),
                             []() -> Created {
                                 return Unexpected(SystemError{"a", ENOMEM});
                             }),
              nullptr);
    EXPECT_EQ(create_process(
                  ops(), []() -> Created { throw std::runtime_error("b"); }),
              nullptr);
    EXPECT_THAT(log, ElementsAre("a failed (12: Cannot allocate memory)", "b"));
}

}  // namespace
}  // namespace ngx_vrrp
