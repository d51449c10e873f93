// The system refuses: netlink and sockets fail at every stage, with every
// error that was ever seen there.
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/engine/engine_fixture.hpp"

namespace ngx_vrrp::engine {
namespace {

constexpr std::size_t kFewLines = 12;

class FailureTest : public EngineTest {
protected:
    static vrrp::Config two_addresses() {
        vrrp::Config two = config();
        two.addresses.push_back(
            {*IpAddress::parse("10.0.1.6"), 24, "eth0", ""});
        return two;
    }

    void become_active(const vrrp::Config &c) {
        beat();
        start(c);
        run(Milliseconds{500});
        ASSERT_EQ(state(), vrrp::StateName::active);
        machine.take();
    }

    const VirtualRouter &router() const { return engine->routers()[0]; }

    std::size_t times(const Done &done, const std::string &what) const {
        return static_cast<std::size_t>(
            std::count(done.begin(), done.end(), what));
    }
};

class AddressFailureTest : public FailureTest,
                           public ::testing::WithParamInterface<int> {
protected:
    std::string error(const std::string &call) const {
        return SystemError{call, GetParam()}.to_string();
    }
};

std::string errno_name(const ::testing::TestParamInfo<int> &info) {
    switch (info.param) {
        case EPERM:
            return "EPERM";
        case ENOBUFS:
            return "ENOBUFS";
        case ENODEV:
            return "ENODEV";
        case EEXIST:
            return "EEXIST";
        case ENETDOWN:
            return "ENETDOWN";
    }
    return std::to_string(info.param);
}

INSTANTIATE_TEST_SUITE_P(Netlink, AddressFailureTest,
                         ::testing::Values(EPERM, ENOBUFS, ENODEV, EEXIST),
                         errno_name);

// Some renewals may fail; then a master without an address makes room.
TEST_P(AddressFailureTest, GoingUpEndsInAFaultThatSaysWhatFailed) {
    machine.fail("add", GetParam());
    beat();
    start();
    run(Milliseconds{400});
    ASSERT_EQ(state(), vrrp::StateName::active);
    run(Milliseconds{1900});
    ASSERT_EQ(state(), vrrp::StateName::active);
    run(Milliseconds{200});

    const Done done = machine.take();
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(router().faults().reason(),
              "no virtual address could be added: " + error("add()") +
                  ", staying in FAULT for "
                  "10 s");
    EXPECT_EQ(done.back(), "advert 0 224.0.0.18");
    EXPECT_LE(times(done, "add 10.0.1.5 1s"), 7u);
    EXPECT_EQ(times(done, "garp"), 0u);
    EXPECT_EQ(log.count(error("add()") + ", retrying"), 1u);
}

// One attempt is enough to see that nothing has changed, and costs the peer
// no more than a moment.
TEST_P(AddressFailureTest, TriesAgainLaterAndLater) {
    machine.fail("add", GetParam());
    beat();
    start();
    run(Seconds{3});
    ASSERT_EQ(state(), vrrp::StateName::fault);
    machine.take();

    run(Seconds{11});
    const Done done = machine.take();
    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_LE(times(done, "advert 100 224.0.0.18"), 1u);
    EXPECT_EQ(times(done, "add 10.0.1.5 1s"), 2u);
    EXPECT_NE(router().faults().reason().find("for 20 s"), std::string::npos);

    const std::size_t lines = log.lines.size();
    run(Seconds{3600});
    EXPECT_LE(machine.take().size(), 100u);
    EXPECT_LE(log.lines.size() - lines, 60u);

    machine.heal();
    run(Seconds{601});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(router().addresses()[0].present);
}

TEST_P(AddressFailureTest, RenewalThatFailsOnceIsNotNoticed) {
    become_active(config());
    machine.fail("add", GetParam());
    run(Milliseconds{500});
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_GE(router().counters().address_errors, 1u);

    machine.heal();
    run(Milliseconds{1100});
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_EQ(times(machine.take(), "garp"), 0u);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

// The kernel removes the address when its lease ends: no other program did.
TEST_P(AddressFailureTest, RenewalsThatFailForGoodAreAFault) {
    become_active(config());
    machine.fail("add", GetParam());
    run(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::active);
    engine->handle_interfaces(interfaces(true, false), now);
    run(Seconds{2});

    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(log.count("another program removed "), 0u);
    EXPECT_EQ(router().counters().addresses_restored, 0u);
    EXPECT_LE(log.lines.size(), kFewLines);
}

// A long lease: as long as the kernel has the address, there is no fault.
TEST_P(AddressFailureTest, AddressIsHeldUntilItsLeaseEnds) {
    vrrp::Config c = config();
    c.version = Version::v2;
    c.advert_interval = Seconds{3};
    beat();
    start(c);
    run(Seconds{13});
    ASSERT_EQ(state(), vrrp::StateName::active);

    machine.fail("add", GetParam());
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(router().addresses()[0].present);
    run(Seconds{4});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

TEST_P(AddressFailureTest, OneOfTwoAddressesIsBetterThanNone) {
    machine.fail("add 10.0.1.6", GetParam());
    beat();
    start(two_addresses());
    run(Milliseconds{400});
    EXPECT_EQ(machine.take(),
              (Done{"listen eth0 multicast", "advert 100 224.0.0.18",
                    "add 10.0.1.5 1s", "add 10.0.1.6 1s", "garp"}));
    run(Seconds{60});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_FALSE(router().addresses()[1].present);
    EXPECT_LE(log.count("retrying"), 7u);

    machine.heal();
    machine.take();
    run(Milliseconds{1100});
    EXPECT_EQ(times(machine.take(), "garp"), 1u);
    EXPECT_TRUE(router().addresses()[1].present);
}

// Netlink events of other interfaces come as fast as they like.
TEST_P(AddressFailureTest, EventsAreNoReasonToTryAgain) {
    machine.fail("add", GetParam());
    beat();
    start();
    run(Milliseconds{400});
    machine.take();
    for (int i = 0; i < 1000; ++i) {
        engine->handle_interfaces(interfaces(), now);
    }
    EXPECT_EQ(machine.take(), Done{});
}

TEST_P(AddressFailureTest, RemovalIsTriedOnceAndLeftToTheLease) {
    become_active(two_addresses());
    machine.fail("remove", GetParam());
    receive(200);
    EXPECT_EQ(state(), vrrp::StateName::backup);
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_EQ(log.count(error("remove()") + ", the kernel removes it within 1 "
                                            "s"),
              1u);
    EXPECT_EQ(router().counters().address_errors, 2u);
    EXPECT_EQ(times(machine.take(), "remove 10.0.1.5"), 1u);

    engine->handle_interfaces(interfaces(), now);
    EXPECT_FALSE(router().addresses()[0].present);
    EXPECT_EQ(machine.take(), Done{});
}

TEST_P(AddressFailureTest, StopEndsAlthoughNothingCanBeRemoved) {
    become_active(config());
    machine.fail("remove", GetParam());
    machine.fail("send", ENETDOWN);
    engine->stop("nginx is terminating", false, now);
    EXPECT_TRUE(engine->finished());
    EXPECT_FALSE(engine->deadline().has_value() && *engine->deadline() <= now);
}

// The kernel refuses the successor's new address: the old one is still held.
TEST_P(AddressFailureTest, HandoverContinuesWithWhatThereIs) {
    become_active(config());
    machine.successor = true;
    engine->handle_ownership(now);

    machine.fail("add 10.0.1.6", GetParam());
    make(two_addresses());
    engine->start(interfaces(true, true), now);
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);
    run(Seconds{10});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_FALSE(router().addresses()[1].present);
}

TEST_P(AddressFailureTest, SuccessorThatCanHoldNothingMakesRoom) {
    become_active(config());
    machine.successor = true;
    engine->handle_ownership(now);

    machine.fail("add", GetParam());
    make(config());
    engine->start(interfaces(true, true), now);
    machine.grant(machine.passed_on);
    engine->handle_ownership(now);
    run(Seconds{1});
    EXPECT_EQ(state(), vrrp::StateName::active);
    run(Seconds{3});
    EXPECT_EQ(state(), vrrp::StateName::fault);
}

class SendFailureTest : public AddressFailureTest {};

INSTANTIATE_TEST_SUITE_P(Sendto, SendFailureTest,
                         ::testing::Values(ENETDOWN, ENOBUFS, EPERM),
                         errno_name);

TEST_P(SendFailureTest, GoesUpUnheardAndSaysSoOnceInAWhile) {
    machine.fail("send", GetParam());
    beat();
    start();
    run(Seconds{30});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_TRUE(router().addresses()[0].present);
    EXPECT_EQ(router().counters().adverts_sent, 0u);
    EXPECT_GE(router().counters().send_errors, 290u);
    EXPECT_LE(log.count(error("send()") + ", retrying"), 4u);
    EXPECT_GE(log.count("more since the last such line"), 2u);
}

TEST_P(SendFailureTest, GoesDownUnheard) {
    become_active(config());
    machine.fail("send", GetParam());
    engine->stop("nginx is terminating", false, now);
    EXPECT_EQ(machine.take(), (Done{"advert 0 224.0.0.18", "remove 10.0.1.5"}));
    EXPECT_EQ(router().counters().priority_zero_sent, 0u);
    EXPECT_TRUE(engine->finished());
}

// A router took over because our adverts do not arrive: two masters, unless we
// leave.
TEST_P(SendFailureTest, MakesRoomForThePeerThatTookOver) {
    become_active(config());
    machine.fail("send", GetParam());
    run(Milliseconds{290});
    receive(90);
    ASSERT_EQ(state(), vrrp::StateName::active);
    run(Milliseconds{400});
    machine.take();
    receive(90);

    EXPECT_EQ(state(), vrrp::StateName::fault);
    EXPECT_EQ(machine.take().back(), "remove 10.0.1.5");
    EXPECT_EQ(router().faults().reason(),
              "10.0.1.2 took over because it does not receive our "
              "advertisements: " +
                  error("send()") + ", staying in FAULT for 10 s");
}

TEST_P(SendFailureTest, IsMasterAgainWhenItIsHeardAgain) {
    become_active(config());
    machine.fail("send", GetParam());
    run(Seconds{1});
    machine.heal();
    receive(90);
    EXPECT_EQ(state(), vrrp::StateName::active);
    run(Seconds{1});
    receive(90);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_P(SendFailureTest, PriorityZeroOfAPeerIsNoTakeover) {
    become_active(config());
    machine.fail("send", GetParam());
    run(Seconds{1});
    receive(0);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_P(SendFailureTest, OneOfTwoPeersThatHearsUsIsEnough) {
    vrrp::Config c = config();
    c.unicast_peers = {kPeer, *IpAddress::parse("10.0.1.3")};
    machine.fail("send 10.0.1.3", GetParam());
    beat();
    start(c);
    run(Seconds{2});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_GE(router().counters().adverts_sent, 15u);
    receive(90);
    EXPECT_EQ(state(), vrrp::StateName::active);
}

TEST_P(SendFailureTest, AnnouncementsThatFailChangeNothing) {
    machine.fail("send_frame", GetParam());
    beat();
    start();
    run(Seconds{5});
    EXPECT_EQ(state(), vrrp::StateName::active);
    EXPECT_EQ(router().counters().announcements_sent, 0u);
    EXPECT_EQ(log.count(error("send_frame()")), 1u);
}

}  // namespace
}  // namespace ngx_vrrp::engine
