// Differences between nodes: which there are, and when they are news.
#include "core/peer/drift.hpp"

#include <gtest/gtest.h>

namespace ngx_vrrp::peer {
namespace {

using Texts = std::vector<std::string>;

Details node(const char *name) {
    Details details;
    details.about.router_id = name;
    InstanceDetails instance;
    instance.vrid = Vrid{51};
    instance.name = "VI_1";
    instance.version = 3;
    instance.interval = Seconds{1};
    instance.authentication = "none";
    instance.addresses = {"192.168.64.200/24", "192.168.64.201/24"};
    instance.trackers = {{"track_upstream web", Health::up, 2, 2}};
    details.instances = {instance};
    details.upstreams = {{"http", "web", {"192.168.65.150:80"}}};
    details.certificates = {{"www.example.com", 1'796'256'000}};
    return details;
}

TEST(PeerDrift, StatesAndOrderAreNone) {
    Details lb2 = node("lb2");
    InstanceDetails &theirs = lb2.instances[0];
    theirs.state = RouterState::master;
    theirs.priority = Priority{7};
    theirs.reason = "something";
    theirs.since = instant_from_ns(5);
    theirs.trackers[0].health = Health::down;
    std::swap(theirs.addresses[0], theirs.addresses[1]);
    EXPECT_EQ(differences(node("lb1"), lb2), Texts{});
}

TEST(PeerDrift, OfInstances) {
    Details lb2 = node("lb2");
    InstanceDetails &theirs = lb2.instances[0];
    theirs.name = "other name";
    theirs.addresses[1] = "192.168.64.202/24";
    theirs.version = 2;
    theirs.interval = Milliseconds{500};
    theirs.authentication = "PASS";
    theirs.trackers = {};
    EXPECT_EQ(differences(node("lb1"), lb2),
              (Texts{"VI_1: version 3 on lb1, 2 on lb2",
                     "VI_1: advert_int 1000ms on lb1, 500ms on lb2",
                     "VI_1: authentication none on lb1, PASS on lb2",
                     "VI_1: address 192.168.64.201/24 is missing on lb2",
                     "VI_1: address 192.168.64.202/24 is missing on lb1",
                     "VI_1: track_upstream web is missing on lb2"}));
}

TEST(PeerDrift, OfBothFamiliesIsNamedOnce) {
    Details lb1 = node("lb1");
    lb1.instances.push_back(lb1.instances[0]);
    lb1.instances[1].family = Family::ipv6;
    Details lb2 = lb1;
    lb2.about.router_id = "lb2";
    lb2.instances[0].trackers = {};
    lb2.instances[1].trackers = {};
    EXPECT_EQ(differences(lb1, lb2),
              Texts{"VI_1: track_upstream web is missing on lb2"});
}

TEST(PeerDrift, OfWhatIsMissing) {
    Details lb2 = node("lb2");
    lb2.instances[0].vrid = Vrid{52};
    lb2.instances[0].name = "VI_2";
    lb2.upstreams = {{"stream", "web", {}}};
    lb2.certificates.clear();
    const Texts missing{"VI_1 (virtual_router_id 51, IPv4) is missing on lb2",
                        "VI_2 (virtual_router_id 52, IPv4) is missing on lb1",
                        "upstream web is missing on lb2",
                        "stream upstream web is missing on lb1",
                        "certificate of www.example.com is missing on lb2"};
    EXPECT_EQ(differences(node("lb1"), lb2), missing);

    lb2.complete = false;
    EXPECT_EQ(differences(node("lb1"), lb2), (Texts{missing[1], missing[3]}));
}

TEST(PeerDrift, OfServersAndCertificates) {
    Details lb2 = node("lb2");
    lb2.upstreams[0].servers = {"192.168.65.151:80"};
    lb2.certificates[0].ends -= 86'400;
    EXPECT_EQ(
        differences(node("lb1"), lb2),
        (Texts{"upstream web: server 192.168.65.150:80 is missing on lb2",
               "upstream web: server 192.168.65.151:80 is missing on lb1",
               "certificate of www.example.com: ends on 2026-12-03 on lb1, "
               "2026-12-02 on lb2"}));
    lb2 = node("lb2");
    lb2.certificates[0].ends += 5;
    EXPECT_EQ(differences(node("lb1"), lb2), Texts{});
}

TEST(PeerDrift, OfNodesWithOneNameHasWords) {
    Details other = node("lb1");
    other.instances[0].addresses.pop_back();
    EXPECT_EQ(differences(node("lb1"), other),
              Texts{"VI_1: address 192.168.64.201/24 is missing on its peer"});
}

TEST(PeerDrift, HasABound) {
    Details lb1 = node("lb1");
    for (int i = 0; i < 1000; ++i) {
        lb1.upstreams[0].servers.push_back("10.0.0.1:" + std::to_string(i));
    }
    EXPECT_EQ(differences(lb1, node("lb2")).size(), kMostDrift);
}

class DriftWatchTest : public ::testing::Test {
protected:
    // "+text" is new, "-text" is over.
    Texts news() {
        Texts all;
        for (const DriftNews &news : watch.take_news()) {
            all.push_back((news.over ? "-" : "+") + news.text);
        }
        return all;
    }

    Texts after(Duration time, const Texts &of_lb2) {
        now += time;
        watch.set("lb2", of_lb2, now);
        watch.settle(now);
        return news();
    }

    DriftWatch watch;
    Instant now = instant_from_ns(1'000'000'000'000);
};

TEST_F(DriftWatchTest, ReportsEachOnce) {
    EXPECT_EQ(after(Seconds{0}, {"a"}), Texts{});
    EXPECT_EQ(after(Seconds{2}, {"a", "b"}), Texts{});
    EXPECT_TRUE(watch.list().empty());
    EXPECT_EQ(after(Seconds{1}, {"a", "b"}), Texts{"+a"});
    EXPECT_EQ(after(Seconds{1}, {"a", "b"}), Texts{});
    EXPECT_EQ(after(Seconds{1}, {"a", "b"}), Texts{"+b"});
    EXPECT_EQ(watch.list().size(), 2u);
    EXPECT_EQ(after(Seconds{1}, {"b"}), Texts{"-a"});
    EXPECT_EQ(after(Seconds{1}, {}), Texts{"-b"});
}

TEST_F(DriftWatchTest, IgnoresAShortOne) {
    EXPECT_EQ(after(Seconds{0}, {"a"}), Texts{});
    EXPECT_EQ(after(Seconds{2}, {}), Texts{});
    EXPECT_EQ(after(Seconds{1}, {"a"}), Texts{});
    EXPECT_EQ(after(Seconds{2}, {"a"}), Texts{});
}

TEST_F(DriftWatchTest, KeepsThatOfAPeerWithoutLink) {
    after(Seconds{0}, {"a"});
    after(Seconds{3}, {"a"});
    now += kDriftKept - Seconds{1};
    watch.set("lb3", {}, now);
    watch.settle(now);
    EXPECT_EQ(watch.list().size(), 1u);
    now += Seconds{1};
    watch.settle(now);
    EXPECT_EQ(news(), Texts{"-a"});
}

TEST_F(DriftWatchTest, ContinuesThatOfAnEarlierProcess) {
    watch.take_over({{"lb2", "a", now - Seconds{50}, true}}, now);
    watch.settle(now);
    EXPECT_EQ(news(), Texts{});
    EXPECT_EQ(after(Seconds{1}, {"a"}), Texts{});
    ASSERT_EQ(watch.list().size(), 1u);
    EXPECT_EQ(now - watch.list()[0].since, Seconds{51});
    EXPECT_EQ(after(Seconds{1}, {}), Texts{"-a"});
}

}  // namespace
}  // namespace ngx_vrrp::peer
