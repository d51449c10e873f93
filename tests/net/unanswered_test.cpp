// Neighbours that the kernel asked on a dead link.

#include "tests/net/lab.hpp"

namespace ngx_vrrp::net {
namespace {

class Unanswered : public Lab {
protected:
    void SetUp() override {
        Lab::SetUp();
        if (!IsSkipped()) {
            ask_on_a_dead_link();
        }
    }

    // The line of `ip neigh` about an address of B.
    std::string line_of(const std::string &address) {
        return output_of("ip neigh show " + address + " dev vr0");
    }

    bool is_asked(const std::string &address) {
        return line_of(address).find("INCOMPLETE") != std::string::npos;
    }

    void send_to(const std::string &address) {
        in_a("bash -c 'echo > /dev/udp/" + address + "/9'");
    }

private:
    void ask_on_a_dead_link() {
        in_b("ip link set vr1 down");
        ASSERT_TRUE(a().wait([&] { return !a().look("vr0").up; }));
        send_to("10.9.0.2");
        send_to("fe80::2%vr0");
        ASSERT_TRUE(is_asked("10.9.0.2"));
        ASSERT_TRUE(is_asked("fe80::2"));
    }
};

TEST_F(Unanswered, OnesAreForgotten) {
    a().host->forget_unanswered(a().look("vr0"));

    EXPECT_EQ("", line_of("10.9.0.2"));
    EXPECT_EQ("", line_of("fe80::2"));
    EXPECT_TRUE(a().log.empty());
}

TEST_F(Unanswered, ThoseOfAnotherInterfaceAreNot) {
    a().host->forget_unanswered(a().look("lo"));

    EXPECT_TRUE(is_asked("10.9.0.2"));
}

TEST_F(Unanswered, ThoseThatAreKnownAreNot) {
    in_a("ip neigh replace 10.9.0.3 lladdr 02:00:00:00:00:03 dev vr0");

    a().host->forget_unanswered(a().look("vr0"));

    EXPECT_NE("", line_of("10.9.0.3"));
}

// The kernel's next question would come within a second otherwise, and perhaps
// none before it has given up.
TEST_F(Unanswered, ForgottenOnesAreAskedAtOnce) {
    in_b("ip link set vr1 up");
    ASSERT_TRUE(a().wait([&] { return a().look("vr0").up; }));

    a().host->forget_unanswered(a().look("vr0"));
    send_to("10.9.0.2");

    const Instant asked = os::now();
    EXPECT_TRUE(a().wait([&] {
        return line_of("10.9.0.2").find("lladdr") != std::string::npos;
    }));
    EXPECT_LT(os::now() - asked, Milliseconds{500});
}

TEST_F(Unanswered, WhatTheKernelRefusesIsSaid) {
    EXPECT_TRUE(holds_without(CAP_NET_ADMIN, [&] {
        a().host->forget_unanswered(a().look("vr0"));
        return a().log.size() == 1 && a().log[0].first == LogLevel::warn &&
               a().log[0].second.starts_with(
                   "deleting unanswered neighbour entries on \"vr0\" failed "
                   "(1: ");
    }));
}

}  // namespace
}  // namespace ngx_vrrp::net
