// Changes of state outlive the process and the area that they happened in.
// These processes stand aside: they take part in nothing.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/node/router_process.hpp"

namespace ngx_vrrp::node {
namespace {

class TransitionsTest : public ::testing::Test {
protected:
    Configuration configuration() const {
        Configuration c({});
        instance_.put_into(c.conf);
        return c;
    }

    static std::unique_ptr<RouterProcess> start(Configuration &configuration,
                                                const SharedArea &area,
                                                int pid) {
        EXPECT_EQ(configuration.begin(area), VRRP_CORE_OK);
        auto process = std::make_unique<RouterProcess>(configuration, area, pid,
                                                       "no rights");
        EXPECT_EQ(process->start(), VRRP_CORE_OK);
        return process;
    }

    // An area that a reload needs for more instances. next follows previous.
    static SharedArea larger_area(Configuration &next,
                                  const SharedArea &previous) {
        vrrp_core_conf_t conf = next.conf;
        const std::vector<vrrp_core_instance_conf_t> many(20,
                                                          conf.instances[0]);
        conf.instances = many.data();
        conf.ninstances = many.size();
        next.conf.previous = previous.get();
        return SharedArea(conf, &previous);
    }

    // "42 VI_1 INIT -> FAULT: no rights", the oldest first
    static std::vector<std::string> transitions(const SharedArea &area) {
        std::vector<std::string> list;
        for (const auto &r : area.area().transitions().read()) {
            EXPECT_GT(r.at_ns, 0);
            EXPECT_GT(r.wall_ns, r.at_ns);
            list.push_back(
                std::to_string(r.pid) + " " + std::string(r.instance.view()) +
                " " + std::string(r.from.view()) + " -> " +
                std::string(r.to.view()) + ": " + std::string(r.reason.view()));
        }
        return list;
    }

private:
    OneInstance instance_{"none0", {4, {192, 0, 2, 1}}};
};

using Lines = std::vector<std::string>;

TEST_F(TransitionsTest, OutliveTheProcess) {
    Configuration configuration = this->configuration();
    const SharedArea area(configuration.conf);
    auto process = start(configuration, area, 42);
    process->quit();
    process.reset();
    process = start(configuration, area, 43);

    EXPECT_EQ(transitions(area),
              (Lines{"42 VI_1 INIT -> FAULT: no rights",
                     "42 VI_1 FAULT -> INIT: nginx is shutting down",
                     "43 VI_1 INIT -> FAULT: no rights"}));
}

// Otherwise the old process would keep the addresses for 30 s.
TEST_F(TransitionsTest, NginxMayQuitInTheMiddleOfAReload) {
    Configuration configuration = this->configuration();
    const SharedArea area(configuration.conf);
    const auto old = start(configuration, area, 42);
    ASSERT_EQ(configuration.begin(area), VRRP_CORE_OK);
    area.area().mark_started(2);

    old->quit();
    old->on_timer();
    EXPECT_EQ(transitions(area).size(), 1u) << "it waits for its successor";
    area.area().mark_stopped(2);
    old->on_timer();
    EXPECT_EQ(transitions(area).size(), 1u) << "another one is started";

    area.area().mark_quit(2);
    old->on_timer();
    EXPECT_EQ(transitions(area).back(),
              "42 VI_1 FAULT -> INIT: nginx is shutting down");
}

TEST_F(TransitionsTest, ContinueInAnotherArea) {
    Configuration first = configuration();
    const SharedArea area(first.conf);
    const auto before = start(first, area, 42);

    Configuration second = configuration();
    const SharedArea larger = larger_area(second, area);
    const auto after = start(second, larger, 43);
    before->quit();
    after->on_timer();

    EXPECT_EQ(transitions(larger),
              (Lines{"42 VI_1 INIT -> FAULT: no rights",
                     "43 VI_1 INIT -> FAULT: no rights",
                     "42 VI_1 FAULT -> INIT: nginx has been reconfigured"}));
}

TEST_F(TransitionsTest, ProcessesInAnotherAreaSeeTheQuit) {
    Configuration first = configuration();
    const SharedArea area(first.conf);
    const auto oldest = start(first, area, 42);
    Configuration second = configuration();
    const SharedArea larger = larger_area(second, area);
    const auto old = start(second, larger, 43);
    EXPECT_FALSE(area.area().quits());
    old->quit();
    EXPECT_TRUE(area.area().quits());
    EXPECT_TRUE(larger.area().quits());

    area.area().mark_quit(0);
    Configuration third = configuration();
    ASSERT_EQ(third.begin(larger), VRRP_CORE_OK);
    const auto before = start(second, larger, 44);
    ASSERT_EQ(third.begin(larger), VRRP_CORE_OK);
    before->quit();
    EXPECT_FALSE(area.area().quits());
    larger.area().mark_quit(larger.area().generation());
    before->on_timer();
    EXPECT_TRUE(area.area().quits()) << "one passes it on to the other";
}

}  // namespace
}  // namespace ngx_vrrp::node
