// A reload in which the new vrrp process dies: two vrrp processes with one
// ownership memory, of which the second has the pid of a child.
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/engine/ownership_memory.hpp"
#include "core/os/memory_file.hpp"
#include "tests/net/lab.hpp"
#include "tests/node/router_process.hpp"

namespace ngx_vrrp::net {
namespace {

class SuccessorOfAReload : public Lab {
protected:
    SuccessorOfAReload() : child_(::fork()) {
        if (child_ == 0) {
            ::pause();
            ::_exit(0);
        }
        instance_.put_into(conf());
        char why[256];
        conf().ownership_fd = vrrp_core_ownership_create(1, why, sizeof(why));
        conf().ownership_wake_fd = wake_.get();
        area_.emplace(conf());
    }

    ~SuccessorOfAReload() override {
        kill_child();
        ::close(conf().ownership_fd);
    }

    vrrp_core_conf_t &conf() { return configuration_.conf; }

    // Of the next generation.
    std::unique_ptr<node::RouterProcess> make(int pid) {
        EXPECT_EQ(configuration_.begin(*area_), VRRP_CORE_OK);
        conf().configured_at_ns = to_ns(os::now());
        auto process =
            std::make_unique<node::RouterProcess>(configuration_, *area_, pid);
        EXPECT_EQ(process->start(::getppid()), VRRP_CORE_OK);
        return process;
    }

    bool run(const std::vector<node::RouterProcess *> &processes,
             const std::function<bool()> &until) {
        const Instant end = os::now() + kPatience;
        while (!until() && os::now() < end) {
            ::usleep(2000);
            for (node::RouterProcess *process : processes) {
                process->on_timer();
            }
        }
        return until();
    }

    void kill_child() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
            child_ = -1;
        }
    }

    bool has_confirmed(std::uint64_t generation) const {
        return area_->area().confirmed() == generation;
    }

    // What the vrrp processes have written about their nginx.
    bool nginx_runs() {
        const auto memory = os::Mapping::map(conf().ownership_fd,
                                             engine::OwnershipMemory::kSize);
        return memory &&
               engine::OwnershipMemory(memory->get()).nginx_runs() == 1;
    }

    pid_t child_;

private:
    os::Fd wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    node::OneInstance instance_{"vr0", {4, {10, 9, 0, 200}}};
    node::Configuration configuration_{{}};
    std::optional<node::SharedArea> area_;
};

// It has died before the old process got QUIT: that one continues.
TEST_F(SuccessorOfAReload, IsDeadWhenTheOldProcessIsToEnd) {
    const auto old = make(::getpid());
    ASSERT_TRUE(run({old.get()}, [&] { return has_confirmed(1); }));
    {
        const auto next = make(child_);
        ASSERT_TRUE(
            run({old.get(), next.get()}, [&] { return has_confirmed(2); }));
    }
    kill_child();

    old->quit();

    EXPECT_TRUE(has_confirmed(1));
    EXPECT_FALSE(old->finished());
    old->on_timer();
    EXPECT_FALSE(old->finished());

    // the master starts another one, which gets the router
    const auto third = make(::getppid());
    EXPECT_TRUE(run({old.get(), third.get()}, [&] { return old->finished(); }));
    third->terminate();
}

// The nginx of another binary continues when the first one has ended.
TEST_F(SuccessorOfAReload, WritesThatNginxStillRuns) {
    const auto old = make(::getpid());
    ASSERT_TRUE(run({old.get()}, [&] { return has_confirmed(1); }));
    const auto next = make(child_);
    ASSERT_TRUE(run({old.get(), next.get()}, [&] { return has_confirmed(2); }));
    ASSERT_TRUE(nginx_runs());

    old->terminate();
    EXPECT_FALSE(nginx_runs());
    EXPECT_TRUE(next->run_until([&] { return nginx_runs(); }));
    next->terminate();
}

TEST_F(SuccessorOfAReload, WritesThatNginxStillRunsAfterTheHandover) {
    const auto old = make(::getpid());
    ASSERT_TRUE(run({old.get()}, [&] { return has_confirmed(1); }));
    const auto next = make(child_);

    old->terminate();
    EXPECT_FALSE(nginx_runs());
    EXPECT_TRUE(run({old.get()}, [&] { return old->finished(); }));
    EXPECT_TRUE(next->run_until([&] { return nginx_runs(); }));
    next->terminate();
}

}  // namespace
}  // namespace ngx_vrrp::net
